//! What validation found.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::table::IoTable;

/// A kind of check that a table can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Check {
    /// Sales to all users do not sum to output.
    RowBalance,
    /// Purchases and value added do not sum to output.
    ColumnBalance,
    /// A total stated in the source differs from the sum of its cells.
    StatedTotal,
    /// A flow between producers, or a cell of the make table, is negative.
    NegativeCell,
    /// Output is negative.
    NegativeOutput,
    /// Output is zero.
    ZeroOutput,
    /// Inputs from other producers cost as much as the output is worth, or more: a column of A sums to ≥ 1.
    ColumnSum,
    /// A cell of final demand is negative.
    NegativeFinalDemand,
    /// A cell of value added is negative.
    NegativeValueAdded,
    /// A sector without output has a stressor, which nothing that is sold can be charged with.
    Unallocated,
    /// Cells of the source are empty and were read as 0.
    EmptyCells,
    /// Figures of the source have no place in the table and were left out.
    LeftOut,
}

impl Check {
    const ALL: [Check; 12] = [
        Check::RowBalance,
        Check::ColumnBalance,
        Check::StatedTotal,
        Check::NegativeCell,
        Check::NegativeOutput,
        Check::ZeroOutput,
        Check::ColumnSum,
        Check::NegativeFinalDemand,
        Check::NegativeValueAdded,
        Check::Unallocated,
        Check::EmptyCells,
        Check::LeftOut,
    ];
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Check::RowBalance => "row balance",
            Check::ColumnBalance => "column balance",
            Check::StatedTotal => "stated total",
            Check::NegativeCell => "negative cell",
            Check::NegativeOutput => "negative output",
            Check::ZeroOutput => "zero output",
            Check::ColumnSum => "column sum",
            Check::NegativeFinalDemand => "negative final demand",
            Check::NegativeValueAdded => "negative value added",
            Check::Unallocated => "unallocated stressor",
            Check::EmptyCells => "empty cells",
            Check::LeftOut => "left out",
        })
    }
}

/// One thing that a check found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// The check that failed.
    pub check: Check,
    /// Who failed it, e.g. `sector "326"`.
    pub offender: String,
    /// What was found, in units of the table (or per unit of output for [`Check::ColumnSum`]).
    pub value: f64,
    /// What was expected: the other side of the balance, or the bound.
    pub expected: f64,
    /// How far apart the two may be before it counts: the rounding of the source.
    pub tolerance: f64,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { check, offender, .. } = self;
        let (value, expected) = (significant(self.value, 12), significant(self.expected, 12));
        let tolerance = significant(self.tolerance, 3);
        match check {
            Check::RowBalance => {
                write!(f, "{offender}: sales sum to {value}, output is {expected} (tolerance {tolerance})")
            }
            Check::ColumnBalance => write!(
                f,
                "{offender}: purchases and value added sum to {value}, output is {expected} (tolerance {tolerance})"
            ),
            Check::StatedTotal => {
                write!(f, "{offender}: cells sum to {value}, stated is {expected} (tolerance {tolerance})")
            }
            Check::NegativeCell => write!(f, "{offender}: is {value}, a flow is not negative"),
            Check::NegativeOutput => write!(f, "{offender}: output is {value}, must not be negative"),
            Check::ZeroOutput => write!(f, "{offender}: has no output"),
            Check::ColumnSum => write!(f, "{offender}: column sums to {value}, must be below 1"),
            Check::NegativeFinalDemand => write!(f, "{offender}: final demand is {value}"),
            Check::NegativeValueAdded => write!(f, "{offender}: is {value}"),
            Check::Unallocated => write!(f, "{offender}: is {value}, but the sector has no output"),
            Check::EmptyCells => write!(f, "{offender}: {value} cells are empty, read as 0"),
            Check::LeftOut => write!(f, "{offender}: left out, sums to {value}"),
        }
    }
}

/// A value to so many significant digits, so that messages do not show the noise of sums.
fn significant(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits - 1).parse().unwrap_or(value)
}

/// The report of a table's validation: every finding, with its offender.
///
/// A finding is not an error. Published tables are rounded, scrap has negative cells, some sectors are
/// empty; which of it matters depends on the question.
///
/// # Example
/// ```
/// use parecon_io::{Check, datasets};
///
/// let report = datasets::us_2022()?.validate();
/// assert!(report.is_balanced());
/// // Sales out of stocks enter an industry's purchases with a minus.
/// assert_eq!(report.of(Check::NegativeCell).count(), 6);
/// let worst = report.of(Check::NegativeCell).find(|finding| finding.value < -300.0);
/// assert_eq!(
///     worst.map(ToString::to_string).as_deref(),
///     Some(r#"commodity "111CA" to industry "GFGN": is -317, a flow is not negative"#)
/// );
/// # Ok::<(), parecon_io::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[must_use]
pub struct Validation {
    findings: Vec<Finding>,
}

impl Validation {
    pub(crate) fn new(findings: Vec<Finding>) -> Self {
        Self { findings }
    }

    /// Whether nothing at all was found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// Whether rows, columns and stated totals add up within the rounding of the source.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        !self.findings.iter().any(|finding| {
            matches!(finding.check, Check::RowBalance | Check::ColumnBalance | Check::StatedTotal)
        })
    }

    /// Every finding, by check and then in table order.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The findings of one check.
    pub fn of(&self, check: Check) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.check == check)
    }
}

