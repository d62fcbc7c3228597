//! Time by the number of councils, both on logarithmic scales, as SVG.

use std::fmt::{self, Write};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 460.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 50.0;

/// A line of the plot.
pub(crate) struct Series<'a> {
    pub(crate) name: &'a str,
    pub(crate) colour: &'a str,
    /// Numbers of councils and seconds, all positive.
    pub(crate) points: Vec<(f64, f64)>,
}

/// The picture. A dashed line shows what is proportional to councils, from the last point of the first series down.
pub(crate) fn draw(series: &[Series<'_>]) -> Result<String, fmt::Error> {
    let all = || series.iter().flat_map(|s| &s.points);
    let (x, y) = (Axis::over(all().map(|p| p.0)), Axis::over(all().map(|p| p.1)));
    let at_x = |councils: f64| LEFT + x.share(councils) * (WIDTH - LEFT - RIGHT);
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
        r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">councils</text>"#,
        0.5 * (LEFT + right),
        HEIGHT - 10.0
    )?;
    if let Some(&(councils, seconds)) = series.first().and_then(|s| s.points.last()) {
        let least = 10f64.powi(x.low).max(10f64.powi(y.low) * councils / seconds);
        let (fx, fy, tx, ty) = (at_x(least), at_y(seconds * least / councils), at_x(councils), at_y(seconds));
        writeln!(
            svg,
            r##"<path d="M{fx:.1} {fy:.1}L{tx:.1} {ty:.1}" stroke="#787878" stroke-dasharray="5 4"/>"##
        )?;
    }
    for (place, Series { name, colour, points }) in (0u8..).zip(series) {
        let mut path = String::new();
        for (i, &(councils, seconds)) in points.iter().enumerate() {
            let (px, py) = (at_x(councils), at_y(seconds));
            write!(path, "{}{px:.1} {py:.1}", if i == 0 { 'M' } else { 'L' })?;
            writeln!(svg, r#"<circle cx="{px:.1}" cy="{py:.1}" r="3.5" fill="{colour}"/>"#)?;
        }
        writeln!(svg, r#"<path d="{path}" stroke="{colour}" stroke-width="2" fill="none"/>"#)?;
        let line = TOP + 18.0 + 20.0 * f64::from(place);
        writeln!(svg, r#"<path d="M{:.1} {line:.1}h24" stroke="{colour}" stroke-width="3"/>"#, LEFT + 12.0)?;
        writeln!(svg, r#"<text x="{:.1}" y="{:.1}">{name}</text>"#, LEFT + 44.0, line + 4.0)?;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
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
