//! How latent quality is distributed.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, check};

/// The distribution of latent quality, with mean 0 and variance 1 in every case.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Quality {
    /// N(0, 1); the best share b is good.
    #[default]
    Gaussian,
    /// Good or bad and nothing between: √((1 − b)/b) with probability b, else −√(b/(1 − b)). A signal of accuracy
    /// ρ then separates the two by d′ = ρ/√(1 − ρ²)/√(b(1 − b)) standard deviations.
    TwoPoint,
    /// Equally likely observed values, brought to mean 0 and variance 1; the best share b is good. Of equal values
    /// at the border, that share is good which makes b exact.
    Empirical(Vec<f64>),
}

/// One possible value of quality.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Atom {
    pub(crate) quality: f64,
    /// Probability of the value and good.
    pub(crate) good: f64,
    /// Probability of the value and bad.
    pub(crate) bad: f64,
}

impl Quality {
    /// The possible values in ascending order, none if there is a density, given a valid base rate.
    pub(super) fn atoms(&self, base_rate: f64) -> Result<Vec<Atom>, Error> {
        match self {
            Quality::Gaussian => Ok(Vec::new()),
            Quality::TwoPoint => {
                let odds = (base_rate / (1.0 - base_rate)).sqrt();
                Ok(vec![
                    Atom { quality: -odds, good: 0.0, bad: 1.0 - base_rate },
                    Atom { quality: 1.0 / odds, good: base_rate, bad: 0.0 },
                ])
            }
            Quality::Empirical(values) => empirical(values, base_rate),
        }
    }
}

fn empirical(values: &[f64], base_rate: f64) -> Result<Vec<Atom>, Error> {
    for (i, &value) in values.iter().enumerate() {
        check(value.is_finite(), &format!("observed quality {i}"), value, "finite")?;
    }
    let n = values.len() as f64;
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mean = sorted.iter().map(|x| x / n).sum::<f64>();
    let variance = sorted.iter().map(|x| (x - mean) * (x - mean) / n).sum::<f64>();
    if !(variance > 0.0 && variance.is_finite()) {
        return Err(Error::new(Kind::Number {
            what: format!("variance of the {} observed qualities", values.len()),
            value: variance,
            valid: "positive and finite".to_owned(),
        }));
    }
    let mut groups: Vec<(f64, f64)> = Vec::new();
    for x in sorted {
        match groups.last_mut() {
            Some(last) if last.0 == x => last.1 += 1.0 / n,
            _ => groups.push((x, 1.0 / n)),
        }
    }
    let mut left = base_rate;
    let mut atoms: Vec<Atom> = groups
        .into_iter()
        .rev()
        .map(|(x, probability)| {
            let good = left.min(probability).max(0.0);
            left -= good;
            Atom { quality: (x - mean) / variance.sqrt(), good, bad: probability - good }
        })
        .collect();
    atoms.reverse();
    Ok(atoms)
}
