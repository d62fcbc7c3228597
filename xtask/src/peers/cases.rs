//! What is compared on which tables, and who is asked. The questions themselves are functions of the same names in
//! `benches/peers/cases.rs` and `xtask/peers/peers.py`.

use crate::workspace::Workspace;
use std::path::PathBuf;

/// A peer is given up after so long.
pub(super) const PEER_SECONDS: u32 = 600;

const WORLD: &str = "shared/data/input-output/wiod2011_41x35.csv.gz";

/// Stressors of every table, as in `benches/peers/tables.rs`.
const STRESSORS: f64 = 10.0;

/// A table both sides load.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) name: String,
    /// Its name for `parecon-peers make`, and the file it comes from.
    pub(super) made_as: String,
    pub(super) file: Option<PathBuf>,
    pub(super) sectors: usize,
    regions: usize,
    /// Entries of A, for a table without zeros all.
    entries: f64,
    pub(super) large: bool,
}

impl Table {
    fn dense(name: &str, regions: usize, branches: usize) -> Self {
        let sectors = regions * branches;
        Self {
            name: name.to_owned(),
            made_as: format!("{regions}x{branches}"),
            file: None,
            sectors,
            regions,
            entries: (sectors * sectors) as f64,
            large: sectors >= 4000,
        }
    }

    fn sparse(density: f64) -> Self {
        let (name, sectors) = (format!("sparse-{density}"), 25_000);
        let entries = density * (sectors * sectors) as f64;
        Self { made_as: name.clone(), name, file: None, sectors, regions: 1, entries, large: false }
    }

    pub(super) fn is_sparse(&self) -> bool {
        self.entries < (self.sectors * self.sectors) as f64
    }

    /// How often the programs take turns.
    pub(super) fn rounds(&self) -> usize {
        match self.sectors {
            _ if self.is_sparse() => 3,
            0..2000 => 3,
            _ => 2,
        }
    }

    /// What the table is, for readers of the report.
    pub(super) fn what(&self) -> String {
        let n = self.sectors;
        if self.is_sparse() {
            return format!(
                "{n} sectors, {} % of the cells not zero, synthetic",
                100.0 * self.entries / (n * n) as f64
            );
        }
        let origin = match self.made_as.as_str() {
            "us71" => return format!("{n} sectors, United States 2022"),
            "wiod1435" => "WIOD 2011",
            _ => "synthetic",
        };
        format!("{n} sectors in {} regions, {origin}", self.regions)
    }
}

/// All tables, smallest first.
pub(super) fn tables(ws: &Workspace) -> Vec<Table> {
    let world = ws.root.join("..").join(WORLD);
    let mut wiod = Table::dense("wiod", 41, 35);
    if world.is_file() {
        (wiod.made_as, wiod.file) = ("wiod1435".into(), Some(world));
    } else {
        println!("there is no ../{WORLD}: a synthetic table of the same shape stands in");
        wiod.name = "41x35".into();
    }
    let us = Table { made_as: "us71".into(), ..Table::dense("us71", 1, 71) };
    vec![
        us,
        Table::dense("9x45", 9, 45),
        wiod,
        Table::dense("40x100", 40, 100),
        Table::dense("49x200", 49, 200),
        Table::sparse(0.001),
        Table::sparse(0.005),
    ]
}

/// Someone who answers a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Program {
    pub(super) name: &'static str,
    /// What it calls the question.
    pub(super) case: &'static str,
    /// Takes minutes.
    slow: bool,
}

impl Program {
    const fn ours(case: &'static str) -> Self {
        Self { name: "parecon", case, slow: false }
    }

    const fn peer(name: &'static str, case: &'static str) -> Self {
        Self { name, case, slow: false }
    }

    pub(super) fn is_ours(self) -> bool {
        self.name == "parecon"
    }

    pub(super) fn fits(self, large: bool) -> bool {
        large || !self.slow
    }
}

/// A question, who answers it, and what it takes at least.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// What the programs do, and what the limits count.
    pub(super) note: &'static str,
    pub(super) programs: &'static [Program],
    pub(super) fits: fn(&Table) -> bool,
    /// Floating-point operations of the usual direct method.
    pub(super) flops: fn(&Table) -> f64,
    /// Bytes that must be read or written, even if each only once.
    pub(super) bytes: fn(&Table) -> f64,
}

fn dense(table: &Table) -> bool {
    !table.is_sparse()
}

fn n(table: &Table) -> f64 {
    table.sectors as f64
}

fn square(table: &Table) -> f64 {
    n(table).powi(2)
}

fn cube(table: &Table) -> f64 {
    n(table).powi(3)
}

