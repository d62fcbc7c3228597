//! What a division into pieces has to observe.

use serde::{Deserialize, Serialize};

use crate::{Error, MemberId, Minutes, Workplace};

/// How a task's chunk binds.
///
/// With c the [chunk](crate::Task::chunk) of a task and h its time, a share x of it is
/// ```text
/// AtLeast:    x = 0  or  x ≥ c                     any number of minutes from the chunk up
/// Multiples:  x = k c  or  x = k c + (h mod c)     whole chunks, and one member has the remainder of the task
/// ```
/// A task without a chunk is divided by the minute in the first case and in hours in the second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Pieces {
    /// The chunk is the smallest piece worth doing. Quotas can be met to the minute.
    #[default]
    AtLeast,
    /// The task comes in shifts of one chunk each, the last of which may be shorter. Quotas are met as far as shifts
    /// allow; see [`Rules::quota_slack`].
    Multiples,
}

/// What a division into pieces has to observe beyond what [`Complexes::verify`](crate::Complexes::verify) asks: pieces,
/// a cap on distinct tasks, and how far working time may be from the fair quota. Teams come from
/// [`Task::team`](crate::Task::team).
///
/// ```
/// use parecon_jobs::Minutes;
/// use parecon_jobs::chunks::{Pieces, Rules};
/// let rules = Rules::default().with_pieces(Pieces::Multiples).with_most_tasks(6).with_quota_slack(Minutes::new(30));
/// assert!(rules.validate().is_ok());
/// assert!(Rules::default().with_most_tasks(0).validate().is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    pieces: Pieces,
    most_tasks: Option<u32>,
    quota_slack: Option<Minutes>,
}

impl Rules {
    /// How a task's chunk binds ([`Pieces::AtLeast`]).
    #[must_use]
    pub fn with_pieces(mut self, pieces: Pieces) -> Self {
        self.pieces = pieces;
        self
    }

    /// No member does more than `tasks` distinct tasks (no cap).
    #[must_use]
    pub fn with_most_tasks(mut self, tasks: u32) -> Self {
        self.most_tasks = Some(tasks);
        self
    }

    /// By how much each member's working time may miss the fair quota; see [`quota_slack`](Self::quota_slack).
    #[must_use]
    pub fn with_quota_slack(mut self, slack: Minutes) -> Self {
        self.quota_slack = Some(slack);
        self
    }

    /// How a task's chunk binds.
    #[must_use]
    pub fn pieces(&self) -> Pieces {
        self.pieces
    }

    /// The most distinct tasks a member may do; `None`: any number.
    #[must_use]
    pub fn most_tasks(&self) -> Option<u32> {
        self.most_tasks
    }

    /// By how much each member's working time may miss the fair quota, if set.
    ///
    /// Not set, it is 0 for [`Pieces::AtLeast`]. For [`Pieces::Multiples`] it is the largest piece that the member can
    /// be given: whole pieces can be handed out so that nobody is off by more, if hours can be met at all (Shmoys &
    /// Tardos, *An approximation algorithm for the generalized assignment problem*, Mathematical Programming 62, 1993).
    /// Whatever the slack, nobody works longer than available.
    #[must_use]
    pub fn quota_slack(&self) -> Option<Minutes> {
        self.quota_slack
    }

    /// Checks the rules; [`divide`](crate::chunks::divide()) does so too.
    ///
    /// # Errors
    /// If the cap on distinct tasks is 0.
    ///
    /// # Complexity
    /// O(1).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::chunks::Rules;
    /// let error = Rules::default().with_most_tasks(0).validate().unwrap_err();
    /// assert_eq!(error.to_string(), "the cap on distinct tasks is 0, must be at least 1");
    /// ```
    pub fn validate(&self) -> Result<(), Error> {
        if self.most_tasks == Some(0) {
            return Err(Error::invalid("the cap on distinct tasks is 0, must be at least 1"));
        }
        Ok(())
    }
}

/// The chunk of a task without one that comes in [`Pieces::Multiples`].
const HOUR: u64 = 60;

/// The rules as they bind in one workplace, in minutes.
pub(super) struct Terms {
    /// The piece of each task: its chunk, shortened where the task is too short for as many as do it together.
    pub(super) piece: Vec<u64>,
    /// The most that one member may do of each task.
    pub(super) most: Vec<u64>,
    /// How many people do each task together.
    pub(super) team: Vec<u64>,
    /// The least and the most that each member may work.
    pub(super) load: Vec<(u64, u64)>,
    /// Each member's fair quota.
    pub(super) quota: Vec<u64>,
}

impl Terms {
    pub(super) fn new(workplace: &Workplace, rules: &Rules) -> Self {
        let mut terms = Terms {
            piece: Vec::new(),
            most: Vec::new(),
            team: Vec::new(),
            load: Vec::new(),
            quota: Vec::new(),
        };
        for task in workplace.tasks() {
            let (time, team) = (task.time.get(), u64::from(task.team.unwrap_or(1)));
            let asked = match (task.chunk, rules.pieces) {
                (Some(chunk), _) => chunk.get(),
                (None, Pieces::AtLeast) => 1,
                (None, Pieces::Multiples) => HOUR,
            };
            let piece = asked.min(time / team).max(1);
            terms.most.push(match rules.pieces {
                Pieces::AtLeast => time.div_ceil(team),
                Pieces::Multiples => (time.div_ceil(piece).div_ceil(team) * piece).min(time),
            });
            terms.piece.push(piece);
            terms.team.push(if time == 0 { 0 } else { team });
        }
        for (m, (member, quota)) in workplace.members().iter().zip(workplace.fair_quotas()).enumerate() {
            let quota = quota.get();
            let pieces = workplace.eligible(MemberId::new(m)).iter().map(|task| terms.piece[task.index()]);
            let slack = match (rules.quota_slack, rules.pieces) {
                (Some(slack), _) => slack.get().min(Minutes::MAX.get()),
                (None, Pieces::AtLeast) => 0,
                (None, Pieces::Multiples) => pieces.max().unwrap_or(0),
            };
            // A quota beyond what is available is a shortage, which is told before.
            let most = (quota + slack).min(member.available.get().max(quota));
            terms.load.push((quota.saturating_sub(slack), most));
            terms.quota.push(quota);
        }
        terms
    }
}

/// Pieces are handed to persons: an entry that stands for several would hide who has which.
pub(super) fn check_persons(workplace: &Workplace) -> Result<(), Error> {
    match workplace.members().iter().find(|member| member.count > 1) {
        Some(member) => Err(Error::invalid(format!(
            "member \"{}\" stands for {} people, pieces need one entry for each",
            member.id, member.count
        ))),
        None => Ok(()),
    }
}
