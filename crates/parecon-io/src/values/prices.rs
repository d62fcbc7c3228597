//! Prices of production: a uniform profit rate, and the wage that goes with it.

use nalgebra::{DMatrix, DVector};
use parecon_core::Status;
use serde::Serialize;

use super::pencil::{self, Groups, block};
use super::{PriceSystem, Wages, not_negative};
use crate::axis::{Axis, Id, Sector};
use crate::error::Error;
use crate::factor::{Factor, Side, System};
use crate::inputs::Inputs;

/// What is given about the division of the net product between wages and profit.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Distribution {
    /// An hour's wage buys these amounts of the products, w = p b. A money wage in terms of a numeraire is a bundle
    /// too: so much of the numeraire.
    RealWage(DVector<f64>),
    /// Wages are this share of the net product of these outputs, w l x = share · p (I − A − D) x: the value of
    /// labour power of the "new interpretation".
    WageShare {
        /// The share, above 0 and at most 1.
        share: f64,
        /// Outputs x by sector.
        output: DVector<f64>,
    },
    /// The profit rate itself, 0 or more.
    ProfitRate(f64),
}

/// What prices are measured in.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Numeraire {
    /// These amounts of the products together cost so much, p · basket = worth.
    Basket {
        /// Amounts by sector.
        basket: DVector<f64>,
        /// What they cost together, above 0.
        worth: f64,
    },
    /// An hour's wage is so much: at 1, prices are labour commanded.
    Wage(f64),
}

impl Numeraire {
    /// The factor that brings prices and wage to this scale.
    pub(super) fn scale(
        &self,
        prices: &DVector<f64>,
        wage: f64,
        sectors: &Axis<Sector>,
    ) -> Result<f64, Error> {
        let (what, wanted, found) = match self {
            Numeraire::Wage(wanted) => ("numeraire, wage", *wanted, wage),
            Numeraire::Basket { basket, worth } => {
                not_negative("numeraire", basket, sectors)?;
                let without = |(i, amount): (usize, &f64)| *amount > 0.0 && prices[i].is_nan();
                if let Some(i) = basket.iter().enumerate().position(without) {
                    let sector = sectors.describe(i);
                    return Err(Error::invalid(format!("numeraire, {sector}: has no price in this system")));
                }
                // A product without a price must not spoil the sum where none of it is in the basket.
                let costs = basket.iter().zip(prices).filter(|(amount, _)| **amount > 0.0);
                ("numeraire, worth", *worth, costs.map(|(amount, price)| amount * price).sum())
            }
        };
        if !(wanted.is_finite() && wanted > 0.0) {
            return Err(Error::invalid(format!("{what}: is {wanted}, must be finite and above 0")));
        }
        let scale = wanted / found;
        if scale.is_finite() {
            return Ok(scale);
        }
        Err(Error::invalid(format!("{what}: comes to {found} in this system, nothing can be measured in it")))
    }
}

/// Prices at which capital earns the same everywhere.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ProductionPrices {
    /// Prices by sector; NaN for those in `unpriced`.
    pub prices: DVector<f64>,
    /// The wage per hour.
    pub wage: f64,
    /// The uniform profit rate per period.
    pub profit_rate: f64,
    /// Lower and upper bound of the profit rate, rounding included (equal where the rate was given). Proved where every
    /// basic sector ties up capital, else up to rounding.
    pub profit_rate_bounds: (f64, f64),
    /// The sectors that determine the profit rate, because all production needs them, directly or not (Sraffa's
    /// basics, wage goods included where the real wage is given). Empty where the rate was given.
    pub basics: Vec<Id<Sector>>,
    /// Sectors without a price at this profit rate: they use up so much of themselves that they could not earn it at
    /// any price, or need such inputs. Usually empty.
    pub unpriced: Vec<Id<Sector>>,
    /// Whether the rate was found to rounding.
    pub status: Status,
}

/// The profit rate at which nothing is left for wages.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[must_use]
#[non_exhaustive]
pub struct MaximumProfitRate {
    /// The rate; infinite if nothing produced is needed for its own production.
    pub rate: f64,
    /// Lower and upper bound, rounding included.
    pub bounds: (f64, f64),
    /// The group of sectors that sets the limit.
    pub binding: Vec<Id<Sector>>,
    /// Whether that group is the basics. If not, the maximum is that of a side branch, and the basics could earn more.
    pub basic: bool,
    /// Whether the rate was found to rounding.
    pub status: Status,
}

