//! One training at a time: bounds from the multipliers, then solving again.

use super::*;
use crate::progress::followed;
use crate::proof::Proof;
use crate::{Balance, Choice, Config, Observer, Progress, Status};

/// What training is to bring down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Measure {
    /// The largest deviation of anybody.
    Largest,
    /// The mean deviation.
    Mean,
}

/// What one training would do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Price {
    /// Who would learn; all people the entry stands for.
    pub member: MemberId,
    /// What.
    pub skill: String,
    /// What that costs, for all people of the entry.
    pub cost: f64,
    /// The tasks it would open.
    pub opens: Vec<TaskId>,
    /// By how many rating points the measure can fall at most, from the multipliers alone.
    pub at_most: f64,
    /// By how many it does fall, solved again; `None` if that was not done or did not converge.
    pub relief: Option<f64>,
}

/// Trainings, the best first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Advice {
    /// Those solved again by their relief, then the others by what they can do at most.
    pub prices: Vec<Price>,
    /// Whether no single training can do better than the first one: its relief is at least what any other that was not
    /// solved again can do at most.
    pub best_is_proved: bool,
    /// [`Status::Stopped`] if the observer stopped the search; what was found until then is there.
    pub status: Status,
}

/// Ranks what members could learn by what it does for the balance.
///
/// With the multipliers g, v of the balance's bound (see [`Certificate`](crate::Certificate)) and
/// `u_i = min_j (Σ_d g_id (r_jd − r̄_d) − v_j)` over the tasks j that i can do, a skill that opens the tasks J lowers the bound
/// by no more than
/// ```text
/// q_i max(0, u_i − min_{j ∈ J} (Σ_d g_id (r_jd − r̄_d) − v_j))
/// ```
/// so that the measure falls by no more than that and the gap of the balance. The trainings are then solved again in
/// the order of this limit, until `again` of them are or the best one found does what the next one can do at most.
///
/// For [`Measure::Mean`] the limit holds while everyone's [cap](crate::Level::cap) is kept; solved again, the largest
/// deviations come first, so that the mean can also rise: a negative relief.
///
/// # Errors
/// If `config` is [invalid](Config::validate), the balance is of another workplace, or has no proof of the measure's bound
/// (it did not converge).
///
/// # Complexity
/// O(eligible pairs × dimensions + what the skills open), and [`balance()`](crate::balance()) once per training solved
/// again.
///
/// # Example
/// ```
/// use parecon_jobs::training::{Measure, prices};
/// use parecon_jobs::{balance, Config, Eligibility, Member, Minutes, Task, Workplace};
/// let day = Minutes::from_hours(8.0)?;
/// let workplace = Workplace::new(
///     vec![Task::new("clean", day, 2.0, 4.0), Task::new("plan", day, 18.0, 14.0).with_skill("planning")],
///     vec![
///         Member::new("ann", day).with_skill("planning"),
///         Member::new("bo", day).with_training("planning", 40.0),
///     ],
///     Eligibility::Everyone,
/// )?;
/// let before = balance(&workplace, &Config::default(), &mut ())?.balance().cloned().expect("it fits");
/// assert!((before.spread.max_abs - 8.0).abs() < 1e-6);
/// let advice = prices(&workplace, &before, Measure::Largest, 1, &Config::default(), &mut ())?;
/// assert!(advice.best_is_proved);
/// assert!((advice.prices[0].relief.expect("solved again") - 8.0).abs() < 1e-6);
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
pub fn prices(
    workplace: &Workplace,
    balance: &Balance,
    measure: Measure,
    again: usize,
    config: &Config,
    observer: &mut dyn Observer<Progress>,
) -> Result<Advice, Error> {
    config.validate()?;
    let certificate = &balance.certificate;
    let (bound, proof) = match measure {
        Measure::Largest => (certificate.largest, certificate.levels.first().and_then(|l| l.proof.as_ref())),
        Measure::Mean => (certificate.mean, certificate.mean_proof.as_ref()),
    };
    let proof = proof.ok_or_else(|| {
        Error::invalid("the balance has no proof of a bound: only one that converged can price training")
    })?;
    certificate.verify(workplace)?;
    let mut prices = candidates(workplace, proof, measure, bound.gap().max(0.0))?;
    prices.sort_by(|a, b| b.at_most.total_cmp(&a.at_most));
    let config = config.clone().with_choice(Choice::Any);
    followed(
        observer,
        |advice: &Advice| advice.status,
        |observer| solve_again(workplace, balance, measure, again, &config, prices, observer),
    )
}

