//! What a caller who gave an unknown code may have meant.

use crate::axis::Label;

/// Up to three labels that the caller may have meant: by name, else by a code few keystrokes away.
pub(super) fn closest(labels: &[Label], wanted: &str) -> Vec<(String, String)> {
    let wanted = wanted.trim().to_lowercase();
    if wanted.is_empty() {
        return Vec::new();
    }
    let allowed = (wanted.chars().count() / 3).max(1);
    let mut scored: Vec<(usize, usize)> = Vec::new();
    for (position, label) in labels.iter().enumerate() {
        let (code, name) = (label.code.to_lowercase(), label.name.to_lowercase());
        let score = if code == wanted || name == wanted {
            0
        } else if name != code && name.contains(&wanted) {
            1
        } else {
            let distance = edit_distance(&code, &wanted).min(edit_distance(&name, &wanted));
            if distance > allowed {
                continue;
            }
            1 + distance
        };
        scored.push((score, position));
    }
    scored.sort_unstable();
    scored.iter().take(3).map(|&(_, p)| (labels[p].code.clone(), labels[p].name.clone())).collect()
}

/// Levenshtein distance by characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use crate::axis::{Axis, Sector};

    #[test]
    fn suggestions_are_close_or_absent() {
        let axis = Axis::<Sector>::from_codes(["3361MV", "3364OT", "622", "621"]).unwrap();
        assert!(axis.id("3361mv").unwrap_err().to_string().ends_with(r#"the closest is "3361MV""#));
        assert!(axis.id("620").unwrap_err().to_string().ends_with(r#"the closest are "622", "621""#));
        assert!(axis.id("zzzzzz").unwrap_err().to_string().ends_with("unknown"));
        assert!(axis.id("").unwrap_err().is_unknown_label());
    }
}
