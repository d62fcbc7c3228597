//! Symmetric tables as labelled CSV.

use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Write};

use nalgebra::DVector;

use crate::axis::{Axis, AxisKind};
use crate::error::Error;
use crate::read::Source;
use crate::read::grid::Grid;
use crate::table::IoTable;

const FINAL: &str = "final:";
const VALUE: &str = "value:";
const OUTPUT: &str = "output";

/// Which labels of a CSV file are not sectors.
///
/// Without being told, these are the labels that [`IoTable::write_csv`] writes: columns `final:…` are final demand,
/// rows `value:…` value added, and `output` is output. Tell the layout how a file of other origin labels them.
///
/// # Example
/// ```
/// use parecon_io::{IoTable, Layout, Source};
///
/// let text = "\
/// ,A,B,Households,Exports,Total uses
/// A,150,500,300,50,1000
/// B,200,100,1500,200,2000
/// Wages,650,1400,0,0,2050
/// Total supply,1000,2000,1800,250,5050
/// ";
/// let layout = Layout::new()
///     .with_final_demand(["Households", "Exports"])
///     .with_value_added(["Wages"])
///     .with_output(["Total uses", "Total supply"]);
/// let table = IoTable::read_csv_with(Source::new("table.csv", text.as_bytes()), &layout)?;
/// assert!(table.validate().is_clean());
/// # Ok::<(), parecon_io::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    told: BTreeMap<String, Role>,
    rest_of_output: Option<String>,
    rest_of_costs: Option<String>,
    empty_is_zero: bool,
}

impl Layout {
    /// The layout that [`IoTable::write_csv`] writes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These columns are categories of final demand.
    #[must_use]
    pub fn with_final_demand<L: Into<String>>(self, labels: impl IntoIterator<Item = L>) -> Self {
        self.with(labels, Role::FinalDemand)
    }

    /// These rows are components of value added.
    #[must_use]
    pub fn with_value_added<L: Into<String>>(self, labels: impl IntoIterator<Item = L>) -> Self {
        self.with(labels, Role::ValueAdded)
    }

    /// These rows and columns are output.
    #[must_use]
    pub fn with_output<L: Into<String>>(self, labels: impl IntoIterator<Item = L>) -> Self {
        self.with(labels, Role::Output)
    }

    /// These rows and columns are not looked at: subtotals, notes in figures.
    #[must_use]
    pub fn with_ignored<L: Into<String>>(self, labels: impl IntoIterator<Item = L>) -> Self {
        self.with(labels, Role::Ignored)
    }

    /// Final demand gets one more category: what the stated output leaves after all other sales. For files of
    /// flows and output only.
    #[must_use]
    pub fn with_residual_final_demand(mut self, code: impl Into<String>) -> Self {
        self.rest_of_output = Some(code.into());
        self
    }

    /// Value added gets one more component: what output leaves after all other costs. For files without value
    /// added, or with a part of it.
    #[must_use]
    pub fn with_residual_value_added(mut self, code: impl Into<String>) -> Self {
        self.rest_of_costs = Some(code.into());
        self
    }

    /// Empty cells are 0, as tables are printed; otherwise they are refused, because figures may be missing.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{IoTable, Layout, Source};
    ///
    /// let text = "\
    /// ,corn,iron,final:people
    /// corn,,10,90
    /// iron,20,,30
    /// value:work,80,40,
    /// ";
    /// assert!(IoTable::read_csv(Source::new("table.csv", text.as_bytes())).is_err());
    /// let table = IoTable::read_csv_with(Source::new("table.csv", text.as_bytes()), &Layout::new().with_empty_as_zero())?;
    /// assert_eq!(table.flows()[(0, 0)], 0.0);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    #[must_use]
    pub fn with_empty_as_zero(mut self) -> Self {
        self.empty_is_zero = true;
        self
    }

    fn with<L: Into<String>>(mut self, labels: impl IntoIterator<Item = L>, role: Role) -> Self {
        self.told.extend(labels.into_iter().map(|label| (label.into(), role)));
        self
    }

