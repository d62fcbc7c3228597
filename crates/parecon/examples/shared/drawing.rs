//! What all plots share.

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;

pub(crate) const INK: RGBColor = RGBColor(34, 40, 49);
pub(crate) const FAINT: RGBColor = RGBColor(225, 229, 234);

pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A picture of so many pixels, as SVG.
pub(crate) fn draw(size: (u32, u32), paint: impl FnOnce(&Area<'_>) -> Result<()>) -> Result<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE).map_err(failed)?;
        paint(&area)?;
        area.present().map_err(failed)?;
    }
    Ok(svg)
}

pub(crate) fn failed(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("drawing a plot failed: {error}")
}
