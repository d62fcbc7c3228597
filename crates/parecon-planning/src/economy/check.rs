//! What a valid economy is; every message names the offender.

use std::collections::HashSet;

use super::layout::Layout;
use super::workers::returns_to_scale;
use crate::{Collective, ConsumerCouncil, Error, Good, GoodId, Preferences, Technology, WorkerCouncil};

/// Bound on magnitudes of the data, so that sums over councils stay finite.
const LARGEST: f64 = 1e100;
/// Bound on returns to scale, so that what remains of 1 is a number one can divide by.
const LARGEST_RETURNS: f64 = 1.0 - 1e-9;

fn council(kind: &str, name: &str, position: usize) -> String {
    if name.is_empty() { format!("{kind} council {position}") } else { format!("{kind} council {name:?}") }
}

fn positive(what: impl Fn() -> String, value: f64) -> Result<(), Error> {
    if (1.0 / LARGEST..=LARGEST).contains(&value) {
        Ok(())
    } else {
        let what = what();
        Err(Error::invalid(format!("{what} is {value}, must be between 1e-100 and 1e100")))
    }
}

pub(super) fn goods(goods: &[Good]) -> Result<(), Error> {
    if goods.is_empty() {
        return Err(Error::invalid("an economy needs at least one good"));
    }
    if u32::try_from(goods.len()).is_err() {
        let count = goods.len();
        return Err(Error::invalid(format!("{count} goods, must be below 2^32")));
    }
    let mut names = HashSet::new();
    for (g, good) in goods.iter().enumerate() {
        if good.name.is_empty() {
            return Err(Error::invalid(format!("good {g} has no name")));
        }
        if !names.insert(good.name.as_str()) {
            return Err(Error::invalid(format!("good {:?} occurs twice", good.name)));
        }
        if !(0.0..=LARGEST).contains(&good.endowment) {
            let Good { name, endowment, .. } = good;
            return Err(Error::invalid(format!(
                "good {name:?}: endowment is {endowment}, must be between 0 and 1e100"
            )));
        }
    }
    Ok(())
}

/// Which goods the present council has named: the number of the last council that named each.
#[derive(Debug)]
pub(super) struct Marks {
    council: usize,
    last: Vec<usize>,
}

impl Marks {
    pub(super) fn new(goods: usize) -> Self {
        Marks { council: 0, last: vec![0; goods] }
    }

    fn next(&mut self) {
        self.council += 1;
    }

    /// Whether the present council names the good for the first time.
    fn mark(&mut self, good: GoodId) -> bool {
        std::mem::replace(&mut self.last[good.index()], self.council) != self.council
    }
}

/// The council that is the `i`-th of its kind.
pub(super) fn worker(goods: &[Good], w: &WorkerCouncil, i: usize, marks: &mut Marks) -> Result<(), Error> {
    marks.next();
    let who = || council("worker", &w.name, i);
    known(goods, w.output, &who)?;
    let Technology::CobbDouglas(w) = &w.technology;
    positive(|| format!("{}: total factor productivity", who()), w.total_factor_productivity)?;
    positive(|| format!("{}: disutility coefficient", who()), w.disutility_coefficient)?;
    positive(|| format!("{}: disutility exponent", who()), w.disutility_exponent)?;
    if !(0.0..=LARGEST).contains(&w.effort_elasticity) {
        return Err(Error::invalid(format!(
            "{}: effort elasticity is {}, must be between 0 and 1e100",
            who(),
            w.effort_elasticity
        )));
    }
    for input in &w.inputs {
        once(goods, input.good, &who, marks)?;
        positive(|| format!("{}: exponent of {:?}", who(), goods[input.good.index()].name), input.exponent)?;
    }
    let returns = returns_to_scale(w);
    if returns > LARGEST_RETURNS {
        return Err(Error::increasing_returns(format!(
            "{}: exponents and effort's c/k add up to {returns}, must be below 1 (decreasing returns)",
            who()
        )));
    }
    Ok(())
}

