//! Tatonnement, accelerated by what the last rounds showed.

use serde::{Deserialize, Serialize};

use super::safeguard::{DAMPING, Safeguard, Seen};
use super::secants::{Memory, add};
use super::{PriceRule, Reports};

/// Anderson's acceleration of [`Tatonnement`](super::Tatonnement), in logarithms of prices.
///
/// Of all mixtures of the rounds remembered, it takes the one in which the imbalances `f = log(D/S)` are smallest,
/// and makes tatonnement's step from there: with differences `ΔU`, `ΔF` of the last ten rounds to the present one,
///
/// ```text
/// u ← u + 0.2·f − (ΔU + 0.2·ΔF)·γ,     γ minimises |f − ΔF·γ|
/// ```
///
/// Steps that lead too far are taken back in part, and steps in a wrong direction replaced by tatonnement's (see there).
///
/// # What a facilitation board would ask of councils
/// Quantities of each good supplied and demanded, which it adds up and remembers for ten rounds.
///
/// # Complexity
/// Linear in the number of goods, times the square of the rounds remembered.
///
/// # Reference
/// D. G. Anderson, "Iterative procedures for nonlinear integral equations", *Journal of the ACM* 12 (1965).
///
/// # Example
/// ```
/// use parecon_planning::{Anderson, Config, Tatonnement, experiment, plan};
///
/// let economy = experiment::small_example()?;
/// let config = Config::new().with_tolerance(1e-6);
/// let anderson = plan(&economy, &mut Anderson::new(), &config, &mut ())?;
/// let plain = plan(&economy, &mut Tatonnement::new(), &config, &mut ())?;
/// assert!(anderson.status.is_converged() && anderson.rounds.len() < plain.rounds.len());
/// # Ok::<(), parecon_planning::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Anderson {
    memory: Memory,
    safeguard: Safeguard,
}

impl Anderson {
    /// The rule at its first round.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl PriceRule for Anderson {
    fn revise(&mut self, reports: &Reports<'_>) -> Vec<f64> {
        if reports.round() == 1 {
            *self = Self::new();
        }
        let now = Seen::new(reports);
        // The roles of prices and imbalances exchanged: what prices should have been at given imbalances.
        let back = self.memory.correction(&now.f, &now.u, |f| {
            f.iter().zip(&now.f).map(|(then, now)| -DAMPING * (then - now)).collect()
        });
        self.safeguard.guard(now, |now| {
            let mut step: Vec<f64> = now.f.iter().map(|f| DAMPING * f).collect();
            add(&mut step, -1.0, &back.times(&now.f));
            Some(step)
        })
    }
}
