//! From a schedule to the hours of the week, and to iCalendar.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::date::Date;
use super::ical::{line, text};
use super::weeks::{Schedule, another_workplace, csv_text};
use crate::{Error, MemberId, Minutes, Share, TaskId, Workplace};

/// Minutes of a day.
const DAY: u32 = 24 * 60;

/// When somebody can work, every week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Days after the first day of the week, 0–6.
    pub day: u32,
    /// Minutes after midnight.
    pub from: u32,
    /// Minutes after midnight, later than `from`, at most 1,440.
    pub to: u32,
}

/// Work at a certain time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// The week, from 0.
    pub week: usize,
    /// Who.
    pub member: MemberId,
    /// What.
    pub task: TaskId,
    /// The day, and minutes after midnight, of the beginning and the end.
    pub day: Date,
    /// Minutes after midnight.
    pub from: u32,
    /// Minutes after midnight.
    pub to: u32,
}

/// A schedule in the hours of each week: teams' sessions are put where all of the team are free, at the same time for all, then
/// the other tasks one after the other into what is left of each member's windows.
///
/// Times are local, without a time zone ("floating"): they are the same wherever the calendar is read.
///
/// # Example
/// ```
/// use parecon_jobs::rotation::{Calendar, Config, Date, Window, schedule};
/// use parecon_jobs::{Eligibility, Member, MemberId, Minutes, Task, Workplace};
/// let workplace = Workplace::new(
///     vec![Task::new("cook", Minutes::new(240), 9.0, 8.0), Task::new("plan", Minutes::new(60), 17.0, 12.0)],
///     vec![Member::new("ann", Minutes::new(300))],
///     Eligibility::Everyone,
/// )?;
/// let outcome = schedule(&workplace, &Config::new(1), &mut ())?;
/// let monday = Date::new(2026, 11, 30)?;
/// let mornings = (0..5).map(|day| Window { day, from: 9 * 60, to: 12 * 60 }).collect();
/// let ann = MemberId::new(0);
/// let calendar = Calendar::new(outcome.schedule().unwrap(), &workplace, monday, &[(ann, mornings)])?;
/// // Three hours of cooking on Monday; one more, and an hour of planning, on Tuesday.
/// assert_eq!((calendar.events().len(), calendar.events()[1].to), (3, 600));
/// assert!(calendar.to_ical(&workplace, ann)?.contains("DTSTART:20261130T090000\r\nDTEND:20261130T120000\r\nSUMMARY:cook\r\n"));
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calendar {
    first: Date,
    events: Vec<Event>,
    unplaced: Vec<(usize, MemberId, Minutes)>,
}

impl Calendar {
    /// Puts a schedule into windows; members who are not listed work from 9 to 17 on the first five days.
    ///
    /// # Errors
    /// If the schedule is of another workplace or its last week ends after the year 9998, a member is listed twice or does not
    /// exist, windows overlap or are not times of a day.
    ///
    /// # Complexity
    /// O(weeks · pieces of work · windows).
    pub fn new(
        schedule: &Schedule,
        workplace: &Workplace,
        first: Date,
        windows: &[(MemberId, Vec<Window>)],
    ) -> Result<Self, Error> {
        let usual: Vec<Window> = (0..5).map(|day| Window { day, from: 9 * 60, to: 17 * 60 }).collect();
        let mut own = BTreeMap::new();
        for (member, list) in windows {
            let Some(who) = workplace.member(*member) else {
                return Err(Error::invalid(format!(
                    "windows of member {}, who does not exist",
                    member.index()
                )));
            };
            let mut list = list.clone();
            list.sort_by_key(|window| (window.day, window.from));
            if let Some(w) = list.iter().find(|w| w.day > 6 || w.from >= w.to || w.to > DAY) {
                return Err(Error::invalid(format!(
                    "member \"{}\": window from {} to {} on day {}, must be within 0–{DAY} on days 0–6",
                    who.id, w.from, w.to, w.day
                )));
            }
            if list.windows(2).any(|pair| pair[0].day == pair[1].day && pair[1].from < pair[0].to) {
                return Err(Error::invalid(format!("member \"{}\": windows overlap", who.id)));
            }
            if own.insert(*member, list).is_some() {
                return Err(Error::invalid(format!("member \"{}\": windows are given twice", who.id)));
            }
        }
        let weeks = schedule.weeks.len();
        let last = first.plus((7 * weeks as i64 - 1).max(0));
        if !last.is_valid() {
            return Err(Error::invalid(format!(
                "{weeks} weeks from {first} end on {last}, must be by 9998-12-31"
            )));
        }
        let members = workplace.members().len();
        let (mut events, mut unplaced) = (Vec::new(), Vec::new());
        for (week, of) in schedule.weeks.iter().enumerate() {
            let known = |share: &Share| workplace.task(share.task).is_some();
            if of.complexes.len() != members
                || !of.complexes.iter().all(|(_, shares)| shares.iter().all(known))
            {
                return Err(another_workplace());
            }
            let mut plan = WeekPlan {
                free: (0..members).map(|m| own.get(&MemberId::new(m)).unwrap_or(&usual).clone()).collect(),
                pieces: vec![Vec::new(); members],
                missing: vec![0; members],
            };
            // Those who have to come together come first; all others fit where there is room left.
            let mut left: Vec<BTreeMap<TaskId, u64>> = of
                .complexes
                .iter()
                .map(|(_, shares)| shares.iter().map(|share| (share.task, share.time.get())).collect())
                .collect();
            for session in &of.sessions {
                for member in &session.members {
                    let time = left.get_mut(member.index()).and_then(|left| left.get_mut(&session.task));
                    let Some(time) = time.filter(|time| **time >= session.time.get()) else {
                        return Err(another_workplace());
                    };
                    *time -= session.time.get();
                }
                plan.together(&session.members, session.task, session.time.get());
            }
            for (m, left) in left.into_iter().enumerate() {
                for (task, time) in left {
                    plan.together(&[MemberId::new(m)], task, time);
                }
            }
            for (m, (mut pieces, missing)) in plan.pieces.into_iter().zip(plan.missing).enumerate() {
                let member = MemberId::new(m);
                pieces.sort_unstable();
                for (day, from, to, task) in pieces {
                    let day = first.plus(7 * week as i64 + i64::from(day));
                    events.push(Event { week, member, task, day, from, to });
                }
                if missing > 0 {
                    unplaced.push((week, member, Minutes::new(missing)));
                }
            }
        }
        Ok(Calendar { first, events, unplaced })
    }

