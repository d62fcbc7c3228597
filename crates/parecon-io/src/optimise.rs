//! Planning by optimisation: the most of what is wanted, with what there is.
//!
//! ```text
//! maximise f(y)  subject to   N x + s ≥ y       net output of the processes and stocks cover deliveries   prices p
//!                             x ≤ c             capacities                                                prices μ
//!                             R x ≤ r           labour by type, land, fuel, emission permits              prices ρ
//!                             y ≥ y₀,  x ≥ 0    required deliveries
//! ```
//!
//! N = I − A for a [`Technology`]; with [`Planner::from_processes`] several processes may make the same product, make
//! several products, or carry a product from one period to the next. The [`Objective`] f is a target to be met as
//! many times as possible, a weighted sum, or the concave harmony.
//!
//! Every [`Plan`] carries its own proof, computed here from the prices and not taken from the solver: no plan whatever
//! is worth more than [`Plan::bound`]. Where the required deliveries cannot be met, the [`Shortage`] says what
//! is short, and the largest share that can be met.

use std::collections::HashSet;

use nalgebra::{DMatrix, DVector};

use crate::axis::{Axis, Commodity, Industry};
use crate::error::Error;
use crate::serial;
use crate::technology::Technology;

mod answer;
mod deliveries;
mod interior;
mod objective;
mod program;
mod proof;
mod rebuild;
mod search;
mod shortage;

pub use answer::{Answer, Bottleneck, Limit, Plan, Shortage};
pub use objective::Objective;

/// A relative gap between plan and bound that counts as none, unless the caller wants another.
const TOLERANCE: f64 = 1e-7;

/// Interior-point methods take 10 to 50 steps whatever the size.
const MAX_ITERATIONS: u32 = 200;

/// Something that production uses up and of which there is so much.
#[derive(Clone, Debug)]
struct Resource {
    name: String,
    per_unit: DVector<f64>,
    available: f64,
}

/// What can be produced with what: the constraints of a plan.
///
/// # Example
/// Corn and iron; 8 and 10 hours a unit, of which there are 10,000; as many baskets as possible of 3 corn and 1 iron.
/// ```
/// use nalgebra::{dmatrix, dvector};
/// use parecon_io::optimise::{Objective, Planner};
/// use parecon_io::{Axis, Technology};
///
/// let sectors = Axis::from_codes(["corn", "iron"])?;
/// let technology = Technology::from_coefficients(sectors, dmatrix![0.2, 0.1; 0.1, 0.3])?;
/// let planner = Planner::new(&technology).with_resource("labour", &dvector![8.0, 10.0], 10_000.0)?;
/// let answer = planner.solve(&Objective::Proportional(dvector![3.0, 1.0]))?;
/// let plan = answer.plan().unwrap();
/// // All the labour is used, λ = L / l'(I − A)⁻¹d, and an hour is worth 1 / l'(I − A)⁻¹d baskets.
/// let hours = technology.prices(&dvector![8.0, 10.0])?.dot(&dvector![3.0, 1.0]);
/// assert!((plan.objective - 10_000.0 / hours).abs() < 1e-9);
/// assert!((plan.resource_prices[0] * hours - 1.0).abs() < 1e-12);
/// // Goods cost their labour content.
/// assert!((plan.product_prices[0] / plan.resource_prices[0] - technology.prices(&dvector![8.0, 10.0])?[0]).abs() < 1e-9);
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// L. V. Kantorovich, "Mathematical methods of organizing and planning production", 1939 (Management Science 6, 1960);
/// W. P. Cockshott and A. Cottrell, *Towards a New Socialism*, 1993, ch. 6.
#[derive(Clone, Debug)]
pub struct Planner {
    products: Vec<String>,
    processes: Vec<String>,
    net: DMatrix<f64>,
    /// Of a productive technology, N = I − A and (I − A)⁻¹ ≥ 0: plans are then those of deliveries alone.
    technology: Option<Technology>,
    /// Infinite where there is no limit.
    capacity: DVector<f64>,
    resources: Vec<Resource>,
    stocks: DVector<f64>,
    minimum: DVector<f64>,
    tolerance: f64,
    max_iterations: u32,
}

