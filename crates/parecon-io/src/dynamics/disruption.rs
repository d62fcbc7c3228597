//! Adaptive disruption: inventories, rationing and overtime, period by period.

use nalgebra::{DMatrix, DVector};
use parecon_core::{Observer, Status};
use serde::Serialize;

use crate::axis::{Axis, Sector};
use crate::error::Error;
use crate::table::IoTable;
use crate::values::{not_negative, not_negative_matrix};

mod config;

pub use config::{DisruptionConfig, Rationing};

/// Shares of demand below this that are not met are rounding, not scarcity.
const SCARCE: f64 = 1e-12;

/// Production and deliveries within this of normal, relative, count as recovered.
const RECOVERED: f64 = 1e-6;

/// An economy period by period while capacity is lost or demand surges (ARIO).
///
/// Sectors make what is ordered as far as their capacity and stocks of inputs let them, ration what they make, and order
/// what they used and what their stocks lack:
///
/// ```text
/// D_i = Σ_j O_ij + F_i                                 demand for i: orders and final demand
/// C_i = α_i (1 − Δ_i) X_i                              capacity: overtime α, loss Δ, normal output X
/// P_j = min over inputs of (min(D_j, C_j), S_ij / (a_ij max(1, ψ τ_i)))      production
/// S_ij ← S_ij + deliveries − a_ij P_j                  stocks of input i at j
/// O_ij ← a_ij P_j + max(0, τ_i a_ij min(D_j, C_j) − S_ij) / T                orders
/// α_i ← α_i + (α_max − α_i) (D_i − P_i) / (D_i T_α)    or back to 1 where all demand is met
/// ```
///
/// The undisturbed economy stays as it is, bit for bit: all is reckoned relative to normal flows.
///
/// # Example
/// ```
/// use nalgebra::DMatrix;
/// use parecon_io::datasets;
/// use parecon_io::dynamics::{Disruption, DisruptionConfig};
///
/// let table = datasets::miller_blair()?;
/// let mut economy = Disruption::new(&table, &DisruptionConfig::new())?;
/// // Agriculture loses half its capacity for 60 days.
/// let loss = DMatrix::from_fn(2, 60, |i, _| if i == 0 { 0.5 } else { 0.0 });
/// let path = economy.run(&loss, &DMatrix::zeros(2, 0), 2000, &mut ())?;
/// assert!(path.status.is_converged());
/// assert!(path.production_lost[0] > 0.0);
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// S. Hallegatte, "An adaptive regional input-output model and its application to the assessment of the economic cost of
/// Katrina", Risk Analysis 28, 2008; S. Hallegatte, "Modeling the role of inventories and heterogeneity in the assessment of
/// the economic costs of natural disasters", Risk Analysis 34, 2014.
#[derive(Clone, Debug)]
pub struct Disruption {
    sectors: Axis<Sector>,
    config: DisruptionConfig,
    /// Normal flows per period, from sector to sector and by product.
    flows: DMatrix<f64>,
    use_of: DMatrix<f64>,
    final_demand: DVector<f64>,
    output: DVector<f64>,
    value_added: DVector<f64>,
    products: Vec<usize>,
    /// Wanted stocks in periods of normal use, by product.
    targets: DVector<f64>,
    /// Stocks in periods of normal use, and orders relative to normal, product × buyer.
    stocks: DMatrix<f64>,
    orders: DMatrix<f64>,
    /// Capacity relative to normal, before losses.
    overtime: DVector<f64>,
    /// The share of demand that has not turned elsewhere.
    loyal: DVector<f64>,
}

/// What happened in a period, by sector and in units of the table per period.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Period {
    /// Production.
    pub production: DVector<f64>,
    /// All orders and final demand addressed to the sector.
    pub demand: DVector<f64>,
    /// Delivered to other sectors.
    pub sold: DVector<f64>,
    /// Delivered to final demand.
    pub consumed: DVector<f64>,
    /// Final demand that was not met, here or by having turned elsewhere.
    pub unmet: DVector<f64>,
    /// Inputs of its product that sectors bought elsewhere.
    pub imported: DVector<f64>,
}

