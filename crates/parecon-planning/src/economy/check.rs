//! What a valid economy is; every message names the offender.

use std::collections::HashSet;

use super::layout::Layout;
use super::workers::returns_to_scale;
use crate::{
    Branch, Category, CobbDouglas, Collective, ConsumerCouncil, Error, Exposure, Good, GoodId, Nest,
    Preferences, Register, Requirement, Technology, WorkerCouncil,
};

/// Bound on magnitudes of the data, so that sums over councils stay finite.
const LARGEST: f64 = 1e100;
/// Bound on returns to scale, so that what remains of 1 is a number one can divide by.
const LARGEST_RETURNS: f64 = 1.0 - 1e-9;
/// Elasticities of substitution between which a price ratio raised to them stays a number.
const LARGEST_ELASTICITY: f64 = 1000.0;
const SMALLEST_ELASTICITY: f64 = 0.001;

/// An elasticity of substitution: 0 or within bounds.
pub(crate) fn elasticity(what: impl Fn() -> String, value: f64) -> Result<(), Error> {
    if value == 0.0 || (SMALLEST_ELASTICITY..=LARGEST_ELASTICITY).contains(&value) {
        return Ok(());
    }
    let what = what();
    Err(Error::invalid(format!(
        "{what} is {value}, must be 0 or between {SMALLEST_ELASTICITY} and {LARGEST_ELASTICITY}"
    )))
}

pub(super) fn council(kind: &str, name: &str, position: usize) -> String {
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
    let mut input = |good: GoodId, what: &str, value: f64| {
        // A nest names a good's weight and then its share.
        if what != "share" {
            once(goods, good, &who, marks)?;
        }
        positive(|| format!("{}: {what} of {:?}", who(), goods[good.index()].name), value)
    };
    match &w.technology {
        Technology::CobbDouglas(t) => {
            cobb_douglas(t, &who, &mut input)?;
            decreasing(t, &who)?;
        }
        Technology::FirstOrder(t) => {
            cobb_douglas(t, &who, &mut input)?;
            let returns = returns_to_scale(t);
            if (1.0 - returns).abs() < 1.0 - LARGEST_RETURNS {
                return Err(Error::invalid(format!(
                    "{}: exponents and effort's c/k add up to {returns}, must differ from 1",
                    who()
                )));
            }
        }
        Technology::NestedCes(t) => {
            let composite = t.composite();
            positive(|| format!("{}: returns", who()), t.returns)?;
            cobb_douglas(&composite, &who, &mut |_, _, _| Ok(()))?;
            nest(&t.nest, &who, &mut input)?;
            decreasing(&composite, &who)?;
        }
        Technology::Leontief(t) => {
            requirements(&t.inputs, &mut input)?;
            positive(|| format!("{}: total factor productivity", who()), t.total_factor_productivity)?;
            positive(|| format!("{}: disutility coefficient", who()), t.disutility_coefficient)?;
            positive(|| format!("{}: effort elasticity", who()), t.effort_elasticity)?;
            positive(|| format!("{}: disutility exponent", who()), t.disutility_exponent)?;
            let share = t.effort_elasticity / t.disutility_exponent;
            if share > LARGEST_RETURNS {
                return Err(Error::increasing_returns(format!(
                    "{}: effort's c/k is {share}, must be below 1 (convex disutility)",
                    who()
                )));
            }
        }
        Technology::Activity(t) => {
            requirements(&t.inputs, &mut input)?;
            positive(|| format!("{}: capacity", who()), t.capacity)?;
            positive(|| format!("{}: smoothing", who()), t.smoothing)?;
        }
        Technology::Bounded(t) => {
            cobb_douglas(&t.technology, &who, &mut input)?;
            positive(|| format!("{}: capacity", who()), t.capacity)?;
            positive(|| format!("{}: smoothing", who()), t.smoothing)?;
            let returns = returns_to_scale(&t.technology);
            positive(|| format!("{}: sum of exponents and effort's c/k", who()), returns)?;
            if (LARGEST_RETURNS..1.0).contains(&returns) {
                return Err(Error::invalid(format!(
                    "{}: exponents and effort's c/k add up to {returns}, must not be that close to 1 (1 itself \
                     is valid)",
                    who()
                )));
            }
        }
        Technology::Custom(t) => {
            for &good in t.0.inputs() {
                input(good, "input", 1.0)?;
            }
        }
    }
    Ok(())
}

