//! The workplace in flat arrays, as the search walks it.

use super::rules::{Pieces, Rules, Terms};
use crate::{Complexes, Error, MemberId, Minutes, Share, TaskId, Workplace};

/// No pair.
pub(super) const NONE: u32 = u32::MAX;

/// Parts of a minute in which loads are compared.
#[cfg(feature = "exact")]
const FINE: f64 = 1024.0;

/// What is handed out. Each task is one lot, divided by the minute, or, in [`Pieces::Multiples`], a lot of whole chunks and
/// a lot of one piece that is left over.
///
/// Pairs are eligible (member, lot) positions, by member and ascending by lot.
pub(super) struct Lots {
    pub(super) members: usize,
    pub(super) dimensions: usize,
    /// Where each member's pairs begin, and the end of all.
    pub(super) row: Vec<u32>,
    /// The lot of each pair.
    pub(super) lot: Vec<u32>,
    /// The member of each pair.
    pub(super) member: Vec<u32>,
    /// Where each lot's pairs begin among `column`, and the end of all.
    pub(super) column_start: Vec<u32>,
    /// The pairs of each lot.
    pub(super) column: Vec<u32>,
    /// The other pair of the same member and task, or [`NONE`].
    pub(super) twin: Vec<u32>,
    /// The task of each lot.
    pub(super) task: Vec<u32>,
    /// In which amounts each lot is handed out, in minutes.
    pub(super) unit: Vec<i64>,
    /// How much of each lot there is, in minutes.
    pub(super) time: Vec<i64>,
    /// Rating less social average by lot and dimension.
    pub(super) offset: Vec<f64>,
    /// The least share of the pair's task that is not nothing.
    pub(super) least: Vec<i64>,
    /// The most the pair's member may do of the pair's task.
    pub(super) most: Vec<i64>,
    /// Whether nothing is too little, for work of the pair's task is pinned.
    pub(super) pinned: Vec<bool>,
    /// Fair quotas.
    pub(super) quota: Vec<i64>,
    /// The least and the most each member may work.
    pub(super) load: Vec<(i64, i64)>,
    /// How many members each task needs.
    pub(super) team: Vec<i32>,
    /// The most distinct tasks of a member.
    pub(super) cap: i32,
    pub(super) pieces: Pieces,
}

impl Lots {
    /// # Errors
    /// If there are more pairs than 32 bits can number.
    pub(super) fn new(workplace: &Workplace, rules: &Rules, terms: &Terms) -> Result<Self, Error> {
        let minutes = |value: u64| value as i64; // at most 2^46
        let averages = workplace.averages();
        let mut lots = Lots {
            members: workplace.members().len(),
            dimensions: averages.len(),
            row: vec![0],
            lot: Vec::new(),
            member: Vec::new(),
            column_start: Vec::new(),
            column: Vec::new(),
            twin: Vec::new(),
            task: Vec::new(),
            unit: Vec::new(),
            time: Vec::new(),
            offset: Vec::new(),
            least: Vec::new(),
            most: Vec::new(),
            pinned: Vec::new(),
            quota: terms.quota.iter().map(|q| minutes(*q)).collect(),
            load: terms.load.iter().map(|(least, most)| (minutes(*least), minutes(*most))).collect(),
            team: terms.team.iter().map(|team| i32::try_from(*team).unwrap_or(i32::MAX)).collect(),
            cap: rules.most_tasks().map_or(i32::MAX, |cap| i32::try_from(cap).unwrap_or(i32::MAX)),
            pieces: rules.pieces(),
        };
        // The lots of each task: first and, if there is one, second.
        let mut of_task = Vec::with_capacity(workplace.tasks().len());
        for (t, task) in workplace.tasks().iter().enumerate() {
            let (time, piece) = (minutes(task.time.get()), minutes(terms.piece[t]));
            let parts = match rules.pieces() {
                Pieces::AtLeast => [(1, time), (1, 0)],
                Pieces::Multiples => [(piece, time - time % piece), (time % piece, time % piece)],
            };
            let first = lots.unit.len();
            for (unit, time) in parts.into_iter().filter(|(_, time)| *time > 0) {
                lots.task.push(t as u32);
                lots.unit.push(unit);
                lots.time.push(time);
                lots.offset.extend(task.ratings().zip(averages).map(|(rating, average)| rating - average));
            }
            of_task.push(first..lots.unit.len());
        }
        for m in 0..lots.members {
            let pins = workplace.pinned(MemberId::new(m));
            for task in workplace.eligible(MemberId::new(m)) {
                let t = task.index();
                let pin = pins.iter().find(|pin| pin.task == *task).map_or(0, |pin| minutes(pin.time.get()));
                let least = match rules.pieces() {
                    Pieces::AtLeast => minutes(terms.piece[t]).max(pin),
                    Pieces::Multiples => pin,
                };
                let pair = lots.lot.len() as u32;
                let both = of_task[t].len() == 2;
                for (k, lot) in of_task[t].clone().enumerate() {
                    lots.lot.push(lot as u32);
                    lots.member.push(m as u32);
                    lots.twin.push(if both { pair + 1 - k as u32 } else { NONE });
                    lots.least.push(least);
                    lots.most.push(minutes(terms.most[t]));
                    lots.pinned.push(pin > 0);
                }
            }
            lots.row.push(lots.lot.len() as u32);
        }
        if u32::try_from(lots.lot.len()).is_err() || lots.unit.len() > NONE as usize {
            return Err(Error::invalid(format!(
                "{} eligible pairs, can divide at most {NONE} into pieces",
                lots.lot.len()
            )));
        }
        lots.column_start = vec![0; lots.unit.len() + 1];
        for lot in &lots.lot {
            lots.column_start[*lot as usize + 1] += 1;
        }
        for lot in 0..lots.unit.len() {
            lots.column_start[lot + 1] += lots.column_start[lot];
        }
        let mut at = lots.column_start.clone();
        lots.column = vec![0; lots.lot.len()];
        for (pair, lot) in lots.lot.iter().enumerate() {
            let place = &mut at[*lot as usize];
            lots.column[*place as usize] = pair as u32;
            *place += 1;
        }
        Ok(lots)
    }

