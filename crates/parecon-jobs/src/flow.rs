//! Maximum flow in integers: feasibility, minimum cuts, exact repair.

use std::collections::VecDeque;

/// A flow network; arcs come in pairs, the partner of arc a being a ^ 1.
pub(crate) struct Network {
    arcs_of: Vec<Vec<usize>>,
    head: Vec<usize>,
    /// What can still be pushed along an arc.
    residual: Vec<u64>,
}

impl Network {
    pub(crate) fn new(nodes: usize) -> Self {
        Network { arcs_of: vec![Vec::new(); nodes], head: Vec::new(), residual: Vec::new() }
    }

    /// Adds an arc on which `forth` can be pushed from `from` to `to`, and `back` the other way.
    pub(crate) fn add(&mut self, from: usize, to: usize, forth: u64, back: u64) -> usize {
        let arc = self.head.len();
        self.head.extend([to, from]);
        self.residual.extend([forth, back]);
        self.arcs_of[from].push(arc);
        self.arcs_of[to].push(arc + 1);
        arc
    }

    /// What can still be pushed along an arc.
    pub(crate) fn residual(&self, arc: usize) -> u64 {
        self.residual[arc]
    }

    /// Pushes as much as possible, on top of what was pushed before; returns how much was added.
    ///
    /// # Complexity
    /// O(nodes² · arcs) at worst, far less on bipartite networks in practice.
    ///
    /// # Reference
    /// Dinic (1970), Soviet Math. Doklady 11.
    pub(crate) fn maximise(&mut self, source: usize, sink: usize) -> u64 {
        let mut total = 0;
        while let Some(level) = self.levels(source, sink) {
            let mut next = vec![0; self.arcs_of.len()];
            while let Some(pushed) = self.augment(source, sink, &level, &mut next) {
                total += pushed;
            }
        }
        total
    }

    /// Distances from the source over arcs with residual, or `None` if the sink is out of reach.
    fn levels(&self, source: usize, sink: usize) -> Option<Vec<usize>> {
        let mut level = vec![usize::MAX; self.arcs_of.len()];
        level[source] = 0;
        let mut queue = VecDeque::from([source]);
        while let Some(node) = queue.pop_front() {
            for &arc in &self.arcs_of[node] {
                let to = self.head[arc];
                if self.residual[arc] > 0 && level[to] == usize::MAX {
                    level[to] = level[node] + 1;
                    queue.push_back(to);
                }
            }
        }
        (level[sink] != usize::MAX).then_some(level)
    }

    /// Pushes along one shortest path; a loop with its own stack, since paths may be as long as the network.
    fn augment(&mut self, source: usize, sink: usize, level: &[usize], next: &mut [usize]) -> Option<u64> {
        let mut path: Vec<usize> = Vec::new();
        let mut node = source;
        while node != sink {
            let usable = loop {
                let Some(&arc) = self.arcs_of[node].get(next[node]) else { break None };
                if self.residual[arc] > 0 && level[self.head[arc]] == level[node] + 1 {
                    break Some(arc);
                }
                next[node] += 1;
            };
            match usable {
                Some(arc) => {
                    path.push(arc);
                    node = self.head[arc];
                }
                None => {
                    // A dead end: step back over the arc that led here and never take it again in this phase.
                    let arc = path.pop()?;
                    node = self.head[arc ^ 1];
                    next[node] += 1;
                }
            }
        }
        let pushed = path.iter().map(|arc| self.residual[*arc]).min()?;
        for arc in path {
            self.residual[arc] -= pushed;
            self.residual[arc ^ 1] += pushed;
        }
        Some(pushed)
    }

    /// Which nodes can still be reached from `source`: the source side of the smallest minimum cut.
    pub(crate) fn reached_from(&self, source: usize) -> Vec<bool> {
        self.search(source, |arc| self.residual[arc] > 0)
    }

    /// Which nodes can still reach `sink`: the sink side of the largest minimum cut.
    pub(crate) fn reaching(&self, sink: usize) -> Vec<bool> {
        self.search(sink, |arc| self.residual[arc ^ 1] > 0)
    }

    fn search(&self, start: usize, passable: impl Fn(usize) -> bool) -> Vec<bool> {
        let mut seen = vec![false; self.arcs_of.len()];
        seen[start] = true;
        let mut stack = vec![start];
        while let Some(node) = stack.pop() {
            for &arc in &self.arcs_of[node] {
                if passable(arc) && !std::mem::replace(&mut seen[self.head[arc]], true) {
                    stack.push(self.head[arc]);
                }
            }
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_textbook_network() {
        // Cormen, Leiserson, Rivest & Stein, Introduction to Algorithms, figure 26.1: maximum flow 23.
        let mut network = Network::new(6);
        let arcs = [
            (0, 1, 16),
            (0, 2, 13),
            (1, 3, 12),
            (2, 1, 4),
            (2, 4, 14),
            (3, 2, 9),
            (3, 5, 20),
            (4, 3, 7),
            (4, 5, 4),
        ];
        let ids = arcs.map(|(from, to, capacity)| network.add(from, to, capacity, 0));
        assert_eq!(network.maximise(0, 5), 23);
        assert_eq!(network.maximise(0, 5), 0);
        let cut = network.reached_from(0);
        let across: u64 = arcs
            .iter()
            .filter(|(from, to, _)| cut[*from] && !cut[*to])
            .map(|(_, _, capacity)| capacity)
            .sum();
        assert_eq!(across, 23);
        let side = network.reaching(5);
        assert!(side[5] && !side[0] && !cut[5]);
        assert_eq!(network.residual(ids[0] + 1) + network.residual(ids[1] + 1), 23);
    }
}