    /// All work, by week, member and time.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Work that did not fit into somebody's windows: week, who, how much.
    #[must_use]
    pub fn unplaced(&self) -> &[(usize, MemberId, Minutes)] {
        &self.unplaced
    }

    /// The calendar as CSV: `date`, `from`, `to`, `member`, `task` (ids).
    ///
    /// # Errors
    /// If the calendar is of another workplace.
    ///
    /// # Complexity
    /// O(events).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::rotation::{Calendar, Config, Date, schedule};
    /// use parecon_jobs::{Eligibility, Member, MemberId, Minutes, Task, Workplace};
    /// let tasks = vec![Task::new("lift", Minutes::new(120), 3.0, 5.0).with_team(2)];
    /// let members = ["ann", "bo"].map(|id| Member::new(id, Minutes::new(60))).to_vec();
    /// let workplace = Workplace::new(tasks, members, Eligibility::Everyone)?;
    /// let outcome = schedule(&workplace, &Config::new(1), &mut ())?;
    /// let monday = Date::new(2027, 1, 4)?;
    /// let calendar = Calendar::new(outcome.schedule().expect("two are a team"), &workplace, monday, &[])?;
    /// assert_eq!(
    ///     calendar.to_csv(&workplace)?,
    ///     "date,from,to,member,task\n2027-01-04,09:00,10:00,ann,lift\n2027-01-04,09:00,10:00,bo,lift\n"
    /// );
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn to_csv(&self, workplace: &Workplace) -> Result<String, Error> {
        let mut rows = vec![["date", "from", "to", "member", "task"].map(str::to_owned)];
        for event in &self.events {
            let (Some(who), Some(what)) = (workplace.member(event.member), workplace.task(event.task)) else {
                return Err(another_workplace());
            };
            let time = |minutes: u32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
            rows.push([
                event.day.to_string(),
                time(event.from),
                time(event.to),
                who.id.clone(),
                what.id.clone(),
            ]);
        }
        csv_text(&rows)
    }

