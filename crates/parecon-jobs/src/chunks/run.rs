//! The phases of the search and what each restart does in them.

use parecon_core::{Observer, Status, for_each};

use super::answer::{Alternative, Chunked, Info, Nearest, Outcome, Slack};
use super::config::Config;
use super::lots::Lots;
use super::obstacle::Obstacle;
use super::rules::{Rules, Terms};
use super::search::{Effort, Search, Task};
use super::state::{Goal, State};
use super::verify::violations;
use crate::{Balance, Bound, Complexes, Error, MemberId, Minutes, Progress, Stage, TaskId, Workplace};

mod programmes;

/// Proposals between two reports, at most.
const ROUND: u64 = 500_000;
/// The least rounds of a phase, so that temperatures fall smoothly.
const ROUNDS: u64 = 20;
/// Temperatures at which repairs start, in minutes of violation, one attempt after the other: a cold search keeps most
/// of the balance it starts from, a hot one gets out of more traps and takes as many times as long.
const REPAIRS: [(f64, u64); 3] = [(0.2, 1), (2.0, 2), (20.0, 4)];
/// The temperature at which repairs end: a violation of one minute no longer comes about.
const REPAIRED: f64 = 0.02;
/// The part of the moves that the first repair may take, and the least moves per member.
const REPAIR_PART: f64 = 0.03;
const REPAIR_MOVES: u64 = 3000;
/// The part of the remaining moves for the largest deviation.
const LARGEST_PART: f64 = 0.5;
/// Where the band lies between the bound and the best largest deviation: half way, as in bisection.
const BAND: f64 = 0.5;
/// First and last temperature for the largest deviation, as parts of the squared distance of the best from the bound.
const LARGEST_HEAT: (f64, f64) = (0.3, 0.001);
/// Attempts at the largest deviation, until it reaches its bound: how much hotter each begins, and its part of the moves.
/// The first suits large workplaces, where the search is short of moves; small ones have traps to get out of.
const ATTEMPTS: [(f64, f64); 3] = [(1.0, 0.6), (10.0, 0.2), (100.0, 0.2)];
/// The least such distance, in rating points, so that the search does not freeze at the bound.
const CLOSE: f64 = 1e-4;
/// How far from the bound the search for fewer tasks begins again, in rating points.
const TASK_SCALE: f64 = 0.5;
/// What a task is worth in that search, as a part of that distance squared.
const TASK_PULL: f64 = 1.0;
/// The part of that search after which tasks no longer count, so that amounts can settle on the pairs that are left.
const TASK_END: f64 = 0.4;
/// The part of the moves left that it takes.
const TASKS_PART: f64 = 0.6;
/// First and last temperature for the mean, in points of one member's deviation.
const MEAN_HEAT: (f64, f64) = (0.02, 0.00002);
/// How steeply exceeding the largest deviation is punished while the mean is sought, for a workplace of one member.
const STEEP: f64 = 1e4;

