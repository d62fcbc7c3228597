//! Reading CSV, naming file, line and column of what is not accepted.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use crate::workplace::Ids;
use crate::{Eligibility, Error, Member, Minutes, Task, Workplace};

/// Columns whose names start so rate tasks in a further dimension, whose name follows.
const RATING: &str = "rating:";

/// A table whose columns are found by name.
pub(crate) struct Table<'a> {
    file: &'a str,
    names: &'a [&'a str],
    /// Where each of `names` is, if it is there.
    columns: Vec<Option<usize>>,
    /// Further dimensions and where their ratings are.
    ratings: Vec<(String, usize)>,
    rows: Vec<(u64, csv::StringRecord)>,
}

/// A row of a [`Table`].
pub(crate) struct Row<'a> {
    table: &'a Table<'a>,
    line: u64,
    record: &'a csv::StringRecord,
}

impl<'a> Table<'a> {
    /// Reads a table that may have the columns `names` and no others, and must have the first `required` of them.
    pub(crate) fn read(
        file: &'a str,
        names: &'a [&'a str],
        required: usize,
        source: impl Read,
    ) -> Result<Self, Error> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(source);
        let headers = reader.headers().map_err(|e| refused(file, &e))?.clone();
        let (mut columns, mut ratings) = (vec![None; names.len()], Vec::new());
        for (at, header) in headers.iter().enumerate() {
            // Spreadsheets like to start a file with a byte-order mark.
            let header = header.trim_start_matches('\u{feff}');
            if let Some(dimension) = header.strip_prefix(RATING).filter(|_| file == TASKS) {
                if ratings.iter().any(|(known, _)| known == dimension) {
                    return Err(Error::cell(file, 1, Some(header), "listed twice"));
                }
                ratings.push((dimension.to_owned(), at));
                continue;
            }
            let Some(known) = names.iter().position(|name| *name == header) else {
                let expected = names.join(", ");
                let message = format!("unknown column {}, known are {expected}", at + 1);
                return Err(Error::cell(file, 1, Some(header), message));
            };
            if let Some(first) = columns[known].replace(at) {
                let message = format!("listed twice, as column {} and column {}", first + 1, at + 1);
                return Err(Error::cell(file, 1, Some(header), message));
            }
        }
        if let Some(missing) = names.iter().zip(&columns).take(required).find(|(_, at)| at.is_none()) {
            return Err(Error::cell(file, 1, Some(missing.0), "the column is missing"));
        }
        let mut rows = Vec::new();
        for record in reader.into_records() {
            let record = record.map_err(|e| refused(file, &e))?;
            rows.push((record.position().map_or(0, csv::Position::line), record));
        }
        Ok(Table { file, names, columns, ratings, rows })
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, record)| Row { table: self, line: *line, record })
    }

    fn has(&self, name: &str) -> bool {
        self.names.iter().zip(&self.columns).any(|(known, at)| *known == name && at.is_some())
    }
}

fn refused(file: &str, error: &csv::Error) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::Io(cause) => Error::io(file, cause),
        csv::ErrorKind::Utf8 { .. } => Error::cell(file, line, None, "not valid UTF-8"),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => Error::cell(
            file,
            line,
            None,
            format!("has {len} fields, must have {expected_len} like the header"),
        ),
        _ => Error::cell(file, line, None, "not readable as CSV"),
    }
}