fn cobb_douglas(
    t: &CobbDouglas,
    who: &impl Fn() -> String,
    input: &mut impl FnMut(GoodId, &str, f64) -> Result<(), Error>,
) -> Result<(), Error> {
    positive(|| format!("{}: total factor productivity", who()), t.total_factor_productivity)?;
    positive(|| format!("{}: disutility coefficient", who()), t.disutility_coefficient)?;
    positive(|| format!("{}: disutility exponent", who()), t.disutility_exponent)?;
    if !(0.0..=LARGEST).contains(&t.effort_elasticity) {
        return Err(Error::invalid(format!(
            "{}: effort elasticity is {}, must be between 0 and 1e100",
            who(),
            t.effort_elasticity
        )));
    }
    t.inputs.iter().try_for_each(|i| input(i.good, "exponent", i.exponent))
}

fn decreasing(t: &CobbDouglas, who: &impl Fn() -> String) -> Result<(), Error> {
    let returns = returns_to_scale(t);
    if returns > LARGEST_RETURNS {
        return Err(Error::increasing_returns(format!(
            "{}: exponents and effort's c/k add up to {returns}, must be below 1 (decreasing returns)",
            who()
        )));
    }
    Ok(())
}

fn requirements(
    inputs: &[Requirement],
    input: &mut impl FnMut(GoodId, &str, f64) -> Result<(), Error>,
) -> Result<(), Error> {
    inputs.iter().try_for_each(|r| input(r.good, "requirement", r.per_unit))
}

