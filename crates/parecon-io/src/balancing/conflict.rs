//! Why totals cannot be met.

use std::fmt;

use nalgebra::DMatrix;
use petgraph::algo::dinics;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::unionfind::UnionFind;
use serde::{Deserialize, Serialize};

/// Row and column totals that contradict each other or the zeros and signs of the matrix.
///
/// Rows and columns are counted from 0 in the fields and from 1 in messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Conflict {
    /// The row totals sum to something else than the column totals.
    Totals {
        /// The sum of all row totals.
        rows: f64,
        /// The sum of all column totals.
        columns: f64,
    },
    /// These rows must sum to more than there is room for: their positive cells are all in these columns, whose negative
    /// cells are all in these rows.
    Rows {
        /// The rows.
        rows: Vec<usize>,
        /// What they must sum to together.
        total: f64,
        /// The columns that alone can take it.
        columns: Vec<usize>,
        /// What those must sum to together, which is less.
        room: f64,
    },
    /// The same with rows and columns exchanged.
    Columns {
        /// The columns.
        columns: Vec<usize>,
        /// What they must sum to together.
        total: f64,
        /// The rows that alone can supply it.
        rows: Vec<usize>,
        /// What those must sum to together, which is less.
        room: f64,
    },
}

impl Conflict {
    /// The conflict in words, with these names for rows and columns.
    ///
    /// # Example
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::balancing::{Balancing, ras};
    ///
    /// let (prior, totals) = (dmatrix![1.0, 1.0; 0.0, 0.0], dvector![1.0, 1.0]);
    /// let answer = ras(&prior, &totals, &totals, &Balancing::new())?;
    /// let text = answer.conflicts[0].describe(|i| ["farming", "mining"][i].into(), |j| j.to_string());
    /// assert_eq!(text, "mining (total 1): has no cell that could take it");
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    #[must_use]
    pub fn describe(&self, row: impl Fn(usize) -> String, column: impl Fn(usize) -> String) -> String {
        let (rows, columns) = (|set: &[usize]| list(set, &row), |set: &[usize]| list(set, &column));
        match self {
            Conflict::Totals { rows, columns } => {
                format!("row totals sum to {}, column totals to {}", shown(*rows), shown(*columns))
            }
            Conflict::Rows { rows: from, total, columns: to, room } => {
                sentence(&rows(from), from.len(), *total, &columns(to), to.len(), *room)
            }
            Conflict::Columns { columns: from, total, rows: to, room } => {
                sentence(&columns(from), from.len(), *total, &rows(to), to.len(), *room)
            }
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbered = |noun: &str, set: &[usize]| {
            let numbers: Vec<String> = set.iter().map(|i| (i + 1).to_string()).collect();
            format!("{noun}{} {}", if set.len() == 1 { "" } else { "s" }, numbers.join(", "))
        };
        let text = match self {
            Conflict::Totals { .. } => self.describe(|i| i.to_string(), |j| j.to_string()),
            Conflict::Rows { rows, total, columns, room } => sentence(
                &numbered("row", rows),
                rows.len(),
                *total,
                &numbered("column", columns),
                columns.len(),
                *room,
            ),
            Conflict::Columns { columns, total, rows, room } => sentence(
                &numbered("column", columns),
                columns.len(),
                *total,
                &numbered("row", rows),
                rows.len(),
                *room,
            ),
        };
        f.write_str(&text)
    }
}

fn sentence(from: &str, count: usize, total: f64, to: &str, to_count: usize, room: f64) -> String {
    let (total, room) = (shown(total), shown(room));
    let (verb, whose) = if count == 1 { ("has", "its") } else { ("have", "their") };
    match (count, to_count) {
        // Nothing flows in, so nothing can flow out.
        (0, 1) => format!("{to} (total {room}): has no negative cell"),
        (0, _) => format!("{to} (total {room}): no negative cells outside these rows and columns"),
        (_, 0) => format!("{from} (total {total}): {verb} no cell that could take it"),
        _ => format!("{from} (total {total}): all of {whose} cells are in {to} (total {room})"),
    }
}

fn list(set: &[usize], name: impl Fn(usize) -> String) -> String {
    set.iter().map(|i| name(*i)).collect::<Vec<_>>().join(", ")
}

/// A total without the noise of its summation.
fn shown(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}

/// Column totals that sum to what the row totals sum to, if that changes none by more than half the tolerance.
pub(super) fn agreed(rows: &[f64], columns: &[f64], tolerance: f64) -> Option<Vec<f64>> {
    let difference = rows.iter().sum::<f64>() - columns.iter().sum::<f64>();
    let whole: f64 = columns.iter().map(|total| total.abs()).sum();
    if difference == 0.0 {
        return Some(columns.to_vec());
    }
    // A miss counts relative to a total and as much in cells: twice the total.
    let share = difference / whole;
    (share.abs() <= 0.9 * tolerance)
        .then(|| columns.iter().map(|total| total + share * total.abs()).collect())
}

fn size(rows: &[f64], columns: &[f64]) -> f64 {
    rows.iter().chain(columns).map(|total| total.abs()).sum()
}

/// Everything that keeps the totals from being met; empty if they can be met (some cells perhaps only as zeros).
///
/// A table with these totals, zeros and signs is a flow from rows to columns through positive cells, from columns to
/// rows through negative ones. If the greatest flow falls short, the smallest cuts on both sides are the culprits.
pub(super) fn diagnose(prior: &DMatrix<f64>, rows: &[f64], columns: &[f64], tolerance: f64) -> Vec<Conflict> {
    if agreed(rows, columns, tolerance).is_none() {
        let mut found = vec![Conflict::Totals { rows: rows.iter().sum(), columns: columns.iter().sum() }];
        found.extend(lines_without_cells(prior, rows, columns));
        return found;
    }
    Network::new(prior, rows, columns).conflicts(tolerance)
}

/// Rows and columns that have no cell of their total's sign.
fn lines_without_cells(prior: &DMatrix<f64>, rows: &[f64], columns: &[f64]) -> Vec<Conflict> {
    let without = |total: f64, mut cells: &mut dyn Iterator<Item = f64>| {
        total != 0.0 && !(&mut cells).any(|cell| cell * total.signum() > 0.0)
    };
    let mut found = Vec::new();
    for (i, &total) in rows.iter().enumerate() {
        if without(total, &mut prior.row(i).iter().copied()) {
            found.push(match total > 0.0 {
                true => Conflict::Rows { rows: vec![i], total, columns: vec![], room: 0.0 },
                false => Conflict::Columns { columns: vec![], total: 0.0, rows: vec![i], room: total },
            });
        }
    }
    for (j, &total) in columns.iter().enumerate() {
        if without(total, &mut prior.column(j).iter().copied()) {
            found.push(match total > 0.0 {
                true => Conflict::Columns { columns: vec![j], total, rows: vec![], room: 0.0 },
                false => Conflict::Rows { rows: vec![], total: 0.0, columns: vec![j], room: total },
            });
        }
    }
    found
}

/// Totals are counted in units of their size divided by this, so that flows are exact.
const UNITS: f64 = (1u64 << 50) as f64;

struct Network<'a> {
    prior: &'a DMatrix<f64>,
    rows: &'a [f64],
    columns: &'a [f64],
    /// Rows, then columns, source and sink; capacities on the edges.
    graph: DiGraph<(), u64>,
}

