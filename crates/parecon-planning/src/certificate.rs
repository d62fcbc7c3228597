//! How far a plan is from the best one.

use serde::{Deserialize, Serialize};

use crate::economy::Answers;
use crate::feasible::Clearing;
use crate::{Economy, Error};

/// Two-sided bound on the welfare of the best plan, found at announced prices whether or not they clear.
///
/// The welfare of a plan, with the consumer councils' incomes as the weight each of them has, is
///
/// ```text
/// W = Σ_c m_c·Σ_{g private} α_cg·log x_cg + Σ_{g public} M_g·log G_g − Σ_w s_w·E_w^k_w
/// ```
///
/// where `M_g = Σ_c m_c·α_cg`. By weak duality, no feasible plan is better than
///
/// ```text
/// W ≤ Φ(p) + Σ_c m_c·Σ_{g private} α_cg·log(m_c·α_cg) + Σ_{g public} M_g·log M_g − Σ_c m_c
/// Φ(p) = Σ_w π_w(p) + Σ_g p_g·ω_g − Σ_g M_g·log p_g
/// ```
///
/// with the worker councils' surpluses `π_w` and the endowments `ω`; and the [`FeasiblePlan`](crate::FeasiblePlan)
/// made from the proposals attains `welfare`. The two meet at the clearing prices, and near them the gap is of second
/// order in the imbalances.
///
/// Councils of other kinds enter in the same way: worker councils by their true largest surplus, never a smoothed one, and
/// consumer councils by the utility that their requests at the announced prices maximise (what smoothing forgoes and what
/// fixed proportions waste stays in the gap, which is then of first order):
///
/// | preferences | utility in units of account |
/// |---|---|
/// | CES | `m·log X`, with `X` the quantity of the [`Nest`](crate::Nest) |
/// | Stone–Geary | `λ·Σ α_g·log(x_g − γ_g)`, `λ = m − Σ p_g·γ_g` |
/// | exposed | as its consumption, with the compensation in `m`; less the damage `(j/k)·(k/(a·j))^(1/j)·x^(k/j)` |
///
/// In the last two rows the weights `λ` and `m` depend on prices: they are those that the announced prices give (as in
/// Negishi's proof that an equilibrium maximises a weighted sum of utilities). Bounds from different prices then bound
/// different sums, and each gap is true of its own.
///
/// Every consumer council pays the same share of a public good's price, and supply meets the average request. Utilities
/// that are logarithmic in a public good (Cobb–Douglas preferences, or a nest with σ = 1 at the top) make that as good as
/// shares that suit each (Lindahl's). Where public goods are substitutes for others, or subsistence quantities of
/// them differ between councils, it is not, and what it loses stays in the gap.
///
/// Since `W` contains logarithms of quantities, its level depends on the units they are measured in; the gap does
/// not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Certificate {
    /// No feasible plan has a higher welfare, in units of account.
    pub upper_bound: f64,
    /// Welfare of the feasible plan made from the proposals, in units of account.
    pub welfare: f64,
    /// What the feasible plan lacks at most, in units of account. Computed from terms that are never negative, so
    /// that it keeps its digits when both bounds are large.
    pub gap: f64,
    /// The gap as a share of all incomes.
    pub gap_relative: f64,
}

impl Certificate {
    /// The factor on everybody's consumption that is worth the gap: the feasible plan is at least as good as the
    /// best plan with all consumption multiplied by this factor, `exp(−gap/Σm)`.
    ///
    /// ```
    /// let economy = parecon_planning::experiment::small_example()?;
    /// let certificate = economy.certify(&[1.0, 1.0, 1.0])?.ok_or("plans of absurd size")?;
    /// let factor = certificate.consumption_factor();
    /// assert!((factor - (-certificate.gap_relative).exp()).abs() < 1e-15 && factor < 1.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn consumption_factor(&self) -> f64 {
        (-self.gap_relative).exp()
    }
}

impl Economy {
    /// The certificate at announced prices, or `None` where [`make_feasible`](Self::make_feasible) gives none.
    ///
    /// # Errors
    /// If `prices` are not one for each good, each between 1e-100 and 1e100.
    ///
    /// # Complexity
    /// As [`make_feasible`](Self::make_feasible), without forming the plan.
    ///
    /// # Example
    /// See [`make_feasible`](Self::make_feasible).
    pub fn certify(&self, prices: &[f64]) -> Result<Option<Certificate>, Error> {
        self.check_prices(prices)?;
        let answers = self.answers_at(prices)?;
        Ok(self.certificate_at(prices, &answers))
    }

    pub(crate) fn certificate_at(&self, prices: &[f64], answers: &Answers) -> Option<Certificate> {
        Clearing::of(self, prices, answers).and_then(|clearing| clearing.certificate(self, prices, answers))
    }
}