impl Row<'_> {
    /// The cell in a column; empty if the table does not have the column.
    pub(crate) fn text(&self, name: &str) -> &str {
        let column = self.table.names.iter().position(|known| *known == name);
        column.and_then(|c| self.table.columns[c]).and_then(|at| self.record.get(at)).unwrap_or("")
    }

    pub(crate) fn error(&self, name: &str, message: impl Into<String>) -> Error {
        Error::cell(self.table.file, self.line, Some(name), message)
    }

    /// The cell, which must not be empty.
    pub(crate) fn key(&self, name: &str) -> Result<&str, Error> {
        let text = self.text(name);
        if text.is_empty() { Err(self.error(name, "must not be empty")) } else { Ok(text) }
    }

    pub(crate) fn number<T: FromStr>(&self, name: &str, wanted: &str) -> Result<T, Error> {
        let text = self.text(name);
        text.parse().map_err(|_| self.error(name, format!("\"{text}\" is not {wanted}")))
    }

    /// The cell as a number, if it is not empty.
    fn optional<T: FromStr>(&self, name: &str, wanted: &str) -> Result<Option<T>, Error> {
        if self.text(name).is_empty() { Ok(None) } else { self.number(name, wanted).map(Some) }
    }

    /// The entries of a list separated by semicolons.
    fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        self.text(name).split(';').map(str::trim).filter(|entry| !entry.is_empty())
    }

    /// Time from whichever of the columns `hours` and `minutes` the table has.
    fn time(&self) -> Result<Minutes, Error> {
        if self.table.has("minutes") {
            self.number("minutes", "a whole number of minutes").map(Minutes::new)
        } else {
            let hours = self.number("hours", "a number of hours")?;
            Minutes::from_hours(hours).map_err(|e| self.error("hours", e.to_string()))
        }
    }
}

fn check_time_column(table: &Table<'_>) -> Result<(), Error> {
    let message = match (table.has("hours"), table.has("minutes")) {
        (true, true) => "the table also has a column \"minutes\": must have one of the two",
        (false, false) => "the column is missing (\"minutes\" would do as well)",
        _ => return Ok(()),
    };
    Err(Error::cell(table.file, 1, Some("hours"), message))
}

const TASKS: &str = "tasks.csv";
const MEMBERS: &str = "members.csv";
const ELIGIBILITY: &str = "eligibility.csv";

