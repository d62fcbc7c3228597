//! Proofs that no assignment exists, checked without rounding.

use serde::{Deserialize, Serialize};

use super::exact::ExactSum;
use super::{Problem, Unreachable};
use crate::Error;

/// Why no assignment meets quotas, hours and bands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Infeasible {
    /// These members cannot meet their own band, whatever the others do.
    Members(Vec<Unreachable>),
    /// Everybody can, but not all together.
    Together(Farkas),
}

impl Infeasible {
    /// Checks the proof without rounding.
    ///
    /// # Errors
    /// A [violation](Error::is_violation) if it proves nothing for this problem.
    ///
    /// # Complexity
    /// O(pairs · D).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::TaskId;
    /// use parecon_jobs::band::{Config, Data, Problem, solve};
    /// // Only the first can do the first task, which takes longer than the first has.
    /// let mut data = Data {
    ///     quotas: vec![5.0, 5.0],
    ///     hours: vec![7.0, 3.0],
    ///     starts: vec![0, 2, 3],
    ///     tasks: [0, 1, 1].map(TaskId::new).to_vec(),
    ///     costs: vec![0.0; 3],
    ///     ..Data::default()
    /// };
    /// let problem = Problem::new(data.clone())?;
    /// let outcome = solve(&problem, &Config::default(), &mut ())?;
    /// let reason = outcome.infeasible().unwrap();
    /// reason.verify(&problem)?;
    /// // It proves nothing where there is time enough.
    /// data.hours = vec![4.0, 6.0];
    /// assert!(reason.verify(&Problem::new(data)?).unwrap_err().is_violation());
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn verify(&self, problem: &Problem) -> Result<(), Error> {
        match self {
            Infeasible::Members(members) if members.is_empty() => {
                Err(Error::violation("the proof names no member"))
            }
            Infeasible::Members(members) => members.iter().try_for_each(|member| member.verify(problem)),
            Infeasible::Together(farkas) => farkas.verify(problem),
        }
    }
}

/// Multipliers v, u, g with which the constraints add up to a contradiction (Farkas' lemma):
/// ```text
/// v_j + u_i ≤ Σ_d g_id (r_jd − r̄_d)  on every eligible pair,  yet  Σ_j h_j v_j + Σ_i q_i (u_i − Σ_d τ_id |g_id|) > 0
/// ```
/// with g = 0 where a band is soft or infinitely wide. Any assignment would make the left side of the sum of the
/// first ≤ 0 and, by the second, > 0.
///
/// With v = 1 on a set of tasks, u = −1 on all who can do any of them and g = 0 it is Hall's condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Farkas {
    /// `v_j`.
    pub prices: Vec<f64>,
    /// `u_i`.
    pub quota_prices: Vec<f64>,
    /// `g_id`, members × D.
    pub band_prices: Vec<f64>,
}

impl Farkas {
    /// A proof from its multipliers; [`verify`](Self::verify) says whether it is one.
    #[must_use]
    pub fn new(prices: Vec<f64>, quota_prices: Vec<f64>, band_prices: Vec<f64>) -> Self {
        Farkas { prices, quota_prices, band_prices }
    }

    /// Checks the proof without rounding: every sum of products is formed exactly.
    ///
    /// # Errors
    /// A [violation](Error::is_violation) if it proves nothing for this problem.
    ///
    /// # Complexity
    /// O(pairs · D).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::TaskId;
    /// use parecon_jobs::band::{Data, Farkas, Problem};
    /// // One member can do both tasks, the other only the second, which takes too little time.
    /// let problem = Problem::new(Data {
    ///     quotas: vec![5.0, 5.0],
    ///     hours: vec![7.0, 3.0],
    ///     starts: vec![0, 2, 3],
    ///     tasks: [0, 1, 1].map(TaskId::new).to_vec(),
    ///     costs: vec![0.0; 3],
    ///     ..Data::default()
    /// })?;
    /// Farkas::new(vec![1.0, 0.0], vec![-1.0, 0.0], vec![]).verify(&problem)?;
    /// assert!(Farkas::new(vec![0.0, 1.0], vec![-1.0, -1.0], vec![]).verify(&problem).unwrap_err().is_violation());
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn verify(&self, problem: &Problem) -> Result<(), Error> {
        let (data, dimensions) = (problem.data(), problem.dimensions());
        let lengths = (self.prices.len(), self.quota_prices.len(), self.band_prices.len());
        if lengths != (problem.tasks(), problem.members(), problem.members() * dimensions) {
            return Err(Error::violation("the proof is for another number of members, tasks or dimensions"));
        }
        let all = self.prices.iter().chain(&self.quota_prices).chain(&self.band_prices);
        if all.into_iter().any(|m| !(*m == 0.0 || (1e-60..=1e60).contains(&m.abs()))) {
            return Err(Error::violation(
                "a multiplier of the proof is not 0 or from 1e-60 to 1e60 in magnitude",
            ));
        }
        let mut total = ExactSum::default();
        for (hours, price) in data.hours.iter().zip(&self.prices) {
            total.add_product(*hours, *price);
        }
        let mut sum = ExactSum::default();
        for (i, (quota, u)) in data.quotas.iter().zip(&self.quota_prices).enumerate() {
            let g = &self.band_prices[i * dimensions..][..dimensions];
            for (d, (g, tolerance)) in
                g.iter().zip(problem.tolerances(i)).enumerate().filter(|(_, (g, _))| **g != 0.0)
            {
                if *tolerance == f64::INFINITY || problem.penalty(i, d) < f64::INFINITY {
                    return Err(Error::violation(format!(
                        "the proof uses the band of member {i} in dimension {d}, which is soft or infinitely wide"
                    )));
                }
                total.add_product3(*quota, *tolerance, -g.abs());
            }
            total.add_product(*quota, *u);
            if *quota == 0.0 {
                continue;
            }
            for task in &data.tasks[problem.range(i)] {
                let j = task.index();
                // Nobody works on a task without hours, so it constrains nothing.
                if data.hours[j] == 0.0 {
                    continue;
                }
                sum.clear();
                sum.add(self.prices[j]);
                sum.add(*u);
                for (g, offset) in g.iter().zip(problem.offsets(*task)) {
                    sum.add_product(*g, -offset);
                }
                if sum.sign() > 0 {
                    return Err(Error::violation(format!("the proof fails for member {i} and task {j}")));
                }
            }
        }
        if total.sign() <= 0 {
            return Err(Error::violation(format!(
                "the proof adds up to {}, must be positive",
                total.value()
            )));
        }
        Ok(())
    }
}