    /// One member's calendar as iCalendar (RFC 5545): an event for each piece of work, in floating local time. Stamps are
    /// the first day of the schedule, so that the same schedule gives the same text.
    ///
    /// # Errors
    /// If the calendar is of another workplace, or the member does not exist.
    ///
    /// # Complexity
    /// O(events).
    ///
    /// # Reference
    /// B. Desruisseaux (ed.), *RFC 5545* (2009).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::rotation::{Calendar, Config, Date, schedule};
    /// use parecon_jobs::{Eligibility, Member, MemberId, Minutes, Task, Workplace};
    /// let tasks = vec![Task::new("lift", Minutes::new(120), 3.0, 5.0).with_team(2)];
    /// let members = ["ann", "bo"].map(|id| Member::new(id, Minutes::new(60))).to_vec();
    /// let workplace = Workplace::new(tasks, members, Eligibility::Everyone)?;
    /// let outcome = schedule(&workplace, &Config::new(1), &mut ())?;
    /// let monday = Date::new(2027, 1, 4)?;
    /// let calendar = Calendar::new(outcome.schedule().expect("two are a team"), &workplace, monday, &[])?;
    /// let text = calendar.to_ical(&workplace, MemberId::new(1))?;
    /// assert!(text.contains("DTSTART:20270104T090000\r\nDTEND:20270104T100000\r\nSUMMARY:lift\r\n"));
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn to_ical(&self, workplace: &Workplace, member: MemberId) -> Result<String, Error> {
        let Some(who) = workplace.member(member) else { return Err(another_workplace()) };
        let stamp = |date: Date, minutes: u32| {
            // The end of a day is the beginning of the next.
            let (year, month, day): (i32, u32, u32) = date.plus(i64::from(minutes / DAY)).into();
            let minutes = minutes % DAY;
            format!("{year:04}{month:02}{day:02}T{:02}{:02}00", minutes / 60, minutes % 60)
        };
        let mut out = String::new();
        for fixed in ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//parecon//parecon-jobs//EN"] {
            line(&mut out, fixed);
        }
        for event in self.events.iter().filter(|event| event.member == member) {
            let Some(what) = workplace.task(event.task) else { return Err(another_workplace()) };
            let from = stamp(event.day, event.from);
            line(&mut out, "BEGIN:VEVENT");
            line(&mut out, &format!("UID:{from}-{}@parecon", text(&who.id)));
            line(&mut out, &format!("DTSTAMP:{}Z", stamp(self.first, 0)));
            line(&mut out, &format!("DTSTART:{from}"));
            line(&mut out, &format!("DTEND:{}", stamp(event.day, event.to)));
            line(&mut out, &format!("SUMMARY:{}", text(what.label())));
            line(&mut out, "END:VEVENT");
        }
        line(&mut out, "END:VCALENDAR");
        Ok(out)
    }
}

/// A week being filled.
struct WeekPlan {
    /// Each member's windows that are still free, ascending.
    free: Vec<Vec<Window>>,
    /// Day, from, to and task.
    pieces: Vec<Vec<(u32, u32, u32, TaskId)>>,
    missing: Vec<u64>,
}

impl WeekPlan {
    /// Puts work into the first windows that all of them have free: in one piece for several if that is possible, else in
    /// pieces as they come.
    fn together(&mut self, members: &[MemberId], task: TaskId, mut left: u64) {
        if members.len() > 1
            && let Some(window) = self.common(members, left)
        {
            self.take(members, task, window, left);
            return;
        }
        while left > 0 {
            let Some(window) = self.common(members, 1) else { break };
            left -= self.take(members, task, window, left);
        }
        members.iter().for_each(|member| self.missing[member.index()] += left);
    }

    /// The first window of at least so many minutes that all have free.
    fn common(&self, members: &[MemberId], least: u64) -> Option<Window> {
        let (first, others) = members.split_first()?;
        let mut common = self.free[first.index()].clone();
        for member in others {
            let mut both = Vec::new();
            for a in &common {
                for b in self.free[member.index()].iter().filter(|b| b.day == a.day) {
                    let (from, to) = (a.from.max(b.from), a.to.min(b.to));
                    if from < to {
                        both.push(Window { day: a.day, from, to });
                    }
                }
            }
            common = both;
        }
        common.into_iter().find(|window| u64::from(window.to - window.from) >= least)
    }

    /// Takes what there is of a window, at most so many minutes; returns how many.
    fn take(&mut self, members: &[MemberId], task: TaskId, window: Window, most: u64) -> u64 {
        // At most a day, so it fits.
        let time = most.min(u64::from(window.to - window.from)) as u32;
        let (from, to) = (window.from, window.from + time);
        for member in members.iter().map(|member| member.index()) {
            self.pieces[member].push((window.day, from, to, task));
            let rest = std::mem::take(&mut self.free[member]).into_iter().flat_map(|own| {
                let within = own.day == window.day && own.from <= from && own.to >= to;
                let parts = if within {
                    [Window { to: from, ..own }, Window { from: to, ..own }]
                } else {
                    [own, Window { to: own.from, ..own }]
                };
                parts.into_iter().filter(|part| part.from < part.to)
            });
            self.free[member] = rest.collect();
        }
        u64::from(time)
    }
}
