//! Which labels of one classification belong to which of another.

use std::collections::HashSet;
use std::io::Read;

use nalgebra::{DMatrix, DVector};

use crate::axis::{Axis, AxisKind};
use crate::error::Error;
use crate::read::{Source, Stream, records};

/// Shares of a label may miss 1 by this much, relative: what writing them with nine digits loses.
const SHARES: f64 = 1e-8;

/// A bridge between two classifications: every label goes to one group, or in shares to several.
///
/// One to one renames, many to one aggregates, and one to many with shares disaggregates: the cells of the label are
/// split in proportion, as buyer and as seller. [`IoTable::regroup`](crate::IoTable::regroup) applies it.
///
/// # Example
/// ```
/// use parecon_io::{Axis, Concordance, Sector};
///
/// let sectors = Axis::<Sector>::from_codes(["coal", "oil", "bread"])?;
/// let bridge = Concordance::from_groups(&sectors, [("coal", "energy"), ("oil", "energy"), ("bread", "food")])?;
/// assert_eq!(bridge.to().codes().collect::<Vec<_>>(), ["energy", "food"]);
///
/// let error = Concordance::from_groups(&sectors, [("coal", "energy"), ("bread", "food")]).unwrap_err();
/// assert_eq!(error.to_string(), r#"sector "oil": belongs to no group, must belong to one"#);
/// # Ok::<(), parecon_io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Concordance<K: AxisKind> {
    from: Axis<K>,
    to: Axis<K>,
    weights: Weights,
}

/// For every old position, new positions with shares that sum to 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weights {
    pub(crate) len: usize,
    pub(crate) of: Vec<Vec<(usize, f64)>>,
}

