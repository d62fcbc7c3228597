//! Queues and the two-gate pipeline, as `xtask/peers/review.py` has them in `SimPy` and Ciw.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use parecon_review::simulate::{Delay, Desk, Run, Station, Timing, Traffic, simulate};
use parecon_review::{Environment, EnvironmentData, Policy, Pool, Reviewers, Threshold};
use serde::Serialize;

use crate::clock::{Measurement, measure};

/// What one case came to.
#[derive(Serialize)]
pub(crate) struct Answer {
    /// Name, mean and standard error of what all programs find.
    means: BTreeMap<&'static str, (f64, f64)>,
    #[serde(flatten)]
    measurement: Measurement,
}

/// `replications` of `arrivals` each, after a tenth as many to warm up.
pub(crate) fn run(case: &str, replications: usize, arrivals: usize) -> Result<Answer> {
    let run =
        Run::new(2026).with_replications(replications).with_arrivals(arrivals).with_warm_up(arrivals / 10);
    match case {
        "mm10" => {
            let traffic = Traffic { arrival_rate: 9.0, service: Delay::Exponential(1.0) };
            let station = Station { classes: vec![traffic], servers: 10, patience: None };
            let report = station.simulate(&run)?;
            let means = [("mean wait", (report.mean_wait.mean, report.mean_wait.standard_error))];
            let measurement = measure(|| Ok(()), |()| Ok(station.simulate(&run)?))?;
            Ok(Answer { means: means.into(), measurement })
        }
        "two-gate" => {
            let (environment, policy, timing) = two_gate()?;
            let report = simulate(&environment, &policy, &timing, &run)?;
            let (waits, errors) = (report.waits.mean, report.waits.standard_error);
            let means = [
                ("mean wait of proposals", (waits.proposal, errors.proposal)),
                ("mean wait of work", (waits.work, errors.work)),
            ];
            let measurement = measure(|| Ok(()), |()| Ok(simulate(&environment, &policy, &timing, &run)?))?;
            Ok(Answer { means: means.into(), measurement })
        }
        _ => bail!("there is no case {case:?}, only mm10, two-gate"),
    }
}

/// One idea per hour before two desks of ten reviewers each, loaded to 10/11 and 5/6, with lognormal production between.
fn two_gate() -> Result<(Environment, Policy, Timing)> {
    let pool = |capacity| Pool { capacity: Some(capacity), ..Pool::default() };
    let reviewers = Reviewers { proposal: pool(1.1), work: pool(0.6), published: Pool::default() };
    let environment = Environment::new(EnvironmentData { reviewers, ..EnvironmentData::default() })?;
    let policy = Policy::two_gate(Threshold::Fixed(0.0), Threshold::Fixed(0.5))?;
    let desk = Desk { reviewers: 10, ..Desk::default() };
    let production = Delay::LogNormal { mean: 5.0, cv2: 4.0 };
    Ok((environment, policy, Timing { production, proposal: desk, work: desk, ..Timing::default() }))
}
