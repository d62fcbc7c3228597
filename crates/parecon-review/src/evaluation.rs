use serde::{Deserialize, Serialize};

use crate::costs::Costs;
use crate::environment::Environment;
use crate::error::Error;
use crate::gaussian::{Gate, fates};
use crate::policy::{At, Cutoff, Policy};
use crate::thresholds::cuts;

/// What becomes of ideas: six shares of all ideas that add to one.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    /// Good, made and published.
    pub good_published: f64,
    /// Bad, made and published: the harm done.
    pub bad_published: f64,
    /// Good and made, but rejected as finished work.
    pub good_rejected: f64,
    /// Bad, made and rejected as finished work.
    pub bad_rejected: f64,
    /// Good, but refused as a proposal or never undertaken.
    pub good_not_made: f64,
    /// Bad, refused as a proposal or never undertaken.
    pub bad_not_made: f64,
}

impl Shares {
    /// A: pieces published per idea.
    #[must_use]
    pub fn published(&self) -> f64 {
        self.good_published + self.bad_published
    }

    /// Pieces made per idea.
    #[must_use]
    pub fn made(&self) -> f64 {
        self.published() + self.made_in_vain()
    }

    /// Pieces made and not published, per idea.
    #[must_use]
    pub fn made_in_vain(&self) -> f64 {
        self.good_rejected + self.bad_rejected
    }

    /// Sum of all six: one, up to rounding.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.made() + self.good_not_made + self.bad_not_made
    }
}

/// The cut-offs a policy worked with; `None` where it does not judge.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cutoffs {
    /// On the proposal signal.
    pub proposal: Option<Cutoff>,
    /// On the finished-work signal.
    pub work: Option<Cutoff>,
}

/// What a policy does in an environment, per idea.
///
/// Benefit, harm and the costs of each bearer stand side by side and are only combined by
/// [`net_benefit`](Evaluation::net_benefit), which counts every unit alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Evaluation {
    /// What becomes of ideas.
    pub shares: Shares,
    /// v · good published, in the unit of account.
    pub benefit: f64,
    /// h · bad published, in the unit of account.
    pub harm: f64,
    /// Expected costs, by bearer, in the unit of account.
    pub costs: Costs,
    /// The thresholds applied.
    pub cutoffs: Cutoffs,
    /// Estimated absolute error of the shares, summed. Money amounts inherit it times v + h + k + m + r₂.
    pub error: f64,
}

impl Evaluation {
    /// Π = benefit − harm − all costs, each unit counting alike.
    #[must_use]
    pub fn net_benefit(&self) -> f64 {
        self.benefit - self.harm - self.costs.total()
    }
}

/// Works out what `policy` does in `environment`.
///
/// ```text
/// prior     Π = V₁ − A₁ (k + m) − r₁ − c₀
/// post      Π = V₂ − A₂ m − k − r₂
/// two-gate  Π = V₁₂ − A₁₂ m − A₁ (k + r₂) − r₁ − c₀
/// open      Π = b v − (1 − b) h − k − m
/// abstain   Π = 0
/// ```
///
/// where A is the share passed and V its value less its harm: A₁ = P(s₁ > c₁), V₁ = v P(good, s₁ > c₁) −
/// h P(bad, s₁ > c₁), and likewise for c₂ and for both. The shares are integrals over quality, split where good
/// turns into bad,
///
/// ```text
/// P(good, s₁ > c₁, s₂ > c₂) = ∫ₜ^∞ φ(q) Φ((ρ₁q − c₁)/√(1 − ρ₁²)) Φ((ρ₂q − c₂)/√(1 − ρ₂²)) dq
/// ```
///
/// by adaptive Gauss–Kronrod quadrature; [`Evaluation::error`] is its estimate, some 1e-15 (the tests compare with
/// the arcsine law and 30-digit trivariate values).
///
/// # Complexity
/// 100 to 500 evaluations of the integrand, some microseconds; two gates with both thresholds optimal need about a
/// hundred such integrals.
///
/// # Example
/// ```
/// use parecon_review::{Environment, EnvironmentData, Policy, StepCosts, Threshold, evaluate};
///
/// let environment = Environment::new(EnvironmentData {
///     base_rate: 0.5,
///     proposal_accuracy: 0.5,
///     work_accuracy: 0.8,
///     value: 10.0,
///     harm: 5.0,
///     costs: StepCosts::default(),
/// })?;
/// let post = evaluate(&environment, &Policy::post(Threshold::Fixed(0.0))?);
/// // P(good and above the middle) = 1/4 + asin(ρ)/2π.
/// let exact = 0.25 + 0.8f64.asin() / std::f64::consts::TAU;
/// assert!((post.shares.good_published - exact).abs() < 1e-14);
/// assert!((post.shares.made_in_vain() - 0.5).abs() < 1e-14);
/// # Ok::<(), parecon_review::Error>(())
/// ```
///
/// # Reference
/// For the bivariate case R. L. Plackett, A reduction formula for normal multivariate integrals, Biometrika 41
/// (1954).
#[must_use]
pub fn evaluate(environment: &Environment, policy: &Policy) -> Evaluation {
    let flow = Flow::new(environment, policy);
    flow.account(environment, policy)
}