/// One line per check with a count, then up to five offenders of it.
impl fmt::Display for Validation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 5;
        if self.is_clean() {
            return f.write_str("no findings");
        }
        let mut first = true;
        for check in Check::ALL {
            let count = self.of(check).count();
            if count == 0 {
                continue;
            }
            if !std::mem::take(&mut first) {
                writeln!(f)?;
            }
            write!(f, "{check}: {count}")?;
            for finding in self.of(check).take(SHOWN) {
                write!(f, "\n  {finding}")?;
            }
            if count > SHOWN {
                write!(f, "\n  and {} more", count - SHOWN)?;
            }
        }
        Ok(())
    }
}

impl IoTable {
    /// Checks everything that [`validate`](IoTable::validate) does, and what is ordinary but good to know of a new
    /// source: negative cells of final demand (drawn stocks) and of value added (subsidies, losses), and stressors
    /// of sectors without output, for which there are no [`intensities`](IoTable::intensities).
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Check, datasets};
    /// use nalgebra::dmatrix;
    ///
    /// let table = datasets::miller_blair()?.with_final_demand(dmatrix![350.0; -50.0])?;
    /// assert_eq!(table.validate_strictly().of(Check::NegativeFinalDemand).count(), 1);
    /// assert_eq!(table.validate().of(Check::NegativeFinalDemand).count(), 0);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn validate_strictly(&self) -> Validation {
        let mut checker = Checker::default();
        checker.extend(self.validate().findings());
        let (sectors, categories) = (self.sectors(), self.final_demand_categories());
        let components = self.value_added_components();
        checker.negative(Check::NegativeFinalDemand, self.final_demand(), |i, j| {
            format!("{} to {}", sectors.describe(i), categories.describe(j))
        });
        checker.negative(Check::NegativeValueAdded, self.value_added(), |i, j| {
            format!("{} of {}", components.describe(i), sectors.describe(j))
        });
        for account in self.satellites() {
            for j in (0..self.len()).filter(|&j| self.output()[j] == 0.0) {
                for (k, &amount) in account.flows().column(j).iter().enumerate() {
                    if amount != 0.0 {
                        let stressor = account.stressors().describe(k);
                        let offender = format!("{}: {stressor} of {}", account.name(), sectors.describe(j));
                        checker.push(Check::Unallocated, offender, amount, 0.0, 0.0);
                    }
                }
            }
        }
        checker.finish()
    }
}

/// Relative slack of a balance on top of the source's rounding: the sums themselves are rounded.
const SUM_SLACK: f64 = 1e-12;

/// Collects findings while a table is checked.
#[derive(Default)]
pub(crate) struct Checker {
    findings: Vec<Finding>,
}

impl Checker {
    /// Compares a sum of cells with `expected`, which is itself the sum of `parts` (or stated: one part).
    ///
    /// Every non-zero figure on either side was rounded to `rounding`, so it is off by at most half of that.
    pub(crate) fn balance(
        &mut self,
        check: Check,
        offender: impl Fn() -> String,
        cells: impl Iterator<Item = f64>,
        parts: impl Iterator<Item = f64>,
        expected: f64,
        rounding: f64,
    ) {
        let (mut sum, mut size, mut figures) = (0.0, 0.0, 0.0);
        for cell in cells.filter(|cell| *cell != 0.0) {
            sum += cell;
            size += cell.abs();
            figures += 1.0;
        }
        for part in parts.filter(|part| *part != 0.0) {
            size += part.abs();
            figures += 1.0;
        }
        let tolerance = 0.5 * rounding * figures + SUM_SLACK * size;
        if (sum - expected).abs() > tolerance {
            self.push(check, offender(), sum, expected, tolerance);
        }
    }

    /// Records one finding.
    pub(crate) fn push(&mut self, check: Check, offender: String, value: f64, expected: f64, tolerance: f64) {
        self.findings.push(Finding { check, offender, value, expected, tolerance });
    }

    /// Reports zero and negative outputs.
    pub(crate) fn outputs(&mut self, output: &[f64], offender: impl Fn(usize) -> String) {
        for (i, &value) in output.iter().enumerate() {
            if value == 0.0 {
                self.push(Check::ZeroOutput, offender(i), value, 0.0, 0.0);
            } else if value < 0.0 {
                self.push(Check::NegativeOutput, offender(i), value, 0.0, 0.0);
            }
        }
    }

    /// Reports negative cells of a matrix.
    pub(crate) fn cells(
        &mut self,
        cells: &nalgebra::DMatrix<f64>,
        offender: impl Fn(usize, usize) -> String,
    ) {
        self.negative(Check::NegativeCell, cells, offender);
    }

    /// Reports negative cells of a matrix as failures of this check.
    fn negative(
        &mut self,
        check: Check,
        cells: &nalgebra::DMatrix<f64>,
        offender: impl Fn(usize, usize) -> String,
    ) {
        for i in 0..cells.nrows() {
            for j in 0..cells.ncols() {
                if cells[(i, j)] < 0.0 {
                    self.push(check, offender(i, j), cells[(i, j)], 0.0, 0.0);
                }
            }
        }
    }

    /// The report, findings grouped by check.
    pub(crate) fn finish(mut self) -> Validation {
        self.findings.sort_by_key(|finding| Check::ALL.iter().position(|check| *check == finding.check));
        Validation::new(self.findings)
    }

    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    pub(crate) fn extend(&mut self, findings: &[Finding]) {
        self.findings.extend_from_slice(findings);
    }
}