impl<'a> Network<'a> {
    fn new(prior: &'a DMatrix<f64>, rows: &'a [f64], columns: &'a [f64]) -> Self {
        let (m, n) = prior.shape();
        let mut graph = DiGraph::with_capacity(m + n + 2, m * n + m + n);
        (0..m + n + 2).for_each(|_| {
            graph.add_node(());
        });
        let node = NodeIndex::new;
        let (source, sink, unit) = (node(m + n), node(m + n + 1), size(rows, columns) / UNITS);
        for (i, total) in rows.iter().enumerate().chain(columns.iter().enumerate().map(|(j, v)| (m + j, v))) {
            let amount = (total.abs() / unit).round() as u64;
            // A row's total flows in, a column's out; a negative one the other way.
            if (*total > 0.0) == (i < m) {
                graph.add_edge(source, node(i), amount);
            } else {
                graph.add_edge(node(i), sink, amount);
            }
        }
        for (j, column) in prior.column_iter().enumerate() {
            for (i, cell) in column.iter().enumerate() {
                if *cell > 0.0 {
                    graph.add_edge(node(i), node(m + j), u64::MAX / 4);
                } else if *cell < 0.0 {
                    graph.add_edge(node(m + j), node(i), u64::MAX / 4);
                }
            }
        }
        Self { prior, rows, columns, graph }
    }

