//! The make and use layouts of the US Bureau of Economic Analysis.

use std::collections::HashMap;
use std::io::Read;
use std::iter::once;

use crate::axis::{Axis, AxisKind};
use crate::error::Error;
use crate::make_use::{MakeUse, MakeUseParts};
use crate::read::Source;
use crate::read::grid::Grid;
use crate::report::{Check, Checker, Finding};

impl MakeUse {
    /// Reads a make and a use table in the layouts of the US Bureau of Economic Analysis.
    ///
    /// Both are comma-separated with a code at the head of every row and column.
    ///
    /// | file | rows | columns |
    /// |---|---|---|
    /// | make | industries | commodities |
    /// | use | commodities, value added (`V001`…) | industries, final demand (`F010`, `F02E`…) |
    ///
    /// Totals may stand in either, under their codes (`T001`, `T004`–`T008`) or names (`Total Intermediate`, …).
    /// They are not taken over but compared with the cells: [`MakeUse::validate`] reports the ones that differ
    /// by more than rounding. Industries may come in any order in the use table.
    /// The unit of rounding is the last decimal written in either file. Names for the codes are put on by
    /// [`MakeUse::with_names`].
    ///
    /// # Errors
    /// Names file, line and column of text that is no finite number, records of another length, repeated or
    /// unknown codes and missing rows. A file that cannot be read.
    ///
    /// # Complexity
    /// O(m n) for m industries and n commodities.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{MakeUse, Source};
    ///
    /// let make = "code,1,2\n1,90,10\n2,0,50\n";
    /// let use_ = "code,1,2,F010\n1,20,30,40\n2,10,5,45\nV001,70,15,0\n";
    /// let tables = MakeUse::read_bea_csv(
    ///     Source::new("make.csv", make.as_bytes()),
    ///     Source::new("use.csv", use_.as_bytes()),
    /// )?;
    /// assert!(tables.validate().is_clean());
    ///
    /// let error = MakeUse::read_bea_csv(
    ///     Source::new("make.csv", make.as_bytes()),
    ///     Source::new("use.csv", use_.replace("45", "4S").as_bytes()),
    /// ).unwrap_err();
    /// assert_eq!(error.to_string(), r#"use.csv:3:4: "4S" is not a number"#);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn read_bea_csv<M: Read, U: Read>(make: Source<M>, use_: Source<U>) -> Result<Self, Error> {
        let make = Grid::read(make)?;
        let use_ = Grid::read(use_)?;

        let make_rows =
            Parts::split(&make, Side::Rows, |label| Ok(total(label)?.map_or(Role::Industry, Role::Total)))?;
        let make_columns = Parts::split(&make, Side::Columns, |label| {
            Ok(total(label)?.map_or(Role::Commodity, Role::Total))
        })?;
        let industry_codes = make_rows.labels(&make, Side::Rows, Role::Industry);
        let commodity_codes = make_columns.labels(&make, Side::Columns, Role::Commodity);

        let use_rows = Parts::split(&use_, Side::Rows, |label| {
            if commodity_codes.contains_key(label) {
                Ok(Role::Commodity)
            } else if let Some(total) = total(label)? {
                Ok(Role::Total(total))
            } else if is_class(label, 'V') {
                Ok(Role::ValueAdded)
            } else {
                Err(format!("row {label:?} is no commodity of {} and no value added (V…)", make.file()))
            }
        })?;
        let use_columns = Parts::split(&use_, Side::Columns, |label| {
            if industry_codes.contains_key(label) {
                Ok(Role::Industry)
            } else if let Some(total) = total(label)? {
                Ok(Role::Total(total))
            } else if is_class(label, 'F') {
                Ok(Role::FinalDemand)
            } else {
                Err(format!("column {label:?} is no industry of {} and no final demand (F…)", make.file()))
            }
        })?;

        let industry_rows = make_rows.of(Role::Industry);
        let commodity_columns = make_columns.of(Role::Commodity);
        let industries = axis(&make, industry_rows.iter().map(|&r| &make.rows[r].label))?;
        let commodities = axis(&make, commodity_columns.iter().map(|&c| &make.columns[c]))?;
        // The use table may order its rows and columns otherwise.
        let commodity_rows = aligned(
            &use_,
            commodities.codes(),
            &use_rows.labels(&use_, Side::Rows, Role::Commodity),
            "commodity",
        )?;
        let industry_columns = aligned(
            &use_,
            industries.codes(),
            &use_columns.labels(&use_, Side::Columns, Role::Industry),
            "industry",
        )?;
        let component_rows = use_rows.of(Role::ValueAdded);
        let category_columns = use_columns.of(Role::FinalDemand);
        let components = axis(&use_, component_rows.iter().map(|&r| &use_.rows[r].label))?;
        let categories = axis(&use_, category_columns.iter().map(|&c| &use_.columns[c]))?;
        for (&row, &column) in
            component_rows.iter().flat_map(|r| category_columns.iter().map(move |c| (r, c)))
        {
            let value = use_.cell(row, column).unwrap_or(0.0);
            if value != 0.0 {
                return Err(use_.reject_cell(
                    row,
                    column,
                    format!("value added of final demand is {value}, must be 0"),
                ));
            }
        }

        let rounding = make.unit.min(use_.unit);
        let mut stated = stated_totals(&make, &make_rows, &make_columns, rounding);
        stated.extend(stated_totals(&use_, &use_rows, &use_columns, rounding));

        let tables = MakeUse::new(MakeUseParts {
            make: make.block(&industry_rows, &commodity_columns)?,
            use_: use_.block(&commodity_rows, &industry_columns)?,
            final_demand: use_.block(&commodity_rows, &category_columns)?,
            value_added: use_.block(&component_rows, &industry_columns)?,
            industries,
            commodities,
            final_demand_categories: categories,
            value_added_components: components,
        })?
        .with_rounding(rounding)?;
        Ok(tables.with_findings(stated))
    }
}