pub(super) const CASES: &[Case] = &[
    Case {
        name: "everything",
        title: "Everything, L included",
        note: "A, L, S, M, D_cba, D_pba, D_imp and D_exp, also by region, for 10 stressors: pymrio's `calc_all`. Ours with \
               `Solver::Inverse`. At \
               least: factors and inverse, S L, and L times final demand by region; Z read, A and L written.",
        programs: &[Program::ours("everything"), Program::peer("pymrio", "everything")],
        fits: dense,
        flops: |t| 2.0 * cube(t) + 2.0 * (STRESSORS + t.regions as f64) * square(t),
        bytes: |t| 24.0 * square(t),
    },
    Case {
        name: "accounts",
        title: "Footprint accounts only",
        note: "S, M, D_cba and D_pba for 10 stressors. pymrio has no way around L: it is `calc_all` again. The fair peer \
               is a hand-written `numpy.linalg.solve` with 10 right-hand sides. At least: factors and 10 solutions; Z \
               read once. Iteration needs no factors, so only the second limit holds for every method.",
        programs: &[
            Program::ours("accounts"),
            Program::peer("pymrio", "everything"),
            Program::peer("numpy", "accounts"),
        ],
        fits: dense,
        flops: |t| 2.0 / 3.0 * cube(t) + 2.0 * STRESSORS * square(t),
        bytes: |t| 8.0 * square(t),
    },
    Case {
        name: "factors",
        title: "Factors",
        note: "Ours forms and scales I − A and factorises it; `scipy.linalg.lu_factor` is given I − A and factorises. \
               At least: A read, factors written.",
        programs: &[Program::ours("factors"), Program::peer("scipy", "factorise")],
        fits: dense,
        flops: |t| 2.0 / 3.0 * cube(t),
        bytes: |t| 16.0 * square(t),
    },
    Case {
        name: "factorise",
        title: "Factors and a first answer",
        note: "Ours also answers a question and verifies the answer. SciPy's is the same as for the factors alone. At \
               least: A read, factors written.",
        programs: &[Program::ours("factorise"), Program::peer("scipy", "factorise")],
        fits: dense,
        flops: |t| 2.0 / 3.0 * cube(t),
        bytes: |t| 16.0 * square(t),
    },
    Case {
        name: "requirements",
        title: "L",
        note: "`numpy.linalg.inv` is given I − A. At least: A read, L written.",
        programs: &[Program::ours("requirements"), Program::peer("numpy", "requirements")],
        fits: dense,
        flops: |t| 2.0 * cube(t),
        bytes: |t| 16.0 * square(t),
    },
    Case {
        name: "second",
        title: "A second question",
        note: "Output for one more final demand. Ours verifies the residual, for which it reads A as well; \
               `scipy.linalg.lu_solve` does not. At least: factors read, which while they fit into the cache need not \
               come from memory.",
        programs: &[Program::ours("second"), Program::peer("scipy", "second")],
        fits: dense,
        flops: |t| 2.0 * square(t),
        bytes: |t| 8.0 * square(t),
    },
    Case {
        name: "extraction",
        title: "Every sector extracted in turn",
        note: "Both by the closed form; numpy's is hand-written on `numpy.linalg.inv`. Counted: factors and inverse.",
        programs: &[Program::ours("extraction"), Program::peer("numpy", "extraction")],
        fits: dense,
        flops: |t| 2.0 * cube(t),
        bytes: |t| 16.0 * square(t),
    },
    Case {
        name: "influence",
        title: "Field of influence of every cell",
        note: "By the closed form; numpy's is hand-written on `numpy.linalg.inv`.",
        programs: &[Program::ours("influence"), Program::peer("numpy", "influence")],
        fits: |t| t.sectors == 405,
        flops: |t| 2.0 * cube(t) + 8.0 * square(t),
        bytes: |t| 16.0 * square(t),
    },
    Case {
        name: "paths",
        title: "Structural paths",
        note: "How many chains explain 90 % of the value added in all final demand, and the sectors of the tiers that contain \
               99 %, each with the exact rest. No peer. Counted: a product with A for each of nine tiers.",
        programs: &[Program::ours("paths")],
        fits: |t| t.sectors == 1435,
        flops: |t| 18.0 * square(t),
        bytes: |t| 8.0 * square(t),
    },
    Case {
        name: "sparse",
        title: "Sparse: one demand vector",
        note: "Ours goes on to 1e-14, by components; SciPy's GMRES, with ready-made I − A, to 1e-10 and to 1e-14 of \
               the whole vector, and its sparse factorisation. Counted: one pass over A; \
               every method makes several.",
        programs: &[
            Program::ours("sparse"),
            Program::peer("gmres", "sparse"),
            Program::peer("gmres, as exact as ours", "sparse"),
            Program { name: "splu", case: "sparse", slow: true },
        ],
        fits: Table::is_sparse,
        flops: |t| 2.0 * t.entries,
        bytes: |t| 12.0 * t.entries,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_fits_a_table_and_every_table_has_a_case() {
        let tables = tables(&Workspace::load().unwrap());
        for case in CASES {
            assert!(tables.iter().any(case.fits), "{}", case.name);
            assert!(!case.programs.is_empty(), "{}", case.name);
        }
        for table in &tables {
            assert!(CASES.iter().any(|case| (case.fits)(table)), "{}", table.name);
        }
    }

    #[test]
    fn tables_say_what_they_are() {
        assert_eq!(Table::dense("9x45", 9, 45).what(), "405 sectors in 9 regions, synthetic");
        assert_eq!(Table::sparse(0.001).what(), "25000 sectors, 0.1 % of the cells not zero, synthetic");
    }
}
