//! Councils in CSV.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use super::{Council, EffortRating, Worker};
use crate::table::Table;
use crate::{Error, MemberId};

impl Council {
    /// Reads councils from CSV.
    ///
    /// | table | columns |
    /// |---|---|
    /// | workers | `council`, `worker` (ids), `hours` or `minutes` in the period, optionally `desirability` (average of the complex, 1–20), `allowance`, and `benefit_cost` (the council's ratio, in any of its rows) |
    /// | effort | `council`, `rater`, `rated` (ids of workers), `rating` (positive, on the council's scale) |
    ///
    /// Councils come in the order in which they are first named, workers in the order of their rows.
    ///
    /// # Errors
    /// If something cannot be read, an id is unknown, a worker or a rating is listed twice, or a council has two ratios, naming
    /// table, line and column. What ratings, ratios and allowances may be, [`pay`](super::pay()) checks.
    ///
    /// # Complexity
    /// O(rows · log(rows)).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::pay::{Config, Council, pay};
    /// let workers = "council,worker,hours,benefit_cost\nhill,ann,30,1.0\nhill,bo,30,\nvale,cy,40,\n";
    /// let effort = "council,rater,rated,rating\nhill,bo,ann,1.2\nhill,ann,bo,1.0\n";
    /// let councils = Council::from_csv(workers.as_bytes(), Some(effort.as_bytes()))?;
    /// let paid = pay(&councils, &Config::new(1000.0))?;
    /// assert_eq!(paid.councils[0].cap, Some(1.0));
    /// assert!((paid.councils[0].scale - 1.0 / 1.1).abs() < 1e-12);
    ///
    /// let bad = effort.replace("bo,ann", "bob,ann");
    /// let error = Council::from_csv(workers.as_bytes(), Some(bad.as_bytes())).unwrap_err();
    /// assert_eq!(error.to_string(), r#"effort.csv, line 2, column "rater": council "hill" has no worker "bob""#);
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn from_csv(workers: impl Read, effort: Option<impl Read>) -> Result<Vec<Council>, Error> {
        let names = ["council", "worker", "hours", "minutes", "desirability", "allowance", "benefit_cost"];
        let table = Table::read("workers.csv", &names, 2, workers)?;
        table.check_time_column()?;
        let mut councils: Vec<Council> = Vec::new();
        // Council id → its position and its workers' positions.
        let mut known: BTreeMap<String, (usize, BTreeMap<String, MemberId>)> = BTreeMap::new();
        for row in table.rows() {
            let (id, name) = (row.key("council")?, row.key("worker")?);
            let (at, members) = known.entry(id.to_owned()).or_insert_with(|| {
                councils.push(Council::new(id, Vec::new()));
                (councils.len() - 1, BTreeMap::new())
            });
            let council = &mut councils[*at];
            if members.insert(name.to_owned(), MemberId::new(council.workers.len())).is_some() {
                return Err(row.error("worker", format!("\"{name}\" is listed twice in council \"{id}\"")));
            }
            let mut worker = Worker::new(name, row.time()?);
            worker.desirability = row.optional("desirability", "a number")?;
            worker.allowance = row.optional("allowance", "a number")?.unwrap_or(0.0);
            council.workers.push(worker);
            if let Some(ratio) = row.optional::<f64>("benefit_cost", "a number")? {
                if council.benefit_cost.is_some_and(|other| other != ratio) {
                    return Err(
                        row.error("benefit_cost", format!("council \"{id}\" has another in a row before"))
                    );
                }
                council.benefit_cost = Some(ratio);
            }
        }
        let Some(effort) = effort else { return Ok(councils) };
        let table = Table::read("effort.csv", &["council", "rater", "rated", "rating"], 4, effort)?;
        let mut given = BTreeSet::new();
        for row in table.rows() {
            let id = row.key("council")?;
            let Some((at, members)) = known.get(id) else {
                return Err(row.error("council", format!("no council has the id \"{id}\"")));
            };
            let worker = |column: &str| {
                let name = row.key(column)?;
                let of = members.get(name).copied();
                of.ok_or_else(|| row.error(column, format!("council \"{id}\" has no worker \"{name}\"")))
            };
            let (rater, rated) = (worker("rater")?, worker("rated")?);
            if !given.insert((*at, rater, rated)) {
                return Err(row.error("rated", "rated twice by the same rater"));
            }
            let rating = row.number("rating", "a number")?;
            councils[*at].ratings.push(EffortRating { rater, rated, rating });
        }
        Ok(councils)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_named() {
        let workers = "council,worker,minutes,allowance,benefit_cost\nh,a,60,,1.5\nh,b,60,20,1.5\nv,a,30,,\n";
        let read = |workers: &str, effort: &str| {
            Council::from_csv(workers.as_bytes(), Some(effort.as_bytes())).map_err(|e| e.to_string())
        };
        let none = "council,rater,rated,rating\n";
        let councils = read(workers, none).unwrap();
        assert_eq!(
            (councils.len(), councils[0].benefit_cost, councils[1].benefit_cost),
            (2, Some(1.5), None)
        );
        assert_eq!((councils[0].workers[1].allowance, councils[0].workers[1].time.get()), (20.0, 60));
        for (workers, effort, expected) in [
            (
                workers.replace("h,b,60", "h,a,60"),
                none.to_owned(),
                "workers.csv, line 3, column \"worker\": \"a\" is listed twice in council \"h\"",
            ),
            (
                workers.replace("20,1.5", "20,2"),
                none.to_owned(),
                "workers.csv, line 3, column \"benefit_cost\": council \"h\" has another in a row before",
            ),
            (
                workers.replace("minutes", "time"),
                none.to_owned(),
                "workers.csv, line 1, column \"time\": unknown column 3, known are council, worker, hours, minutes, desirability, allowance, benefit_cost",
            ),
            (
                workers.replace("60,,1.5", "x,,1.5"),
                none.to_owned(),
                "workers.csv, line 2, column \"minutes\": \"x\" is not a whole number of minutes",
            ),
            (
                workers.to_owned(),
                format!("{none}w,a,b,1\n"),
                "effort.csv, line 2, column \"council\": no council has the id \"w\"",
            ),
            (
                workers.to_owned(),
                format!("{none}v,a,b,1\n"),
                "effort.csv, line 2, column \"rated\": council \"v\" has no worker \"b\"",
            ),
            (
                workers.to_owned(),
                format!("{none}h,a,b,1\nh,a,b,2\n"),
                "effort.csv, line 3, column \"rated\": rated twice by the same rater",
            ),
            (
                workers.to_owned(),
                format!("{none}h,a,b,high\n"),
                "effort.csv, line 2, column \"rating\": \"high\" is not a number",
            ),
        ] {
            assert_eq!(read(&workers, &effort).unwrap_err(), expected);
        }
    }
}
