//! Where annealing stays away from its bound: a balance of the pairs in use, and branch and bound.

use super::*;
use crate::chunks::rules::Pieces;
use crate::{Choice, Eligibility, balance};

/// The most pairs of members and lots that branch and bound is tried on.
#[cfg(feature = "exact")]
const EXACT_PAIRS: usize = 200;
impl Run<'_> {
    /// The best amounts for the pairs that the best division uses, by balancing a workplace in which nobody may do
    /// anything else and the smallest pieces stay where they are. Where caps leave few pairs, annealing finds the pairs but
    /// not the amounts.
    pub(in crate::chunks) fn settle_amounts(&mut self, workplace: &Workplace) -> Result<(), Error> {
        let lots = self.lots;
        let exact_quotas = lots.load.iter().all(|(least, most)| least == most);
        if self.is_stopped() || self.status.is_converged() || lots.pieces != Pieces::AtLeast || !exact_quotas
        {
            return Ok(());
        }
        let Some(known) = self.best() else { return Ok(()) };
        let Some(search) = self.searches.iter_mut().find(|s| s.best.as_ref().is_some_and(|b| b.0 == known))
        else {
            return Ok(());
        };
        let amounts = search.best.as_ref().map_or(&[][..], |best| &best.1);
        let (mut used, mut pins) = (vec![Vec::new(); lots.members], Vec::new());
        for (pair, _) in amounts.iter().enumerate().filter(|(_, amount)| **amount > 0) {
            let task = TaskId::new(lots.task[lots.lot[pair] as usize] as usize);
            let member = lots.member[pair] as usize;
            used[member].push(task);
            pins.push((MemberId::new(member), task, Minutes::new(lots.least[pair].unsigned_abs())));
        }
        let (tasks, members) = (workplace.tasks().to_vec(), workplace.members().to_vec());
        let narrow = Workplace::new(tasks, members, Eligibility::ByMember(used))?.with_pinned(&pins)?;
        let config = self.config.balance().clone().with_levels(1).with_choice(Choice::Any);
        let crate::Outcome::Balanced(settled) = balance(&narrow, &config, self.observer)? else {
            return Ok(());
        };
        self.balance_iterations += settled.info.iterations;
        let goal = search.state.goal;
        let state = State::new(lots, lots.amounts(&settled.complexes), goal);
        let largest = state.largest(lots);
        if state.violation == 0 && largest < known {
            search.state = state;
            search.keep(largest);
        }
        if settled.status == Status::Stopped {
            self.status = Status::Stopped;
        } else {
            self.mark_converged();
        }
        Ok(())
    }

    /// Branch and bound, where the workplace is small and the search has not come to its bound.
    #[cfg(feature = "exact")]
    pub(in crate::chunks) fn close_gap(&mut self) {
        let (lots, nodes, known) = (self.lots, self.config.nodes(), self.best());
        if self.is_stopped() || self.status.is_converged() || nodes == 0 || lots.lot.len() > EXACT_PAIRS {
            return;
        }
        let best = self.searches.iter().filter_map(|s| s.best.as_ref()).find(|best| Some(best.0) == known);
        let start = best.map(|best| best.1.as_slice());
        let Some(exact) = crate::chunks::exact::branch_and_bound(lots, start, nodes) else { return };
        match known {
            None => self.disproved = exact.bound.is_infinite(),
            // A division disproves its own impossibility.
            Some(_) if exact.bound.is_infinite() => return,
            Some(known) => self.bound = self.bound.max(exact.bound.min(known)),
        }
        let whole = exact.minutes.and_then(|minutes| lots.whole(&minutes).ok());
        if let (Some(amounts), Some(first)) = (whole, self.searches.first_mut()) {
            let mut search = first.clone();
            search.state = State::new(lots, amounts, for_largest(0.0));
            let moves = REPAIR_MOVES * lots.members as u64;
            let (hot, cold) = (REPAIRS[0].0, REPAIRED);
            if search.state.violation > 0 {
                search.run(lots, Task::Repair, moves, (hot, cold), |s| s.state.violation > 0);
            }
            let largest = search.state.largest(lots);
            if search.state.violation == 0 && known.is_none_or(|known| largest < known) {
                search.keep(largest);
                if known.is_none() {
                    self.searches.iter_mut().for_each(|other| other.best.clone_from(&search.best));
                }
                if let Some(first) = self.searches.first_mut() {
                    *first = search;
                }
            }
        }
        self.mark_converged();
    }
}