/// A disruption from start to end.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[must_use]
#[non_exhaustive]
pub struct DisruptionPath {
    /// Production, sector × period; as many periods as there were.
    pub production: DMatrix<f64>,
    /// Final demand delivered, sector × period.
    pub consumed: DMatrix<f64>,
    /// Production below normal summed over all periods, by sector; negative where a surge of demand outweighs the loss.
    pub production_lost: DVector<f64>,
    /// Value added lost with it.
    pub value_added_lost: DVector<f64>,
    /// Final demand not met, summed over all periods.
    pub unmet: DVector<f64>,
    /// The period (from 0) from which on production and deliveries are normal; `None` if they are not at the end.
    pub recovered: Option<usize>,
    /// [`Status::Converged`] if recovered, [`Status::Stopped`] if the observer stopped it, else [`Status::RoundLimit`].
    pub status: Status,
}

impl Disruption {
    /// An economy at rest, with the flows of a table.
    ///
    /// Normal output is what the rows sum to.
    ///
    /// # Errors
    /// Negative flows or final demand (a category may be negative, not all of them together); a sector that buys but sells
    /// nothing; products or stocks that do not fit the sectors.
    ///
    /// # Complexity
    /// O(n²).
    ///
    /// # Example
    /// See [`Disruption`].
    pub fn new(table: &IoTable, config: &DisruptionConfig) -> Result<Self, Error> {
        let (sectors, n) = (table.sectors(), table.len());
        not_negative_matrix("flows", table.flows(), sectors)?;
        not_negative("final demand", &table.total_final_demand(), sectors)?;
        let (products, count) = config.products(sectors)?;
        let targets = config.targets(count)?;
        let flows = table.flows() / config.periods;
        let final_demand = table.total_final_demand() / config.periods;
        let mut use_of = DMatrix::zeros(count, n);
        let mut output = DVector::zeros(n);
        for j in 0..n {
            for i in 0..n {
                use_of[(products[i], j)] += flows[(i, j)];
                // In the order in which demand is added up later.
                output[i] += flows[(i, j)];
            }
        }
        output += &final_demand;
        if let Some(j) = (0..n).find(|&j| output[j] == 0.0 && use_of.column(j).iter().any(|flow| *flow > 0.0))
        {
            return Err(Error::invalid(format!("{}: buys inputs but sells nothing", sectors.describe(j))));
        }
        Ok(Self {
            sectors: sectors.clone(),
            config: config.clone(),
            value_added: table.value_added().row_sum_tr() / config.periods,
            stocks: DMatrix::from_fn(count, n, |g, _| targets[g]),
            orders: DMatrix::from_element(count, n, 1.0),
            overtime: DVector::from_element(n, 1.0),
            loyal: DVector::from_element(n, 1.0),
            flows,
            use_of,
            final_demand,
            output,
            products,
            targets,
        })
    }

    /// The sectors.
    #[must_use]
    pub fn sectors(&self) -> &Axis<Sector> {
        &self.sectors
    }

    /// Normal output per period.
    #[must_use]
    pub fn normal_output(&self) -> &DVector<f64> {
        &self.output
    }

    /// Stocks of inputs, product × buyer, in units of the table; infinite for what never runs out.
    #[must_use]
    pub fn stocks(&self) -> DMatrix<f64> {
        self.stocks.zip_map(&self.use_of, |stock, use_of| if use_of > 0.0 { stock * use_of } else { 0.0 })
    }

    /// Capacity relative to normal, before losses: above 1 is overtime.
    #[must_use]
    pub fn overtime(&self) -> &DVector<f64> {
        &self.overtime
    }