    /// The pairs of a member.
    #[inline]
    pub(super) fn row(&self, member: usize) -> std::ops::Range<usize> {
        self.row[member] as usize..self.row[member + 1] as usize
    }

    /// The pairs of a lot.
    #[inline]
    pub(super) fn column(&self, lot: usize) -> &[u32] {
        &self.column[self.column_start[lot] as usize..self.column_start[lot + 1] as usize]
    }

    /// Rating less social average of a lot.
    #[inline]
    pub(super) fn offset(&self, lot: usize) -> &[f64] {
        &self.offset[lot * self.dimensions..(lot + 1) * self.dimensions]
    }

    /// Amounts near given complexes that hand out every lot completely, in its units.
    pub(super) fn amounts(&self, complexes: &Complexes) -> Vec<i64> {
        let mut wanted = vec![0i64; self.lot.len()];
        for m in 0..self.members {
            let mut shares = complexes.of(MemberId::new(m)).iter().peekable();
            for pair in self.row(m) {
                let task = self.task[self.lot[pair] as usize] as usize;
                while shares.next_if(|share| share.task.index() < task).is_some() {}
                wanted[pair] =
                    shares.peek().filter(|s| s.task.index() == task).map_or(0, |s| s.time.get() as i64);
            }
        }
        let mut amounts = vec![0i64; self.lot.len()];
        for lot in 0..self.unit.len() {
            let unit = self.unit[lot];
            // What is wanted of the task beyond what its first lot gave.
            let open = |amounts: &[i64], pair: usize| {
                wanted[pair] - if self.twin[pair] == NONE { 0 } else { amounts[self.twin[pair] as usize] }
            };
            let mut left = self.time[lot];
            let mut pairs: Vec<usize> = self.column(lot).iter().map(|pair| *pair as usize).collect();
            for &pair in &pairs {
                let whole = (open(&amounts, pair) / unit * unit).clamp(0, left);
                amounts[pair] = whole;
                left -= whole;
            }
            // Largest remainder.
            pairs.sort_by_key(|pair| (std::cmp::Reverse(open(&amounts, *pair) - amounts[*pair]), *pair));
            for pair in pairs.into_iter().cycle().take((left / unit) as usize) {
                amounts[pair] += unit;
            }
        }
        amounts
    }

    /// Whole minutes near amounts that are not, with every lot handed out and loads whole as well.
    ///
    /// # Errors
    /// If no amounts on the pairs in use do that.
    #[cfg(feature = "exact")]
    pub(super) fn whole(&self, minutes: &[f64]) -> Result<Vec<i64>, Error> {
        if self.pieces == Pieces::Multiples {
            return Ok(minutes.iter().map(|amount| amount.round() as i64).collect());
        }
        // What each member works, by largest remainder of the loads.
        let loads = (0..self.members).map(|m| self.row(m).map(|pair| minutes[pair].max(0.0)).sum::<f64>());
        let fine: Vec<u64> = loads.map(|load| (load * FINE).round() as u64).collect();
        let rows = crate::quota::apportion(self.time.iter().sum::<i64>().unsigned_abs(), &fine);
        let columns: Vec<u64> = self.time.iter().map(|time| time.unsigned_abs()).collect();
        let used: Vec<usize> = (0..minutes.len()).filter(|pair| minutes[*pair] > 0.5).collect();
        let pairs: Vec<_> =
            used.iter().map(|pair| (self.member[*pair] as usize, self.lot[*pair] as usize)).collect();
        let wanted: Vec<f64> = used.iter().map(|pair| minutes[*pair].max(self.least[*pair] as f64)).collect();
        let offsets: Vec<_> = (0..self.unit.len()).map(|lot| self.offset(lot).to_vec()).collect();
        let whole = crate::repair::whole_minutes(&rows, &columns, &pairs, &wanted, &offsets)?;
        let mut amounts = vec![0; minutes.len()];
        used.into_iter().zip(whole).for_each(|(pair, amount)| amounts[pair] = amount as i64);
        Ok(amounts)
    }

    /// Who does how much of what.
    pub(super) fn complexes(&self, amounts: &[i64]) -> Result<Complexes, Error> {
        let rows = (0..self.members).map(|m| {
            let mut shares: Vec<Share> = Vec::new();
            for pair in self.row(m) {
                let task = TaskId::new(self.task[self.lot[pair] as usize] as usize);
                let time = amounts[pair].unsigned_abs();
                match shares.last_mut().filter(|share| share.task == task) {
                    Some(share) => share.time = Minutes::new(share.time.get() + time),
                    None => shares.push(Share { task, time: Minutes::new(time) }),
                }
            }
            shares
        });
        Complexes::new(rows.collect())
    }
}
