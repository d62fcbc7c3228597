use serde::{Deserialize, Serialize};

use crate::costs::{Costs, Weights};
use crate::environment::Environment;
use crate::error::Error;
use crate::flow::{Flow, flow};
use crate::gaussian::{Gate, fates};
use crate::policy::{At, Cutoff, Policy};
use crate::quadrature::RELATIVE_TOLERANCE;
use crate::search;
use crate::thresholds::cuts;

/// What becomes of ideas: eight shares of all ideas that add to one.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    /// Good, made, published and not taken down.
    pub good_published: f64,
    /// Bad, made, published and not taken down: the harm done.
    pub bad_published: f64,
    /// Good and published, but taken down again.
    pub good_reverted: f64,
    /// Bad and published, but taken down again: harm for a while.
    pub bad_reverted: f64,
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
    /// A: pieces published and not taken down, per idea.
    #[must_use]
    pub fn published(&self) -> f64 {
        self.good_published + self.bad_published
    }

    /// Pieces published and taken down again, per idea.
    #[must_use]
    pub fn reverted(&self) -> f64 {
        self.good_reverted + self.bad_reverted
    }

    /// Pieces made per idea.
    #[must_use]
    pub fn made(&self) -> f64 {
        self.published() + self.made_in_vain()
    }

    /// Pieces made but not published or taken down again, per idea.
    #[must_use]
    pub fn made_in_vain(&self) -> f64 {
        self.good_rejected + self.bad_rejected + self.reverted()
    }

    /// Sum of all eight: one, up to rounding.
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
    /// On the signal of published work.
    pub published: Option<Cutoff>,
}

/// Expected readings per idea, by point.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readings {
    /// Of proposals.
    pub proposal: f64,
    /// Of finished work.
    pub work: f64,
    /// Of published work.
    pub published: f64,
}

/// How an [`Evaluation`] was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// Nothing had to be worked out.
    Trivial,
    /// Integrals over Gaussian quality, by quadrature.
    Quadrature,
    /// Sums over the possible values of quality; quadrature only over readers' shared errors.
    Summation,
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
    /// Readings that reviewers do.
    pub readings: Readings,
    /// v · (good published + exposure · good taken down), in the unit of account.
    pub benefit: f64,
    /// h · (bad published + exposure · bad taken down), in the unit of account.
    pub harm: f64,
    /// Expected costs, by bearer, in the unit of account.
    pub costs: Costs,
    /// The thresholds applied.
    pub cutoffs: Cutoffs,
    /// How it was found.
    pub method: Method,
    /// Estimated absolute error of the shares, summed. Money amounts inherit it times v + h + k + m + r₂.
    pub error: f64,
}

impl Evaluation {
    /// Π = benefit − harm − all costs, each unit counting alike.
    #[must_use]
    pub fn net_benefit(&self) -> f64 {
        self.benefit - self.harm - self.costs.total()
    }