    /// Runs so many periods with losses of capacity (shares, sector × period) and additional final demand, as
    /// for reconstruction (amounts, sector × period). Beyond their last column there is none. The observer sees every
    /// period and may stop after it.
    ///
    /// # Errors
    /// Losses outside 0 to 1, demand that is negative, values that are not finite, matrices with another number of rows or
    /// more columns than periods; no periods.
    ///
    /// # Complexity
    /// O(n²) per period.
    ///
    /// # Example
    /// See [`Disruption`].
    pub fn run(
        &mut self,
        capacity_loss: &DMatrix<f64>,
        additional_demand: &DMatrix<f64>,
        periods: usize,
        observer: &mut dyn Observer<Period>,
    ) -> Result<DisruptionPath, Error> {
        config::check_course("capacity loss", capacity_loss, &self.sectors, 1.0)?;
        config::check_course("additional demand", additional_demand, &self.sectors, f64::INFINITY)?;
        let given = capacity_loss.ncols().max(additional_demand.ncols());
        if periods == 0 || given > periods {
            return Err(Error::invalid(format!("periods: is {periods}, must be at least {}", given.max(1))));
        }
        let n = self.sectors.len();
        let (mut production, mut consumed) = (Vec::new(), Vec::new());
        let mut path = DisruptionPath {
            production: DMatrix::zeros(n, 0),
            consumed: DMatrix::zeros(n, 0),
            production_lost: DVector::zeros(n),
            value_added_lost: DVector::zeros(n),
            unmet: DVector::zeros(n),
            recovered: None,
            status: Status::RoundLimit,
        };
        let at = |course: &DMatrix<f64>, t: usize| match t < course.ncols() {
            true => course.column(t).into_owned(),
            false => DVector::zeros(n),
        };
        observer.on_start();
        let mut stopped = false;
        for t in 0..periods {
            let extra = at(additional_demand, t);
            let period = self.advance(&at(capacity_loss, t), &extra);
            let lost = &self.output - &period.production;
            let usual = lost.iter().zip(&self.output).all(|(lost, x)| lost.abs() <= RECOVERED * x)
                && (0..n).all(|i| period.unmet[i] <= RECOVERED * (self.final_demand[i] + extra[i]));
            path.recovered = if usual { path.recovered.or(Some(t)) } else { None };
            for i in 0..n {
                if self.output[i] > 0.0 {
                    path.value_added_lost[i] += self.value_added[i] * (lost[i] / self.output[i]);
                }
            }
            path.production_lost += lost;
            path.unmet += &period.unmet;
            production.extend_from_slice(period.production.as_slice());
            consumed.extend_from_slice(period.consumed.as_slice());
            if observer.on_round(&period).is_break() {
                stopped = true;
                break;
            }
        }
        let periods = production.len() / n;
        path.production = DMatrix::from_vec(n, periods, production);
        path.consumed = DMatrix::from_vec(n, periods, consumed);
        path.status = match path.recovered {
            _ if stopped => Status::Stopped,
            Some(_) => Status::Converged,
            None => Status::RoundLimit,
        };
        observer.on_end(path.status);
        Ok(path)
    }