/// The search under way.
pub(super) struct Run<'a> {
    lots: &'a Lots,
    config: &'a Config,
    observer: &'a mut dyn Observer<Progress>,
    /// What the largest deviation cannot go below.
    bound: f64,
    searches: Vec<Search>,
    status: Status,
    balance_iterations: u32,
    successful: u32,
    /// Whether branch and bound found that there is no division.
    disproved: bool,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        lots: &'a Lots,
        config: &'a Config,
        start: &Balance,
        bound: f64,
        observer: &'a mut dyn Observer<Progress>,
    ) -> Self {
        let state = State::new(lots, lots.amounts(&start.complexes), for_largest(0.0));
        let restarts = 0..u64::from(config.restarts());
        Run {
            lots,
            config,
            observer,
            bound,
            searches: restarts.map(|k| Search::new(state.clone(), config.seed(), k)).collect(),
            status: if start.status == Status::Stopped { Status::Stopped } else { Status::RoundLimit },
            balance_iterations: start.info.iterations,
            successful: 0,
            disproved: false,
        }
    }

    fn is_stopped(&self) -> bool {
        self.status == Status::Stopped
    }

    /// What counts as having reached the bound.
    fn target(&self) -> f64 {
        self.bound + self.config.tolerance()
    }

    fn best(&self) -> Option<f64> {
        self.searches.iter().filter_map(|search| search.best.as_ref()).map(|best| best.0).reduce(f64::min)
    }

    /// Runs rounds of at most `moves` proposals each and restart in all, as long as `go_on`, with the part of the phase
    /// that a round begins and ends at.
    fn rounds(
        &mut self,
        stage: Stage,
        moves: u64,
        round: impl Fn(&mut Search, u64, f64, f64) + Sync + Send,
        go_on: impl Fn(&Self) -> bool,
    ) {
        let rounds = (moves / ROUND).max(ROUNDS);
        for r in 0..rounds {
            if self.is_stopped() || !go_on(self) {
                return;
            }
            let (from, to) = (r as f64 / rounds as f64, (r + 1) as f64 / rounds as f64);
            for_each(self.searches.iter_mut().collect(), |search| round(search, moves / rounds, from, to));
            let (objective, gap) = self.reached(stage);
            let progress = Progress { stage, iteration: r as u32 + 1, objective, gap };
            if self.observer.on_round(&progress).is_break() {
                self.status = Status::Stopped;
            }
        }
    }

    /// What the best restart has come to in a stage, and the gap that is left.
    fn reached(&self, stage: Stage) -> (f64, f64) {
        let best = self.best().unwrap_or(f64::MAX);
        match stage {
            Stage::Rules => {
                let least = self.searches.iter().map(|search| search.state.violation).min().unwrap_or(0);
                (least as f64, f64::from(least > 0))
            }
            Stage::LargestInPieces if best > 0.0 => (best, (best - self.bound) / best),
            Stage::LargestInPieces => (best, 0.0),
            _ => (best, 1.0),
        }
    }

    fn part(&self, part: f64) -> u64 {
        let spent = self.searches.iter().map(|search| search.effort.proposed).max().unwrap_or(0);
        ((self.config.moves().saturating_sub(spent)) as f64 * part) as u64
    }

    /// Makes violations disappear; restarts that do not get there go on from one that does.
    pub(super) fn repair(&mut self) {
        let lots = self.lots;
        let least = REPAIR_MOVES * lots.members as u64;
        for (hot, times) in REPAIRS {
            let moves = (((self.config.moves() as f64 * REPAIR_PART) as u64).max(least)) * times;
            let heat = |part: f64| hot * (REPAIRED / hot).powf(part);
            self.rounds(
                Stage::Rules,
                moves,
                |search, moves, from, to| {
                    if search.state.violation > 0 {
                        search.run(lots, Task::Repair, moves, (heat(from), heat(to)), |s| {
                            s.state.violation > 0
                        });
                    }
                },
                |run| run.searches.iter().any(|search| search.state.violation > 0),
            );
        }
        self.successful = self.searches.iter().filter(|search| search.state.violation == 0).count() as u32;
        let Some(good) = self.searches.iter().find(|search| search.state.violation == 0) else { return };
        let good = good.state.clone();
        for search in &mut self.searches {
            if search.state.violation > 0 {
                search.state = good.clone();
            }
            search.best = Some((search.state.largest(lots), search.state.amounts.clone()));
        }
    }

    pub(super) fn lower_largest(&mut self) {
        let (lots, bound, target) = (self.lots, self.bound, self.target());
        let moves = self.part(LARGEST_PART) as f64;
        let aim = |search: &mut Search, best: f64| {
            search.state.aim(lots, for_largest(bound + BAND * (best - bound).max(0.0)));
        };
        for (times, part) in ATTEMPTS {
            self.rounds(
                Stage::LargestInPieces,
                (moves * part) as u64,
                |search, moves, from, to| {
                    let Some((mut best, _)) = search.best else { return };
                    aim(search, best);
                    let scale = (best - bound).max(CLOSE).powi(2);
                    let (hot, cold) = (LARGEST_HEAT.0 * times, LARGEST_HEAT.1);
                    let heat = |part: f64| scale * hot * (cold / hot).powf(part);
                    search.run(lots, Task::Lower, moves, (heat(from), heat(to)), |search| {
                        let largest = search.state.largest(lots);
                        if largest < best {
                            best = largest;
                            search.keep(best);
                            aim(search, best);
                        }
                        best > target
                    });
                },
                |run| run.best().is_some_and(|best| best > target),
            );
        }
        if !self.is_stopped() {
            self.mark_converged();
        }
    }

    fn mark_converged(&mut self) {
        if self.best().is_some_and(|best| best <= self.target()) {
            self.status = Status::Converged;
        }
    }

    /// Lowers the number of distinct tasks and the mean deviation. Each restart's best then has that goal as its score.
    pub(super) fn lower_mean(&mut self) {
        let Some(best) = self.best() else { return };
        let (lots, work) = (self.lots, self.lots.quota.iter().sum::<i64>() as f64);
        let members = lots.members as f64;
        let goal = Goal {
            band: if best <= self.target() { self.target() } else { best + self.config.tolerance() },
            steep: STEEP / members,
            mean: 1.0 / (work * lots.dimensions as f64),
            miss: 1.0 / work,
            task: self.config.task_price() / members,
        };
        let leader = self.searches.iter().filter_map(|s| s.best.clone()).find(|b| b.0 == best);
        for search in &mut self.searches {
            if search.best.as_ref().is_none_or(|own| own.0 > goal.band) {
                search.best.clone_from(&leader);
            }
            if let Some((score, amounts)) = &mut search.best {
                search.state = State::new(lots, amounts.clone(), goal);
                *score = search.state.total_cost();
            }
        }
        let look = |search: &mut Search| {
            let known = search.best.as_ref().map_or(f64::INFINITY, |best| best.0);
            if search.state.largest(lots) <= goal.band {
                let score = search.state.cost_of(lots, &goal);
                if score < known {
                    search.keep(score);
                }
            }
            true
        };
        let bound = self.bound;
        let moves = self.part(TASKS_PART);
        let wide = |part: f64| TASK_SCALE * ((goal.band - bound) / TASK_SCALE).min(1.0).powf(part);
        self.rounds(
            Stage::MeanInPieces,
            moves,
            |search, moves, from, to| {
                let scale = wide(from).powi(2);
                let task = TASK_PULL * scale * (1.0 - from / TASK_END).max(0.0);
                search.state.aim(lots, Goal { task, ..for_largest(bound + BAND * (goal.band - bound)) });
                let heat = |part: f64| scale * LARGEST_HEAT.0 * (LARGEST_HEAT.1 / LARGEST_HEAT.0).powf(part);
                search.run(lots, Task::Lower, moves, (heat(from), heat(to)), look);
            },
            |_| true,
        );
        for search in &mut self.searches {
            if let Some((_, amounts)) = &search.best {
                search.state = State::new(lots, amounts.clone(), goal);
            }
        }
        let heat = |part: f64| MEAN_HEAT.0 * (MEAN_HEAT.1 / MEAN_HEAT.0).powf(part) / members;
        let moves = self.part(1.0);
        self.rounds(
            Stage::MeanInPieces,
            moves,
            |search, moves, from, to| search.run(lots, Task::Lower, moves, (heat(from), heat(to)), look),
            |_| true,
        );
    }

    /// Settles the status, now that scores are of the second goal.
    fn settle_status(&mut self) {
        let best =
            self.searches.iter().filter_map(|search| search.best.as_ref()).min_by(|a, b| a.0.total_cmp(&b.0));
        // The largest deviation goes down with the mean at times.
        let largest = best
            .map(|(_, amounts)| State::new(self.lots, amounts.clone(), for_largest(0.0)).largest(self.lots));
        if self.status == Status::RoundLimit && largest.is_some_and(|largest| largest <= self.target()) {
            self.status = Status::Converged;
        }
    }

    /// The best division, checked, or the nearest to one.
    pub(super) fn answer(
        mut self,
        workplace: &Workplace,
        rules: &Rules,
        terms: &Terms,
    ) -> Result<Outcome, Error> {
        self.settle_status();
        let mut effort = Effort::default();
        for search in &self.searches {
            effort.proposed += search.effort.proposed;
            effort.taken += search.effort.taken;
        }
        let info = Info {
            pairs: self.lots.lot.len(),
            proposed: effort.proposed,
            taken: effort.taken,
            balance_iterations: self.balance_iterations,
            successful_restarts: self.successful,
        };
        let mut best: Vec<(f64, Vec<i64>)> = self.searches.iter_mut().filter_map(|s| s.best.take()).collect();
        best.sort_by(|a, b| a.0.total_cmp(&b.0));
        best.dedup_by(|a, b| a.1 == b.1);
        let mut divisions = Vec::new();
        for (_, amounts) in best.iter().take(self.config.alternatives() as usize + 1) {
            let complexes = self.lots.complexes(amounts)?;
            if let Some(broken) = violations(workplace, rules, &complexes)?.first() {
                return Err(Error::violation(broken.describe(workplace)));
            }
            divisions.push(Alternative { spread: workplace.spread(&complexes)?, complexes });
        }
        if divisions.is_empty() && self.disproved {
            return Ok(Outcome::Impossible(vec![Obstacle::Exhausted]));
        }
        if divisions.is_empty() {
            let nearest = self.searches.iter().min_by_key(|search| search.state.violation);
            let complexes = self.lots.complexes(nearest.map_or(&[], |search| &search.state.amounts))?;
            let violations = violations(workplace, rules, &complexes)?;
            return Ok(Outcome::NotFound(Box::new(Nearest {
                complexes,
                violations,
                status: self.status,
                info,
            })));
        }
        let Alternative { complexes, spread } = divisions.remove(0);
        Ok(Outcome::Divided(Box::new(Chunked {
            largest: Bound { value: spread.max_abs, bound: self.bound },
            slack: slack(workplace, terms, &complexes),
            complexes,
            spread,
            status: self.status,
            alternatives: divisions,
            info,
        })))
    }
}

/// What is minimised first.
fn for_largest(band: f64) -> Goal {
    Goal { band, steep: 1.0, mean: 0.0, miss: 0.0, task: 0.0 }
}

fn slack(workplace: &Workplace, terms: &Terms, complexes: &Complexes) -> Slack {
    let misses: Vec<u64> = terms
        .quota
        .iter()
        .enumerate()
        .map(|(m, quota)| complexes.time_of(MemberId::new(m)).get().abs_diff(*quota))
        .collect();
    let shortened = workplace.tasks().iter().enumerate().filter(|(t, task)| {
        task.time > Minutes::ZERO && task.chunk.is_some_and(|chunk| chunk.get() > terms.piece[*t])
    });
    Slack {
        largest_miss: Minutes::new(misses.iter().copied().max().unwrap_or(0)),
        missed: misses.iter().sum::<u64>() as f64 / workplace.total_time().get() as f64,
        members_off: misses.iter().filter(|miss| **miss > 0).count(),
        shortened: shortened.map(|(t, _)| TaskId::new(t)).collect(),
    }
}
