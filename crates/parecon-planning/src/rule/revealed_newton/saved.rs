//! The serialised form of brackets: `[council, low, high]`, with null for what is not known yet.

pub(super) mod brackets {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::super::memory::Bracket;

    pub(crate) fn serialize<S: Serializer>(
        brackets: &BTreeMap<usize, Bracket>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let known = |x: f64| x.is_finite().then_some(x);
        let all: Vec<_> = brackets.iter().map(|(w, b)| (w, known(b.low), known(b.high))).collect();
        all.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<usize, Bracket>, D::Error> {
        let all = Vec::<(usize, Option<f64>, Option<f64>)>::deserialize(deserializer)?;
        let bracket = |low: Option<f64>, high: Option<f64>| Bracket {
            low: low.unwrap_or(f64::NEG_INFINITY),
            high: high.unwrap_or(f64::INFINITY),
        };
        Ok(all.into_iter().map(|(w, low, high)| (w, bracket(low, high))).collect())
    }
}