    /// What a label stands for, and its code.
    fn role<'l>(&self, label: &'l str) -> (Role, &'l str) {
        if let Some(&role) = self.told.get(label) {
            (role, label)
        } else if let Some(code) = label.strip_prefix(FINAL) {
            (Role::FinalDemand, code.trim())
        } else if let Some(code) = label.strip_prefix(VALUE) {
            (Role::ValueAdded, code.trim())
        } else if label.eq_ignore_ascii_case(OUTPUT) {
            (Role::Output, label)
        } else {
            (Role::Sector, label)
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Sector,
    FinalDemand,
    ValueAdded,
    Output,
    Ignored,
}

/// Codes, names and places of the rows or columns of one role, in file order.
#[derive(Default)]
struct Found {
    labels: Vec<(String, String)>,
    places: Vec<usize>,
}

impl Found {
    fn push(&mut self, place: usize, code: &str, name: Option<&str>) {
        self.add(code, name);
        self.places.push(place);
    }

    /// A label that is not in the file.
    fn add(&mut self, code: &str, name: Option<&str>) {
        self.labels.push((code.to_owned(), name.unwrap_or(code).to_owned()));
    }

    fn axis<K: AxisKind>(&self, grid: &Grid, hint: &str) -> Result<Axis<K>, Error> {
        if self.labels.is_empty() {
            return Err(grid.reject_end(format!("there is no {} ({hint}), must be at least one", K::NOUN)));
        }
        Axis::new(self.labels.iter().map(|(code, name)| (code, name)))
    }
}

impl IoTable {
    /// Reads a table from CSV as [`IoTable::write_csv`] writes it.
    ///
    /// ```text
    /// sector,name,a,b,final:households,output
    /// a,Farming,150,500,350,1000
    /// b,Manufacturing,200,100,1700,2000
    /// value:wages,Wages,650,1400,,
    /// output,,1000,2000,,
    /// ```
    ///
    /// The column `name` and the row and column `output` may be missing. The columns of sectors may be in another
    /// order than their rows. Output is taken from its column, else from its row, else it is the sum of the row.
    /// Cells outside the table proper (value added of final demand and the like) are not looked at. The unit
    /// of rounding is the last decimal written anywhere: for exact tables of whole numbers set
    /// [`with_rounding(0.0)`](IoTable::with_rounding) before [`validate`](IoTable::validate).
    ///
    /// # Errors
    /// Names file, line and column of text that is no finite number, empty cells, records of another length,
    /// repeated labels and missing rows or columns. A file that cannot be read.
    ///
    /// # Complexity
    /// O(n²) for n sectors.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{IoTable, Source};
    ///
    /// let text = "sector,a,b,final:f\na,1,2,3\n";
    /// let error = IoTable::read_csv(Source::new("cut.csv", text.as_bytes())).unwrap_err();
    /// assert!(error.to_string().starts_with(r#"cut.csv:1:3: sector "b" has a column but no row"#));
    /// ```
    pub fn read_csv<R: Read>(source: Source<R>) -> Result<Self, Error> {
        Self::read_csv_with(source, &Layout::new())
    }

    /// Reads a table from CSV with labels as `layout` tells.
    ///
    /// # Errors
    /// As [`IoTable::read_csv`].
    ///
    /// # Complexity
    /// O(n²) for n sectors.
    ///
    /// # Example
    /// See [`Layout`].
    pub fn read_csv_with<R: Read>(source: Source<R>, layout: &Layout) -> Result<Self, Error> {
        let mut grid = Grid::read(source)?;
        grid.empty_is_zero = layout.empty_is_zero;
        let (mut sector_rows, mut components, mut output_row) = (Found::default(), Found::default(), None);
        for (i, row) in grid.rows.iter().enumerate() {
            let (role, code) = layout.role(&row.label);
            match role {
                Role::Sector => sector_rows.push(i, code, row.name.as_deref()),
                Role::ValueAdded => components.push(i, code, row.name.as_deref()),
                Role::Output if output_row.is_some() => {
                    return Err(grid.reject_row(i, format!("row {:?} is a second row of output", row.label)));
                }
                Role::Output => output_row = Some(i),
                Role::Ignored => {}
                Role::FinalDemand => {
                    return Err(
                        grid.reject_row(i, format!("row {:?} is final demand, which is a column", row.label))
                    );
                }
            }
        }
        let (mut sector_columns, mut categories, mut output_column) =
            (HashMap::new(), Found::default(), None);
        for (j, label) in grid.columns.iter().enumerate() {
            let (role, code) = layout.role(label);
            match role {
                Role::Sector => {
                    sector_columns.insert(code, j);
                }
                Role::FinalDemand => categories.push(j, code, None),
                Role::Output if output_column.is_some() => {
                    return Err(
                        grid.reject_column(j, format!("column {label:?} is a second column of output"))
                    );
                }
                Role::Output => output_column = Some(j),
                Role::Ignored => {}
                Role::ValueAdded => {
                    return Err(
                        grid.reject_column(j, format!("column {label:?} is value added, which is a row"))
                    );
                }
            }
        }
        let sectors = sector_rows.axis(&grid, "any other label")?;
        if let Some((j, code)) = (grid.columns.iter().enumerate())
            .find(|(_, label)| sector_columns.contains_key(label.as_str()) && sectors.find(label).is_none())
        {
            let message = format!(
                "sector {code:?} has a column but no row; final demand is \"final:{code}\", or told by the layout"
            );
            return Err(grid.reject_column(j, message));
        }
        let mut columns = Vec::with_capacity(sectors.len());
        for (code, &i) in sectors.codes().zip(&sector_rows.places) {
            let missing = || {
                let message = format!(
                    "sector {code:?} has a row but no column; value added is \"value:{code}\", or told by the layout"
                );
                grid.reject_row(i, message)
            };
            columns.push(*sector_columns.get(code).ok_or_else(missing)?);
        }
        let output = match (output_column, output_row) {
            (Some(j), _) => Some(grid.block(&sector_rows.places, &[j])?.column(0).into_owned()),
            (None, Some(i)) => Some(DVector::from_vec(grid.block(&[i], &columns)?.as_slice().to_vec())),
            (None, None) => None,
        };
        if let (Some(output), Some(_), Some(i)) = (&output, output_column, output_row) {
            for (k, &j) in columns.iter().enumerate() {
                let stated = grid.number(i, j)?;
                // Both are rounded, each by at most half a unit.
                if (stated - output[k]).abs() > grid.unit {
                    let message =
                        format!("output is {stated} here and {} in the column of output", output[k]);
                    return Err(grid.reject_cell(i, j, message));
                }
            }
        }
        let mut final_demand = grid.block(&sector_rows.places, &categories.places)?;
        let mut value_added = grid.block(&components.places, &columns)?;
        if let Some(code) = &layout.rest_of_output {
            if output.is_none() {
                return Err(grid.reject_end(format!("there is no output for {code:?} to be the rest of")));
            }
            categories.add(code, None);
        }
        if let Some(code) = &layout.rest_of_costs {
            components.add(code, None);
        }
        let (categories, components) =
            (categories.axis(&grid, "columns final:…")?, components.axis(&grid, "rows value:…")?);
        let unit = grid.unit;
        let flows = grid.into_block(&sector_rows.places, &columns)?;
        if let (Some(output), Some(_)) = (&output, &layout.rest_of_output) {
            let rest = output - flows.column_sum() - final_demand.column_sum();
            let last = final_demand.ncols();
            final_demand = final_demand.insert_column(last, 0.0);
            final_demand.set_column(last, &rest);
        }
        if layout.rest_of_costs.is_some() {
            let output = output.clone().unwrap_or_else(|| flows.column_sum() + final_demand.column_sum());
            let rest = output - flows.row_sum_tr() - value_added.row_sum_tr();
            let last = value_added.nrows();
            value_added = value_added.insert_row(last, 0.0);
            value_added.set_row(last, &rest.transpose());
        }
        let table = IoTable::new(sectors, flows, categories, final_demand, components, value_added)?
            .with_rounding(unit)?;
        match output {
            Some(output) => table.with_output(output),
            None => Ok(table),
        }
    }

    /// Writes the table as CSV with every digit, to be read by [`IoTable::read_csv`].
    ///
    /// Names of sectors and of components of value added are written; those of final-demand categories and the
    /// unit of rounding are not (the serde form keeps everything).
    ///
    /// # Errors
    /// A code that would be read back as something else, and a writer that fails.
    ///
    /// # Complexity
    /// O(n²) for n sectors.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{IoTable, Source, datasets};
    ///
    /// let mut text = Vec::new();
    /// datasets::miller_blair()?.write_csv(&mut text)?;
    /// let again = IoTable::read_csv(Source::new("memory", text.as_slice()))?;
    /// assert_eq!(again.flows(), datasets::miller_blair()?.flows());
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn write_csv<W: Write>(&self, writer: W) -> Result<(), Error> {
        let layout = Layout::new();
        for code in self.sectors.codes() {
            if layout.role(code).0 != Role::Sector {
                return Err(Error::invalid(format!("sector {code:?}: would not be read back as a sector")));
            }
        }
        let codes = self.sectors.codes().chain(self.categories.codes()).chain(self.components.codes());
        if let Some(code) = codes.into_iter().find(|code| code.trim() != *code) {
            return Err(Error::invalid(format!(
                "code {code:?}: starts or ends with blanks, which are not read back"
            )));
        }
        let mut csv = csv::Writer::from_writer(writer);
        let mut write = |record: Vec<String>| {
            csv.write_record(&record).map_err(|error| Error::unreadable("CSV output", error))
        };
        let mut header = vec!["sector".to_owned(), "name".to_owned()];
        header.extend(self.sectors.codes().map(str::to_owned));
        header.extend(self.categories.codes().map(|code| format!("{FINAL}{code}")));
        header.push(OUTPUT.to_owned());
        write(header)?;
        for sector in self.sectors.iter() {
            let i = sector.index();
            let mut record = vec![self.sectors.code(sector).to_owned(), self.sectors.name(sector).to_owned()];
            record.extend(self.flows.row(i).iter().map(f64::to_string));
            record.extend(self.final_demand.row(i).iter().map(f64::to_string));
            record.push(self.output[i].to_string());
            write(record)?;
        }
        for component in self.components.iter() {
            let code = format!("{VALUE}{}", self.components.code(component));
            let mut record = vec![code, self.components.name(component).to_owned()];
            record.extend(self.value_added.row(component.index()).iter().map(f64::to_string));
            record.resize(3 + self.len() + self.categories.len(), String::new());
            write(record)?;
        }
        csv.flush().map_err(|error| Error::unreadable("CSV output", error))
    }
}