impl Workplace {
    /// Reads a workplace from CSV.
    ///
    /// | table | columns |
    /// |---|---|
    /// | tasks | `id`, `empowerment`, `desirability`, `hours` or `minutes`, optionally `name`, `skill`, `chunk` (minutes), `team`, and `rating:noise` for a further dimension called noise |
    /// | members | `id`, `hours` or `minutes` (available, per person), optionally `name`, `count` (1), `skills` (`nurse; driver`), `training` (skills with costs: `driver=40; cook=12.5`) |
    /// | eligibility | `member`, `task` (ids), optionally `desirability` (the member's own rating of the task), `pinned` (minutes of the task that stay with the member); without the table everyone may do everything |
    ///
    /// A task that needs a skill is open only to members who have it. Columns come in any order. Hours may have decimals and are rounded to the nearest minute.
    ///
    /// # Errors
    /// If something cannot be read or is not valid, naming table, line and column.
    ///
    /// # Complexity
    /// O(tasks + members + eligible pairs · log(tasks)).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::{Minutes, Workplace};
    /// let tasks = "id,name,hours,empowerment,desirability\n\
    ///              cook,Cooking,30,9,6\n\
    ///              plan,Planning the week,10,17,14\n";
    /// let members = "id,hours,count\nann,20,1\nbo,35,2\n";
    /// let eligibility = "member,task\nann,cook\nann,plan\nbo,cook\n";
    /// let workplace =
    ///     Workplace::from_csv(tasks.as_bytes(), members.as_bytes(), Some(eligibility.as_bytes()))?;
    /// assert_eq!(workplace.total_available(), Minutes::from_hours(90.0)?);
    ///
    /// let bad = tasks.replace("30", "thirty");
    /// let error = Workplace::from_csv(bad.as_bytes(), members.as_bytes(), None::<&[u8]>).unwrap_err();
    /// assert_eq!(error.to_string(), r#"tasks.csv, line 2, column "hours": "thirty" is not a number of hours"#);
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn from_csv(
        tasks: impl Read,
        members: impl Read,
        eligibility: Option<impl Read>,
    ) -> Result<Self, Error> {
        let names =
            ["id", "empowerment", "desirability", "name", "hours", "minutes", "skill", "chunk", "team"];
        let table = Table::read(TASKS, &names, 3, tasks)?;
        check_time_column(&table)?;
        let mut tasks = Vec::new();
        for row in table.rows() {
            let empowerment = row.number("empowerment", "a number")?;
            let desirability = row.number("desirability", "a number")?;
            let mut task = Task::new(row.key("id")?, row.time()?, empowerment, desirability);
            for (dimension, at) in &table.ratings {
                let text = row.record.get(*at).unwrap_or("");
                let rating = text.parse().map_err(|_| {
                    row.error(&format!("{RATING}{dimension}"), format!("\"{text}\" is not a number"))
                })?;
                task = task.with_further(dimension, rating);
            }
            task.skill = Some(row.text("skill")).filter(|skill| !skill.is_empty()).map(str::to_owned);
            task.chunk = row.optional("chunk", "a whole number of minutes")?.map(Minutes::new);
            task.team = row.optional("team", "a whole number of people")?;
            task.check().map_err(|e| Error::cell(TASKS, row.line, None, e.to_string()))?;
            tasks.push(task.with_name(row.text("name")));
        }
        let names = ["id", "name", "count", "hours", "minutes", "skills", "training"];
        let table = Table::read(MEMBERS, &names, 1, members)?;
        check_time_column(&table)?;
        let mut members = Vec::new();
        for row in table.rows() {
            let mut member = Member::new(row.key("id")?, row.time()?).with_name(row.text("name"));
            if let Some(count) = row.optional("count", "a whole number of people")? {
                member = member.with_count(count);
            }
            member.skills = row.list("skills").map(str::to_owned).collect();
            for entry in row.list("training") {
                let parts = entry.split_once('=').map(|(skill, cost)| (skill.trim(), cost.trim().parse()));
                let Some((skill, Ok(cost))) = parts else {
                    return Err(row.error("training", format!("\"{entry}\" is not like driver=40")));
                };
                member = member.with_training(skill, cost);
            }
            member.check().map_err(|e| Error::cell(MEMBERS, row.line, None, e.to_string()))?;
            members.push(member);
        }
        let Some(source) = eligibility else {
            return Workplace::new(tasks, members, Eligibility::Everyone);
        };
        let names = ["member", "task", "desirability", "pinned"];
        let table = Table::read(ELIGIBILITY, &names, 2, source)?;
        let (mut pairs, mut own, mut pins) = (Vec::new(), Vec::new(), Vec::new());
        let ids = Ids::new(&tasks, &members);
        for row in table.rows() {
            let member = ids.member(row.key("member")?).map_err(|e| row.error("member", e))?;
            let task = ids.task(row.key("task")?).map_err(|e| row.error("task", e))?;
            pairs.push((member, task));
            own.extend(row.optional("desirability", "a number")?.map(|rating| (member, task, rating)));
            let pinned = row.optional("pinned", "a whole number of minutes")?;
            pins.extend(pinned.map(|minutes| (member, task, Minutes::new(minutes))));
        }
        Workplace::new(tasks, members, Eligibility::Pairs(pairs))?
            .with_own_desirability(&own)?
            .with_pinned(&pins)
    }

    /// Reads `tasks.csv`, `members.csv` and, if it is there, `eligibility.csv` from a folder; see
    /// [`from_csv`](Self::from_csv).
    ///
    /// # Errors
    /// If a file cannot be opened, or as [`from_csv`](Self::from_csv).
    ///
    /// # Complexity
    /// That of [`from_csv`](Self::from_csv).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::Workplace;
    /// let error = Workplace::from_csv_folder("no/such/folder").unwrap_err();
    /// assert!(error.is_io());
    /// ```
    pub fn from_csv_folder(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let path = |name: &str| folder.as_ref().join(name);
        let open = |name: &str| File::open(path(name)).map_err(|e| Error::io(path(name).display(), &e));
        let eligibility =
            path(ELIGIBILITY).try_exists().unwrap_or(true).then(|| open(ELIGIBILITY)).transpose()?;
        Workplace::from_csv(open(TASKS)?, open(MEMBERS)?, eligibility)
    }
}
