//! What a run needs to go on after a process has died.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use parecon_planning::{Economy, Round};
use serde::{Deserialize, Serialize};

use crate::Error;

const VERSION: u32 = 1;
/// Relative difference of an imbalance found again, by another number of processes: rounding, which a difference of
/// supply and demand near agreement enlarges.
const SAME: f64 = 1e-6;
/// Imbalances below are rounding altogether.
const ROUNDING: f64 = 1e-10;

/// The prices of every round so far.
///
/// They are all there is to keep, whatever the number of councils: a rule knows nothing but what was answered to them, and
/// councils answer again as they did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Version of this form: 1.
    pub version: u32,
    /// Names of the goods, in the order of prices.
    pub goods: Vec<String>,
    /// Rounds, from the first.
    pub rounds: Vec<CheckpointRound>,
}

/// One round of a [`Checkpoint`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointRound {
    /// Announced prices.
    pub prices: Vec<f64>,
    /// What came of them, by which the economy is recognised.
    pub largest_imbalance: f64,
}

impl Checkpoint {
    /// Of an economy's rounds.
    #[must_use]
    pub fn of(economy: &Economy, rounds: &[Round]) -> Self {
        let round = |round: &Round| CheckpointRound {
            prices: round.prices.clone(),
            largest_imbalance: round.largest_imbalance,
        };
        Checkpoint {
            version: VERSION,
            goods: economy.goods().iter().map(|good| good.name.clone()).collect(),
            rounds: rounds.iter().map(round).collect(),
        }
    }

    /// Writes a file that is whole or not there: beside the old one, which it then replaces.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let fail = |error: &dyn std::fmt::Display| {
            Error::checkpoint(format!("could not write {}: {error}", path.display()))
        };
        let text = serde_json::to_vec(self).map_err(|e| fail(&e))?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        let mut file = File::create(&beside).map_err(|e| fail(&e))?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(|e| fail(&e))?;
        fs::rename(&beside, path).map_err(|e| fail(&e))
    }

    /// Reads a checkpoint's text.
    ///
    /// # Errors
    /// If it is not of this form, with line and column, or of another version.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let checkpoint: Self = serde_json::from_str(text).map_err(|e| Error::checkpoint(e.to_string()))?;
        if checkpoint.version == VERSION {
            Ok(checkpoint)
        } else {
            let version = checkpoint.version;
            Err(Error::checkpoint(format!("has version {version}, must be {VERSION}")))
        }
    }

    pub(crate) fn check_goods(&self, economy: &Economy) -> Result<(), Error> {
        let (here, there) = (economy.goods(), &self.goods);
        if here.len() != there.len() {
            return Err(Error::checkpoint(format!("has {} goods, the economy {}", there.len(), here.len())));
        }
        match here.iter().zip(there).position(|(good, name)| good.name != *name) {
            None => Ok(()),
            Some(g) => Err(Error::checkpoint(format!(
                "good {g} is {:?}, in the economy it is {:?}",
                there[g], here[g].name
            ))),
        }
    }
}

impl CheckpointRound {
    pub(crate) fn check(&self, again: &Round) -> Result<(), Error> {
        let (then, now) = (self.largest_imbalance, again.largest_imbalance);
        if (then - now).abs() <= SAME * then + ROUNDING {
            return Ok(());
        }
        Err(Error::checkpoint(format!(
            "round {} had an imbalance of {then} and now has {now}: the economy is another one",
            again.number
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parecon_planning::{Config, Planning, Recorded, experiment};

    #[test]
    fn a_checkpoint_is_read_as_written() {
        let economy = experiment::small_example().unwrap();
        let mut rule = Recorded::new();
        let mut planning = Planning::new(&economy, &mut rule, Config::new()).unwrap();
        planning.step().unwrap();
        planning.step().unwrap();
        let checkpoint = Checkpoint::of(&economy, planning.rounds());
        let path = std::env::temp_dir().join(format!("parecon-checkpoint-{}.json", std::process::id()));
        checkpoint.write(&path).unwrap();
        assert_eq!(Checkpoint::from_json(&fs::read_to_string(&path).unwrap()).unwrap(), checkpoint);
        fs::remove_file(path).unwrap();
        assert!(checkpoint.write(Path::new("/no/such/folder/file")).unwrap_err().is_checkpoint());

        checkpoint.rounds[1].check(&planning.rounds()[1]).unwrap();
        assert!(checkpoint.rounds[0].check(&planning.rounds()[1]).unwrap_err().is_checkpoint());
        checkpoint.check_goods(&economy).unwrap();
        let mut other = checkpoint.clone();
        other.goods.swap(0, 1);
        let message = other.check_goods(&economy).unwrap_err().to_string();
        assert_eq!(message, "checkpoint: good 0 is \"park\", in the economy it is \"bread\"");
        other.goods.pop();
        let message = other.check_goods(&economy).unwrap_err().to_string();
        assert_eq!(message, "checkpoint: has 2 goods, the economy 3");
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        for (text, expected) in [
            ("{", "checkpoint: EOF while parsing an object at line 1 column 1"),
            (r#"{"version":2,"goods":[],"rounds":[]}"#, "checkpoint: has version 2, must be 1"),
        ] {
            assert_eq!(Checkpoint::from_json(text).unwrap_err().to_string(), expected);
        }
    }
}
