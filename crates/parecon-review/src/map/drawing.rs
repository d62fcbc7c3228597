//! A phase map as a picture.

use std::fmt::Write as _;

use super::PhaseMap;
use crate::svg::escape;

const SIZE: f64 = 400.0;
const MARGIN: f64 = 60.0;
/// Told apart also without colour vision (Okabe and Ito 2008).
const COLOURS: [&str; 8] =
    ["#999999", "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"];

impl PhaseMap {
    /// A drawing of the map as a self-contained SVG file: x to the right, y upwards, a colour per winner.
    #[must_use]
    pub fn to_svg(&self) -> String {
        // A map read from a file may be of any shape.
        let (columns, rows) = ((self.x.count as usize).max(1), (self.y.count as usize).max(1));
        let (width, height) = (SIZE / columns as f64, SIZE / rows as f64);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" \
             font-size=\"12\">\n",
            SIZE + MARGIN + 150.0,
            SIZE + 2.0 * MARGIN
        );
        // Writing to a string cannot fail.
        let mut put = |line: String| {
            let _ = writeln!(svg, "{line}");
        };
        for (row, winners) in self.winners.chunks(columns).enumerate() {
            let top = MARGIN + SIZE - (row + 1) as f64 * height;
            // Neighbours of the same colour are one rectangle.
            let mut from = 0;
            for to in 1..=winners.len() {
                if to == winners.len() || winners[to] != winners[from] {
                    put(format!(
                        "<rect x=\"{:.2}\" y=\"{top:.2}\" width=\"{:.2}\" height=\"{:.2}\" fill=\"{}\"/>",
                        MARGIN + from as f64 * width,
                        (to - from) as f64 * width + 0.2,
                        height + 0.2,
                        colour(winners[from])
                    ));
                    from = to;
                }
            }
        }
        let bottom = MARGIN + SIZE;
        for (x, y, anchor, text) in [
            (MARGIN, bottom + 16.0, "start", self.x.from.to_string()),
            (bottom, bottom + 16.0, "end", self.x.to.to_string()),
            (MARGIN + SIZE / 2.0, bottom + 34.0, "middle", self.x.axis.label().to_owned()),
            (MARGIN - 6.0, bottom, "end", self.y.from.to_string()),
            (MARGIN - 6.0, MARGIN + 10.0, "end", self.y.to.to_string()),
            (MARGIN, MARGIN - 12.0, "start", format!("↑ {}", self.y.axis.label())),
        ] {
            put(format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{}</text>", escape(&text)));
        }
        for (i, name) in self.policies.iter().enumerate() {
            let (x, y) = (bottom + 16.0, MARGIN + 20.0 * i as f64);
            put(format!("<rect x=\"{x}\" y=\"{y}\" width=\"14\" height=\"14\" fill=\"{}\"/>", colour(i)));
            put(format!("<text x=\"{}\" y=\"{}\">{}</text>", x + 20.0, y + 12.0, escape(name)));
        }
        put("</svg>".to_owned());
        svg
    }
}

fn colour(policy: usize) -> &'static str {
    COLOURS[policy % COLOURS.len()]
}