/// [`evaluate`] at each of `production_costs` (totals k, divided among the bearers as in `environment`).
///
/// # Errors
/// If a production cost is negative or not finite.
///
/// # Complexity
/// With fixed thresholds one set of integrals and one multiplication per cost; with optimal ones as many
/// evaluations as costs.
pub fn evaluate_over(
    environment: &Environment,
    policy: &Policy,
    production_costs: &[f64],
) -> Result<Vec<Evaluation>, Error> {
    let fixed = policy.is_fixed().then(|| Flow::new(environment, policy));
    production_costs
        .iter()
        .map(|&k| {
            let at = environment.with_production_cost(k)?;
            Ok(fixed.unwrap_or_else(|| Flow::new(&at, policy)).account(&at, policy))
        })
        .collect()
}

/// The part of an evaluation that does not depend on costs once the cut-offs are known.
#[derive(Clone, Copy)]
struct Flow {
    shares: Shares,
    cutoffs: Cutoffs,
    error: f64,
}

impl Flow {
    fn new(environment: &Environment, policy: &Policy) -> Self {
        let data = environment.data();
        if policy.is_abstain() {
            let (good_not_made, bad_not_made) = (data.base_rate, 1.0 - data.base_rate);
            let shares = Shares { good_not_made, bad_not_made, ..Shares::default() };
            return Self { shares, cutoffs: Cutoffs::default(), error: 0.0 };
        }
        let (first, second) = cuts(environment, policy);
        let judges = |at: At, cut: f64| policy.threshold(at).map(|_| Cutoff::from_value(cut));
        let fates = fates(
            environment.quality_cut(),
            &Gate::new(data.proposal_accuracy, first),
            &Gate::new(data.work_accuracy, second),
        );
        Self {
            shares: Shares {
                good_published: fates.good[0],
                bad_published: fates.bad[0],
                good_rejected: fates.good[1],
                bad_rejected: fates.bad[1],
                good_not_made: fates.good[2],
                bad_not_made: fates.bad[2],
            },
            cutoffs: Cutoffs { proposal: judges(At::Proposal, first), work: judges(At::Work, second) },
            error: fates.error,
        }
    }

    fn account(self, environment: &Environment, policy: &Policy) -> Evaluation {
        let data = environment.data();
        let Self { shares, cutoffs, error } = self;
        let mut costs = data.costs.production * shares.made() + data.costs.reproduction * shares.published();
        if cutoffs.proposal.is_some() {
            costs = costs + data.costs.proposal + data.costs.proposal_review;
        }
        if cutoffs.work.is_some() {
            costs = costs + data.costs.work_review * shares.made();
        }
        if policy.is_abstain() {
            costs = Costs::default();
        }
        Evaluation {
            shares,
            benefit: data.value * shares.good_published,
            harm: data.harm * shares.bad_published,
            costs,
            cutoffs,
            error,
        }
    }
}