    fn conflicts(&self, tolerance: f64) -> Vec<Conflict> {
        let lines = self.rows.len() + self.columns.len();
        let (source, sink) = (NodeIndex::new(lines), NodeIndex::new(lines + 1));
        let (_, flows) = dinics(&self.graph, source, sink);
        let enough = tolerance * size(self.rows, self.columns);
        let from_source = self.groups(&self.reached(source, &flows, true), enough, true);
        let from_sink = self.groups(&self.reached(sink, &flows, false), enough, false);
        // Both name the same contradictions; the one with fewer rows and columns is easier to read.
        let length = |found: &[Conflict]| -> usize {
            found
                .iter()
                .map(|conflict| match conflict {
                    Conflict::Rows { rows, columns, .. } | Conflict::Columns { rows, columns, .. } => {
                        rows.len() + columns.len()
                    }
                    Conflict::Totals { .. } => 0,
                })
                .sum()
        };
        let by_source =
            from_sink.is_empty() || (!from_source.is_empty() && length(&from_source) <= length(&from_sink));
        if by_source { from_source } else { from_sink }
    }

    /// The nodes that unused capacity leads to from `start` (or from which it leads there).
    fn reached(&self, start: NodeIndex, flows: &[u64], forward: bool) -> Vec<bool> {
        let mut reached = vec![false; self.graph.node_count()];
        reached[start.index()] = true;
        let mut queue = vec![start];
        let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); self.graph.node_count()];
        for (edge, flow) in self.graph.raw_edges().iter().zip(flows) {
            let (a, b) = (edge.source().index(), edge.target().index());
            let (tail, head) = if forward { (a, b) } else { (b, a) };
            if *flow < edge.weight {
                neighbours[tail].push(head);
            }
            if *flow > 0 {
                neighbours[head].push(tail);
            }
        }
        while let Some(node) = queue.pop() {
            for &next in &neighbours[node.index()] {
                if !std::mem::replace(&mut reached[next], true) {
                    queue.push(NodeIndex::new(next));
                }
            }
        }
        reached
    }

    /// The connected parts of a cut that violate their bound.
    fn groups(&self, inside: &[bool], enough: f64, source_side: bool) -> Vec<Conflict> {
        let (m, n) = self.prior.shape();
        let mut parts = UnionFind::<usize>::new(m + n);
        for j in (0..n).filter(|j| inside[m + j]) {
            for i in (0..m).filter(|i| inside[*i]) {
                if self.prior[(i, j)] != 0.0 {
                    parts.union(i, m + j);
                }
            }
        }
        let mut found: Vec<(usize, Vec<usize>, Vec<usize>)> = Vec::new();
        for line in (0..m + n).filter(|line| inside[*line]) {
            let part = parts.find(line);
            let at = found.iter().position(|(known, ..)| *known == part).unwrap_or_else(|| {
                found.push((part, Vec::new(), Vec::new()));
                found.len() - 1
            });
            if line < m { found[at].1.push(line) } else { found[at].2.push(line - m) }
        }
        let sum = |set: &[usize], totals: &[f64]| set.iter().map(|i| totals[*i]).sum::<f64>();
        found
            .into_iter()
            .filter_map(|(_, rows, columns)| {
                let (by_rows, by_columns) = (sum(&rows, self.rows), sum(&columns, self.columns));
                if source_side {
                    (by_rows - by_columns > enough).then_some(Conflict::Rows {
                        rows,
                        total: by_rows,
                        columns,
                        room: by_columns,
                    })
                } else {
                    (by_columns - by_rows > enough).then_some(Conflict::Columns {
                        columns,
                        total: by_columns,
                        rows,
                        room: by_rows,
                    })
                }
            })
            .collect()
    }
}
