//! The oldest rule: raise what is short, lower what is plentiful.

use serde::{Deserialize, Serialize};

use super::safeguard::{DAMPING, Safeguard, Seen};
use super::{PriceRule, Reports};

/// Each price moves on its own, in proportion to its good's imbalance: `log p ← log p + 0.2·log(D/S)`.
///
/// This is the simplest rule that finds the clearing prices of a convex economy from any first prices. It takes many
/// rounds, because a price that is moved on its own upsets the balance of other goods.
///
/// Steps that lead too far are taken back in part: at the prices reached, the value of the surpluses,
/// `Σ p·(S − D)·(step)`, tells whether the potential that clearing prices minimise still falls.
///
/// # What a facilitation board would ask of councils
/// Quantities of each good supplied and demanded, which it adds up.
///
/// # Complexity
/// Linear in the number of goods.
///
/// # Reference
/// L. Walras, *Éléments d'économie politique pure* (1874); for the convergence under convexity, K. J. Arrow and L.
/// Hurwicz, "On the stability of the competitive equilibrium" I, *Econometrica* 26 (1958).
///
/// # Example
/// ```
/// use parecon_planning::{Config, Tatonnement, experiment, plan};
///
/// let economy = experiment::small_example()?;
/// let outcome = plan(&economy, &mut Tatonnement::new(), &Config::new(), &mut ())?;
/// assert!(outcome.status.is_converged());
/// # Ok::<(), parecon_planning::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tatonnement {
    safeguard: Safeguard,
}

impl Tatonnement {
    /// The rule at its first round.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl PriceRule for Tatonnement {
    fn revise(&mut self, reports: &Reports<'_>) -> Vec<f64> {
        if reports.round() == 1 {
            self.safeguard = Safeguard::default();
        }
        self.safeguard.guard(Seen::new(reports), |now| Some(now.f.iter().map(|f| DAMPING * f).collect()))
    }
}