    /// Benefit − harm − costs, with the accounts added up by named weights.
    #[must_use]
    pub fn net_benefit_with(&self, weights: &Weights) -> f64 {
        self.benefit - self.harm - weights.total(&self.costs)
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
/// Other rules replace Φ by the probability that the rule passes a piece of quality q, integrated over the error that
/// its readers share, and cost r times the expected number of readings. A piece taken down did `exposure` of its value
/// or harm. Optimal thresholds of one or two single readers of Gaussian quality solve the first-order conditions and are
/// global. Others come from a search along one threshold after the other that starts at the best of a coarse grid; what it
/// finds is certainly the highest where one threshold is free and the benefit has a single peak in it. That is proven for a
/// mean score, and for k of n voters (hierarchies and polyarchies included) if their readings are free: the derivative of the
/// probability to pass is then a log-concave function of ρq − c, also after averaging over errors that voters share, so
/// that the benefit's derivative changes its sign as often as the worth of a piece does along quality, once (total
/// positivity; Karlin 1968). With readings paid for one by one, weighted votes, watchers or several free thresholds there can
/// be several peaks, and nothing is proven beyond the search's grid (every standard deviation up to four on either side).
///
/// # Complexity
/// 100 to 500 evaluations of the integrand, some microseconds; two gates with both thresholds optimal need about a
/// hundred such integrals. Panels whose readers share errors integrate over these too, at every quality.
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
///     ..EnvironmentData::default()
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
    Known::new(environment, policy).account(environment, policy)
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
    let fixed = policy.is_fixed().then(|| Known::new(environment, policy));
    production_costs
        .iter()
        .map(|&k| {
            let at = environment.with_production_cost(k)?;
            Ok(fixed.unwrap_or_else(|| Known::new(&at, policy)).account(&at, policy))
        })
        .collect()
}

/// The part of an evaluation that does not depend on costs once the cut-offs are known.
#[derive(Clone, Copy)]
struct Known {
    flow: Flow,
    cutoffs: Cutoffs,
    method: Method,
}

impl Known {
    fn new(environment: &Environment, policy: &Policy) -> Self {
        let data = environment.data();
        if policy.is_abstain() {
            let flow = Flow {
                good: [0.0, 0.0, 0.0, data.base_rate],
                bad: [0.0, 0.0, 0.0, 1.0 - data.base_rate],
                ..Flow::default()
            };
            return Self { flow, cutoffs: Cutoffs::default(), method: Method::Trivial };
        }
        if policy.is_plain() && environment.is_plain() {
            return Self::plain(environment, policy);
        }
        let cuts = search::cuts(environment, policy);
        let mut cutoffs = Cutoffs::default();
        for (stage, &cut) in policy.stages().iter().zip(&cuts) {
            let cutoff = stage.rule.threshold().map(|_| Cutoff::from_value(cut));
            match stage.at {
                At::Proposal => cutoffs.proposal = cutoff,
                At::Work => cutoffs.work = cutoff,
                At::Published => cutoffs.published = cutoff,
            }
        }
        let flow = flow(environment, policy, &cuts, RELATIVE_TOLERANCE);
        let gaussian = environment.atoms().is_empty();
        Self { flow, cutoffs, method: if gaussian { Method::Quadrature } else { Method::Summation } }
    }

    /// One or two single readers of Gaussian quality.
    fn plain(environment: &Environment, policy: &Policy) -> Self {
        let data = environment.data();
        let (first, second) = cuts(environment, policy);
        let judges = |at: At, cut: f64| policy.threshold(at).map(|_| Cutoff::from_value(cut));
        let fates = fates(
            environment.quality_cut(),
            &Gate::new(data.proposal_accuracy, first),
            &Gate::new(data.work_accuracy, second),
        );
        let spread = |fates: [f64; 3]| [fates[0], 0.0, fates[1], fates[2]];
        let cutoffs = Cutoffs {
            proposal: judges(At::Proposal, first),
            work: judges(At::Work, second),
            published: None,
        };
        let made = fates.good[0] + fates.good[1] + fates.bad[0] + fates.bad[1];
        let readings = [
            if cutoffs.proposal.is_some() { 1.0 } else { 0.0 },
            if cutoffs.work.is_some() { made } else { 0.0 },
            0.0,
        ];
        let flow = Flow { good: spread(fates.good), bad: spread(fates.bad), readings, error: fates.error };
        Self { flow, cutoffs, method: Method::Quadrature }
    }

    fn account(self, environment: &Environment, policy: &Policy) -> Evaluation {
        let Self { flow, cutoffs, method } = self;
        let shares = Shares {
            good_published: flow.good[0],
            bad_published: flow.bad[0],
            good_reverted: flow.good[1],
            bad_reverted: flow.bad[1],
            good_rejected: flow.good[2],
            bad_rejected: flow.bad[2],
            good_not_made: flow.good[3],
            bad_not_made: flow.bad[3],
        };
        let [proposal, work, published] = flow.readings;
        let (benefit, harm, costs) = flow.account(environment, policy);
        Evaluation {
            shares,
            readings: Readings { proposal, work, published },
            benefit,
            harm,
            costs,
            cutoffs,
            method,
            error: flow.error,
        }
    }
}