impl PriceSystem {
    /// Prices of production, wage and uniform profit rate.
    ///
    /// With a real wage (or a share, which is a real wage in terms of the net product) the rate is the root of
    ///
    /// ```text
    /// p (I − A − D − b l) = r p (K + A t̂ + b l θ̂)        p > 0
    /// ```
    ///
    /// over the basics, and the other prices follow. For circulating capital with wages advanced that is
    /// p = (1 + r) p (A + b l). It is positive exactly if an hour's wage contains less than an hour, v b < 1 (Morishima's
    /// fundamental theorem). A given rate r leaves linear equations.
    ///
    /// # Errors
    /// Vectors of another length, negative or not finite; a share outside 0 to 1; negative net output with
    /// a share; a technology that is not productive; a real wage above the net product, unless r is then still
    /// defined; parts of the economy without common inputs, whose profit rates need not agree (two sectors are named);
    /// a numeraire worth nothing.
    ///
    /// # Complexity
    /// O(n³) for each of a few factorisations.
    ///
    /// # Example
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::values::{Distribution, Numeraire, PriceSystem};
    /// use parecon_io::{Axis, Technology};
    ///
    /// let sectors = Axis::from_codes(["corn", "iron"])?;
    /// let technology = Technology::from_coefficients(sectors, dmatrix![0.2, 0.3; 0.1, 0.4])?;
    /// let system = PriceSystem::new(&technology, dvector![1.0, 1.0])?;
    /// // An hour's wage is 0.2 corn, in which prices are measured: A + b l is [0.4, 0.5; 0.1, 0.4].
    /// let answer = system.prices(
    ///     &Distribution::RealWage(dvector![0.2, 0.0]),
    ///     &Numeraire::Basket { basket: dvector![1.0, 0.0], worth: 1.0 },
    /// )?;
    /// assert!((answer.profit_rate - (1.0 / (0.4 + 0.05f64.sqrt()) - 1.0)).abs() < 1e-14);
    /// assert!((answer.wage - 0.2).abs() < 1e-14);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// T. Noda, "Note on the computation of the maximal eigenvalue of a non-negative irreducible matrix", Numerische
    /// Mathematik 17, 1971; P. Sraffa, *Production of Commodities by Means of Commodities*, appendix B, for products
    /// without a price.
    pub fn prices(
        &self,
        distribution: &Distribution,
        numeraire: &Numeraire,
    ) -> Result<ProductionPrices, Error> {
        self.check_productive()?;
        let mut answer = match distribution {
            Distribution::ProfitRate(rate) => self.at_rate(*rate)?,
            Distribution::RealWage(bundle) => self.at_real_wage("real wage", bundle)?,
            Distribution::WageShare { share, output } => {
                self.at_real_wage("wage share", &self.bundle_of_share(*share, output)?)?
            }
        };
        let scale = numeraire.scale(&answer.prices, answer.wage, self.sectors())?;
        answer.prices *= scale;
        answer.wage *= scale;
        Ok(answer)
    }

    /// The greatest uniform profit rate, at which nothing is left for wages: the least root of the groups of sectors
    /// that need each other.
    ///
    /// ```text
    /// p (I − A − D) = R p (K + A t̂)
    /// ```
    ///
    /// 1/ρ(A) − 1 for circulating capital.
    ///
    /// # Errors
    /// A technology that is not productive, naming the sectors.
    ///
    /// # Complexity
    /// As [`PriceSystem::prices`].
    ///
    /// # Example
    /// See [`PriceSystem`].
    pub fn maximum_profit_rate(&self) -> Result<MaximumProfitRate, Error> {
        self.check_productive()?;
        let (used, tied) = (self.used.coefficients(), self.tied());
        let groups = Groups::new(&(used + &tied));
        let mut least = MaximumProfitRate {
            rate: f64::INFINITY,
            bounds: (f64::INFINITY, f64::INFINITY),
            binding: Vec::new(),
            basic: false,
            status: Status::Converged,
        };
        let mut binding: &[usize] = &[];
        for members in groups.circular.iter().map(|&g| groups.groups[g].as_slice()) {
            let (used, tied) = (block(used, members), block(&tied, members));
            if tied.iter().all(|cell| *cell == 0.0) {
                continue;
            }
            let start = DVector::from_element(members.len(), 1.0);
            let found = pencil::rate(&used, &tied, start, Some(0.0)).ok_or_else(|| self.undefined())?;
            if found.rate < least.rate {
                (least.rate, least.status, binding) = (found.rate, found.status, members);
            }
            least.bounds.0 = least.bounds.0.min(found.bounds.0);
            least.bounds.1 = least.bounds.1.min(found.bounds.1);
        }
        least.basic = groups.basic() == Some(binding);
        least.binding = self.ids(binding);
        Ok(least)
    }

