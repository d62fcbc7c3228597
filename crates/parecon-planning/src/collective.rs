//! Economies whose councils are spread over several processes.

use std::fmt;
use std::sync::Arc;

/// How processes that hold a share of the councils each add up what their councils propose.
///
/// An economy [built in such a group](crate::EconomyBuilder::build_among) answers for all councils together: its
/// processes announce the same prices and get the same sums. Every process must therefore do the same calls in the
/// same order, and an implementation must leave the same bits in every process. Whoever cannot reach the others has to
/// end the process: a sum without them would pass for a plan.
///
/// Such an economy can be planned, certified and made feasible. It has no [years](crate::Years) and no
/// [next year](crate::experiment::next_year), and is serialised without the councils of the other processes.
///
/// Crate `parecon-planning-mpi` implements this for MPI.
///
/// # Example
/// Two threads, each with the councils of one of two regions:
/// ```
/// use std::sync::{Arc, Barrier, Mutex};
/// use parecon_planning::{Collective, Config, Economy, RevealedNewton, experiment, plan};
///
/// struct Pair { meet: Barrier, table: Mutex<Vec<f64>> }
///
/// impl Pair {
///     fn merge(&self, values: &mut [f64], with: impl Fn(f64, f64) -> f64) {
///         let first = self.meet.wait().is_leader();
///         if first { *self.table.lock().unwrap() = values.to_vec(); }
///         self.meet.wait();
///         if !first { self.table.lock().unwrap().iter_mut().zip(&*values).for_each(|(t, v)| *t = with(*t, *v)); }
///         self.meet.wait();
///         values.copy_from_slice(&self.table.lock().unwrap());
///     }
/// }
///
/// impl Collective for Pair {
///     fn sum(&self, values: &mut [f64]) { self.merge(values, |a, b| a + b) }
///     fn largest(&self, values: &mut [f64]) { self.merge(values, f64::max) }
/// }
///
/// let whole = experiment::small_example()?;
/// let pair: Arc<Pair> = Arc::new(Pair { meet: Barrier::new(2), table: Mutex::new(Vec::new()) });
/// let config = Config::new().with_tolerance(1e-9);
/// let region = |number: usize| {
///     let mut share = Economy::builder(whole.goods().to_vec())?;
///     for w in (number..whole.worker_councils()).step_by(2) {
///         share.worker_council(&whole.worker_council(w).unwrap())?;
///     }
///     for c in (number..whole.consumer_councils()).step_by(2) {
///         share.consumer_council(&whole.consumer_council(c).unwrap())?;
///     }
///     plan(&share.build_among(pair.clone())?, &mut RevealedNewton::new(), &config, &mut ())
/// };
/// let (east, west) = std::thread::scope(|threads| {
///     let other = threads.spawn(|| region(1));
///     (region(0), other.join().unwrap())
/// });
/// let (east, west, all) = (east?, west?, plan(&whole, &mut RevealedNewton::new(), &config, &mut ())?);
/// assert_eq!(east.prices, west.prices);
/// assert!(east.prices.iter().zip(&all.prices).all(|(a, b)| (a / b - 1.0).abs() < 1e-9));
/// # Ok::<(), parecon_planning::Error>(())
/// ```
pub trait Collective: Send + Sync {
    /// Replaces each value by its sum over all processes.
    fn sum(&self, values: &mut [f64]);

    /// Replaces each value by the largest that any process has. No value is NaN.
    fn largest(&self, values: &mut [f64]);
}

/// The one process that has all councils.
pub(crate) struct Alone;

impl Collective for Alone {
    fn sum(&self, _: &mut [f64]) {}

    fn largest(&self, _: &mut [f64]) {}
}

/// The group an economy belongs to; which one does not make economies differ.
#[derive(Clone)]
pub(crate) struct Group {
    pub(crate) all: Arc<dyn Collective>,
    /// Whether councils may be elsewhere.
    pub(crate) spread: bool,
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Group")
    }
}

impl PartialEq for Group {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
