//! Who has which idea: everything about ideas that no policy changes.

use parecon_core::random::{Stream, StreamKey};

use crate::environment::Environment;
use crate::normal;

/// What the streams of a review are for. The entity is the idea, for [`SKILL`], [`INCOME`]
/// and [`MOTIVE`] the author.
pub(super) const ARRIVAL: u64 = 16;
const QUALITY: u64 = 17;
pub(super) const SKILL: u64 = 18;
const AUTHOR: u64 = 19;
pub(super) const PRODUCTION: u64 = 20;
pub(super) const URGENCY: u64 = 21;
pub(super) const INCOME: u64 = 22;
pub(super) const MOTIVE: u64 = 23;
/// One for each point: readings, time, chance and patience.
pub(super) const READINGS: [u64; 3] = [24, 25, 26];
pub(super) const TIME: [u64; 3] = [28, 29, 30];
pub(super) const CHANCE: [u64; 3] = [32, 33, 34];
pub(super) const PATIENCE: [u64; 3] = [36, 37, 38];

/// Ideas `0..n` of one replication.
pub(super) struct Ideas<'a> {
    environment: &'a Environment,
    key: StreamKey,
    /// Author of each idea; empty where it does not matter who it is.
    authors: Vec<u32>,
    /// Authors numbered below this have had all their ideas.
    retired: u32,
    /// Which ideas are attempted; empty if all are.
    attempted: Vec<bool>,
    /// Probabilities of the atoms of quality, cumulated; empty if it is Gaussian.
    cumulated: Vec<f64>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Idea {
    pub(super) quality: f64,
    pub(super) good: bool,
    /// What is known of quality from the author's skill alone: mean and variance.
    prior: (f64, f64),
}

impl<'a> Ideas<'a> {
    /// With `active` authors at a time, who are told apart if they are `known` or differ in skill.
    pub(super) fn new(
        environment: &'a Environment,
        seed: u64,
        replication: u64,
        number: usize,
        active: u32,
        known: bool,
    ) -> Self {
        let key = StreamKey { seed, replication, entity: 0, purpose: 0 };
        let mut total = 0.0;
        let cumulated = environment
            .atoms()
            .iter()
            .map(|atom| {
                total += atom.good + atom.bad;
                total
            })
            .collect();
        let (authors, attempted) = (Vec::new(), Vec::new());
        let mut ideas = Self { environment, key, authors, retired: 0, attempted, cumulated };
        if known || environment.data().authors.skill > 0.0 {
            (ideas.authors, ideas.retired) = ideas.draw_authors(number, active);
        }
        ideas
    }

    /// Each idea is had by one of the active authors at random, who goes on with probability 1 − 1/contributions and is
    /// otherwise replaced: the number of an author's ideas is geometric.
    fn draw_authors(&self, number: usize, active: u32) -> (Vec<u32>, u32) {
        let ending = 1.0 / self.environment.data().authors.contributions;
        let mut slots: Vec<u32> = (0..active).collect();
        let mut next = active;
        let authors = (0..number)
            .map(|who| {
                let mut stream = self.stream(who, AUTHOR);
                let slot = (stream.uniform() * f64::from(active)) as usize;
                let author = slots[slot.min(slots.len() - 1)];
                if stream.uniform() < ending {
                    slots[slot] = next;
                    next = next.wrapping_add(1);
                }
                author
            })
            .collect();
        (authors, slots.into_iter().min().unwrap_or(0))
    }

    /// From now on only ideas for which `attempted` holds are attempted.
    pub(super) fn keep(&mut self, attempted: impl Fn(&Self, usize) -> bool) {
        self.attempted = (0..self.authors.len()).map(|who| attempted(self, who)).collect();
    }

    pub(super) fn attempts(&self, who: usize) -> bool {
        self.attempted.get(who).is_none_or(|&attempted| attempted)
    }

    /// Authors numbered below this have had all their ideas.
    pub(super) fn retired(&self) -> usize {
        self.retired as usize
    }

    /// What belongs to an author: standard normal, independent for each purpose.
    pub(super) fn trait_of(&self, author: usize, purpose: u64) -> f64 {
        Stream::new(StreamKey { entity: author as u64, purpose, ..self.key }).normal()
    }

    pub(super) fn stream(&self, who: usize, purpose: u64) -> Stream {
        Stream::new(StreamKey { entity: who as u64, purpose, ..self.key })
    }

    pub(super) fn author(&self, who: usize) -> usize {
        self.authors[who] as usize
    }

    pub(super) fn idea(&self, who: usize) -> Idea {
        let mut stream = self.stream(who, QUALITY);
        if self.cumulated.is_empty() {
            let skill = self.environment.data().authors.skill;
            let (mean, variance) = if skill > 0.0 {
                (skill.sqrt() * self.trait_of(self.author(who), SKILL), 1.0 - skill)
            } else {
                (0.0, 1.0)
            };
            let quality = mean + variance.sqrt() * stream.normal();
            return Idea { quality, good: quality > self.environment.quality_cut(), prior: (mean, variance) };
        }
        let atoms = self.environment.atoms();
        let chance = stream.uniform();
        let i = self.cumulated.partition_point(|&below| below < chance).min(atoms.len() - 1);
        let atom = &atoms[i];
        let good = stream.uniform() * (atom.good + atom.bad) < atom.good;
        Idea { quality: atom.quality, good, prior: (0.0, 1.0) }
    }

    /// P(good | all that was read), given the precision of it and precision times the quality it suggests (Rao and
    /// Blackwell: as right on average as good or bad itself, and less variable). The policy may stop reading when it likes.
    pub(super) fn good_given(&self, idea: &Idea, precision: f64, evidence: f64) -> f64 {
        if precision.is_infinite() {
            return f64::from(u8::from(idea.good));
        }
        let atoms = self.environment.atoms();
        if atoms.is_empty() {
            let (mean, variance) = idea.prior;
            let total = precision + 1.0 / variance;
            let posterior = (evidence + mean / variance) / total;
            return normal::cdf((posterior - self.environment.quality_cut()) * total.sqrt());
        }
        let fit = |quality: f64| (evidence - 0.5 * precision * quality) * quality;
        let best = atoms.iter().map(|atom| fit(atom.quality)).fold(f64::NEG_INFINITY, f64::max);
        let (mut good, mut all) = (0.0, 0.0);
        for atom in atoms {
            let likelihood = (fit(atom.quality) - best).exp();
            good += likelihood * atom.good;
            all += likelihood * (atom.good + atom.bad);
        }
        good / all
    }
}
