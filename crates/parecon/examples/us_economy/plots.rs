//! The report's pictures, as SVG.

use anyhow::Result;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::drawing::{FAINT, INK, draw, failed};
use crate::results::{Design, Group, PlannedSector, Run};

/// Colour-blind safe (Okabe and Ito 2008).
const PALETTE: [RGBColor; 5] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(120, 120, 120),
];

fn text(size: i32, colour: RGBColor, h: HPos, v: VPos) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&colour).pos(Pos::new(h, v))
}

/// Largest imbalance by round, on a logarithmic axis.
pub(crate) fn convergence(runs: &[Run]) -> Result<String> {
    draw((860, 380), |area| {
        let last = runs.iter().flat_map(|r| &r.rounds).map(|r| r.round).max().unwrap_or(1);
        let positive = || runs.iter().flat_map(|r| &r.rounds).map(|r| r.imbalance).filter(|i| *i > 0.0);
        let low = positive().fold(1.0, f64::min).max(1e-14) / 3.0;
        let high = positive().fold(30.0, f64::max) * 1.5;
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(30)
            .x_label_area_size(48)
            .y_label_area_size(78)
            .build_cartesian_2d(0.5..last as f64 + 0.5, (low..high).log_scale())
            .map_err(failed)?;
        chart
            .configure_mesh()
            .bold_line_style(FAINT)
            .light_line_style(WHITE)
            .x_desc("round of proposals")
            .y_desc("largest imbalance of any good (%)")
            .x_labels(last.min(20))
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&power_of_ten)
            .axis_desc_style(text(15, INK, HPos::Center, VPos::Center))
            .label_style(("sans-serif", 13))
            .draw()
            .map_err(failed)?;
        chart
            .draw_series(DashedLineSeries::new(
                [(0.5, 3.0), (last as f64 + 0.5, 3.0)],
                5,
                4,
                INK.mix(0.6).into(),
            ))
            .map_err(failed)?;
        chart
            .draw_series([Text::new(
                "3 %: the published simulations stop here",
                (last as f64 + 0.4, 3.0 * 1.15),
                text(13, INK, HPos::Right, VPos::Bottom),
            )])
            .map_err(failed)?;
        for (run, colour) in runs.iter().zip(PALETTE) {
            let points: Vec<_> = run.rounds.iter().map(|r| (r.round as f64, r.imbalance.max(low))).collect();
            chart
                .draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))
                .map_err(failed)?
                .label(&run.rule)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], colour.stroke_width(3)));
            chart
                .draw_series(points.into_iter().map(|p| Circle::new(p, 3, colour.filled())))
                .map_err(failed)?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .background_style(WHITE.mix(0.9))
            .border_style(FAINT)
            .label_font(("sans-serif", 14))
            .margin(10)
            .draw()
            .map_err(failed)?;
        Ok(())
    })
}

/// The sectors whose price or output changes most, as bars.
pub(crate) fn price_changes(sectors: &[PlannedSector], most: usize) -> Result<String> {
    let mut order: Vec<&PlannedSector> = sectors.iter().collect();
    order.sort_by(|a, b| b.price_change.abs().total_cmp(&a.price_change.abs()));
    order.truncate(most);
    order.sort_by(|a, b| b.price_change.total_cmp(&a.price_change));
    let height = 70 + 20 * order.len() as u32;
    draw((860, height), |area| {
        let low = order.iter().map(|s| s.price_change).fold(0.0, f64::min);
        let high = order.iter().map(|s| s.price_change).fold(0.0, f64::max);
        let pad = 0.14 * (high - low).max(1e-6);
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(24)
            .x_label_area_size(46)
            .y_label_area_size(330)
            .build_cartesian_2d(low - pad..high + pad, order.len() as f64..0.0)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .bold_line_style(FAINT)
            .light_line_style(WHITE)
            .x_desc("change of the indicative price (%)")
            .axis_desc_style(text(15, INK, HPos::Center, VPos::Center))
            .label_style(("sans-serif", 13))
            .y_labels(0)
            .x_labels(9)
            .draw()
            .map_err(failed)?;
        for (row, sector) in order.iter().enumerate() {
            let (y, value) = (row as f64, sector.price_change);
            let colour = if value >= 0.0 { PALETTE[1] } else { PALETTE[0] };
            chart
                .draw_series([Rectangle::new([(0.0, y + 0.15), (value, y + 0.85)], colour.filled())])
                .map_err(failed)?;
            let (anchor, shift) = if value >= 0.0 { (HPos::Left, 0.04) } else { (HPos::Right, -0.04) };
            chart
                .draw_series([Text::new(
                    format!("{value:+.2}"),
                    (value + shift * pad * 2.0, y + 0.5),
                    text(12, INK, anchor, VPos::Center),
                )])
                .map_err(failed)?;
            let (left, top) = chart.backend_coord(&(low - pad, y + 0.5));
            area.draw(&Text::new(
                shorten(&sector.name, 60),
                (left - 8, top),
                text(13, INK, HPos::Right, VPos::Center),
            ))
            .map_err(failed)?;
        }
        Ok(())
    })
}

