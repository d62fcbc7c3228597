//! Effort as workmates see it.

use super::Council;
use crate::ratings::Location;
use crate::{Error, MemberId};

/// Effort ratings of a council, nobody's of themselves.
pub(super) struct Effort {
    location: Location,
    /// What others say of each member: (rater, rating), ascending by rater.
    said: Vec<Vec<(usize, f64)>>,
    /// Whom each member rates.
    rates: Vec<Vec<usize>>,
    /// One rating for each member.
    pub(super) ratings: Vec<f64>,
    /// Their average, weighted by hours.
    pub(super) average: f64,
    pub(super) self_ratings: usize,
    pub(super) unrated: Vec<MemberId>,
}

impl Effort {
    pub(super) fn new(council: &Council, location: Location) -> Self {
        let n = council.workers.len();
        let (mut said, mut rates) = (vec![Vec::new(); n], vec![Vec::new(); n]);
        let mut self_ratings = 0;
        for rating in &council.ratings {
            let (rater, rated) = (rating.rater.index(), rating.rated.index());
            if rater == rated {
                self_ratings += 1;
            } else {
                said[rated].push((rater, rating.rating));
                rates[rater].push(rated);
            }
        }
        said.iter_mut().for_each(|list| list.sort_by_key(|(rater, _)| *rater));
        let mut effort = Effort {
            location,
            said,
            rates,
            ratings: Vec::new(),
            average: 1.0,
            self_ratings,
            unrated: Vec::new(),
        };
        let known: Vec<Option<f64>> = (0..n).map(|of| effort.without(of, &[])).collect();
        let hours = |m: usize| council.workers[m].time.as_hours();
        let rated = || known.iter().enumerate().filter_map(|(m, e)| e.map(|e| (m, e)));
        let time: f64 = rated().map(|(m, _)| hours(m)).sum();
        let count = rated().count() as f64;
        // Those nobody rated count as the average, so they do not change it. If the rated do not work, all count alike.
        effort.average = if time > 0.0 {
            rated().map(|(m, e)| e * hours(m)).sum::<f64>() / time
        } else if count > 0.0 {
            rated().map(|(_, e)| e).sum::<f64>() / count
        } else {
            1.0
        };
        effort.ratings = known.iter().map(|e| e.unwrap_or(effort.average)).collect();
        effort.unrated = (0..n).filter(|m| known[*m].is_none()).map(MemberId::new).collect();
        effort
    }

    /// What all but `left_out` say of a member.
    fn without(&self, of: usize, left_out: &[usize]) -> Option<f64> {
        let mut said: Vec<f64> =
            self.said[of].iter().filter(|(rater, _)| !left_out.contains(rater)).map(|(_, r)| *r).collect();
        said.sort_by(f64::total_cmp);
        (!said.is_empty()).then(|| self.location.of_sorted(&said).value)
    }

    /// Shares of the council's pay, for onerous hours `hours`; see [`Division::Impartial`](super::Division::Impartial).
    pub(super) fn impartial(&self, council: &Council, hours: &[f64]) -> Result<Vec<f64>, Error> {
        let n = hours.len();
        if n == 1 {
            return Ok(vec![1.0]);
        }
        let mut shares = vec![0.0; n];
        let total: f64 = hours.iter().sum();
        for k in (0..n).filter(|k| hours[*k] > 0.0) {
            let (part, mut left) = (hours[k] / total, 1.0);
            for i in (0..n).filter(|i| *i != k) {
                let share = self.share(i, k, hours);
                shares[i] += part * share;
                left -= share;
            }
            shares[k] += part * left;
        }
        match shares.iter().position(|share| *share < 0.0) {
            Some(m) => Err(Error::invalid(format!(
                "council \"{}\": worker \"{}\" would get a negative share, as ratings contradict each other too much for \
                 the impartial division",
                council.id, council.workers[m].id
            ))),
            None => Ok(shares),
        }
    }

    /// The part of i in all, by what all but i and k say.
    fn share(&self, i: usize, k: usize, hours: &[f64]) -> f64 {
        let out = [i, k];
        // Someone whom nobody else rates counts as the middle of all ratings that count here.
        let mut all: Vec<f64> = self
            .said
            .iter()
            .flatten()
            .filter(|(rater, _)| !out.contains(rater))
            .map(|(_, rating)| *rating)
            .collect();
        all.sort_by(f64::total_cmp);
        let middle = if all.is_empty() { 1.0 } else { self.location.of_sorted(&all).value };
        let touched = |of: usize| self.rates[i].contains(&of) || self.rates[k].contains(&of);
        let effort = |of: usize| {
            if self.said[of].is_empty() || touched(of) {
                self.without(of, &out).unwrap_or(middle)
            } else {
                self.ratings[of]
            }
        };
        let sum: f64 = (0..hours.len()).map(|of| effort(of) * hours[of]).sum();
        if sum > 0.0 { effort(i) * hours[i] / sum } else { 0.0 }
    }
}