fn nest(
    tree: &Nest,
    who: &impl Fn() -> String,
    part: &mut impl FnMut(GoodId, &str, f64) -> Result<(), Error>,
) -> Result<(), Error> {
    elasticity(|| format!("{}: elasticity of substitution", who()), tree.elasticity)?;
    if tree.parts.is_empty() {
        return Err(Error::invalid(format!("{} has a nest without parts", who())));
    }
    let total: f64 = tree.parts.iter().map(|p| p.weight).sum();
    for p in &tree.parts {
        match &p.of {
            Branch::Good(good) => {
                part(*good, "weight", p.weight)?;
                part(*good, "share", p.weight / total)
            }
            Branch::Nest(inner) => {
                positive(|| format!("{}: weight of a nest", who()), p.weight)?;
                positive(|| format!("{}: share of a nest", who()), p.weight / total)?;
                nest(inner, who, part)
            }
        }?;
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
    preferences(goods, &c.preferences, &who, marks)?;
    Ok(())
}

fn preferences(
    goods: &[Good],
    preferences: &Preferences,
    who: &impl Fn() -> String,
    marks: &mut Marks,
) -> Result<(), Error> {
    let mut want = |good: GoodId, what: &str, value: f64| {
        // A nest names a good's weight and then its share.
        if what != "share" {
            once(goods, good, who, marks)?;
        }
        let wanted = &goods[good.index()];
        consumed(wanted, who)?;
        positive(|| format!("{}: {what} of {:?}", who(), wanted.name), value)
    };
    let none = || Err(Error::invalid(format!("{} has no preferences", who())));
    match preferences {
        Preferences::CobbDouglas(wants) => {
            if wants.is_empty() {
                return none();
            }
            wants.iter().try_for_each(|p| want(p.good, "weight", p.weight))?;
            // Shares of spending below the smallest normal number would be lost.
            let total: f64 = wants.iter().map(|p| p.weight).sum();
            wants.iter().try_for_each(|p| want(p.good, "share", p.weight / total))
        }
        Preferences::Ces(tree) => nest(tree, who, &mut want),
        Preferences::StoneGeary(needs) => {
            if needs.is_empty() {
                return none();
            }
            let total: f64 = needs.iter().map(|n| n.weight).sum();
            for need in needs {
                want(need.good, "weight", need.weight)?;
                want(need.good, "share", need.weight / total)?;
                if !(0.0..=LARGEST).contains(&need.minimum) {
                    let (who, name) = (who(), &goods[need.good.index()].name);
                    return Err(Error::invalid(format!(
                        "{who}: minimum of {name:?} is {}, must be between 0 and 1e100",
                        need.minimum
                    )));
                }
            }
            Ok(())
        }
        Preferences::Exposed(exposed) => {
            if let Preferences::Exposed(_) = *exposed.consumption {
                return Err(Error::invalid(format!("{} is exposed twice; list all pollutants once", who())));
            }
            self::preferences(goods, &exposed.consumption, who, marks)?;
            exposed.exposures.iter().try_for_each(|e| exposure(goods, e, who, marks))
        }
    }
}

fn exposure(goods: &[Good], e: &Exposure, who: &impl Fn() -> String, marks: &mut Marks) -> Result<(), Error> {
    once(goods, e.pollutant, who, marks)?;
    let good = &goods[e.pollutant.index()];
    permitted(good, who)?;
    let what = |number: &str| format!("{}: {number} of {:?}", who(), good.name);
    positive(|| what("scale"), e.scale)?;
    positive(|| what("compensation exponent"), e.compensation_exponent)?;
    positive(|| what("damage exponent"), e.damage_exponent)?;
    if e.compensation_exponent > e.damage_exponent * LARGEST_RETURNS {
        return Err(Error::invalid(format!(
            "{} is {}, must be below the damage exponent, {}",
            what("compensation exponent"),
            e.compensation_exponent,
            e.damage_exponent
        )));
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
    layout.outputs().iter().chain(layout.all_permits()).for_each(|good| supplied[good.index()] = 1.0);
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

/// What a board may be told of the councils.
pub(crate) fn register(register: &Register) -> Result<(), Error> {
    let Register { goods: all, worker_councils, consumer_councils } = register;
    goods(all)?;
    for count in [worker_councils.len(), consumer_councils.len()] {
        if u32::try_from(count).is_err() {
            return Err(Error::invalid(format!("{count} councils of a kind, must be below 2^32")));
        }
    }
    let mut marks = Marks::new(all.len());
    for (i, w) in worker_councils.iter().enumerate() {
        let who = || council("worker", &w.name, i);
        marks.next();
        known(all, w.output, &who)?;
        w.inputs.iter().try_for_each(|good| once(all, *good, &who, &mut marks))?;
    }
    for (i, c) in consumer_councils.iter().enumerate() {
        let who = || council("consumer", &c.name, i);
        marks.next();
        positive(|| format!("{}: income", who()), c.income)?;
        for good in &c.wants {
            once(all, *good, &who, &mut marks)?;
            consumed(&all[good.index()], &who)?;
        }
        for good in &c.permits {
            once(all, *good, &who, &mut marks)?;
            permitted(&all[good.index()], &who)?;
        }
    }
    Ok(())
}

fn consumed(good: &Good, who: &impl Fn() -> String) -> Result<(), Error> {
    if good.category.is_consumed() {
        return Ok(());
    }
    let (who, Good { name, category, .. }) = (who(), good);
    Err(Error::invalid(format!(
        "{who} wants {name:?}, a good of category {category}; only private and public goods are consumed"
    )))
}

fn permitted(good: &Good, who: &impl Fn() -> String) -> Result<(), Error> {
    if good.category == Category::Pollutant {
        return Ok(());
    }
    let (who, Good { name, category, .. }) = (who(), good);
    Err(Error::invalid(format!(
        "{who} permits {name:?}, a good of category {category}; only pollutants are permitted"
    )))
}