/// Members' average empowerment and desirability, before and after, side by side; area stands for people.
pub(crate) fn complexes(groups: &[Group], average: (f64, f64)) -> Result<String> {
    draw((860, 440), |area| {
        let (left, right) = area.split_horizontally(430);
        let largest = groups.iter().map(|g| g.people).max().unwrap_or(1);
        for (panel, title, after) in [(&left, "today", false), (&right, "balanced job complexes", true)] {
            let mut chart = ChartBuilder::on(panel)
                .margin(10)
                .caption(title, ("sans-serif", 17).into_font().color(&INK))
                .x_label_area_size(46)
                .y_label_area_size(56)
                .build_cartesian_2d(0.0..21.0, 0.0..21.0)
                .map_err(failed)?;
            chart
                .configure_mesh()
                .bold_line_style(FAINT)
                .light_line_style(WHITE)
                .x_desc("empowerment (1–20)")
                .y_desc("desirability (1–20)")
                .x_labels(6)
                .y_labels(6)
                .x_label_formatter(&|x| format!("{x:.0}"))
                .y_label_formatter(&|y| format!("{y:.0}"))
                .axis_desc_style(text(15, INK, HPos::Center, VPos::Center))
                .label_style(("sans-serif", 13))
                .draw()
                .map_err(failed)?;
            for line in [[(average.0, 0.0), (average.0, 21.0)], [(0.0, average.1), (21.0, average.1)]] {
                chart.draw_series(DashedLineSeries::new(line, 5, 4, INK.mix(0.5).into())).map_err(failed)?;
            }
            chart
                .draw_series(groups.iter().map(|g| {
                    let at = if after {
                        (g.empowerment_after, g.desirability_after)
                    } else {
                        (g.empowerment_before, g.desirability_before)
                    };
                    let radius = 2.0 + 16.0 * (f64::from(g.people) / f64::from(largest)).sqrt();
                    let colour = PALETTE[usize::from(after) * 2];
                    let style = if g.licensed { colour.stroke_width(2) } else { colour.mix(0.5).filled() };
                    Circle::new(at, radius as i32, style)
                }))
                .map_err(failed)?;
        }
        Ok(())
    })
}

/// Net benefit of each policy by production cost, and who wins where.
pub(crate) fn design(design: &Design) -> Result<String> {
    draw((860, 460), |area| {
        let points = || design.curves.iter().flat_map(|c| &c.points);
        let right = points().map(|p| p.0).fold(0.0, f64::max);
        let high = points().map(|p| p.1).fold(0.1, f64::max) * 1.25;
        let low = -0.5 * high;
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(24)
            .x_label_area_size(48)
            .y_label_area_size(70)
            .build_cartesian_2d(0.0..right, low..high)
            .map_err(failed)?;
        for (i, interval) in design.intervals.iter().enumerate() {
            let shade = if i % 2 == 0 { FAINT.mix(0.7) } else { FAINT.mix(0.2) };
            let to = interval.to.min(right);
            chart
                .draw_series([Rectangle::new([(interval.from, low), (to, high)], shade.filled())])
                .map_err(failed)?;
        }
        chart
            .configure_mesh()
            .disable_mesh()
            .x_desc("production cost of a piece (days of design labour)")
            .y_desc("net benefit per idea (days)")
            .axis_desc_style(text(15, INK, HPos::Center, VPos::Center))
            .label_style(("sans-serif", 13))
            .draw()
            .map_err(failed)?;
        for (curve, colour) in design.curves.iter().zip(PALETTE) {
            let visible = curve.points.iter().copied().filter(|p| p.1 >= low);
            chart
                .draw_series(LineSeries::new(visible, colour.stroke_width(3)))
                .map_err(failed)?
                .label(&curve.policy)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], colour.stroke_width(3)));
        }
        for interval in &design.intervals {
            let middle = 0.5 * (interval.from + interval.to.min(right));
            chart
                .draw_series([Text::new(
                    interval.policy.clone(),
                    (middle, high * 0.98),
                    text(14, INK, HPos::Center, VPos::Top),
                )])
                .map_err(failed)?;
        }
        let mut markers: Vec<_> = design.markers.iter().filter(|m| m.cost <= right).collect();
        markers.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        for (i, marker) in markers.iter().enumerate() {
            // A row each, so that labels of neighbours do not meet.
            let row = low * (0.12 + 0.85 * i as f64 / markers.len() as f64);
            let leader = [(marker.cost, 0.0), (marker.cost, row)];
            chart.draw_series(DashedLineSeries::new(leader, 3, 3, INK.mix(0.7).into())).map_err(failed)?;
            let (anchor, shift) =
                if marker.cost > 0.7 * right { (HPos::Right, -0.006) } else { (HPos::Left, 0.006) };
            chart
                .draw_series([Text::new(
                    format!("{} ({})", shorten(&marker.name, 30), marker.code),
                    (marker.cost + shift * right, row),
                    text(12, INK, anchor, VPos::Center),
                )])
                .map_err(failed)?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::MiddleRight)
            .background_style(WHITE.mix(0.9))
            .border_style(FAINT)
            .label_font(("sans-serif", 14))
            .margin(10)
            .draw()
            .map_err(failed)?;
        Ok(())
    })
}

/// A tick of a logarithmic axis, free of the digits that computing it left.
fn power_of_ten(tick: &f64) -> String {
    let exponent = tick.log10().round();
    if (-3.0..=3.0).contains(&exponent) {
        format!("{:.*}", (-exponent).max(0.0) as usize, tick)
    } else {
        format!("{tick:.0e}")
    }
}

fn shorten(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(most - 1).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}