    /// The wage–profit curve: the wage in terms of a basket of products at each of these profit rates.
    ///
    /// It falls from the net product of an hour at r = 0 to 0 at the maximum rate.
    ///
    /// # Errors
    /// A rate that is negative, not finite or too high for some product in the basket to have a price; a basket of
    /// another length, negative, not finite or worth nothing.
    ///
    /// # Complexity
    /// O(n³) per rate.
    ///
    /// # Example
    /// Corn from 0.5 corn and an hour: w = 1 / v, v = (1 + r) / (1 − 0.5 (1 + r)).
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::{Axis, Technology, values::PriceSystem};
    ///
    /// let technology = Technology::from_coefficients(Axis::from_codes(["corn"])?, dmatrix![0.5])?;
    /// let system = PriceSystem::new(&technology, dvector![1.0])?;
    /// let wages = system.wage_curve(&[0.0, 0.25, 0.6], &dvector![1.0])?;
    /// let expected = [0.5, 0.375 / 1.25, 0.2 / 1.6];
    /// assert!(wages.iter().zip(expected).all(|(wage, expected)| (wage - expected).abs() < 1e-15));
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn wage_curve(&self, rates: &[f64], basket: &DVector<f64>) -> Result<Vec<f64>, Error> {
        self.check_productive()?;
        let numeraire = Numeraire::Basket { basket: basket.clone(), worth: 1.0 };
        let wage = |rate: &f64| {
            let answer = self.at_rate(*rate)?;
            numeraire.scale(&answer.prices, answer.wage, self.sectors())
        };
        rates.iter().map(wage).collect()
    }

    /// Prices at a wage of 1.
    fn at_rate(&self, rate: f64) -> Result<ProductionPrices, Error> {
        if !(rate.is_finite() && rate >= 0.0) {
            return Err(Error::invalid(format!("profit rate: is {rate}, must be finite and not negative")));
        }
        let costs = &self.labour + self.tied_labour() * rate;
        let system = self.used.coefficients() + self.tied() * rate;
        let mut prices = DVector::zeros(costs.len());
        let groups = Groups::new(&system).groups;
        let unpriced = self.price_groups(&system, &costs, &groups, &mut prices);
        Ok(ProductionPrices {
            prices,
            wage: 1.0,
            profit_rate: rate,
            profit_rate_bounds: (rate, rate),
            basics: Vec::new(),
            unpriced,
            status: Status::Converged,
        })
    }

    fn at_real_wage(&self, what: &str, bundle: &DVector<f64>) -> Result<ProductionPrices, Error> {
        not_negative(what, bundle, self.sectors())?;
        if bundle.iter().all(|amount| *amount == 0.0) {
            return Err(Error::invalid(format!(
                "{what}: is zero; the profit rate is then the maximum rate, for which there is a question of its own"
            )));
        }
        let used = self.used.coefficients() + bundle * self.labour.transpose();
        let tied = self.tied() + bundle * self.tied_labour().transpose();
        let groups = Groups::new(&(&used + &tied));
        let Some(basics) = groups.basic() else { return Err(self.without_basics(&groups)) };
        let (used_by_basics, tied_by_basics) = (block(&used, basics), block(&tied, basics));
        if tied_by_basics.iter().all(|cell| *cell == 0.0) {
            return Err(self.undefined());
        }
        let values = self.used.prices(&self.labour)?;
        let hours = values.dot(bundle);
        // Circulating capital with wages advanced: (1 + s) N ≥ 0 down to s = −1.
        let circulating = used_by_basics == tied_by_basics;
        let floor = match hours < 1.0 {
            true => Some(0.0),
            false => circulating.then_some(-1.0),
        };
        let mut start = DVector::from_iterator(basics.len(), basics.iter().map(|&i| values[i]));
        if start.iter().any(|value| *value <= 0.0) {
            start.fill(1.0);
        }
        let found = pencil::rate(&used_by_basics, &tied_by_basics, start, floor).ok_or_else(|| {
            Error::invalid(format!(
                "{what}: an hour's wage contains {hours} hours of labour, must be at most 1: more is paid than the net \
                 product"
            ))
        })?;
        let mut prices = DVector::zeros(values.len());
        basics.iter().zip(&found.vector).for_each(|(&i, price)| prices[i] = *price);
        let system = used + tied * found.rate;
        let others: Vec<_> =
            groups.groups.iter().filter(|group| group.as_slice() != basics).cloned().collect();
        let unpriced = self.price_groups(&system, &DVector::zeros(values.len()), &others, &mut prices);
        let wage = bundle.iter().zip(&prices).filter(|(b, _)| **b > 0.0).map(|(b, price)| b * price).sum();
        Ok(ProductionPrices {
            prices,
            wage,
            profit_rate: found.rate,
            profit_rate_bounds: found.bounds,
            basics: self.ids(basics),
            unpriced,
            status: found.status,
        })
    }

