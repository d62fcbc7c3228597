//! The linear programme of balanced job complexes, solved at any size.
//!
//! With `x_ij ≥ 0` the hours of member i on task j (eligible pairs only), `q_i` the members' quotas, `h_j` the tasks'
//! hours, `r_jd` ratings and `r̄_d` their targets (the social averages):
//! ```text
//! minimise   Σ_ij c_ij x_ij + Σ_id w_id e_id
//! subject to Σ_j x_ij = q_i                                        every quota met
//!            Σ_i x_ij = h_j                                        every task done
//!            |Σ_j (r_jd − r̄_d) x_ij| ≤ τ_id q_i + e_id,  e_id ≥ 0   every member within the band
//! ```
//! Bands are hard (`w = ∞`, no excess) unless a [penalty](Data::penalties) is given; a band of infinite width is none.
//!
//! # The bound
//! Members meet in the tasks only. For any task prices v,
//! ```text
//! L(v) = Σ_j h_j v_j + Σ_i min { Σ_j (c_ij − v_j) x_ij + Σ_d w_id e_id : member i's quota and band }
//! ```
//! is at most the optimum, and each minimum is a linear programme in 1 + D rows, solved exactly. So the
//! [bound](Solution::bound) of every answer is recomputed from the prices alone, whichever engine found them.
//!
//! # Engines
//! [`solve`] merges identical members, tests whether each can meet the band at all, chooses an engine by size and hands
//! over what it found. Each engine is also public on its own. The feature `highs` adds `HiGHS`, with which all others are
//! tested; it compiles C++ for minutes and is never chosen unasked.
//!
//! # Vertices
//! With [`Config::with_basic`] every engine ends at a vertex: at most tasks + (1 + D) · members pairs in use, 3–4 tasks a member with
//! two dimensions. [`purify`] does the same to any solution, and [`Basis`] checks it: that the columns in use are linearly
//! independent. Both eliminate member by member, where 1 + D columns span the others, and then on the tasks what each
//! column more than those moves.

mod basis;
mod bound;
mod config;
mod exact;
mod first_order;
#[cfg(feature = "highs")]
mod highs;
mod infeasible;
mod interior;
mod member;
mod presolve;
mod problem;
mod solution;

pub use basis::{Basis, purify};
pub use config::{Config, Engine, Progress};
pub use first_order::first_order;
#[cfg(feature = "highs")]
pub use highs::highs;
pub use infeasible::{Farkas, Infeasible};
pub use interior::interior_point;
pub use presolve::{Unreachable, unreachable};
pub use problem::{Data, Problem};
pub use solution::{Outcome, Residuals, Solution, Work};

use parecon_core::Observer;

use crate::Error;
use crate::progress::Within;

/// Eligible pairs up to which [`Engine::Auto`] takes the interior-point method, and up to which it does where more accuracy
/// is asked for than first-order steps reach quickly.
const INTERIOR_PAIRS: usize = 2_000;
const ACCURATE_PAIRS: usize = 20_000;
const ACCURATE: f64 = 1e-7;

/// Solves a band problem.
///
/// # Errors
/// If the configuration is [invalid](Config::validate). That no assignment exists is an answer
/// ([`Outcome::Infeasible`], with its proof); that an engine did not get to its end is a [status](Solution::status).
///
/// # Complexity
/// See the engines; the presolve is O(pairs log pairs) and the bound O(pairs · pivots per member), about 10.
///
/// # Example
/// ```
/// use parecon_jobs::TaskId;
/// use parecon_jobs::band::{Config, Data, Problem, solve};
/// // Two members share cleaning (rated 8 below the average) and planning (8 above), within 2 points of the average.
/// let problem = Problem::new(Data {
///     dimensions: 1,
///     quotas: vec![8.0, 8.0],
///     hours: vec![8.0, 8.0],
///     offsets: vec![-8.0, 8.0],
///     starts: vec![0, 2, 4],
///     tasks: [0, 1, 0, 1].map(TaskId::new).to_vec(),
///     costs: vec![1.0, 0.0, 0.0, 0.0], // the first would rather plan
///     tolerances: vec![2.0, 2.0],
///     penalties: vec![],
/// })?;
/// let outcome = solve(&problem, &Config::default(), &mut ())?;
/// let solution = outcome.solution().expect("everyone can do everything");
/// assert!((solution.objective - 3.0).abs() < 1e-6); // 5 h of planning is all the band allows
/// assert!(solution.gap() < 1e-6 && solution.bound <= solution.objective);
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
pub fn solve(
    problem: &Problem,
    config: &Config,
    observer: &mut dyn Observer<Progress>,
) -> Result<Outcome, Error> {
    config.validate()?;
    if let Some(reason) = presolve::obstacle(problem) {
        return Ok(Outcome::Infeasible(reason));
    }
    let types = presolve::Types::new(problem);
    // A vertex for types is none for their members.
    let merged = if config.basic() { None } else { types.merged() };
    let reduced = merged.unwrap_or(problem);
    let few = if config.accuracy() < ACCURATE { ACCURATE_PAIRS } else { INTERIOR_PAIRS };
    let engine = match config.engine() {
        Engine::Auto if reduced.pairs() <= few => Engine::InteriorPoint,
        other => other,
    };
    let by_engine = |problem: &Problem, observer: &mut dyn Observer<Progress>| match engine {
        Engine::Auto | Engine::FirstOrder => first_order(problem, config, observer),
        Engine::InteriorPoint => interior_point(problem, config, observer),
        #[cfg(feature = "highs")]
        Engine::Highs => highs(problem, config, observer),
    };
    let outcome = by_engine(reduced, observer)?;
    if merged.is_none() {
        return Ok(outcome);
    }
    match types.expand(problem, outcome) {
        // A type's quota is a rounded sum, so that a proof with next to no margin may hold for types and not for members.
        Outcome::Infeasible(proof) if proof.verify(problem).is_err() => {
            by_engine(problem, &mut Within(observer))
        }
        expanded => Ok(expanded),
    }
}
