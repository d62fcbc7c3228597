//! Time by size, both on logarithmic scales, as SVG.

use std::fmt::{self, Write};

use serde::Deserialize;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 460.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 50.0;

/// Told apart by everybody (Okabe and Ito 2008).
const COLOURS: [&str; 8] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#b8a800"];

/// A line of the plot.
#[derive(Clone, Debug, Deserialize)]
pub struct Series {
    /// In the legend.
    pub name: String,
    /// Sizes and seconds, all positive.
    pub points: Vec<(f64, f64)>,
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PlotError {
    /// A size or time that has no place on a logarithmic scale.
    Point {
        /// The series.
        series: String,
        /// Which of its points, from 0.
        at: usize,
        /// Size and seconds.
        point: (f64, f64),
    },
    /// The text could not be written.
    Text(fmt::Error),
}

impl fmt::Display for PlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlotError::Point { series, at, point: (size, seconds) } => {
                let place = at + 1;
                write!(f, "{series}, point {place}: is ({size}, {seconds}), both must be positive and finite")
            }
            PlotError::Text(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PlotError {}

impl From<fmt::Error> for PlotError {
    fn from(error: fmt::Error) -> Self {
        PlotError::Text(error)
    }
}

/// The picture, with what sizes count below it. A dashed line shows what is proportional to size, from the last point of
/// the first series down.
///
/// # Errors
/// Points that are not positive and finite.
pub fn draw(size: &str, series: &[Series]) -> Result<String, PlotError> {
    for Series { name, points } in series {
        let drawable = |value: f64| value > 0.0 && value.is_finite();
        if let Some(at) = points.iter().position(|&(size, seconds)| !(drawable(size) && drawable(seconds))) {
            return Err(PlotError::Point { series: name.clone(), at, point: points[at] });
        }
    }
    let size = escaped(size);
    let all = || series.iter().flat_map(|s| &s.points);
    let (x, y) = (Axis::over(all().map(|p| p.0)), Axis::over(all().map(|p| p.1)));
    let at_x = |size: f64| LEFT + x.share(size) * (WIDTH - LEFT - RIGHT);
    let at_y = |seconds: f64| HEIGHT - BOTTOM - y.share(seconds) * (HEIGHT - TOP - BOTTOM);
    let mut svg = String::new();
    writeln!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13" fill="#222831">
<rect width="100%" height="100%" fill="#fff"/>"##
    )?;
    let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
    for power in x.low..=x.high {
        let at = at_x(10f64.powi(power));
        writeln!(svg, r##"<path d="M{at:.1} {TOP}V{bottom}" stroke="#e1e5ea"/>"##)?;
        writeln!(svg, r#"<text x="{at:.1}" y="{:.1}" text-anchor="middle">1e{power}</text>"#, bottom + 18.0)?;
    }
    for power in y.low..=y.high {
        let at = at_y(10f64.powi(power));
        writeln!(svg, r##"<path d="M{LEFT} {at:.1}H{right}" stroke="#e1e5ea"/>"##)?;
        let label = format!("{} s", 10f64.powi(power));
        writeln!(svg, r#"<text x="{:.1}" y="{:.1}" text-anchor="end">{label}</text>"#, LEFT - 6.0, at + 4.0)?;
    }
    writeln!(
        svg,
        r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">{size}</text>"#,
        0.5 * (LEFT + right),
        HEIGHT - 10.0
    )?;
    if let Some(&(last, seconds)) = series.first().and_then(|s| s.points.last()) {
        let least = 10f64.powi(x.low).max(10f64.powi(y.low) * last / seconds);
        let (fx, fy, tx, ty) = (at_x(least), at_y(seconds * least / last), at_x(last), at_y(seconds));
        writeln!(
            svg,
            r##"<path d="M{fx:.1} {fy:.1}L{tx:.1} {ty:.1}" stroke="#787878" stroke-dasharray="5 4"/>"##
        )?;
    }
    for ((place, Series { name, points }), colour) in (0u8..).zip(series).zip(COLOURS.iter().cycle()) {
        let mut path = String::new();
        for (i, &(size, seconds)) in points.iter().enumerate() {
            let (px, py) = (at_x(size), at_y(seconds));
            write!(path, "{}{px:.1} {py:.1}", if i == 0 { 'M' } else { 'L' })?;
            writeln!(svg, r#"<circle cx="{px:.1}" cy="{py:.1}" r="3.5" fill="{colour}"/>"#)?;
        }
        writeln!(svg, r#"<path d="{path}" stroke="{colour}" stroke-width="2" fill="none"/>"#)?;
        let line = TOP + 18.0 + 20.0 * f64::from(place);
        writeln!(svg, r#"<path d="M{:.1} {line:.1}h24" stroke="{colour}" stroke-width="3"/>"#, LEFT + 12.0)?;
        let name = escaped(name);
        writeln!(svg, r#"<text x="{:.1}" y="{:.1}">{name}</text>"#, LEFT + 44.0, line + 4.0)?;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// As text in SVG.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Whole powers of ten around some numbers.
struct Axis {
    low: i32,
    high: i32,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v.log10().floor()), high.max(v.log10().ceil()))
        });
        let low = if low.is_finite() { low as i32 } else { 0 };
        Axis { low, high: if high.is_finite() { (high as i32).max(low + 1) } else { low + 1 } }
    }

    fn share(&self, value: f64) -> f64 {
        (value.log10() - f64::from(self.low)) / f64::from(self.high - self.low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decade_is_as_long_everywhere_and_every_series_is_drawn() {
        let series = |name: &str, scale: f64| Series {
            name: name.into(),
            points: vec![(10.0, scale), (100.0, 10.0 * scale), (1000.0, 100.0 * scale)],
        };
        let svg = draw("members", &[series("ours", 0.01), series("theirs", 0.1)]).unwrap();
        let of = |start: &str| -> Vec<f64> {
            let circles = svg.split("<circle ").skip(1).map(|rest| rest.split(start).nth(1).unwrap());
            circles.map(|rest| rest.split('"').next().unwrap().parse().unwrap()).collect()
        };
        let (x, y) = (of("cx=\""), of("cy=\""));
        assert_eq!((x.len(), y.len()), (6, 6));
        assert!((2.0 * x[1] - x[0] - x[2]).abs() < 0.2, "{x:?}");
        // From 0.01 to 10 s: 1 s is two of three decades up.
        let expected = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * 2.0 / 3.0;
        assert!((y[2] - expected).abs() < 0.06, "{y:?} {expected}");
        assert!(svg.contains(">ours<") && svg.contains(">theirs<") && svg.contains(">members<"));
    }

    #[test]
    fn what_has_no_place_is_refused_and_names_are_text() {
        let series = |points: &[(f64, f64)]| [Series { name: "a < b & c".into(), points: points.to_vec() }];
        for bad in [(0.0, 1.0), (1.0, -1.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
            let error = draw("n", &series(&[(1.0, 1.0), bad])).unwrap_err();
            assert!(matches!(error, PlotError::Point { at: 1, .. }), "{error}");
            assert!(error.to_string().starts_with("a < b & c, point 2: is ("), "{error}");
        }
        let svg = draw("p & q", &series(&[(1.0, 1.0)])).unwrap();
        assert!(svg.contains(">a &lt; b &amp; c<") && svg.contains(">p &amp; q<"));
    }
}
