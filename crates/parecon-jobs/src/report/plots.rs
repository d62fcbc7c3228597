//! The pictures.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::Report;
use crate::{Complexes, Dimension, Error, MemberId};

const INK: RGBColor = RGBColor(34, 40, 49);
const FAINT: RGBColor = RGBColor(225, 229, 234);
/// Colour-blind safe (Okabe and Ito 2008).
const BEFORE: RGBColor = RGBColor(213, 94, 0);
const AFTER: RGBColor = RGBColor(0, 114, 178);
const WIDTH: u32 = 860;
/// Bars beyond these are too thin to read.
const BARS: usize = 15;
const LABEL: usize = 46;

fn failed(error: impl std::fmt::Display) -> Error {
    Error::invalid(format!("drawing a picture failed: {error}"))
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn draw(height: u32, paint: impl FnOnce(&Area<'_>) -> Result<(), Error>) -> Result<String, Error> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        area.fill(&WHITE).map_err(failed)?;
        paint(&area)?;
        area.present().map_err(failed)?;
    }
    Ok(svg)
}

fn text(size: i32, h: HPos, v: VPos) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK).pos(Pos::new(h, v))
}

pub(super) fn spread(report: &Report<'_>, dimension: Dimension) -> Result<String, Error> {
    let after = report.standing(&report.balance.complexes, dimension)?;
    let before = report.before.map(|complexes| report.standing(complexes, dimension)).transpose()?;
    let average = report.workplace.average(dimension);
    let name = report.workplace.dimension_name(dimension);
    draw(380, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(24)
            .x_label_area_size(46)
            .y_label_area_size(64)
            .build_cartesian_2d(0.0..100.0, 0.0..20.5)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .bold_line_style(FAINT)
            .light_line_style(WHITE)
            .x_desc("share of all hours, members in ascending order (%)")
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|y| format!("{y:.0}"))
            .y_desc(format!("{name} of the complex (1–20)"))
            .y_labels(5)
            .axis_desc_style(text(15, HPos::Center, VPos::Center))
            .label_style(("sans-serif", 13))
            .draw()
            .map_err(failed)?;
        chart
            .draw_series(DashedLineSeries::new([(0.0, average), (100.0, average)], 5, 4, INK.mix(0.6).into()))
            .map_err(failed)?;
        let label = format!("average of all work: {average:.2}");
        chart
            .draw_series([Text::new(label, (1.0, average + 0.3), text(13, HPos::Left, VPos::Bottom))])
            .map_err(failed)?;
        let lines = [("today", BEFORE, before.as_deref()), ("shared", AFTER, Some(&after[..]))];
        for (label, colour, standing) in lines {
            let Some(standing) = standing else { continue };
            let all: f64 = standing.iter().map(|(_, hours)| hours).sum();
            let mut at = 0.0;
            let mut steps = Vec::new();
            for (own, hours) in standing {
                steps.push((at, *own));
                at += 100.0 * hours / all;
                steps.push((at, *own));
            }
            chart
                .draw_series(LineSeries::new(steps, colour.stroke_width(3)))
                .map_err(failed)?
                .label(label)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], colour.stroke_width(3)));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .background_style(WHITE.mix(0.9))
            .border_style(FAINT)
            .label_font(("sans-serif", 14))
            .draw()
            .map_err(failed)
    })
}

pub(super) fn tasks(report: &Report<'_>) -> Result<String, Error> {
    // How many people have so many distinct tasks; an entry of several people shares its tasks evenly.
    let count = |complexes: &Complexes| {
        let mut people: Vec<u64> = Vec::new();
        for (m, member) in report.workplace.members().iter().enumerate() {
            let tasks = complexes.distinct_tasks(MemberId::new(m));
            people.resize(people.len().max(tasks + 1), 0);
            people[tasks] += u64::from(member.count);
        }
        people
    };
    let after = count(&report.balance.complexes);
    let before = report.before.map(count).unwrap_or_default();
    let last = after.len().max(before.len());
    let most = after.iter().chain(&before).copied().max().unwrap_or(1).max(1) as f64;
    draw(320, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(24)
            .x_label_area_size(46)
            .y_label_area_size(64)
            .build_cartesian_2d(-0.5..last as f64 - 0.5, 0.0..1.08 * most)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(FAINT)
            .light_line_style(WHITE)
            .x_desc("distinct tasks in a complex (people alike share one)")
            .y_desc("people")
            .y_label_formatter(&|y| format!("{y:.0}"))
            .x_labels(last.min(20))
            .x_label_formatter(&|x| format!("{x:.0}"))
            .axis_desc_style(text(15, HPos::Center, VPos::Center))
            .label_style(("sans-serif", 13))
            .draw()
            .map_err(failed)?;
        for (label, colour, people, from) in [
            ("today", BEFORE, &before, -0.4),
            ("shared", AFTER, &after, if before.is_empty() { -0.4 } else { 0.0 }),
        ] {
            if people.is_empty() {
                continue;
            }
            let bars = people.iter().enumerate().filter(|(_, p)| **p > 0).map(|(tasks, people)| {
                let left = tasks as f64 + from;
                Rectangle::new([(left, 0.0), (left + 0.4, *people as f64)], colour.filled())
            });
            chart
                .draw_series(bars)
                .map_err(failed)?
                .label(label)
                .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 18, y + 5)], colour.filled()));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.9))
            .border_style(FAINT)
            .label_font(("sans-serif", 14))
            .draw()
            .map_err(failed)
    })
}

