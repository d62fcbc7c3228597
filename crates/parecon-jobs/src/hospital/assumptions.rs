//! Everything about a hospital that the sources do not say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Shares;
use crate::{Error, Minutes};

/// What is assumed about a hospital; every field can be changed.
///
/// The sources give profiles, duties, ratings and national employment. They do not say how many of each profile a
/// hospital employs, how long each duty takes, how a duty rates beside its profile, or which duties the law reserves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Assumptions {
    /// What each member works in the period; a week of 35 h.
    pub available: Minutes,
    /// Each profile with staff has at least so many members; 1, so that no profile is rounded away with its duties.
    pub minimum_members: u32,
    /// Which share of national employment hospitals have, by first digit of the code (broad occupational category):
    /// 1 and 2 (administration, sciences) 0.02, 3 (health) 0.5, 4 (education, social) 0.1, 5 and 6 (culture, service)
    /// 0.01, 9 (utilities) 0.02. A digit left out has none.
    pub hospital_share: Shares,
    /// Which words in a duty move its rating away from its profile's.
    pub words: Vec<WordRule>,
    /// Codes, or beginnings of codes, of profiles whose duties need a licence: by default the unit groups whose work
    /// is reserved by law in most Canadian provinces.
    pub licensed: Vec<String>,
    /// Years of full-time study that a licence takes, by beginning of the code: 4 where the second digit, the level of
    /// training, is 1 (a university degree), 10 for physicians and 6 for dentists, audiologists and dietitians, 2 where
    /// it is 2 (a college diploma).
    pub training_years: BTreeMap<String, f64>,
}

/// Words that move a duty's rating.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WordRule {
    /// The words, lower case, as infinitives: "plan" also meets plans, planned, planning, not planet.
    pub words: Vec<String>,
    /// What one or more of them add to empowerment.
    pub empowerment: f64,
    /// What one or more of them add to desirability.
    pub desirability: f64,
}

const EMPOWERING: [&str; 16] = [
    "advise",
    "consult",
    "coordinate",
    "design",
    "develop",
    "direct",
    "educate",
    "hire",
    "instruct",
    "manage",
    "oversee",
    "plan",
    "recruit",
    "supervise",
    "teach",
    "train",
];
const ONEROUS: [&str; 18] = [
    "clean",
    "clear",
    "discard",
    "disinfect",
    "file",
    "fold",
    "load",
    "mop",
    "polish",
    "replenish",
    "scour",
    "sort",
    "stock",
    "store",
    "sweep",
    "unload",
    "unpack",
    "wash",
];

/// Unit groups (NOC 2021) reserved by law in most provinces.
const LICENSED: [&str; 22] = [
    "31100", // specialists in clinical and laboratory medicine
    "31101", // specialists in surgery
    "31102", // general practitioners and family physicians
    "31110", // dentists
    "31112", // audiologists and speech-language pathologists
    "31121", // dietitians and nutritionists
    "31200", // psychologists
    "31202", // physiotherapists
    "31209", // podiatrists, naturopaths, osteopaths and other health diagnosing and treating professionals
    "31300", // nursing coordinators and supervisors (registered nurses)
    "31301", // registered nurses and registered psychiatric nurses
    "31302", // nurse practitioners
    "31303", // physician assistants, midwives and allied health professionals
    "32101", // licensed practical nurses
    "32102", // paramedical occupations
    "32103", // respiratory therapists, clinical perfusionists and cardiopulmonary technologists
    "32111", // dental hygienists and dental therapists
    "32120", // medical laboratory technologists
    "32121", // medical radiation technologists
    "32122", // medical sonographers
    "32124", // pharmacy technicians
    "41300", // social workers
];

