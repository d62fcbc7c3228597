//! A report page: what sharing the work does, for whom, what stands in the way, and what training buys.
//!
//! One self-contained HTML file with SVG pictures, and each picture by itself.

mod page;
mod plots;

use crate::training::{Advice, Programme};
use crate::{Balance, Complexes, Dimension, Error, Workplace};

/// What a report is about.
///
/// ```
/// use parecon_jobs::report::Report;
/// use parecon_jobs::{balance, Complexes, Config, Dimension, Eligibility, Member, Minutes, Share, Task, TaskId, Workplace};
/// let day = Minutes::from_hours(8.0)?;
/// let workplace = Workplace::new(
///     vec![Task::new("clean", day, 2.0, 4.0), Task::new("coordinate", day, 18.0, 14.0)],
///     vec![Member::new("ann", day), Member::new("bo", day)],
///     Eligibility::Everyone,
/// )?;
/// let whole = |task| vec![Share { task: TaskId::new(task), time: day }];
/// let today = Complexes::new(vec![whole(0), whole(1)])?;
/// let outcome = balance(&workplace, &Config::default(), &mut ())?;
/// let report = Report::new("Two people", &workplace, outcome.balance().expect("it fits")).with_before(&today);
/// assert!(report.spread(Dimension::Empowerment)?.starts_with("<svg"));
/// assert!(report.to_html()?.contains("8.00"));
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Report<'a> {
    title: &'a str,
    workplace: &'a Workplace,
    balance: &'a Balance,
    before: Option<&'a Complexes>,
    advice: Option<&'a Advice>,
    programmes: &'a [(f64, Programme)],
    dimension: Dimension,
}

impl<'a> Report<'a> {
    /// A report on a balance.
    #[must_use]
    pub fn new(title: &'a str, workplace: &'a Workplace, balance: &'a Balance) -> Self {
        let dimension = Dimension::Empowerment;
        Report { title, workplace, balance, before: None, advice: None, programmes: &[], dimension }
    }

    /// Compares with how the work is divided today, by members at the same positions.
    #[must_use]
    pub fn with_before(mut self, complexes: &'a Complexes) -> Self {
        self.before = Some(complexes);
        self
    }

    /// Adds what single [trainings](crate::training::prices) would do.
    #[must_use]
    pub fn with_advice(mut self, advice: &'a Advice) -> Self {
        self.advice = Some(advice);
        self
    }

    /// Adds the cheapest [programmes](crate::training::programme) for targets of the mean deviation in a dimension.
    #[must_use]
    pub fn with_programmes(mut self, dimension: Dimension, programmes: &'a [(f64, Programme)]) -> Self {
        self.programmes = programmes;
        self.dimension = dimension;
        self
    }

    /// The whole page.
    ///
    /// # Errors
    /// A [violation](Error::is_violation) if balance or complexes are of another workplace.
    ///
    /// # Complexity
    /// O(shares + members · log(members)).
    pub fn to_html(&self) -> Result<String, Error> {
        page::page(self)
    }

    /// The picture of where everybody stands in one dimension, before and after: members, weighted by hours, in ascending
    /// order of the average of their complex.
    ///
    /// # Errors
    /// A [violation](Error::is_violation) if balance or complexes are of another workplace, or it has no such dimension.
    ///
    /// # Complexity
    /// O(shares + members · log(members)).
    pub fn spread(&self, dimension: Dimension) -> Result<String, Error> {
        plots::spread(self, dimension)
    }

    /// The picture of how many distinct tasks members have, before and after.
    ///
    /// # Errors
    /// If it cannot be drawn.
    ///
    /// # Complexity
    /// O(members).
    pub fn tasks(&self) -> Result<String, Error> {
        plots::tasks(self)
    }

    /// The picture of the tasks that keep the largest deviation up, by their pull.
    ///
    /// # Errors
    /// A [violation](Error::is_violation) if the balance is of another workplace.
    ///
    /// # Complexity
    /// O(binding tasks).
    pub fn binding(&self) -> Result<String, Error> {
        plots::binding(self)
    }

    /// The picture of what training buys: the mean deviation by the cost of the cheapest programme.
    ///
    /// # Errors
    /// If it cannot be drawn.
    ///
    /// # Complexity
    /// O(programmes).
    pub fn training(&self) -> Result<String, Error> {
        plots::training(self)
    }

    /// Average of the complex and hours of every entry that works, ascending by average.
    fn standing(&self, complexes: &Complexes, dimension: Dimension) -> Result<Vec<(f64, f64)>, Error> {
        if complexes.len() != self.workplace.members().len() || self.workplace.average(dimension).is_nan() {
            return Err(Error::violation(
                "the complexes are of another workplace, or it lacks the dimension",
            ));
        }
        let mut standing = Vec::new();
        for (member, _) in complexes.iter() {
            if let Some(own) = complexes.average(self.workplace, member, dimension) {
                standing.push((own, complexes.time_of(member).as_hours()));
            }
        }
        standing.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok(standing)
    }
}
