//! Newton's method on what proposals reveal.

mod correction;
mod memory;
mod model;
mod saved;
mod slopes;
mod start;

use serde::{Deserialize, Serialize};

use super::{Disclosure, PriceRule, Recorded, Reports};
use crate::economy::{PRICE_LIMIT, logs};
use crate::{Aggregates, Proposals};
use correction::Correction;
use memory::Memory;
use model::{Model, Technologies};

/// |log(D/S)| at which the model counts as cleared: a few hundred times rounding.
const CLEARED: f64 = 1e-11;
/// The same while all reactions to prices are only assumed, which errs by some hundredths.
const ROUGHLY_CLEARED: f64 = 1e-3;

/// Solves for the prices that would clear if what the proposals reveal held everywhere.
///
/// A worker council's proposal shows how it divides its revenue, `b_i = p_i·x_i/(p_o·Q)`, and two proposals at
/// different prices show how strongly its revenue reacts,
///
/// ```text
/// h = Δlog(p_o·Q) / Δ(log p_o − Σ b_i·log p_i)
/// ```
///
/// For a Cobb–Douglas council with effort both are constants, `h = 1/(1 − c/k − Σ b_i)`. From these and
/// the consumer councils' spending the board models every council, finds the prices that clear the model by
/// Newton's method in the logarithms of prices (a Jacobian of log(D/S), a linear solve, and a line search on Φ, which
/// is convex), and announces them. In the first round, when no `h` has been seen, it assumes that the cost of effort
/// takes a tenth of what a council keeps after paying for its inputs.
///
/// A council whose shares change with prices shows how easily it substitutes one input for another, by the changes of its
/// shares against those of prices, and is modelled by one constant elasticity of substitution. Where that does not
/// explain what earlier rounds have shown either (nests, capacities, consumers who substitute, increasing
/// returns), the model's Jacobian is corrected by what it left unexplained (a Broyden correction with several
/// secants), and steps that do not bring the proposals nearer to each other are followed by shorter ones.
///
/// So the second announcement errs only by that assumption, and the third is exact but for rounding
/// once every Cobb–Douglas council has answered with two different proposals of representable size. Where first prices are so
/// far off that plans are [cut off](crate::Economy), some more rounds bracket the councils' reactions first.
///
/// If no proposals are shown to it, or nobody at all makes or wants some good in a round, it does what [`Recorded`] does.
/// From councils that are [missing](Proposals::is_missing) it learns nothing, and what stands in for them it takes as given.
///
/// It remembers councils by position. Carried on into the same economy's next year (whose rounds count from 1 again), what
/// their effort costs is a head start; for another economy, take a new rule.
///
/// # What a facilitation board would ask of councils
/// Worker councils' proposals and the memory of one earlier proposal; no technologies, no elasticities. Of consumer
/// councils only what they request together.
///
/// # Complexity
/// Per round a few (3–10) inner steps, each one exponential per worker council; most of them also sum the square of each
/// council's number of inputs and solve a dense linear system in the number of goods `n`. Where `n` exceeds 1,000 and
/// `n³` is large beside the number of inputs, GMRES instead reads all councils once per direction, and nothing takes `n²`.
///
/// # Example
/// ```
/// use parecon_planning::{Config, RevealedNewton, experiment, plan};
///
/// let economy = experiment::small_example()?;
/// let config = Config::new().with_start_price(1e-3).with_tolerance(1e-9);
/// let outcome = plan(&economy, &mut RevealedNewton::new(), &config, &mut ())?;
/// assert!(outcome.status.is_converged());
/// assert!(outcome.rounds.len() <= 4);
/// # Ok::<(), parecon_planning::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevealedNewton {
    memory: Memory,
    correction: Correction,
    without_proposals: Recorded,
}

impl RevealedNewton {
    /// The rule at its first round.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns from the proposals; those, if there are any.
    fn learn<'r>(&mut self, reports: &Reports<'r>, log_prices: &[f64]) -> Option<&'r Proposals> {
        let goods = reports.prices().len();
        let proposals = reports.proposals().filter(|p| p.layout().endowments.len() == goods)?;
        if reports.round() == 1 {
            self.memory.next_year();
            self.correction = Correction::default();
        }
        // If one process has got another economy, all have.
        if reports.any(!self.memory.is_of(goods, proposals.layout())) {
            *self = Self::new();
        }
        self.memory.learn(reports.prices(), log_prices, proposals);
        Some(proposals)
    }
}

impl PriceRule for RevealedNewton {
    fn revise(&mut self, reports: &Reports<'_>) -> Vec<f64> {
        let log_prices = logs(reports.prices());
        let Some(proposals) = self.learn(reports, &log_prices) else {
            return self.without_proposals.revise(reports);
        };
        // Where nobody offers or nobody asks, there is nothing to extrapolate from.
        let Aggregates { supply, demand } = reports.aggregates();
        if !supply.iter().chain(demand).all(|quantity| *quantity > 0.0) {
            return self.without_proposals.revise(reports);
        }
        let (lines, substitution) = self.memory.lines(proposals);
        let technologies = Technologies { shares: self.memory.shares(), lines: &lines, substitution };
        let model = Model::new(reports, proposals, technologies, &log_prices);
        let precision = if reports.any(self.memory.is_seen()) { CLEARED } else { ROUGHLY_CLEARED };
        let clearing = model.clear(log_prices.clone(), precision);
        let trusted = !reports.any(self.memory.has_brackets() || proposals.any_missing());
        let clearing = self.correction.apply(&model, &log_prices, reports.aggregates(), clearing, trusted);
        if clearing.iter().any(|u| u.is_nan()) {
            return self.without_proposals.revise(reports);
        }
        let limit = PRICE_LIMIT.ln();
        clearing
            .into_iter()
            .map(|u| u.clamp(-limit, limit).exp().clamp(1.0 / PRICE_LIMIT, PRICE_LIMIT))
            .collect()
    }

    fn disclosure(&self) -> Disclosure {
        Disclosure::WorkerProposals
    }
}
