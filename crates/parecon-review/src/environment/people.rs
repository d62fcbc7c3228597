//! Who makes and who judges.

use serde::{Deserialize, Serialize};

use crate::error::{Error, check, check_amount};
use crate::normal;

/// A lognormal amount: positive, its logarithm normal. Income, delays.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lognormal {
    /// Half are below, positive.
    pub median: f64,
    /// σ of the logarithm, positive.
    pub spread: f64,
}

impl Lognormal {
    /// Share that is at most `x`.
    ///
    /// # Example
    /// ```
    /// use parecon_review::Lognormal;
    ///
    /// // Who cannot afford to work unpaid: income below a need of 20,000.
    /// let income = Lognormal { median: 30e3, spread: 0.8 };
    /// assert!((income.share_below(20e3) - 0.306137).abs() < 1e-6);
    /// ```
    #[must_use]
    pub fn share_below(&self, x: f64) -> f64 {
        if x <= 0.0 { 0.0 } else { normal::cdf((x / self.median).ln() / self.spread) }
    }

    /// The amount that the share `p` is below.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        self.median * (self.spread * normal::quantile(p.clamp(0.0, 1.0))).exp()
    }

    /// Its mean, median · exp(σ²/2).
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.median * (0.5 * self.spread * self.spread).exp()
    }

    pub(crate) fn validate(&self, what: &str) -> Result<(), Error> {
        for (name, x) in [("median", self.median), ("spread", self.spread)] {
            check(x.is_finite() && x > 0.0, &format!("{name} of {what}"), x, "finite and positive")?;
        }
        Ok(())
    }
}

/// Reviewers at one point of a contribution's life, beyond how well one reading tells quality.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pool {
    /// Added to every signal, in its standard deviations: above 0 lenient, below severe.
    pub bias: f64,
    /// Correlation of two reviewers' errors on the same piece, 0 (independent, optimistic) to below 1: the blind
    /// spots they share.
    pub correlation: f64,
    /// Readings per unit of time, positive; none: as many as are wanted.
    pub capacity: Option<f64>,
    /// Mean time an author waits before giving up, positive; none: for ever.
    pub patience: Option<f64>,
    /// Time from arrival to verdict; none: at once. Exact evaluation uses it where a stage has a timeout.
    pub latency: Option<Lognormal>,
}

impl Pool {
    /// Probability that no verdict came after the time `after`.
    pub(crate) fn late(&self, after: f64) -> f64 {
        self.latency.map_or(0.0, |latency| 1.0 - latency.share_below(after))
    }

    fn validate(&self, at: &str) -> Result<(), Error> {
        check(self.bias.is_finite(), &format!("bias of reviewers of {at}"), self.bias, "finite")?;
        let sound = (0.0..1.0).contains(&self.correlation);
        check(
            sound,
            &format!("correlation between reviewers of {at}"),
            self.correlation,
            "at least 0 and below 1",
        )?;
        for (what, x) in [("capacity", self.capacity), ("patience", self.patience)] {
            let x = x.unwrap_or(1.0);
            let name = format!("{what} at the review of {at}");
            check(x.is_finite() && x > 0.0, &name, x, "finite and positive")?;
        }
        self.latency.map_or(Ok(()), |latency| latency.validate(&format!("latency of the review of {at}")))
    }
}

/// The pools at the three points.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reviewers {
    /// Of proposals.
    pub proposal: Pool,
    /// Of finished work.
    pub work: Pool,
    /// Of what is published.
    pub published: Pool,
}

impl Reviewers {
    pub(super) fn validate(&self) -> Result<(), Error> {
        self.proposal.validate("proposals")?;
        self.work.validate("finished work")?;
        self.published.validate("published work")
    }
}

/// Those who have the ideas.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Authors {
    /// Mean number of ideas in an author's time, at least 1; after each idea the author goes on with probability
    /// 1 − 1/this.
    pub contributions: f64,
    /// Ideas of all authors per unit of time; 0: too few for capacities to matter.
    pub ideas: f64,
    /// Share of the variance of quality that is the author's skill, 0 (luck) to .95: what makes a record tell.
    pub skill: f64,
    /// Skill, in standard deviations among authors, below which an idea cannot be carried out; none: no such bar.
    pub skill_needed: Option<f64>,
    /// Income from elsewhere per period, in money; none: nobody is short of it.
    pub income: Option<Lognormal>,
    /// Income per period without which one cannot afford to work unpaid, in money.
    pub need: f64,
    /// What doing the work is worth to its author; none: every author wants to.
    pub motive: Option<Motive>,
}

/// What doing the work is worth to its author, normal among authors, in the unit of account.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Motive {
    /// Mean.
    pub mean: f64,
    /// Standard deviation, positive.
    pub spread: f64,
}

impl Default for Authors {
    fn default() -> Self {
        Self {
            contributions: 1.0,
            ideas: 0.0,
            skill: 0.0,
            skill_needed: None,
            income: None,
            need: 0.0,
            motive: None,
        }
    }
}

impl Authors {
    pub(super) fn validate(&self) -> Result<(), Error> {
        let number = self.contributions;
        check(number.is_finite() && number >= 1.0, "ideas per author", number, "finite and at least 1")?;
        check_amount("ideas per unit of time", self.ideas)?;
        let share = (0.0..=0.95).contains(&self.skill);
        check(share, "share of quality that is skill", self.skill, "between 0 and 0.95")?;
        if let Some(bar) = self.skill_needed {
            check(bar.is_finite(), "skill needed", bar, "finite")?;
        }
        if let Some(income) = self.income {
            income.validate("authors' income")?;
        }
        check_amount("income needed to work unpaid", self.need)?;
        if let Some(motive) = self.motive {
            check(motive.mean.is_finite(), "mean motive", motive.mean, "finite")?;
            let spread = motive.spread;
            check(spread.is_finite() && spread > 0.0, "spread of motives", spread, "finite and positive")?;
        }
        Ok(())
    }
}
