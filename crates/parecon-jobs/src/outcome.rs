//! What balancing answers: complexes with a certificate, or the reason why there are none.

use parecon_core::Status;
use serde::{Deserialize, Serialize};

use crate::proof::Claim;
use crate::{Complexes, Dimension, Error, MemberId, Minutes, Proof, Spread, TaskId, Workplace};

mod shortage;

pub use shortage::{Infeasible, Shortage};

/// The answer of [`balance`](crate::balance()).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Outcome {
    /// Complexes that meet hours and eligibility exactly.
    Balanced(Box<Balance>),
    /// No complexes meet hours and eligibility; why.
    Infeasible(Infeasible),
}

impl Outcome {
    /// The balance, if there is one.
    #[must_use]
    pub fn balance(&self) -> Option<&Balance> {
        match self {
            Outcome::Balanced(balance) => Some(balance),
            Outcome::Infeasible(_) => None,
        }
    }

    /// How the search ended; converged, too, if it is proved that no complexes meet hours and eligibility.
    #[must_use]
    pub fn status(&self) -> Status {
        self.balance().map_or(Status::Converged, |balance| balance.status)
    }

    /// Why there is none, if so.
    #[must_use]
    pub fn infeasible(&self) -> Option<&Infeasible> {
        match self {
            Outcome::Balanced(_) => None,
            Outcome::Infeasible(reasons) => Some(reasons),
        }
    }
}

/// Balanced complexes and how good they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Balance {
    /// Who does how much of what; [verified](Complexes::verify) to meet hours and eligibility exactly, whatever the
    /// status.
    pub complexes: Complexes,
    /// How far they are from the social average.
    pub spread: Spread,
    /// How the optimisation of the deviations ended; [stopped](Status::Stopped) if the observer stopped any stage.
    /// How the other stages ended is in [`Info`].
    pub status: Status,
    /// How far they can be from the best, and what stands in the way.
    pub certificate: Certificate,
    /// How large the problem was and how much work it took.
    pub info: Info,
}

/// Proof of how good a balance is: dual bounds, recomputed from the multipliers and not taken from the solver.
///
/// For any multipliers `g_id` with `Σ_i q_i Σ_d |g_id| ≤ 1` and any task prices `v_j`,
/// ```text
/// t ≥ Σ_j h_j v_j + Σ_i q_i min_{j eligible for i} ( Σ_d g_id (r_jd − r̄_d) − v_j )
/// ```
/// bounds the largest deviation t of every assignment from below (`h_j` task times, `q_i` quotas, `r_jd` ratings, `r̄_d` social
/// averages). Weak duality alone: it holds however the multipliers were found. [`verify`](Self::verify) checks it in exact
/// integers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Certificate {
    /// The largest deviation of any member in any dimension, in rating points.
    pub largest: Bound,
    /// The leximin order: each level holds the members who cannot be closer to the average without somebody of a level
    /// before it being further away; the last holds the rest. One level: all members, nobody set aside.
    pub levels: Vec<Level>,
    /// The hours-weighted mean deviation, averaged over dimensions, in rating points; its bound holds for
    /// assignments in which everyone stays within the cap of their [level](Self::levels). By band programmes only what exceeds
    /// the [balanced](crate::Config::with_balanced) deviation is minimised, so that the gap can be as large as that.
    pub mean: Bound,
    /// The multipliers that prove the bound on the mean; `None` as in [`Level::proof`].
    pub mean_proof: Option<Proof>,
    /// The members who keep the largest deviation from being smaller, those with the greatest weight first.
    pub binding_members: Vec<BindingMember>,
    /// The tasks which keep it from being smaller, those with the greatest pull first.
    pub binding_tasks: Vec<BindingTask>,
}

