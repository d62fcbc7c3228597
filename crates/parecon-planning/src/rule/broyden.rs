//! Newton's method with a Jacobian learnt from aggregates.

use serde::{Deserialize, Serialize};

use super::safeguard::{DAMPING, Safeguard, Seen};
use super::secants::Memory;
use super::{PriceRule, Reports};

/// Broyden's method in logarithms of prices, on `f = log(D/S)`.
///
/// The Jacobian is the smallest correction of `−5·I` that explains all rounds remembered:
///
/// ```text
/// u ← u − J⁻¹·f,     J = −5·I + (ΔF + 5·ΔU)·ΔU⁺
/// ```
///
/// with the differences `ΔU`, `ΔF` of the last ten rounds to the present one. Carried on into the same economy's next
/// year, it begins with last year's Jacobian.
///
/// Steps that lead too far are taken back in part, and steps in a wrong direction replaced by those of
/// [`Tatonnement`](super::Tatonnement) (see there).
///
/// # What a facilitation board would ask of councils
/// Quantities of each good supplied and demanded, which it adds up and remembers for ten rounds.
///
/// # Complexity
/// Linear in the number of goods, times the square of the rounds remembered.
///
/// # Reference
/// C. G. Broyden, "A class of methods for solving nonlinear simultaneous equations", *Mathematics of Computation* 19
/// (1965); with several rounds at once, D. Vanderbilt and S. G. Louie, *Physical Review B* 30 (1984).
///
/// # Example
/// ```
/// use parecon_planning::{Broyden, Config, experiment, plan};
///
/// let economy = experiment::small_example()?;
/// let outcome = plan(&economy, &mut Broyden::new(), &Config::new().with_tolerance(1e-9), &mut ())?;
/// assert!(outcome.status.is_converged() && outcome.rounds.len() < 20);
/// # Ok::<(), parecon_planning::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Broyden {
    memory: Memory,
    safeguard: Safeguard,
}

impl Broyden {
    /// The rule at its first round.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl PriceRule for Broyden {
    fn revise(&mut self, reports: &Reports<'_>) -> Vec<f64> {
        if reports.round() == 1 {
            self.memory.next_run(reports.prices().len());
            self.safeguard = Safeguard::default();
        }
        let now = Seen::new(reports);
        let jacobian = self.memory.correction(&now.u, &now.f, |u| {
            u.iter().zip(&now.u).map(|(then, now)| -(then - now) / DAMPING).collect()
        });
        self.safeguard.guard(now, |now| {
            let right: Vec<f64> = now.f.iter().map(|f| -f).collect();
            jacobian.solve(&vec![-1.0 / DAMPING; right.len()], &right)
        })
    }
}
