//! What a valid economy is; every message names the offender.

use std::collections::HashSet;

use super::store::returns_to_scale;
use crate::{ConsumerCouncil, Error, Good, GoodId, Preferences, Register, Technology, WorkerCouncil};

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

pub(crate) fn goods(goods: &[Good]) -> Result<(), Error> {
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

pub(crate) fn workers(goods: &[Good], workers: &[WorkerCouncil]) -> Result<(), Error> {
    let mut last_use = vec![usize::MAX; goods.len()];
    for (i, w) in workers.iter().enumerate() {
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
            once(goods, input.good, &who, &mut last_use, i)?;
            positive(
                || format!("{}: exponent of {:?}", who(), goods[input.good.index()].name),
                input.exponent,
            )?;
        }
        let returns = returns_to_scale(w);
        if returns > LARGEST_RETURNS {
            return Err(Error::increasing_returns(format!(
                "{}: exponents and effort's c/k add up to {returns}, must be below 1 (decreasing returns)",
                who()
            )));
        }
    }
    Ok(())
}

pub(crate) fn consumers(goods: &[Good], consumers: &[ConsumerCouncil]) -> Result<(), Error> {
    let mut last_want = vec![usize::MAX; goods.len()];
    for (i, c) in consumers.iter().enumerate() {
        let who = || council("consumer", &c.name, i);
        positive(|| format!("{}: income", who()), c.income)?;
        let Preferences::CobbDouglas(preferences) = &c.preferences;
        if preferences.is_empty() {
            return Err(Error::invalid(format!("{} has no preferences", who())));
        }
        for preference in preferences {
            once(goods, preference.good, &who, &mut last_want, i)?;
            let good = &goods[preference.good.index()];
            consumed(good, &who)?;
            positive(|| format!("{}: weight of {:?}", who(), good.name), preference.weight)?;
        }
        // Shares of spending below the smallest normal number would be lost.
        let total: f64 = preferences.iter().map(|p| p.weight).sum();
        for p in preferences {
            positive(|| format!("{}: share of {:?}", who(), goods[p.good.index()].name), p.weight / total)?;
        }
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

fn once(
    goods: &[Good],
    good: GoodId,
    who: &impl Fn() -> String,
    last: &mut [usize],
    position: usize,
) -> Result<(), Error> {
    known(goods, good, who)?;
    if std::mem::replace(&mut last[good.index()], position) == position {
        let (who, name) = (who(), &goods[good.index()].name);
        return Err(Error::invalid(format!("{who} names {name:?} twice")));
    }
    Ok(())
}

/// Every good must be suppliable, and wanted by consumers directly or through what is made of it.
///
/// A direction in which all prices could drift without limit exists exactly if this fails: see the crate's
/// documentation of `Φ`.
pub(crate) fn balance(
    goods: &[Good],
    workers: &[WorkerCouncil],
    consumers: &[ConsumerCouncil],
) -> Result<(), Error> {
    let mut supplied: Vec<bool> = goods.iter().map(|g| g.endowment > 0.0).collect();
    let mut makers: Vec<Vec<usize>> = vec![Vec::new(); goods.len()];
    for (i, w) in workers.iter().enumerate() {
        supplied[w.output.index()] = true;
        makers[w.output.index()].push(i);
    }
    if let Some(g) = supplied.iter().position(|s| !s) {
        let name = &goods[g].name;
        return Err(Error::unbalanced(format!(
            "good {name:?} has no endowment and no worker council makes it: its price would rise without end"
        )));
    }

    let mut wanted = vec![false; goods.len()];
    let mut next: Vec<usize> = Vec::new();
    let reach = |g: GoodId, wanted: &mut Vec<bool>, next: &mut Vec<usize>| {
        if !std::mem::replace(&mut wanted[g.index()], true) {
            next.push(g.index());
        }
    };
    for c in consumers {
        let Preferences::CobbDouglas(preferences) = &c.preferences;
        preferences.iter().for_each(|p| reach(p.good, &mut wanted, &mut next));
    }
    while let Some(g) = next.pop() {
        for &w in &makers[g] {
            let Technology::CobbDouglas(w) = &workers[w].technology;
            w.inputs.iter().for_each(|input| reach(input.good, &mut wanted, &mut next));
        }
    }
    match wanted.iter().position(|w| !w) {
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

/// What a board may be told of the councils.
pub(crate) fn register(register: &Register) -> Result<(), Error> {
    let Register { goods: all, worker_councils, consumer_councils } = register;
    goods(all)?;
    for count in [worker_councils.len(), consumer_councils.len()] {
        if u32::try_from(count).is_err() {
            return Err(Error::invalid(format!("{count} councils of a kind, must be below 2^32")));
        }
    }
    let mut last_use = vec![usize::MAX; all.len()];
    for (i, w) in worker_councils.iter().enumerate() {
        let who = || council("worker", &w.name, i);
        known(all, w.output, &who)?;
        w.inputs.iter().try_for_each(|good| once(all, *good, &who, &mut last_use, i))?;
    }
    let mut last_want = vec![usize::MAX; all.len()];
    for (i, c) in consumer_councils.iter().enumerate() {
        let who = || council("consumer", &c.name, i);
        positive(|| format!("{}: income", who()), c.income)?;
        for good in &c.wants {
            once(all, *good, &who, &mut last_want, i)?;
            consumed(&all[good.index()], &who)?;
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
