//! `GraphML`, for programs that draw and measure graphs.

use std::fmt::Write;

use nalgebra::DVector;

use crate::axis::{Id, Sector};
use crate::error::Error;
use crate::graph::IoGraph;
use crate::technology::Loss;

/// A value per sector, to be written beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    name: String,
    values: Values,
}

#[derive(Clone, Debug, PartialEq)]
enum Values {
    Numbers(Vec<f64>),
    Counts(Vec<i64>),
    Flags(Vec<bool>),
    Texts(Vec<String>),
}

impl Attribute {
    /// A number per sector (`GraphML` type `double`), e.g. output.
    #[must_use]
    pub fn numbers(name: &str, values: &DVector<f64>) -> Self {
        Self { name: name.to_owned(), values: Values::Numbers(values.as_slice().to_vec()) }
    }

    /// A whole number per sector (`long`), e.g. its community or its step in a cascade.
    #[must_use]
    pub fn counts(name: &str, values: impl IntoIterator<Item = i64>) -> Self {
        Self { name: name.to_owned(), values: Values::Counts(values.into_iter().collect()) }
    }

    /// Yes or no per sector (`boolean`), e.g. whether it is upstream of a cut.
    #[must_use]
    pub fn flags(name: &str, values: impl IntoIterator<Item = bool>) -> Self {
        Self { name: name.to_owned(), values: Values::Flags(values.into_iter().collect()) }
    }

    /// A text per sector (`string`), e.g. its region.
    #[must_use]
    pub fn texts<T: Into<String>>(name: &str, values: impl IntoIterator<Item = T>) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        Self { name: name.to_owned(), values: Values::Texts(values) }
    }

    /// What is lost if each sector goes, from [`Technology::critical_suppliers`](crate::Technology::critical_suppliers):
    /// `own_loss` and `loss_elsewhere`. Sectors that are not among the losses have 0.
    #[must_use]
    pub fn losses(graph: &IoGraph, losses: &[Loss]) -> [Self; 2] {
        let by = |value: fn(&Loss) -> f64| {
            let mut values = DVector::zeros(graph.sectors().len());
            for loss in losses {
                if let Some(cell) = values.get_mut(loss.sector.index()) {
                    *cell = value(loss);
                }
            }
            values
        };
        [
            Self::numbers("own_loss", &by(|loss| loss.own)),
            Self::numbers("loss_elsewhere", &by(|loss| loss.elsewhere)),
        ]
    }

    fn kind(&self) -> &'static str {
        match self.values {
            Values::Numbers(_) => "double",
            Values::Counts(_) => "long",
            Values::Flags(_) => "boolean",
            Values::Texts(_) => "string",
        }
    }

    fn len(&self) -> usize {
        match &self.values {
            Values::Numbers(values) => values.len(),
            Values::Counts(values) => values.len(),
            Values::Flags(values) => values.len(),
            Values::Texts(values) => values.len(),
        }
    }

    fn text(&self, sector: usize) -> String {
        match &self.values {
            // Scientific where shorter, and so that it reads back to the same value.
            Values::Numbers(values) => format!("{:?}", values[sector]),
            Values::Counts(values) => values[sector].to_string(),
            Values::Flags(values) => values[sector].to_string(),
            Values::Texts(values) => escaped(&values[sector]),
        }
    }
}