    /// An hour's share of the net product.
    fn bundle_of_share(&self, share: f64, output: &DVector<f64>) -> Result<DVector<f64>, Error> {
        if !(share > 0.0 && share <= 1.0) {
            return Err(Error::invalid(format!("wage share: is {share}, must be above 0 and at most 1")));
        }
        not_negative("output", output, self.sectors())?;
        let hours = self.labour.dot(output);
        if hours <= 0.0 {
            return Err(Error::invalid("output: takes no labour, there are no wages to share"));
        }
        let net = output - self.used.coefficients() * output;
        not_negative("net output", &net, self.sectors())?;
        Ok(net * (share / hours))
    }

    /// Solves p = p G + costs group by group, suppliers first; prices of other groups are given. Returns the sectors
    /// that have none, with NaN as their price.
    fn price_groups(
        &self,
        system: &DMatrix<f64>,
        costs: &DVector<f64>,
        groups: &[Vec<usize>],
        prices: &mut DVector<f64>,
    ) -> Vec<Id<Sector>> {
        let mut unpriced = Vec::new();
        for members in groups {
            members.iter().for_each(|&j| prices[j] = 0.0);
            let bought = |j: usize| {
                let cells = system.column(j);
                let terms = cells.iter().zip(prices.iter()).filter(|(cell, _)| **cell > 0.0);
                costs[j] + terms.map(|(cell, price)| cell * price).sum::<f64>()
            };
            let rhs = DMatrix::from_iterator(members.len(), 1, members.iter().map(|&j| bought(j)));
            let inside = block(system, members);
            let solution =
                if rhs.iter().any(|cost| cost.is_nan()) { None } else { positive_solution(&inside, &rhs) };
            match solution {
                Some(solution) => members.iter().zip(&solution).for_each(|(&j, price)| prices[j] = *price),
                None => {
                    members.iter().for_each(|&j| prices[j] = f64::NAN);
                    unpriced.extend(self.ids(members));
                }
            }
        }
        unpriced.sort_unstable();
        unpriced
    }

    pub(super) fn without_basics(&self, groups: &Groups) -> Error {
        let name = |g: usize| self.sectors().describe(groups.groups[g][0]);
        match (groups.circular.first(), groups.apart) {
            (Some(&first), Some(apart)) => Error::invalid(format!(
                "{}: is not needed for {}, directly or not; without a product that all others need there is no common \
                 profit rate",
                name(first),
                name(apart)
            )),
            _ => Error::invalid(
                "coefficients: no product is needed for its own production, so that no profit rate is determined",
            ),
        }
    }

    pub(super) fn undefined(&self) -> Error {
        let advanced = if self.wages == Wages::Advanced { "" } else { ", and wages are paid at the end" };
        Error::invalid(format!("capital: the basics tie up nothing{advanced}: no profit rate is determined"))
    }

    pub(super) fn ids(&self, members: &[usize]) -> Vec<Id<Sector>> {
        members.iter().filter_map(|&i| self.sectors().at(i)).collect()
    }
}

/// The solution of p (I − G) = rhs if G ≥ 0 is productive, which a positive solution for positive costs shows.
fn positive_solution(inside: &DMatrix<f64>, rhs: &DMatrix<f64>) -> Option<DVector<f64>> {
    let n = inside.nrows();
    if n == 1 {
        let own = 1.0 - inside[0];
        return (own > 0.0).then(|| DVector::from_element(1, rhs[0] / own));
    }
    let inside = Inputs::given(inside.clone());
    let system = System::Leontief(&inside);
    let factor = Factor::new(system, |_| String::new()).ok()?;
    let both = DMatrix::from_fn(n, 2, |i, k| if k == 0 { rhs[i] } else { 1.0 });
    let solution = factor.solve(system, Side::Transposed, &both, |_| String::new()).ok()?;
    let productive = solution.column(1).iter().all(|price| *price > 0.0);
    // Zero costs have zero prices, which rounding must not make negative.
    productive.then(|| solution.column(0).map(|price| price.max(0.0)))
}