impl Certificate {
    /// Checks every bound in exact integer arithmetic, independent of how it was found: minutes,
    /// ratings and caps in millionths of a point, multipliers as integers.
    ///
    /// # Errors
    /// A [violation](Error::is_violation) that names the first bound its proof does not carry, or that has none.
    ///
    /// # Complexity
    /// O(levels × eligible pairs of members and tasks × dimensions).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::{balance, Config, Eligibility, Member, Minutes, Task, TaskId, Workplace};
    /// let day = Minutes::from_hours(8.0)?;
    /// let workplace = Workplace::new(
    ///     vec![Task::new("clean", day, 2.0, 4.0), Task::new("coordinate", day, 18.0, 14.0)],
    ///     vec![Member::new("ann", day), Member::new("bo", day)],
    ///     Eligibility::ByMember(vec![vec![TaskId::new(0)], vec![TaskId::new(1)]]),
    /// )?;
    /// let mut balance = balance(&workplace, &Config::default(), &mut ())?.balance().cloned().expect("it fits");
    /// assert!((balance.certificate.largest.bound - 8.0).abs() < 1e-6); // nobody can do anything about it
    /// balance.certificate.verify(&workplace)?;
    /// balance.certificate.largest.bound += 0.1;
    /// assert!(balance.certificate.verify(&workplace).unwrap_err().is_violation());
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn verify(&self, workplace: &Workplace) -> Result<(), Error> {
        let check = |what: &str, bound: f64, proof: &Option<Proof>, claim: Claim<'_>| match proof {
            // That deviations are not negative needs no proof.
            None if bound <= 0.0 => Ok(()),
            None => Err(Error::violation(format!("the bound on the {what} is {bound} and has no proof"))),
            Some(proof) => match proof.bound(workplace, claim)? {
                proved if proved >= bound => Ok(()),
                proved => Err(Error::violation(format!(
                    "the bound on the {what} is {bound}, only {proved} is proved"
                ))),
            },
        };
        let mut caps = vec![None; workplace.members().len()];
        if self.levels.is_empty() {
            check("largest deviation", self.largest.bound, &None, Claim::Largest(&caps))?;
        }
        for (k, level) in self.levels.iter().enumerate() {
            if k == 0 {
                check("largest deviation", self.largest.bound, &level.proof, Claim::Largest(&caps))?;
            }
            let what = format!("deviation of level {}", k + 1);
            check(&what, level.deviation.bound, &level.proof, Claim::Largest(&caps))?;
            if !(level.cap >= 0.0 && level.cap.is_finite()) {
                return Err(Error::violation(format!("the cap of level {} is {}", k + 1, level.cap)));
            }
            for member in &level.members {
                match caps.get_mut(member.index()) {
                    Some(cap @ None) => *cap = Some(level.cap),
                    Some(_) => {
                        return Err(Error::violation(format!("member {} is in two levels", member.index())));
                    }
                    None => {
                        return Err(Error::violation(format!("member {} does not exist", member.index())));
                    }
                }
            }
        }
        let quotas = workplace.fair_quotas();
        let without =
            |(_, (cap, quota)): &(usize, (&Option<f64>, &Minutes))| cap.is_none() && **quota > Minutes::ZERO;
        if let Some((member, _)) =
            caps.iter().zip(&quotas).enumerate().find(without).filter(|_| self.mean.bound > 0.0)
        {
            return Err(Error::violation(format!("member {member} is in no level")));
        }
        // Members without a quota have no level and no deviation.
        let caps: Vec<f64> = caps.into_iter().map(|cap| cap.unwrap_or(0.0)).collect();
        check("mean deviation", self.mean.bound, &self.mean_proof, Claim::Mean(&caps))
    }
}

/// Members who can be brought within a deviation, those of the levels before being kept within theirs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Level {
    /// The largest deviation of these members and all of later levels, and its bound.
    pub deviation: Bound,
    /// What the members of this level were allowed afterwards: the deviation that the programme reached plus
    /// [slack](crate::Config::with_slack), in whole millionths of a point.
    pub cap: f64,
    /// Who.
    pub members: Vec<MemberId>,
    /// The multipliers that prove the bound. `None` if the level was not solved, or exact sums exceed 127 bits.
    pub proof: Option<Proof>,
}

/// A value that was reached, and one below which nothing can get.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// What the complexes reach.
    pub value: f64,
    /// What no complexes can go below (up to the rounding of floating-point sums, about 1e-12).
    pub bound: f64,
}

impl Bound {
    /// How far the value can be from the best.
    #[must_use]
    pub fn gap(&self) -> f64 {
        self.value - self.bound
    }
}

/// A member who keeps the largest deviation up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BindingMember {
    /// Who.
    pub member: MemberId,
    /// In which dimension.
    pub dimension: Dimension,
    /// The member's deviation, signed: negative below the social average.
    pub deviation: f64,
    /// The member's part in the certificate, `q_i |g_id|`; these sum to at most 1.
    pub weight: f64,
}

/// A task that keeps the largest deviation up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BindingTask {
    /// Which.
    pub task: TaskId,
    /// The price `v_j` times the time of all work: by how many rating points the largest deviation grows (negative:
    /// shrinks) per further share of all work that this task takes from tasks without a price, everyone's averages
    /// and quotas being kept. Of all prices that prove the bound, those with the least sum of pulls if
    /// [`Info::least_pulls`] is converged; else those the solver came upon, which can name more tasks than needed.
    pub price: f64,
    /// |price| times the task's share of all work, in rating points.
    pub pull: f64,
}

/// How large the problem was and how much work it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Info {
    /// Kinds of members after those with the same eligible tasks were merged.
    pub member_types: usize,
    /// Kinds of tasks after those with the same ratings and eligible members were merged.
    pub task_types: usize,
    /// Eligible pairs of kinds: the variables of the linear programme.
    pub pairs: usize,
    /// Iterations of all stages; those of band programmes are many and cheap.
    pub iterations: u32,
    /// How the stage that [decides](crate::Choice) among equally balanced complexes ended. Unless it converged, the complexes are those
    /// of the stage before, as balanced but of more tasks. `None`: not asked for, or an earlier stage did not converge.
    #[serde(default)]
    pub choice: Option<Status>,
    /// How the search for the [prices](BindingTask::price) with the least sum of pulls ended. `None`: nothing is
    /// binding, the deviations did not converge or were stopped, or the workplace is solved by band programmes, which do not
    /// look for them.
    #[serde(default)]
    pub least_pulls: Option<Status>,
}
