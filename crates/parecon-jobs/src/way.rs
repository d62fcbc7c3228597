//! The two ways of solving the stages: to all digits by the interior-point method, or by band programmes.

use crate::balance::Run;
use crate::leximin::{Leximin, points};
use crate::model::PerDimension;
use crate::stages::{Goal, Point, Problem};
use crate::{Config, Error, Stage, Status, Workplace, large};

/// How the stages of a workplace are solved.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Way {
    /// The interior-point method.
    Points,
    /// Band programmes.
    Bands,
}

/// What the deviations come to, whichever way.
#[derive(Default)]
pub(crate) struct Deviations {
    /// The multipliers that prove the largest deviation; `None` if no programme had a point to show.
    pub(crate) first: Option<Point>,
    /// Whether the first programme got to its end.
    pub(crate) settled: bool,
    pub(crate) leximin: Leximin,
    /// The multipliers that prove the mean deviation, if it came to that.
    pub(crate) mean: Option<Point>,
    /// The best minutes per pair so far; none if no programme had a point to show.
    pub(crate) minutes: Vec<f64>,
    /// How far every row may be from the average while something else is minimised.
    pub(crate) within: Vec<PerDimension<f64>>,
}

impl Way {
    /// The levels, then the mean deviation.
    pub(crate) fn deviations(
        self,
        workplace: &Workplace,
        problem: &Problem<'_>,
        config: &Config,
        run: &mut Run<'_>,
    ) -> Result<Deviations, Error> {
        match self {
            Way::Points => Ok(points(workplace, problem, config, run)),
            Way::Bands => large::bands(workplace, problem, config, run),
        }
    }

    /// The point of least cost per pair within bands; `today` as in [`Goal::Vertex`]. `None` if it was
    /// not found.
    pub(crate) fn cheapest(
        self,
        problem: &Problem<'_>,
        cost: &[f64],
        today: &[f64],
        within: &[PerDimension<f64>],
        config: &Config,
        run: &mut Run<'_>,
    ) -> Result<Option<Point>, Error> {
        let point = match self {
            // What is kept has an upper limit, which band programmes do not know.
            Way::Bands if today.is_empty() => large::cheapest(problem, cost, within, config, run)?,
            _ => run.stage(Stage::Choice, problem, &Goal::Vertex { cost, within, today }),
        };
        Ok(point.filter(|_| run.status.is_converged()))
    }

    /// Prices that carry the bound of the first stage, and how the search for those with the least pull ended; in large
    /// workplaces there is none.
    pub(crate) fn prices(
        self,
        problem: &Problem<'_>,
        point: &Point,
        run: &mut Run<'_>,
    ) -> (Vec<f64>, Option<Status>) {
        match self {
            Way::Points if run.status.is_converged() => {
                let (prices, status) = run.prices(problem, point);
                (prices, Some(status))
            }
            _ => (point.prices.clone(), None),
        }
    }
}