impl Planner {
    /// Plans over a technology: every sector is a process and makes one product. Nothing is limited yet.
    ///
    /// # Complexity
    /// O(n²) per step of the test whether the technology is productive.
    #[must_use]
    pub fn new(technology: &Technology) -> Self {
        let sectors = technology.sectors();
        let n = sectors.len();
        let labels: Vec<String> = (0..n).map(|i| sectors.describe(i)).collect();
        let net = DMatrix::identity(n, n) - technology.coefficients();
        let productive = technology.productivity().is_productive();
        Self::over(labels.clone(), labels, net, productive.then(|| technology.clone()))
    }

    /// Plans over processes that make products out of products, product × process: `outputs` and `inputs` of each
    /// process run at unit level.
    ///
    /// A technique among several is a process; so is a joint production; keeping a product from one period to the
    /// next is a process whose input is the product of the first and whose output that of the second period. Every
    /// process must be limited, by a capacity or by using a resource, before [`Planner::solve`] is called: without,
    /// there is no bound to prove.
    ///
    /// # Errors
    /// Shapes other than product × process, and amounts that are negative or not finite.
    ///
    /// # Complexity
    /// O(products × processes).
    ///
    /// # Example
    /// Bread from a bakery (2 hours a loaf) or from a factory (1 hour, but of which only 60 loaves).
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::Axis;
    /// use parecon_io::optimise::{Objective, Planner};
    ///
    /// let planner = Planner::from_processes(
    ///     &Axis::from_codes(["bread"])?,
    ///     &Axis::from_codes(["bakery", "factory"])?,
    ///     &dmatrix![1.0, 1.0],
    ///     &dmatrix![0.0, 0.0],
    /// )?
    /// .with_capacity(&dvector![f64::INFINITY, 60.0])?
    /// .with_resource("labour", &dvector![2.0, 1.0], 100.0)?;
    /// let answer = planner.solve(&Objective::Weighted(dvector![1.0]))?;
    /// let plan = answer.plan().unwrap();
    /// assert!((plan.objective - 80.0).abs() < 1e-5);
    /// // One more hour is half a loaf; one more place in the factory saves an hour.
    /// assert!((plan.resource_prices[0] - 0.5).abs() < 1e-5 && (plan.capacity_prices[1] - 0.5).abs() < 1e-5);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn from_processes(
        products: &Axis<Commodity>,
        processes: &Axis<Industry>,
        outputs: &DMatrix<f64>,
        inputs: &DMatrix<f64>,
    ) -> Result<Self, Error> {
        let shape = (products.len(), processes.len());
        for (what, amounts) in [("outputs", outputs), ("inputs", inputs)] {
            let cell = |i, j| format!("{} of {}", products.describe(i), processes.describe(j));
            serial::check_matrix(what, amounts, shape, cell)?;
            if let Some(at) = amounts.iter().position(|amount| *amount < 0.0) {
                let (i, j) = (at % shape.0, at / shape.0);
                return Err(Error::invalid(format!(
                    "{what}, {}: is {}, must not be negative",
                    cell(i, j),
                    amounts[(i, j)]
                )));
            }
        }
        let labels = |count: usize, describe: &dyn Fn(usize) -> String| (0..count).map(describe).collect();
        Ok(Self::over(
            labels(shape.0, &|i| products.describe(i)),
            labels(shape.1, &|j| processes.describe(j)),
            outputs - inputs,
            None,
        ))
    }

    fn over(
        products: Vec<String>,
        processes: Vec<String>,
        net: DMatrix<f64>,
        technology: Option<Technology>,
    ) -> Self {
        let (m, n) = net.shape();
        Self {
            products,
            processes,
            net,
            technology,
            capacity: DVector::from_element(n, f64::INFINITY),
            resources: Vec::new(),
            stocks: DVector::zeros(m),
            minimum: DVector::zeros(m),
            tolerance: TOLERANCE,
            max_iterations: MAX_ITERATIONS,
        }
    }

    /// Limits the level of every process (the output of every sector), x ≤ c; infinity where there is no limit.
    ///
    /// # Errors
    /// A vector of another length, a capacity that is negative or not a number.
    ///
    /// # Complexity
    /// O(n).
    ///
    /// # Example
    /// See [`Planner::from_processes`].
    pub fn with_capacity(mut self, capacity: &DVector<f64>) -> Result<Self, Error> {
        length("capacity", capacity, self.processes.len())?;
        for (value, process) in capacity.iter().zip(&self.processes) {
            if value.is_nan() || *value < 0.0 {
                return Err(Error::invalid(format!("capacity, {process}: is {value}, must not be negative")));
            }
        }
        self.capacity = capacity.clone();
        Ok(self)
    }

    /// Adds a resource of which every process uses so much per unit, and of which there is so much in all: labour of a
    /// type, land, a mineral, emission permits. A negative use is a contribution; plans with such a resource are found
    /// by the general solver, which takes minutes for 1,000 sectors.
    ///
    /// # Errors
    /// A vector of another length or with values that are not finite, an amount that is negative or not finite, a name
    /// that is empty or was given before.
    ///
    /// # Complexity
    /// O(n).
    ///
    /// # Example
    /// See [`Planner`].
    pub fn with_resource(
        mut self,
        name: &str,
        per_unit: &DVector<f64>,
        available: f64,
    ) -> Result<Self, Error> {
        if name.trim().is_empty() {
            return Err(Error::invalid(format!("resource number {}: has no name", self.resources.len() + 1)));
        }
        if self.resources.iter().any(|resource| resource.name == name) {
            return Err(Error::invalid(format!("resource {name:?}: is given twice")));
        }
        let what = format!("resource {name:?}");
        serial::check_vector(&what, per_unit, self.processes.len(), |j| self.processes[j].clone())?;
        if !(available.is_finite() && available >= 0.0) {
            return Err(Error::invalid(format!(
                "{what}: {available} is available, must be finite and not negative"
            )));
        }
        self.resources.push(Resource { name: name.to_owned(), per_unit: per_unit.clone(), available });
        Ok(self)
    }

    /// Products that are there already, by product; they cover deliveries and inputs like new ones.
    ///
    /// # Errors
    /// A vector of another length, amounts that are negative or not finite.
    ///
    /// # Complexity
    /// O(m).
    ///
    /// # Example
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::optimise::{Objective, Planner};
    /// use parecon_io::{Axis, Technology};
    ///
    /// let sectors = Axis::from_codes(["seed"])?;
    /// let technology = Technology::from_coefficients(sectors, dmatrix![0.5])?;
    /// let planner = Planner::new(&technology)
    ///     .with_capacity(&dvector![10.0])?
    ///     .with_stocks(&dvector![2.0])?;
    /// let answer = planner.solve(&Objective::Weighted(dvector![1.0]))?;
    /// assert!((answer.plan().unwrap().final_demand[0] - 7.0).abs() < 1e-6);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn with_stocks(mut self, stocks: &DVector<f64>) -> Result<Self, Error> {
        self.not_negative("stocks", stocks)?;
        self.stocks = stocks.clone();
        Ok(self)
    }

    /// Deliveries that must be made whatever the objective, y ≥ y₀, by product.
    ///
    /// # Errors
    /// A vector of another length, amounts that are negative or not finite.
    ///
    /// # Complexity
    /// O(m).
    ///
    /// # Example
    /// What is asked for takes more labour than there is.
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::optimise::{Answer, Objective, Planner};
    /// use parecon_io::{Axis, Technology};
    ///
    /// let sectors = Axis::from_codes(["corn", "iron"])?;
    /// let technology = Technology::from_coefficients(sectors, dmatrix![0.0, 0.0; 0.0, 0.0])?;
    /// let planner = Planner::new(&technology)
    ///     .with_resource("labour", &dvector![1.0, 2.0], 100.0)?
    ///     .with_minimum(&dvector![25.0, 50.0])?;
    /// let Answer::Shortage(shortage) = planner.solve(&Objective::Weighted(dvector![1.0, 1.0]))? else { panic!() };
    /// assert_eq!(shortage.share, 0.8);
    /// assert_eq!(
    ///     shortage.to_string(),
    ///     r#"at most 80.00 % of the required deliveries can be made: resource "labour": 125 needed, 100 available"#
    /// );
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn with_minimum(mut self, deliveries: &DVector<f64>) -> Result<Self, Error> {
        self.not_negative("required deliveries", deliveries)?;
        self.minimum = deliveries.clone();
        Ok(self)
    }

    /// The gap between plan and bound, relative, up to which a plan counts as best; 1e-7 unless given.
    ///
    /// # Errors
    /// A tolerance outside [1e-12, 0.1].
    ///
    /// # Complexity
    /// O(1).
    ///
    /// # Example
    /// ```
    /// use parecon_io::optimise::Planner;
    /// use parecon_io::{Technology, datasets};
    ///
    /// let technology = Technology::from_table(&datasets::miller_blair()?)?;
    /// assert!(Planner::new(&technology).with_tolerance(0.0).is_err());
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn with_tolerance(mut self, tolerance: f64) -> Result<Self, Error> {
        if !(1e-12..=0.1).contains(&tolerance) {
            return Err(Error::invalid(format!("tolerance: is {tolerance}, must be between 1e-12 and 0.1")));
        }
        self.tolerance = tolerance;
        Ok(self)
    }

    /// The number of interior-point steps after which the best plan so far is returned; 200 unless given.
    #[must_use]
    pub fn with_max_iterations(mut self, iterations: u32) -> Self {
        self.max_iterations = iterations;
        self
    }

    fn not_negative(&self, what: &str, amounts: &DVector<f64>) -> Result<(), Error> {
        serial::check_vector(what, amounts, self.products.len(), |i| self.products[i].clone())?;
        match amounts.iter().position(|amount| *amount < 0.0) {
            None => Ok(()),
            Some(i) => Err(Error::invalid(format!(
                "{what}, {}: is {}, must not be negative",
                self.products[i], amounts[i]
            ))),
        }
    }

    /// Refuses processes without any limit, and objectives that nothing limits.
    fn check_limited(&self, objective: &Objective) -> Result<(), Error> {
        let wanted = objective.wanted();
        let Some(technology) = &self.technology else {
            let unlimited = self.highest_levels().iter().position(|level| level.is_infinite());
            return match unlimited {
                None => Ok(()),
                Some(j) => Err(Error::invalid(format!(
                    "{}: has no capacity and uses no resource, must be limited by one",
                    self.processes[j]
                ))),
            };
        };
        let mut limited =
            DVector::from_fn(self.processes.len(), |j, _| f64::from(self.capacity[j].is_finite()));
        for resource in &self.resources {
            limited += resource.per_unit.map(|use_| use_.max(0.0));
        }
        let reached = technology.prices(&limited)?;
        // Of a proportional target one limited product is enough; of a sum everything must be.
        let unlimited: HashSet<usize> =
            (0..reached.len()).filter(|&i| wanted[i] && reached[i] <= 0.0).collect();
        let enough = match objective {
            Objective::Proportional(_) => (0..reached.len()).any(|i| wanted[i] && reached[i] > 0.0),
            _ => unlimited.is_empty(),
        };
        match unlimited.iter().min() {
            Some(&i) if !enough => Err(Error::invalid(format!(
                "{}: nothing limits its delivery, neither it nor what it is made of has a capacity or uses a resource",
                self.products[i]
            ))),
            _ => Ok(()),
        }
    }

    /// The levels above which processes cannot run whatever the others do; infinite where none is known.
    fn highest_levels(&self) -> DVector<f64> {
        let mut highest = self.capacity.clone();
        for resource in &self.resources {
            let contributions = resource.per_unit.iter().zip(&self.capacity).filter(|(use_, _)| **use_ < 0.0);
            let most: f64 = contributions.map(|(use_, capacity)| -use_ * capacity).sum();
            for (level, use_) in highest.iter_mut().zip(&resource.per_unit).filter(|(_, use_)| **use_ > 0.0) {
                *level = level.min((resource.available + most) / use_);
            }
        }
        highest
    }
}

fn length(what: &str, vector: &DVector<f64>, len: usize) -> Result<(), Error> {
    if vector.len() == len {
        return Ok(());
    }
    Err(Error::invalid(format!("{what}: has {} entries, must have {len}", vector.len())))
}
