//! Names of councils, most of which have none.

/// One text for all names, and where each ends, up to the last council that has one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Names {
    text: String,
    ends: Vec<usize>,
    councils: usize,
}

impl Names {
    pub(super) fn push(&mut self, name: &str) {
        if !name.is_empty() {
            self.ends.resize(self.councils, self.text.len());
            self.text.push_str(name);
            self.ends.push(self.text.len());
        }
        self.councils += 1;
    }

    /// Empty where there is none.
    pub(super) fn get(&self, position: usize) -> &str {
        let Some(&end) = self.ends.get(position) else { return "" };
        let start = position.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_places() {
        let mut names = Names::default();
        let given = ["", "", "bäckerei", "", "mill", "", ""];
        given.iter().for_each(|name| names.push(name));
        let kept: Vec<&str> = (0..given.len()).map(|i| names.get(i)).collect();
        assert_eq!(kept, given);
        assert_eq!(names.ends.len(), 5);
    }
}