impl Default for Assumptions {
    fn default() -> Self {
        let rule = |words: &[&str], empowerment, desirability| WordRule {
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            empowerment,
            desirability,
        };
        Assumptions {
            available: Minutes::new(35 * 60),
            minimum_members: 1,
            hospital_share: Shares::from([
                ('1', 0.02),
                ('2', 0.02),
                ('3', 0.5),
                ('4', 0.1),
                ('5', 0.01),
                ('6', 0.01),
                ('9', 0.02),
            ]),
            words: vec![rule(&EMPOWERING, 3.0, 1.0), rule(&ONEROUS, -3.0, -2.0)],
            licensed: LICENSED.map(str::to_owned).to_vec(),
            training_years: [("31", 4.0), ("3110", 10.0), ("3111", 6.0), ("32", 2.0), ("41", 4.0)]
                .map(|(prefix, years)| (prefix.to_owned(), years))
                .into(),
        }
    }
}

impl Assumptions {
    /// Checks the values; building a workplace does so too.
    ///
    /// # Errors
    /// If nobody has time, a share is not a number from 0 to 1, years of training are negative, or a word rule's change is
    /// not finite.
    ///
    /// # Complexity
    /// O(shares + rules).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::Minutes;
    /// use parecon_jobs::hospital::Assumptions;
    /// let mut assumptions = Assumptions::default();
    /// assumptions.validate()?;
    /// assumptions.available = Minutes::ZERO;
    /// assert!(assumptions.validate().unwrap_err().is_invalid_input());
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn validate(&self) -> Result<(), Error> {
        if self.available == Minutes::ZERO {
            return Err(Error::invalid("available is 0 min, must be at least 1 min"));
        }
        for (digit, share) in &self.hospital_share {
            if !(0.0..=1.0).contains(share) {
                return Err(Error::invalid(format!(
                    "hospital share of category {digit} is {share}, must be from 0 to 1"
                )));
            }
        }
        if let Some((code, years)) = self.training_years.iter().find(|(_, y)| !(y.is_finite() && **y >= 0.0))
        {
            return Err(Error::invalid(format!(
                "training for {code} takes {years} years, must be 0 or more"
            )));
        }
        for rule in &self.words {
            if !rule.empowerment.is_finite() || !rule.desirability.is_finite() {
                return Err(Error::invalid(format!(
                    "the rule for {:?} adds {} and {}, must be finite",
                    rule.words, rule.empowerment, rule.desirability
                )));
            }
        }
        Ok(())
    }
}

impl WordRule {
    /// A rule.
    #[must_use]
    pub fn new(words: Vec<String>, empowerment: f64, desirability: f64) -> Self {
        WordRule { words, empowerment, desirability }
    }

    /// Whether any of a duty's words (lower case) is a form of one of the rule's.
    pub(super) fn meets(&self, words: &[&str]) -> bool {
        self.words.iter().any(|verb| words.iter().any(|word| is_form_of(word, verb)))
    }
}

/// Whether `word` is a regular form of the English verb `verb`.
fn is_form_of(word: &str, verb: &str) -> bool {
    // plan: plans, planned, planning; manage: managed, managing; clean: cleaned; wash: washes.
    let stem = verb.strip_suffix('e').unwrap_or(verb);
    let Some(ending) = word.strip_prefix(stem) else { return false };
    let doubled = verb.chars().last().map(|last| ending.strip_prefix(last).unwrap_or(""));
    let regular = ["", "e", "s", "es", "ed", "ing"].contains(&ending) && word != stem;
    word == verb || regular || doubled.is_some_and(|rest| ["ed", "ing"].contains(&rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_verb() {
        for (verb, forms) in [
            ("plan", vec!["plan", "plans", "planned", "planning"]),
            ("manage", vec!["manage", "manages", "managed", "managing"]),
            ("wash", vec!["washes", "washed", "washing"]),
            ("file", vec!["file", "files", "filed", "filing"]),
        ] {
            for form in forms {
                assert!(is_form_of(form, verb), "{form} of {verb}");
            }
        }
        for (word, verb) in [
            ("plant", "plan"),
            ("profile", "file"),
            ("fil", "file"),
            ("workload", "load"),
            ("supervision", "supervise"),
            ("management", "manage"),
            ("trains", "file"),
        ] {
            assert!(!is_form_of(word, verb), "{word} of {verb}");
        }
    }
}
