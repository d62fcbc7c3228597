//! A policy as a picture: boxes for what is done, diamonds for what is judged.

use std::fmt::Write as _;

use super::{At, Policy};
use crate::svg::escape;

const STEP: usize = 150;
const HEIGHT: usize = 150;
const MIDDLE: usize = 55;

impl Policy {
    /// A drawing of the policy, as a self-contained SVG file.
    ///
    /// What is done stands in boxes, what is judged in rounded ones, each with a way out below it.
    ///
    /// # Example
    /// ```
    /// use parecon_review::{Policy, Threshold};
    ///
    /// let svg = Policy::prior(Threshold::Fixed(0.0))?.to_svg();
    /// assert!(svg.starts_with("<svg") && svg.contains("propose") && svg.contains("s1 &gt; 0"));
    /// # Ok::<(), parecon_review::Error>(())
    /// ```
    #[must_use]
    pub fn to_svg(&self) -> String {
        let mut nodes: Vec<(String, Option<&str>)> = Vec::new();
        let judged = |at: At| self.stage(at).map(|stage| stage.to_string());
        if self.is_abstain() {
            nodes.push(("abstain".to_owned(), None));
        } else {
            if let Some(stage) = judged(At::Proposal) {
                nodes.push(("propose".to_owned(), None));
                nodes.push((stage, Some("not made")));
            }
            nodes.push(("make".to_owned(), None));
            if let Some(stage) = judged(At::Work) {
                nodes.push((stage, Some("made in vain")));
            }
            nodes.push(("publish".to_owned(), None));
            if let Some(stage) = judged(At::Published) {
                nodes.push((stage, Some("taken down")));
                nodes.push(("keep".to_owned(), None));
            }
        }
        let width = nodes.len() * STEP;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"11\" text-anchor=\"middle\" fill=\"none\" stroke=\"#333\">\n<title>{}</title>\n",
            escape(&self.to_string())
        );
        for (i, (label, exit)) in nodes.iter().enumerate() {
            let (left, centre) = (i * STEP + 15, i * STEP + STEP / 2);
            let round = if exit.is_some() { 20 } else { 0 };
            // Writing to a string cannot fail.
            let _ = writeln!(
                svg,
                "<rect x=\"{left}\" y=\"{}\" width=\"120\" height=\"50\" rx=\"{round}\"/>",
                MIDDLE - 25
            );
            let lines = wrapped(label.trim_matches(['[', ']']), 20);
            for (row, line) in lines.iter().enumerate() {
                let y = MIDDLE + 4 + 12 * row - 6 * (lines.len() - 1).min(6);
                let _ = writeln!(
                    svg,
                    "<text x=\"{centre}\" y=\"{y}\" fill=\"#111\" stroke=\"none\">{}</text>",
                    escape(line)
                );
            }
            if i + 1 < nodes.len() {
                let _ = writeln!(svg, "<path d=\"M{} {MIDDLE}h24m-5 -4l5 4l-5 4\"/>", left + 123);
            }
            if let Some(exit) = exit {
                let _ = writeln!(svg, "<path d=\"M{centre} {}v25m-4 -5l4 5l4 -5\"/>", MIDDLE + 25);
                let _ = writeln!(
                    svg,
                    "<text x=\"{centre}\" y=\"{}\" fill=\"#111\" stroke=\"none\">{exit}</text>",
                    MIDDLE + 68
                );
            }
        }
        svg.push_str("</svg>\n");
        svg
    }
}

/// Words in lines of at most `width` characters, as far as words allow.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let long = lines
            .last()
            .is_some_and(|line| !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width);
        if long {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