impl<K: AxisKind> Concordance<K> {
    /// A bridge from labels, groups and shares: the share of the label that goes to the group.
    ///
    /// # Errors
    /// Unknown labels or groups; a share that is not positive and finite; a pair given twice; labels whose shares do
    /// not sum to 1, and groups to which nothing goes.
    ///
    /// # Complexity
    /// O(p) for p pairs.
    ///
    /// # Example
    /// Three quarters of energy are electricity:
    /// ```
    /// use parecon_io::{Axis, Concordance, Sector};
    ///
    /// let bridge = Concordance::new(
    ///     Axis::<Sector>::from_codes(["energy"])?,
    ///     Axis::from_codes(["electricity", "heat"])?,
    ///     [("energy", "electricity", 0.75), ("energy", "heat", 0.25)],
    /// )?;
    /// assert_eq!(bridge.from().len(), 1);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn new<'c>(
        from: Axis<K>,
        to: Axis<K>,
        shares: impl IntoIterator<Item = (&'c str, &'c str, f64)>,
    ) -> Result<Self, Error> {
        let mut of: Vec<Vec<(usize, f64)>> = vec![Vec::new(); from.len()];
        let mut reached = vec![false; to.len()];
        for (label, group, share) in shares {
            let (i, g) = (from.id(label)?.index(), to.id(group)?.index());
            let describe = || format!("{} to {}", from.describe(i), to.describe(g));
            if !(share.is_finite() && share > 0.0) {
                return Err(Error::invalid(format!(
                    "share of {}: is {share}, must be positive and finite",
                    describe()
                )));
            }
            if of[i].iter().any(|(known, _)| *known == g) {
                return Err(Error::invalid(format!("{}: is given twice", describe())));
            }
            of[i].push((g, share));
            reached[g] = true;
        }
        for (i, groups) in of.iter_mut().enumerate() {
            let sum: f64 = groups.iter().map(|(_, share)| share).sum();
            if groups.is_empty() {
                return Err(Error::invalid(format!(
                    "{}: belongs to no group, must belong to one",
                    from.describe(i)
                )));
            }
            if (sum - 1.0).abs() > SHARES {
                return Err(Error::invalid(format!("{}: shares sum to {sum}, must be 1", from.describe(i))));
            }
            // What rounding of the shares left over would be lost from the table.
            groups.iter_mut().for_each(|(_, share)| *share /= sum);
        }
        if let Some(g) = reached.iter().position(|reached| !reached) {
            return Err(Error::invalid(format!(
                "{}: no label of the old classification goes to it",
                to.describe(g)
            )));
        }
        let weights = Weights { len: to.len(), of };
        Ok(Self { from, to, weights })
    }

    /// A bridge that puts every label into one group. Groups come in the order of their first appearance.
    ///
    /// # Errors
    /// As [`Concordance::new`].
    ///
    /// # Complexity
    /// O(n) for n labels.
    ///
    /// # Example
    /// See [`Concordance`].
    pub fn from_groups<'c>(
        from: &Axis<K>,
        groups: impl IntoIterator<Item = (&'c str, &'c str)>,
    ) -> Result<Self, Error> {
        let pairs: Vec<(&str, &str)> = groups.into_iter().collect();
        let to = Axis::distinct(pairs.iter().map(|(_, group)| *group))?;
        Self::new(from.clone(), to, pairs.into_iter().map(|(label, group)| (label, group, 1.0)))
    }

    /// Reads a bridge from CSV: a header `from,to` or `from,to,share`, then a line per pair.
    ///
    /// # Errors
    /// Names file, line and column of what is no label of `from`, no number, or empty; otherwise as
    /// [`Concordance::new`].
    ///
    /// # Complexity
    /// O(p) for p pairs.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Axis, Concordance, Region, Source};
    ///
    /// let countries = Axis::<Region>::from_codes(["AUT", "DEU", "USA"])?;
    /// let text = "from,to\nAUT,Europe\nDEU,Europe\nUSA,America\n";
    /// let bridge = Concordance::read_csv(&countries, Source::new("world.csv", text.as_bytes()))?;
    /// assert_eq!(bridge.to().len(), 2);
    /// let wrong = text.replace("DEU", "GER");
    /// let error = Concordance::read_csv(&countries, Source::new("world.csv", wrong.as_bytes())).unwrap_err();
    /// assert_eq!(error.to_string(), r#"world.csv:3:1: region "GER": unknown"#);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn read_csv<R: Read>(from: &Axis<K>, source: Source<R>) -> Result<Self, Error> {
        let mut records = records(source);
        let Some(header) = records.next()? else {
            return Err(Error::parse(records.name(), 1, 1, "the file is empty, must start with from,to"));
        };
        let fields = header.len();
        let wanted = ["from", "to", "share"];
        if !(2..=3).contains(&fields) || (0..fields).any(|f| !header.raw(f).eq_ignore_ascii_case(wanted[f])) {
            return Err(header.reject(0, "the header must be from,to or from,to,share"));
        }
        let mut pairs: Vec<(String, String, f64)> = Vec::new();
        let mut seen = HashSet::new();
        while let Some(record) = records.next()? {
            record.expect_fields(fields)?;
            let (label, group) = (record.text(0)?.to_owned(), record.text(1)?.to_owned());
            if let Err(error) = from.id(&label) {
                return Err(record.reject(0, error.to_string()));
            }
            let share = match fields {
                2 => 1.0,
                _ => record.number(2)?,
            };
            if !seen.insert((label.clone(), group.clone())) {
                return Err(record.reject(0, format!("{label:?} to {group:?} is given twice")));
            }
            pairs.push((label, group, share));
        }
        let to = Axis::distinct(pairs.iter().map(|(_, group, _)| group.as_str()))?;
        let shares = pairs.iter().map(|(label, group, share)| (label.as_str(), group.as_str(), *share));
        Self::new(from.clone(), to, shares)
    }

    /// The old labels.
    #[must_use]
    pub fn from(&self) -> &Axis<K> {
        &self.from
    }

    /// The new labels.
    #[must_use]
    pub fn to(&self) -> &Axis<K> {
        &self.to
    }

    pub(crate) fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Refuses a bridge from other labels.
    pub(crate) fn check_from(&self, axis: &Axis<K>) -> Result<(), Error> {
        if self.from == *axis || self.from.codes().eq(axis.codes()) {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "concordance: its {} labels are not those of the table, in the table's order",
            K::NOUN
        )))
    }
}

impl Weights {
    /// Sums of rows: W M.
    pub(crate) fn rows(&self, matrix: &DMatrix<f64>) -> DMatrix<f64> {
        let mut grouped = DMatrix::zeros(self.len, matrix.ncols());
        for (column, mut target) in matrix.column_iter().zip(grouped.column_iter_mut()) {
            for (cell, groups) in column.iter().zip(&self.of) {
                for &(g, share) in groups {
                    target[g] += share * cell;
                }
            }
        }
        grouped
    }

    /// Sums of entries: W v.
    pub(crate) fn sums(&self, vector: &DVector<f64>) -> DVector<f64> {
        let mut grouped = DVector::zeros(self.len);
        for (entry, groups) in vector.iter().zip(&self.of) {
            for &(g, share) in groups {
                grouped[g] += share * entry;
            }
        }
        grouped
    }

    /// Sums of columns: M W'.
    pub(crate) fn columns(&self, matrix: &DMatrix<f64>) -> DMatrix<f64> {
        let mut grouped = DMatrix::zeros(matrix.nrows(), self.len);
        for (column, groups) in matrix.column_iter().zip(&self.of) {
            for &(g, share) in groups {
                grouped.column_mut(g).axpy(share, &column, 1.0);
            }
        }
        grouped
    }
}