/// The council that is the `i`-th of its kind.
pub(super) fn consumer(
    goods: &[Good],
    c: &ConsumerCouncil,
    i: usize,
    marks: &mut Marks,
) -> Result<(), Error> {
    marks.next();
    let who = || council("consumer", &c.name, i);
    positive(|| format!("{}: income", who()), c.income)?;
    let Preferences::CobbDouglas(preferences) = &c.preferences;
    if preferences.is_empty() {
        return Err(Error::invalid(format!("{} has no preferences", who())));
    }
    for preference in preferences {
        once(goods, preference.good, &who, marks)?;
        let good = &goods[preference.good.index()];
        if !good.category.is_consumed() {
            return Err(Error::invalid(format!(
                "{} wants {:?}, a good of category {}; only private and public goods are consumed",
                who(),
                good.name,
                good.category
            )));
        }
        positive(|| format!("{}: weight of {:?}", who(), good.name), preference.weight)?;
    }
    // Shares of spending below the smallest normal number would be lost.
    let total: f64 = preferences.iter().map(|p| p.weight).sum();
    for p in preferences {
        positive(|| format!("{}: share of {:?}", who(), goods[p.good.index()].name), p.weight / total)?;
    }
    Ok(())
}

fn known(goods: &[Good], good: GoodId, who: &impl Fn() -> String) -> Result<(), Error> {
    if good.index() < goods.len() {
        Ok(())
    } else {
        let (who, count) = (who(), goods.len());
        Err(Error::invalid(format!(
            "{who} refers to good {good}, but there are {count} goods, counted from 0"
        )))
    }
}

fn once(goods: &[Good], good: GoodId, who: &impl Fn() -> String, marks: &mut Marks) -> Result<(), Error> {
    known(goods, good, who)?;
    if marks.mark(good) {
        return Ok(());
    }
    let (who, name) = (who(), &goods[good.index()].name);
    Err(Error::invalid(format!("{who} names {name:?} twice")))
}

/// Every good must be suppliable, and wanted by consumers directly or through what is made of it.
///
/// A direction in which all prices could drift without limit exists exactly if this fails: see the crate's
/// documentation of `Φ`.
pub(super) fn balance(goods: &[Good], layout: &Layout, all: &dyn Collective) -> Result<(), Error> {
    let flag = |yes: bool| if yes { 1.0 } else { 0.0 };
    let mut supplied: Vec<f64> = goods.iter().map(|g| flag(g.endowment > 0.0)).collect();
    layout.outputs().iter().for_each(|good| supplied[good.index()] = 1.0);
    all.largest(&mut supplied);
    if let Some(g) = supplied.iter().position(|s| *s == 0.0) {
        let name = &goods[g].name;
        return Err(Error::unbalanced(format!(
            "good {name:?} has no endowment and no worker council makes it: its price would rise without end"
        )));
    }

    let makers = Makers::of(goods.len(), layout);
    let mut wanted = vec![0.0; goods.len()];
    layout.all_wants().iter().for_each(|good| wanted[good.index()] = 1.0);
    // What is made here may be wanted by those who make something elsewhere.
    loop {
        all.largest(&mut wanted);
        let before = wanted.clone();
        let mut next: Vec<usize> = (0..goods.len()).filter(|g| wanted[*g] > 0.0).collect();
        while let Some(g) = next.pop() {
            for input in makers.of_good(g).iter().flat_map(|&w| layout.inputs(w)) {
                if std::mem::replace(&mut wanted[input.index()], 1.0) == 0.0 {
                    next.push(input.index());
                }
            }
        }
        let mut changed = [flag(wanted != before)];
        all.largest(&mut changed);
        if changed[0] == 0.0 {
            break;
        }
    }
    match wanted.iter().position(|w| *w == 0.0) {
        Some(g) => {
            let name = &goods[g].name;
            Err(Error::unbalanced(format!(
                "good {name:?} is wanted by no consumer council and for nothing that is: its price would fall \
                 without end"
            )))
        }
        None => Ok(()),
    }
}

/// Positions of the worker councils that make each good.
struct Makers {
    start: Vec<usize>,
    councils: Vec<usize>,
}

impl Makers {
    fn of(goods: usize, layout: &Layout) -> Self {
        let mut start = vec![0; goods + 1];
        layout.outputs().iter().for_each(|good| start[good.index() + 1] += 1);
        for g in 0..goods {
            start[g + 1] += start[g];
        }
        let mut free = start.clone();
        let mut councils = vec![0; layout.workers()];
        for (w, good) in layout.outputs().iter().enumerate() {
            councils[free[good.index()]] = w;
            free[good.index()] += 1;
        }
        Makers { start, councils }
    }

    fn of_good(&self, g: usize) -> &[usize] {
        &self.councils[self.start[g]..self.start[g + 1]]
    }
}
