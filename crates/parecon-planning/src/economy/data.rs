//! The serialised form of an economy.

use std::io;

use serde::{Deserialize, Serialize};

use super::Economy;
use crate::{ConsumerCouncil, Error, Good, WorkerCouncil};

/// Version of the serialised form that this crate reads and writes.
const VERSION: u32 = 2;

/// An economy as plain data: what [`Economy`] is serialised as.
///
/// # Example
/// ```
/// use parecon_planning::Economy;
///
/// let text = r#"{
///     "version": 2,
///     "goods": [
///         { "name": "bread", "category": "private" },
///         { "name": "labour", "category": "labour", "endowment": 100.0 }
///     ],
///     "worker_councils": [{
///         "name": "bakery", "output": 0,
///         "technology": { "cobb_douglas": {
///             "total_factor_productivity": 1.0, "inputs": [{ "good": 1, "exponent": 0.5 }],
///             "effort_elasticity": 0.0, "disutility_coefficient": 1.0, "disutility_exponent": 2.0
///         } }
///     }],
///     "consumer_councils": [{
///         "income": 20.0, "preferences": { "cobb_douglas": [{ "good": 0, "weight": 1.0 }] }
///     }]
/// }"#;
/// let economy = Economy::from_json(text.as_bytes())?;
/// assert_eq!(economy.goods()[1].endowment, 100.0);
///
/// let error = Economy::from_json("{\n  \"version\": one\n}".as_bytes()).unwrap_err();
/// assert!(error.is_malformed());
/// assert_eq!(error.to_string(), "malformed json: expected value at line 2 column 14");
/// # Ok::<(), parecon_planning::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EconomyData {
    /// Version of this form: 2.
    pub version: u32,
    /// The goods; councils refer to them by position.
    pub goods: Vec<Good>,
    /// The worker councils.
    pub worker_councils: Vec<WorkerCouncil>,
    /// The consumer councils.
    pub consumer_councils: Vec<ConsumerCouncil>,
}

impl TryFrom<EconomyData> for Economy {
    type Error = Error;

    fn try_from(data: EconomyData) -> Result<Self, Error> {
        if data.version != VERSION {
            let version = data.version;
            return Err(Error::invalid(format!("economy has version {version}, must be {VERSION}")));
        }
        Economy::new(data.goods, data.worker_councils, data.consumer_councils)
    }
}

impl From<Economy> for EconomyData {
    fn from(economy: Economy) -> Self {
        EconomyData {
            version: VERSION,
            worker_councils: (0..economy.worker_councils())
                .filter_map(|w| economy.worker_council(w))
                .collect(),
            consumer_councils: (0..economy.consumer_councils())
                .filter_map(|c| economy.consumer_council(c))
                .collect(),
            goods: economy.goods,
        }
    }
}

impl Economy {
    /// Reads the JSON form of [`EconomyData`].
    ///
    /// # Errors
    /// [`Error::is_malformed`], with line and column, if the text is not of that form; otherwise as
    /// [`Economy::new`].
    pub fn from_json(reader: impl io::Read) -> Result<Self, Error> {
        let data: EconomyData =
            serde_json::from_reader(io::BufReader::new(reader)).map_err(|e| Error::malformed(&e))?;
        Economy::try_from(data)
    }
}
