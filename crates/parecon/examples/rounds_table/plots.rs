//! Imbalance by round, and rounds by rule, as SVG.

use anyhow::Result;
use parecon::planning::experiment::{Rule, Run};
use plotters::prelude::*;

use crate::TOLERANCE;
use crate::drawing::{FAINT, INK, draw, failed};
use crate::table::Line;

/// Colour-blind safe (Okabe and Ito 2008).
const PALETTE: [RGBColor; 7] = [
    RGBColor(120, 120, 120),
    RGBColor(230, 159, 0),
    RGBColor(204, 121, 167),
    RGBColor(0, 158, 115),
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(86, 180, 233),
];
/// Rounds shown: the slowest rules go on beyond.
const MOST_ROUNDS: usize = 25;

/// Median over the experiments of the largest imbalance in each round of year one. Experiments that have ended count with
/// their last round.
pub(crate) fn convergence(runs: &[Run], rules: &[Rule]) -> Result<String> {
    let median = |rule: Rule, round: usize| {
        let mut all: Vec<f64> = runs
            .iter()
            .filter(|run| (run.rule, run.year) == (rule, 1))
            .filter_map(|run| run.imbalances.get(round).or(run.imbalances.last()))
            .map(|imbalance| 100.0 * imbalance)
            .collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied()
    };
    let curve = |rule: Rule| -> Vec<(f64, f64)> {
        let longest = runs.iter().filter(|r| (r.rule, r.year) == (rule, 1)).map(|r| r.imbalances.len()).max();
        let rounds = 0..longest.unwrap_or(0).min(MOST_ROUNDS);
        rounds.filter_map(|round| Some(((round + 1) as f64, median(rule, round)?))).collect()
    };
    let curves: Vec<_> = rules.iter().map(|rule| (rule.name(), curve(*rule))).collect();
    let points = || curves.iter().flat_map(|(_, points)| points);
    let last = points().map(|p| p.0).fold(2.0, f64::max);
    let low = points().map(|p| p.1).filter(|y| *y > 0.0).fold(1.0, f64::min) / 2.0;
    draw((860, 420), |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(24)
            .x_label_area_size(48)
            .y_label_area_size(70)
            .build_cartesian_2d(0.5..last + 0.5, (low..300.0).log_scale())
            .map_err(failed)?;
        chart
            .configure_mesh()
            .bold_line_style(FAINT)
            .light_line_style(WHITE)
            .x_desc("round of proposals, year one")
            .y_desc("largest imbalance, median experiment (%)")
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|y| format!("{y}"))
            .label_style(("sans-serif", 13))
            .draw()
            .map_err(failed)?;
        let limit = [(0.5, 100.0 * TOLERANCE), (last + 0.5, 100.0 * TOLERANCE)];
        chart.draw_series(DashedLineSeries::new(limit, 5, 4, INK.mix(0.6).into())).map_err(failed)?;
        for ((name, points), colour) in curves.iter().zip(PALETTE) {
            chart
                .draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))
                .map_err(failed)?
                .label(*name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], colour.stroke_width(3)));
            chart.draw_series(points.iter().map(|p| Circle::new(*p, 3, colour.filled()))).map_err(failed)?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.9))
            .border_style(FAINT)
            .label_font(("sans-serif", 14))
            .draw()
            .map_err(failed)?;
        Ok(())
    })
}

/// Mean rounds to 3 % by rule, a bar for each year, with the range over experiments.
pub(crate) fn bars(lines: &[Line], rules: &[Rule], years: u32) -> Result<String> {
    let last = |rule: Rule, year: u32| {
        lines.iter().rfind(|line| (line.rule, line.year) == (rule, year)).filter(|line| line.mean.is_some())
    };
    let most = lines.iter().filter_map(|line| line.most).max().unwrap_or(1) as f64;
    draw((860, 60 + 52 * rules.len() as u32), |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(24)
            .x_label_area_size(46)
            .y_label_area_size(150)
            .build_cartesian_2d(0.0..most * 1.05, rules.len() as f64..0.0)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .bold_line_style(FAINT)
            .light_line_style(WHITE)
            .x_desc("rounds to 3 %: mean and range, a bar for each year")
            .x_label_formatter(&|x| format!("{x:.0}"))
            .label_style(("sans-serif", 13))
            .y_labels(0)
            .draw()
            .map_err(failed)?;
        for (at, &rule) in rules.iter().enumerate() {
            let height = 0.8 / f64::from(years);
            for year in 1..=years {
                let top = at as f64 + 0.1 + height * f64::from(year - 1);
                let Some(line) = last(rule, year) else { continue };
                let (mean, least, most) =
                    (line.mean.unwrap_or(0.0), line.least.unwrap_or(0), line.most.unwrap_or(0));
                let colour = PALETTE[at % PALETTE.len()].mix(if year == 1 { 1.0 } else { 0.5 });
                let bar = Rectangle::new([(0.0, top), (mean, top + 0.9 * height)], colour.filled());
                chart.draw_series([bar]).map_err(failed)?;
                let middle = top + 0.45 * height;
                let range = vec![(least as f64, middle), (most as f64, middle)];
                chart.draw_series([PathElement::new(range, INK.stroke_width(1))]).map_err(failed)?;
            }
            let (left, middle) = chart.backend_coord(&(0.0, at as f64 + 0.5));
            let style =
                ("sans-serif", 14).into_font().color(&INK).pos(plotters::style::text_anchor::Pos::new(
                    plotters::style::text_anchor::HPos::Right,
                    plotters::style::text_anchor::VPos::Center,
                ));
            area.draw(&Text::new(rule.name(), (left - 8, middle), style)).map_err(failed)?;
        }
        Ok(())
    })
}