/// Solves the first trainings again, until none of the others can do better than the best.
fn solve_again(
    workplace: &Workplace,
    balance: &Balance,
    measure: Measure,
    again: usize,
    config: &Config,
    mut prices: Vec<Price>,
    observer: &mut dyn Observer<Progress>,
) -> Result<Advice, Error> {
    let mut status = Status::Converged;
    let mut best = f64::NEG_INFINITY;
    for price in prices.iter_mut().take(again) {
        if best >= price.at_most {
            break;
        }
        let trained = workplace.with_training(&[(price.member, &price.skill)])?;
        if let crate::Outcome::Balanced(after) = crate::balance(&trained, config, observer)? {
            if after.status == Status::Stopped {
                status = Status::Stopped;
                break;
            }
            if after.status.is_converged() {
                let of = |spread: &crate::Spread| match measure {
                    Measure::Largest => spread.max_abs,
                    Measure::Mean => spread.mean_abs,
                };
                let relief = of(&balance.spread) - of(&after.spread);
                price.relief = Some(relief);
                best = best.max(relief);
            }
        }
    }
    let open =
        prices.iter().filter(|p| p.relief.is_none()).map(|p| p.at_most).fold(f64::NEG_INFINITY, f64::max);
    let known = |price: &Price| price.relief.unwrap_or(f64::NEG_INFINITY);
    prices.sort_by(|a, b| known(b).total_cmp(&known(a)));
    Ok(Advice { prices, best_is_proved: best >= open, status })
}

/// Every training that could help, with what it can do at most.
fn candidates(workplace: &Workplace, proof: &Proof, measure: Measure, gap: f64) -> Result<Vec<Price>, Error> {
    let averages = workplace.averages();
    let (times, quotas) = workplace.open();
    let scaled: f64 = match measure {
        Measure::Largest => (workplace.fair_quotas().iter().enumerate())
            .map(|(m, quota)| {
                quota.get() as f64 * proof.weights(m, averages.len()).map(f64::abs).sum::<f64>()
            })
            .sum(),
        Measure::Mean => 1.0,
    };
    let mut prices = Vec::new();
    for (m, member) in workplace.members().iter().enumerate() {
        let id = MemberId::new(m);
        let net = |task: &TaskId| {
            let ratings = workplace.tasks()[task.index()].ratings();
            let offsets = ratings.zip(averages).map(|(rating, average)| rating - average);
            let worth: f64 =
                proof.weights(m, averages.len()).zip(offsets).map(|(g, offset)| g * offset).sum();
            worth - proof.price(task.index())
        };
        let least = |tasks: &mut dyn Iterator<Item = &TaskId>| tasks.map(net).fold(f64::INFINITY, f64::min);
        let with_time = |task: &&TaskId| times[task.index()].get() > 0;
        let own = least(&mut workplace.eligible(id).iter().filter(with_time));
        for training in &member.trainable {
            let opens = opened(workplace, &times, id, &training.skill);
            let drop = quotas[m].get() as f64 * (own - least(&mut opens.iter())).max(0.0) / scaled;
            // Nothing opened, nobody with time: nothing to gain.
            if drop > 0.0 {
                prices.push(Price {
                    member: id,
                    skill: training.skill.clone(),
                    cost: training.cost * f64::from(member.count),
                    opens,
                    at_most: drop + gap,
                    relief: None,
                });
            }
        }
    }
    Ok(prices)
}
