//! Reading workplaces from CSV.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::table::Table;
use crate::workplace::Ids;
use crate::{Eligibility, Error, Member, Minutes, Task, Workplace};

/// Columns whose names start so rate tasks in a further dimension, whose name follows.
const RATING: &str = "rating:";

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
        let table = Table::with_prefix(TASKS, &names, 3, Some(RATING), tasks)?;
        table.check_time_column()?;
        let mut tasks = Vec::new();
        for row in table.rows() {
            let empowerment = row.number("empowerment", "a number")?;
            let desirability = row.number("desirability", "a number")?;
            let mut task = Task::new(row.key("id")?, row.time()?, empowerment, desirability);
            for dimension in table.prefixed() {
                let text = row.after_prefix(dimension);
                let rating = text.parse().map_err(|_| {
                    row.error(&format!("{RATING}{dimension}"), format!("\"{text}\" is not a number"))
                })?;
                task = task.with_further(dimension, rating);
            }
            task.skill = Some(row.text("skill")).filter(|skill| !skill.is_empty()).map(str::to_owned);
            task.chunk = row.optional("chunk", "a whole number of minutes")?.map(Minutes::new);
            task.team = row.optional("team", "a whole number of people")?;
            task.check().map_err(|e| row.refused(e.to_string()))?;
            tasks.push(task.with_name(row.text("name")));
        }
        let names = ["id", "name", "count", "hours", "minutes", "skills", "training"];
        let table = Table::read(MEMBERS, &names, 1, members)?;
        table.check_time_column()?;
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
            member.check().map_err(|e| row.refused(e.to_string()))?;
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
            let (member, task) = (ids.member_in(&row, "member")?, ids.task_in(&row, "task")?);
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
