//! How much work a step moves.

use super::*;
use crate::chunks::rules::Pieces;
use crate::chunks::state::inverse;

impl Search {
    /// Sets the amounts of a step whose legs are known; whether there are any.
    #[inline(always)]
    pub(super) fn fill(&mut self, lots: &Lots, dimensions: usize, task: Task, step: &mut Step) -> bool {
        match lots.pieces {
            Pieces::AtLeast => self.fill_minutes(lots, dimensions, task, step),
            Pieces::Multiples => self.fill_pieces(lots, step),
        }
    }

    #[inline(always)]
    fn fill_minutes(&mut self, lots: &Lots, dimensions: usize, task: Task, step: &mut Step) -> bool {
        let dice = self.draws.next();
        let limits = |step: &Step| {
            let (mut least, mut most, mut keeping) = (1, i64::MAX, i64::MAX);
            for i in (0..step.legs).filter(|i| step.amount[*i] > 0) {
                let (from, to) = (step.from[i] as usize, step.to[i] as usize);
                let (given, taken) = (self.state.amounts[from], self.state.amounts[to]);
                least = least.max(lots.least[to] - taken);
                most = most.min(given).min(lots.most[to] - taken);
                keeping = keeping.min(given - lots.least[from]);
            }
            (least, most, keeping.min(most))
        };
        let (fewest, longest) = lots.load[step.members[0] as usize];
        let loose = step.legs == 2 && fewest < longest;
        if loose && dice & 0x300 == 0 {
            // Where quotas have slack, now and then one gives and takes nothing.
            step.amount[usize::from(dice & 0x400 == 0)] = 0;
        }
        if step.amount[..step.legs].iter().all(|amount| *amount == 0)
            || (!loose && step.amount[..step.legs].contains(&0))
        {
            return false;
        }
        // The least that lets every taker reach the chunk; the most that the givers have and the takers may take; the
        // most that leaves every giver the chunk.
        let (least, most, keeping) = limits(step);
        // In a repair, less than the chunk may be a step on the way.
        if most < 1 || (least > most && matches!(task, Task::Lower)) {
            return false;
        }
        let amount = if least <= keeping && dice & 3 != 0 {
            if dice & 4 == 0 {
                self.best_amount(lots, dimensions, step).clamp(least as f64, keeping as f64) as i64
            } else {
                least + self.draws.below((keeping - least + 1).min(1 << 32) as usize) as i64
            }
        } else {
            // All that some giver has.
            let leg = (dice >> 4) as usize % step.legs;
            let leg = if step.amount[leg] > 0 { leg } else { 1 - leg.min(1) };
            let from = step.from[leg] as usize;
            let all = self.state.amounts[from];
            if matches!(task, Task::Repair) {
                // Or what brings a giver or a taker just to the chunk, or the limit.
                match (dice >> 6) & 3 {
                    0 => all.min(most),
                    1 => (all - lots.least[from]).clamp(1, most),
                    2 => (lots.least[step.to[leg] as usize] - self.state.amounts[step.to[leg] as usize])
                        .clamp(1, most),
                    _ => (all - lots.most[from]).clamp(1, most),
                }
            } else if least <= all && all <= most {
                all
            } else {
                return false;
            }
        };
        for given in &mut step.amount[..step.legs] {
            *given *= amount;
        }
        true
    }

    /// The amount after which the squared deviations of the members in a ring sum to the least.
    #[inline(always)]
    fn best_amount(&self, lots: &Lots, dimensions: usize, step: &Step) -> f64 {
        let (mut pull, mut stiffness) = (0.0, 0.0);
        for i in 0..step.legs {
            let before = if i == 0 { step.legs - 1 } else { i - 1 };
            let m = step.members[i] as usize;
            let scale = inverse(self.state.load(m));
            let sums = self.state.sums(dimensions, m);
            let gives = &lots.offset[lots.lot[step.from[i] as usize] as usize * dimensions..];
            let takes = &lots.offset[lots.lot[step.to[before] as usize] as usize * dimensions..];
            for d in 0..dimensions {
                let slope =
                    (takes[d] * step.amount[before] as f64 - gives[d] * step.amount[i] as f64) * scale;
                pull -= slope * sums[d] * scale;
                stiffness += slope * slope;
            }
        }
        if stiffness > 0.0 { (pull / stiffness).round() } else { 0.0 }
    }

    #[inline(always)]
    fn fill_pieces(&mut self, lots: &Lots, step: &mut Step) -> bool {
        let dice = self.draws.next() >> 32;
        let unit = |leg: usize| lots.unit[lots.lot[step.from[leg] as usize] as usize];
        let mut amount = [0; MOST_LEGS];
        for leg in (0..step.legs).filter(|leg| step.amount[*leg] > 0) {
            amount[leg] = unit(leg);
        }
        let used = amount[..step.legs].iter().filter(|amount| **amount > 0).count();
        match dice & 7 {
            // One gives and takes nothing.
            0 | 1 if used == step.legs && step.legs == 2 => amount[(dice >> 3) as usize & 1] = 0,
            // As many of the smaller pieces as make the exchange even.
            2..=4 if used == step.legs => {
                let largest = amount[..step.legs].iter().copied().max().unwrap_or(1);
                for given in amount[..step.legs].iter_mut() {
                    *given *= largest / *given;
                }
            }
            // All that one has, for about as much of each other lot, or all of it.
            5 if used == step.legs => {
                let first = (dice >> 3) as usize % step.legs;
                let all = self.state.amounts[step.from[first] as usize];
                for (leg, given) in amount[..step.legs].iter_mut().enumerate() {
                    let have = self.state.amounts[step.from[leg] as usize];
                    let even = (all + *given / 2) / *given * *given;
                    *given = if leg == first || dice & 0x100 == 0 { have } else { even.clamp(*given, have) };
                }
            }
            _ => {}
        }
        for leg in 0..step.legs {
            let have = if amount[leg] > 0 { self.state.amounts[step.from[leg] as usize] } else { 0 };
            if amount[leg] > have {
                return false;
            }
        }
        step.amount = amount;
        amount[..step.legs].iter().any(|given| *given > 0)
    }
}
