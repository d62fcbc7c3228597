use serde::{Deserialize, Serialize};

use crate::error::{Error, check};

/// How far reviewers of the same piece agree.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// ICC(1): share of the variance of a score that lies between pieces, 1 in full agreement, below 0 if reviewers of
    /// one piece differ more than reviewers of different pieces.
    pub icc: f64,
    /// Mean square between pieces.
    pub between: f64,
    /// Mean square within pieces.
    pub within: f64,
    /// Scores per piece, in the sense of the analysis of variance.
    pub readers: f64,
    /// Pieces with at least one score.
    pub pieces: usize,
    /// Scores.
    pub scores: usize,
}

impl Agreement {
    /// ρ = √ICC, as an [`Environment`](crate::Environment) takes it: correlation of one reading with what reviewers on
    /// average would say. 0 if there is no agreement.
    ///
    /// An **upper bound** of the correlation with quality as far as reviewers share errors: with a correlation r between
    /// the errors of two readers, ICC = ρ² + (1 − ρ²) r, see [`accuracy_with`](Agreement::accuracy_with).
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.icc.max(0.0).sqrt()
    }

    /// ρ = √((ICC − r)/(1 − r)) if the errors of two readers of the same piece are correlated by `r`; 0 if r exceeds
    /// what they agree.
    ///
    /// # Errors
    /// If `r` is not at least 0 and below 1.
    pub fn accuracy_with(&self, r: f64) -> Result<f64, Error> {
        check((0.0..1.0).contains(&r), "correlation between reviewers", r, "at least 0 and below 1")?;
        Ok(((self.icc - r) / (1.0 - r)).max(0.0).sqrt())
    }
}

/// ICC(1) of scores, one group per piece, from the one-way analysis of variance with groups of any size.
///
/// ```text
/// ICC(1) = (MSB − MSW) / (MSB + (n₀ − 1) MSW)      n₀ = (N − Σ nᵢ²/N) / (k − 1)
/// ```
///
/// for k pieces with nᵢ scores each, N in all. Pieces without a score are left out.
///
/// # Errors
/// If a score is not finite, fewer than two pieces have scores, none has two, or all scores are equal.
///
/// # Complexity
/// O(scores).
///
/// # Reference
/// P. E. Shrout and J. L. Fleiss, Intraclass correlations: uses in assessing rater reliability, Psychological Bulletin 86
/// (1979); n₀ after G. W. Snedecor.
///
/// # Example
/// ```
/// use parecon_review::calibrate::agreement;
///
/// // The example of Shrout and Fleiss: six targets, four judges, ICC(1) = .17.
/// let scores = [
///     vec![9.0, 2.0, 5.0, 8.0], vec![6.0, 1.0, 3.0, 2.0], vec![8.0, 4.0, 6.0, 8.0],
///     vec![7.0, 1.0, 2.0, 6.0], vec![10.0, 5.0, 6.0, 9.0], vec![6.0, 2.0, 4.0, 7.0],
/// ];
/// let agreement = agreement(&scores)?;
/// assert!((agreement.icc - 0.17).abs() < 0.005);
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn agreement<T: AsRef<[f64]>>(pieces: &[T]) -> Result<Agreement, Error> {
    let groups: Vec<&[f64]> = pieces.iter().map(AsRef::as_ref).filter(|group| !group.is_empty()).collect();
    for (i, piece) in pieces.iter().enumerate() {
        for &score in piece.as_ref() {
            check(score.is_finite(), &format!("a score of piece {i}"), score, "finite")?;
        }
    }
    let scores: usize = groups.iter().map(|group| group.len()).sum();
    let (k, n) = (groups.len() as f64, scores as f64);
    check(groups.len() >= 2, "number of pieces with a score", k, "at least 2")?;
    check(scores > groups.len(), "number of scores", n, &format!("above that of pieces, {k}"))?;
    let mean = |group: &[f64]| group.iter().sum::<f64>() / group.len() as f64;
    let grand = groups.iter().map(|group| group.iter().sum::<f64>()).sum::<f64>() / n;
    let (mut between, mut within, mut squares) = (0.0, 0.0, 0.0);
    for group in groups {
        let (size, own) = (group.len() as f64, mean(group));
        between += size * (own - grand).powi(2);
        within += group.iter().map(|score| (score - own).powi(2)).sum::<f64>();
        squares += size * size;
    }
    between /= k - 1.0;
    within /= n - k;
    let readers = (n - squares / n) / (k - 1.0);
    let total = between + (readers - 1.0) * within;
    check(total > 0.0, "variance of the scores", total, "positive")?;
    Ok(Agreement { icc: (between - within) / total, between, within, readers, pieces: k as usize, scores })
}