/// Horizontal bars with their labels.
fn bars(rows: &[(String, f64)], axis: &str) -> Result<String, Error> {
    let height = 90 + 24 * rows.len().max(1) as u32;
    let most = rows.iter().map(|(_, value)| *value).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    draw(height, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(40)
            .x_label_area_size(46)
            .y_label_area_size(350)
            .build_cartesian_2d(0.0..1.1 * most, rows.len() as f64..0.0)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .bold_line_style(FAINT)
            .light_line_style(WHITE)
            .x_desc(axis)
            .y_labels(0)
            .axis_desc_style(text(15, HPos::Center, VPos::Center))
            .label_style(("sans-serif", 13))
            .draw()
            .map_err(failed)?;
        for (row, (label, value)) in rows.iter().enumerate() {
            let y = row as f64;
            chart
                .draw_series([Rectangle::new([(0.0, y + 0.15), (*value, y + 0.85)], AFTER.filled())])
                .map_err(failed)?;
            let place = chart.plotting_area().map_coordinate(&(0.0, y + 0.5));
            let style = text(13, HPos::Right, VPos::Center);
            area.draw(&Text::new(label.clone(), (place.0 - 8, place.1), style)).map_err(failed)?;
        }
        Ok(())
    })
}

pub(super) fn shorten(label: &str) -> String {
    if label.chars().count() <= LABEL {
        return label.to_owned();
    }
    let mut short: String = label.chars().take(LABEL - 1).collect();
    short.push('…');
    short
}

pub(super) fn binding(report: &Report<'_>) -> Result<String, Error> {
    let mut rows = Vec::new();
    for task in report.balance.certificate.binding_tasks.iter().take(BARS) {
        let label = report.workplace.task(task.task).map(|t| shorten(t.label()));
        rows.push((label.ok_or_else(|| Error::violation("the balance is of another workplace"))?, task.pull));
    }
    bars(&rows, "pull on the largest deviation (rating points)")
}

pub(super) fn training(report: &Report<'_>) -> Result<String, Error> {
    let dimension = report.dimension;
    let mean = |spread: &crate::Spread| spread.of(dimension).map_or(0.0, |s| s.mean_abs);
    let start = (0.0, mean(&report.balance.spread));
    let mut points: Vec<(f64, f64)> =
        report.programmes.iter().map(|(_, found)| (found.cost.value, mean(&found.spread))).collect();
    points.push(start);
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let right = points.last().map_or(1.0, |p| p.0).max(1.0) * 1.05;
    let name = report.workplace.dimension_name(dimension);
    draw(360, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(24)
            .x_label_area_size(46)
            .y_label_area_size(64)
            .build_cartesian_2d(0.0..right, 0.0..1.1 * start.1.max(0.1))
            .map_err(failed)?;
        chart
            .configure_mesh()
            .bold_line_style(FAINT)
            .light_line_style(WHITE)
            .x_desc("cost of training")
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_desc(format!("mean deviation in {name}"))
            .axis_desc_style(text(15, HPos::Center, VPos::Center))
            .label_style(("sans-serif", 13))
            .draw()
            .map_err(failed)?;
        chart.draw_series(LineSeries::new(points.clone(), AFTER.stroke_width(3))).map_err(failed)?;
        chart
            .draw_series(points.into_iter().map(|point| Circle::new(point, 5, AFTER.filled())))
            .map_err(failed)?;
        Ok(())
    })
}