impl IoGraph {
    /// The graph in `GraphML`: nodes with code, name and any attributes, edges with their flow, all typed.
    ///
    /// Numbers are written so that they read back to the same value. Read by Gephi, Cytoscape, yEd, `NetworkX`, igraph.
    ///
    /// # Errors
    /// An attribute without a name, with the name of another (`code` and `name` are taken), with values for more or
    /// fewer sectors, or with a number that is not finite.
    ///
    /// # Complexity
    /// O(sectors · attributes + flows).
    ///
    /// # Example
    /// ```
    /// use parecon_io::graph::Attribute;
    /// use parecon_io::{IoGraph, Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let graph = IoGraph::from_table(&table, 150.0)?;
    /// let losses = Technology::from_table(&table)?.critical_suppliers(&table.total_final_demand())?;
    /// let [own, elsewhere] = Attribute::losses(&graph, &losses);
    /// let text = graph.to_graphml(&[Attribute::numbers("output", table.output()), own, elsewhere])?;
    /// assert!(text.contains(r#"<key id="n2" for="node" attr.name="output" attr.type="double"/>"#));
    /// assert!(text.contains(r#"<edge source="s0" target="s1"><data key="flow">500.0</data></edge>"#));
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// U. Brandes et al., "`GraphML` progress report", Graph Drawing 2001.
    pub fn to_graphml(&self, attributes: &[Attribute]) -> Result<String, Error> {
        let labels = |label: fn(&Self, Id<Sector>) -> &str| {
            self.sectors.iter().map(|sector| label(self, sector).to_owned()).collect::<Vec<_>>()
        };
        let mut all = vec![
            Attribute::texts("code", labels(|graph, sector| graph.sectors.code(sector))),
            Attribute::texts("name", labels(|graph, sector| graph.sectors.name(sector))),
        ];
        for attribute in attributes {
            self.check_attribute(attribute, &all)?;
            all.push(attribute.clone());
        }
        let mut text = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n",
        );
        // Writing to a string cannot fail.
        for (k, attribute) in all.iter().enumerate() {
            let (name, kind) = (escaped(&attribute.name), attribute.kind());
            let _ =
                writeln!(text, "  <key id=\"n{k}\" for=\"node\" attr.name=\"{name}\" attr.type=\"{kind}\"/>");
        }
        text.push_str("  <key id=\"flow\" for=\"edge\" attr.name=\"flow\" attr.type=\"double\"/>\n");
        text.push_str("  <graph edgedefault=\"directed\">\n");
        for i in 0..self.sectors.len() {
            let _ = write!(text, "    <node id=\"s{i}\">");
            for (k, attribute) in all.iter().enumerate() {
                let _ = write!(text, "<data key=\"n{k}\">{}</data>", attribute.text(i));
            }
            text.push_str("</node>\n");
        }
        for (from, to, flow) in self.flows() {
            let _ = writeln!(
                text,
                "    <edge source=\"s{}\" target=\"s{}\"><data key=\"flow\">{flow:?}</data></edge>",
                from.index(),
                to.index()
            );
        }
        text.push_str("  </graph>\n</graphml>\n");
        Ok(text)
    }

    fn check_attribute(&self, attribute: &Attribute, before: &[Attribute]) -> Result<(), Error> {
        let name = &attribute.name;
        if name.trim().is_empty() {
            return Err(Error::invalid("attribute: has no name"));
        }
        if before.iter().any(|other| other.name == *name) {
            return Err(Error::invalid(format!("attribute {name:?}: is given twice")));
        }
        if attribute.len() != self.sectors.len() {
            return Err(Error::invalid(format!(
                "attribute {name:?}: has {} values, must have {}",
                attribute.len(),
                self.sectors.len()
            )));
        }
        if let Values::Numbers(values) = &attribute.values
            && let Some(i) = values.iter().position(|value| !value.is_finite())
        {
            let who = self.sectors.describe(i);
            return Err(Error::invalid(format!(
                "attribute {name:?}, {who}: is {}, must be finite",
                values[i]
            )));
        }
        Ok(())
    }
}

/// Text for XML, in content and in quotes. Characters that XML has no form for are replaced.
fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => result.push_str("&amp;"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '"' => result.push_str("&quot;"),
            '\'' => result.push_str("&apos;"),
            // A parser would turn them into spaces or line feeds.
            '\t' | '\n' | '\r' => {
                let _ = write!(result, "&#{};", u32::from(character));
            }
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => result.push('\u{fffd}'),
            _ => result.push(character),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_has_a_form() {
        assert_eq!(escaped("a<b & \"c\"\u{1}\n'é"), "a&lt;b &amp; &quot;c&quot;\u{fffd}&#10;&apos;é");
    }
}