    /// One period, for callers who own the loop: who let capacity recover as the additional demand for reconstruction
    /// is met, for example.
    ///
    /// # Errors
    /// Losses outside 0 to 1, demand that is negative, values that are not finite, vectors of another length. Nothing has
    /// then changed.
    ///
    /// # Complexity
    /// O(n²).
    ///
    /// # Example
    /// ```
    /// use nalgebra::dvector;
    /// use parecon_io::datasets;
    /// use parecon_io::dynamics::{Disruption, DisruptionConfig};
    ///
    /// let mut economy = Disruption::new(&datasets::miller_blair()?, &DisruptionConfig::new())?;
    /// let period = economy.step(&dvector![0.5, 0.0], &dvector![0.0, 0.0])?;
    /// // Half of what agriculture sold is made; manufacturing still lives on its stocks.
    /// assert_eq!(period.production, dvector![500.0, 2000.0] / 365.0);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn step(
        &mut self,
        capacity_loss: &DVector<f64>,
        additional_demand: &DVector<f64>,
    ) -> Result<Period, Error> {
        let course = |vector: &DVector<f64>| DMatrix::from_column_slice(vector.len(), 1, vector.as_slice());
        config::check_course("capacity loss", &course(capacity_loss), &self.sectors, 1.0)?;
        config::check_course("additional demand", &course(additional_demand), &self.sectors, f64::INFINITY)?;
        Ok(self.advance(capacity_loss, additional_demand))
    }

    fn advance(&mut self, capacity_loss: &DVector<f64>, additional_demand: &DVector<f64>) -> Period {
        let n = self.sectors.len();
        let (mut ordered, mut imported) = (DVector::zeros(n), DVector::zeros(n));
        for j in 0..n {
            for i in 0..n {
                let order = self.flows[(i, j)] * self.orders[(self.products[i], j)];
                ordered[i] += order * self.loyal[i];
                imported[i] += order * (1.0 - self.loyal[i]);
            }
        }
        let at_home = self.final_demand.component_mul(&self.loyal) + additional_demand;
        let demand = &ordered + &at_home;

        // Activity, relative to normal: what is wanted, and what stocks allow.
        let mut wanted = DVector::from_element(n, 1.0);
        let mut activity = DVector::from_element(n, 1.0);
        let mut production = DVector::zeros(n);
        for j in (0..n).filter(|&j| self.output[j] > 0.0) {
            let capacity = self.overtime[j] * (1.0 - capacity_loss[j]) * self.output[j];
            let goal = demand[j].min(capacity);
            wanted[j] = goal / self.output[j];
            let allowed = (0..self.targets.len())
                .filter(|&g| self.use_of[(g, j)] > 0.0)
                .map(|g| {
                    // Infinite stocks allow anything, also where none of them are needed.
                    let target = self.targets[g];
                    if target.is_finite() {
                        self.stocks[(g, j)] / (self.config.needed * target).max(1.0)
                    } else {
                        target
                    }
                })
                .fold(f64::INFINITY, f64::min);
            activity[j] = wanted[j].min(allowed);
            production[j] = if allowed < wanted[j] { allowed * self.output[j] } else { goal };
        }

        // Deliveries.
        let share =
            |supply: f64, demand: f64| if demand > 0.0 { (supply / demand).clamp(0.0, 1.0) } else { 1.0 };
        let (mut to_sectors, mut to_final) = (DVector::from_element(n, 1.0), DVector::from_element(n, 1.0));
        for i in (0..n).filter(|&i| production[i] < demand[i]) {
            (to_sectors[i], to_final[i]) = match self.config.rationing {
                Rationing::Proportional => {
                    let all = share(production[i], demand[i]);
                    (all, all)
                }
                Rationing::IntermediateFirst => {
                    let first = share(production[i], ordered[i]);
                    (first, share(production[i] - first * ordered[i], at_home[i]))
                }
                Rationing::FinalFirst => {
                    let first = share(production[i], at_home[i]);
                    (share(production[i] - first * at_home[i], ordered[i]), first)
                }
            };
        }
        self.stock_and_order(&to_sectors, &wanted, &activity);
        self.adapt(&demand, &production);
        let consumed = at_home.component_mul(&to_final);
        Period {
            unmet: (&self.final_demand + additional_demand - &consumed).map(|unmet| unmet.max(0.0)),
            sold: ordered.component_mul(&to_sectors),
            production,
            demand,
            consumed,
            imported,
        }
    }

    /// Deliveries come in, inputs go out, and the next orders are placed.
    fn stock_and_order(&mut self, to_sectors: &DVector<f64>, wanted: &DVector<f64>, activity: &DVector<f64>) {
        let n = self.sectors.len();
        let mut received = DVector::zeros(self.targets.len());
        for j in 0..n {
            received.fill(0.0);
            for i in 0..n {
                let order = self.flows[(i, j)] * self.orders[(self.products[i], j)];
                let bought = self.loyal[i] * to_sectors[i] + (1.0 - self.loyal[i]);
                received[self.products[i]] += order * bought;
            }
            for g in (0..self.targets.len()).filter(|&g| self.use_of[(g, j)] > 0.0) {
                let mut order = activity[j];
                if self.targets[g].is_finite() {
                    let stock = self.stocks[(g, j)] - activity[j] + received[g] / self.use_of[(g, j)];
                    let mut gap = self.targets[g] * wanted[j] - stock;
                    if !self.config.destocking {
                        gap = gap.max(0.0);
                    }
                    order = (order + gap / self.config.restocking).max(0.0);
                    self.stocks[(g, j)] = stock;
                }
                self.orders[(g, j)] = order;
            }
        }
    }

    /// Overtime where demand is not met, and demand that turns elsewhere.
    fn adapt(&mut self, demand: &DVector<f64>, production: &DVector<f64>) {
        let (most, time) = self.config.overtime;
        for i in 0..demand.len() {
            let scarcity = if demand[i] > 0.0 { (demand[i] - production[i]) / demand[i] } else { 0.0 };
            let scarce = scarcity > SCARCE;
            let (overtime, loyal) = (self.overtime[i], self.loyal[i]);
            let pull = if scarce { (most - overtime) * scarcity } else { 1.0 - overtime };
            self.overtime[i] += pull / time;
            if let Some((away, back)) = self.config.adaptation {
                self.loyal[i] += if scarce { -loyal * scarcity / away } else { (1.0 - loyal) / back };
            }
        }
    }
}