/// What a row or column stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Industry,
    Commodity,
    FinalDemand,
    ValueAdded,
    Total(Total),
}

/// What a total sums over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Total {
    Intermediate,
    FinalUses,
    ValueAdded,
    Output,
}

impl Total {
    fn covers(self, role: Role) -> bool {
        match (self, role) {
            (_, Role::Total(_)) => false,
            (Total::Intermediate, role) => matches!(role, Role::Industry | Role::Commodity),
            (Total::FinalUses, role) => role == Role::FinalDemand,
            (Total::ValueAdded, role) => role == Role::ValueAdded,
            (Total::Output, _) => true,
        }
    }
}

/// The total that a label announces. A code `T` and digits that is not known is refused.
fn total(label: &str) -> Result<Option<Total>, String> {
    let total = match label {
        "T001" | "T005" | "Total Intermediate" => Total::Intermediate,
        "T004" | "Total Final Uses (GDP)" => Total::FinalUses,
        "T006" | "Total Value Added" => Total::ValueAdded,
        "T007" | "T008" | "Total Commodity Output" | "Total Industry Output" => Total::Output,
        _ if is_class(label, 'T') || label.starts_with("Total ") => {
            return Err(format!("total {label:?} is unknown, known are T001, T004 to T008 and their names"));
        }
        _ => return Ok(None),
    };
    Ok(Some(total))
}

/// Whether a code is the class letter, two digits and perhaps more: `F010`, `F02S`, `V00100`.
fn is_class(code: &str, letter: char) -> bool {
    let mut characters = code.chars();
    characters.next() == Some(letter)
        && characters.next().is_some_and(|c| c.is_ascii_digit())
        && characters.next().is_some_and(|c| c.is_ascii_digit())
        && characters.all(|c| c.is_ascii_alphanumeric())
}

#[derive(Clone, Copy)]
enum Side {
    Rows,
    Columns,
}

/// The roles of a file's rows or columns, in file order.
struct Parts(Vec<Role>);

impl Parts {
    fn split(grid: &Grid, side: Side, role: impl Fn(&str) -> Result<Role, String>) -> Result<Self, Error> {
        let roles: Result<Vec<Role>, Error> = match side {
            Side::Rows => grid
                .rows
                .iter()
                .enumerate()
                .map(|(i, row)| role(&row.label).map_err(|message| grid.reject_row(i, message)))
                .collect(),
            Side::Columns => grid
                .columns
                .iter()
                .enumerate()
                .map(|(j, label)| role(label).map_err(|message| grid.reject_column(j, message)))
                .collect(),
        };
        roles.map(Self)
    }

    fn of(&self, role: Role) -> Vec<usize> {
        (0..self.0.len()).filter(|&i| self.0[i] == role).collect()
    }

    fn labels<'g>(&self, grid: &'g Grid, side: Side, role: Role) -> HashMap<&'g str, usize> {
        let label = |i: usize| match side {
            Side::Rows => grid.rows[i].label.as_str(),
            Side::Columns => grid.columns[i].as_str(),
        };
        self.of(role).into_iter().map(|i| (label(i), i)).collect()
    }
}

/// An axis of a file's labels; a file without any is rejected at its end.
fn axis<'a, K: AxisKind>(grid: &Grid, labels: impl Iterator<Item = &'a String>) -> Result<Axis<K>, Error> {
    let mut labels = labels.peekable();
    if labels.peek().is_none() {
        return Err(grid.reject_end(format!("there is no {}, must be at least one", K::NOUN)));
    }
    Axis::from_codes(labels.map(String::as_str))
}

/// Where the other file has these codes.
fn aligned<'a>(
    grid: &Grid,
    codes: impl Iterator<Item = &'a str>,
    places: &HashMap<&str, usize>,
    noun: &str,
) -> Result<Vec<usize>, Error> {
    codes
        .map(|code| {
            let place = places.get(code).copied();
            place.ok_or_else(|| grid.reject_end(format!("{noun} {code:?} of the make table is missing")))
        })
        .collect()
}

/// Compares stated totals of rows and of columns with the cells they sum over.
///
/// Totals of totals are left out: sources put other aggregates there (GDP, total output of commodities).
fn stated_totals(grid: &Grid, rows: &Parts, columns: &Parts, rounding: f64) -> Vec<Finding> {
    let mut checker = Checker::default();
    let mut compare = |i: usize, j: usize, cells: &mut dyn Iterator<Item = Option<f64>>, main: bool| {
        // Away from commodities and industries, 0 is what is written for "not stated".
        let Some(value) = grid.cell(i, j).filter(|value| main || *value != 0.0) else { return };
        let at = || format!("{}, row {:?}, column {:?}", grid.file(), grid.rows[i].label, grid.columns[j]);
        checker.balance(Check::StatedTotal, at, cells.flatten(), once(value), value, rounding);
    };
    for (i, row) in rows.0.iter().enumerate() {
        for (j, column) in columns.0.iter().enumerate() {
            match (*row, *column) {
                (Role::Total(_), Role::Total(_)) => {}
                (Role::Total(total), role) => {
                    let covered = (0..rows.0.len()).filter(|&r| total.covers(rows.0[r]));
                    compare(i, j, &mut covered.map(|r| grid.cell(r, j)), role != Role::FinalDemand);
                }
                (role, Role::Total(total)) => {
                    let covered = (0..columns.0.len()).filter(|&c| total.covers(columns.0[c]));
                    compare(i, j, &mut covered.map(|c| grid.cell(i, c)), role != Role::ValueAdded);
                }
                _ => {}
            }
        }
    }
    checker.into_findings()
}
