//! The best welfare of an economy, by conic programming: an independent program and solver.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{
    DefaultSettingsBuilder, DefaultSolver, IPSolver, SolverError, SolverStatus, SupportedConeT,
};
use parecon_planning::{Branch, Category, CobbDouglas, Economy, Nest, Preferences, Technology};

/// Rows are `right − Σ value·variable`, an element of the cone that follows in `cones`.
#[derive(Default)]
struct Program {
    cost: Vec<f64>,
    entries: Vec<(usize, usize, f64)>,
    right: Vec<f64>,
    cones: Vec<SupportedConeT<f64>>,
    /// What is used of each good, less what is made.
    balance: Vec<Vec<(usize, f64)>>,
}

/// A column times a factor, or 1.
type Term = Option<(usize, f64)>;

impl Program {
    fn variable(&mut self, cost: f64) -> usize {
        self.cost.push(cost);
        self.cost.len() - 1
    }

    fn row(&mut self, term: Term) {
        if let Some((column, factor)) = term {
            self.entries.push((self.right.len(), column, -factor));
        }
        self.right.push(if term.is_some() { 0.0 } else { 1.0 });
    }

    /// `Π term^power ≥ |last|`; powers add up to 1.
    fn power(&mut self, terms: &[(Term, f64)], last: (usize, f64)) {
        terms.iter().for_each(|(term, _)| self.row(*term));
        self.row(Some(last));
        self.cones.push(SupportedConeT::GenPowerConeT(terms.iter().map(|t| t.1).collect(), 1));
    }

    /// `Σ factor·column ≤ 0`.
    fn at_most_zero(&mut self, terms: &[(usize, f64)]) {
        self.entries.extend(terms.iter().map(|(column, factor)| (self.right.len(), *column, *factor)));
        self.right.push(0.0);
        self.cones.push(SupportedConeT::NonnegativeConeT(1));
    }

    /// A variable worth `weight·log(quantity)`.
    fn log(&mut self, weight: f64, quantity: usize) {
        let log = self.variable(-weight);
        self.row(Some((log, 1.0)));
        self.row(None);
        self.row(Some((quantity, 1.0)));
        self.cones.push(SupportedConeT::ExponentialConeT());
    }

    /// The quantity of a nest, given the quantity of each good as a column.
    ///
    /// With `ρ = (σ−1)/σ`, `X = (Σ θ^(1/σ)·x^ρ)^(1/ρ)`: for σ > 1, `Σ θ^(1/σ)·t ≥ X` with `t ≤ x^ρ·X^(1−ρ)`; for σ < 1,
    /// `Σ θ^(1/σ)·t ≤ X` with `t^σ·x^(1−σ) ≥ X`.
    fn nest(&mut self, nest: &Nest, good: &mut dyn FnMut(&mut Self, usize) -> usize) -> usize {
        let whole = self.variable(0.0);
        let total: f64 = nest.parts.iter().map(|p| p.weight).sum();
        let sigma = nest.elasticity;
        let mut sum = Vec::new();
        let mut geometric = Vec::new();
        let mut factor = 1.0;
        for part in &nest.parts {
            let x = match &part.of {
                Branch::Good(g) => good(self, g.index()),
                Branch::Nest(inner) => self.nest(inner, good),
            };
            let theta = part.weight / total;
            if sigma == 0.0 {
                self.at_most_zero(&[(whole, theta), (x, -1.0)]);
            } else if sigma == 1.0 {
                geometric.push((Some((x, 1.0)), theta));
                factor *= theta.powf(theta);
            } else {
                let t = self.variable(0.0);
                let weight = theta.powf(1.0 / sigma);
                if sigma > 1.0 {
                    let rho = (sigma - 1.0) / sigma;
                    self.power(&[(Some((x, 1.0)), rho), (Some((whole, 1.0)), 1.0 - rho)], (t, 1.0));
                    sum.push((t, -weight));
                } else {
                    self.power(&[(Some((t, 1.0)), sigma), (Some((x, 1.0)), 1.0 - sigma)], (whole, 1.0));
                    sum.push((t, weight));
                }
            }
        }
        if sigma == 1.0 {
            self.power(&geometric, (whole, factor));
        } else if sigma > 0.0 {
            sum.push((whole, if sigma > 1.0 { 1.0 } else { -1.0 }));
            self.at_most_zero(&sum);
        }
        whole
    }

    /// `Q ≤ A·Π x^b·D^(c/k)` with the effort's `D = E^k` at its cost.
    fn cobb_douglas(&mut self, t: &CobbDouglas, inputs: &[(usize, f64)], output: usize) {
        let mut terms: Vec<(Term, f64)> = inputs.iter().map(|&(x, b)| (Some((x, 1.0)), b)).collect();
        if t.effort_elasticity > 0.0 {
            let effort = self.variable(t.disutility_coefficient);
            terms.push((Some((effort, 1.0)), t.effort_elasticity / t.disutility_exponent));
        }
        let left = 1.0 - terms.iter().map(|t| t.1).sum::<f64>();
        terms.push((None, left));
        self.power(&terms, (output, 1.0 / t.total_factor_productivity));
    }

    fn used(&mut self, good: usize) -> usize {
        let column = self.variable(0.0);
        self.balance[good].push((column, 1.0));
        column
    }
}

/// The status and the best welfare.
pub(crate) fn best_welfare(economy: &Economy) -> Result<(SolverStatus, f64), SolverError> {
    let n = economy.goods().len();
    let mut program = Program { balance: vec![Vec::new(); n], ..Program::default() };
    for council in (0..economy.worker_councils()).filter_map(|w| economy.worker_council(w)) {
        let output = program.variable(0.0);
        program.balance[council.output.index()].push((output, -1.0));
        match &council.technology {
            Technology::CobbDouglas(t) => {
                let inputs: Vec<_> =
                    t.inputs.iter().map(|i| (program.used(i.good.index()), i.exponent)).collect();
                program.cobb_douglas(t, &inputs, output);
            }
            Technology::NestedCes(t) => {
                let whole = program.nest(&t.nest, &mut |program, g| program.used(g));
                let composite = CobbDouglas {
                    total_factor_productivity: t.total_factor_productivity,
                    inputs: Vec::new(),
                    effort_elasticity: t.effort_elasticity,
                    disutility_coefficient: t.disutility_coefficient,
                    disutility_exponent: t.disutility_exponent,
                };
                program.cobb_douglas(&composite, &[(whole, t.returns)], output);
            }
            Technology::Leontief(t) => {
                for r in &t.inputs {
                    let x = program.used(r.good.index());
                    program.at_most_zero(&[(output, r.per_unit), (x, -1.0)]);
                }
                let effort = program.variable(t.disutility_coefficient);
                let share = t.effort_elasticity / t.disutility_exponent;
                program.power(
                    &[(Some((effort, 1.0)), share), (None, 1.0 - share)],
                    (output, 1.0 / t.total_factor_productivity),
                );
            }
            other => panic!("{other:?}"),
        }
    }

    let mut shared: Vec<Option<usize>> = vec![None; n];
    for council in (0..economy.consumer_councils()).filter_map(|c| economy.consumer_council(c)) {
        let mut had = |program: &mut Program, g: usize| {
            let public = economy.goods()[g].category == Category::Public;
            match shared[g].filter(|_| public) {
                Some(column) => column,
                None => {
                    let column = program.used(g);
                    shared[g] = Some(column);
                    column
                }
            }
        };
        match &council.preferences {
            Preferences::CobbDouglas(wants) => {
                let weights: f64 = wants.iter().map(|p| p.weight).sum();
                for p in wants {
                    let quantity = had(&mut program, p.good.index());
                    program.log(council.income * p.weight / weights, quantity);
                }
            }
            Preferences::Ces(nest) => {
                let whole = program.nest(nest, &mut had);
                program.log(council.income, whole);
            }
            other => panic!("{other:?}"),
        }
    }
    for (terms, good) in program.balance.iter().zip(economy.goods()) {
        program.entries.extend(terms.iter().map(|(column, value)| (program.right.len(), *column, *value)));
        program.right.push(good.endowment);
    }
    program.cones.push(SupportedConeT::NonnegativeConeT(n));

    let (rows, columns) = (program.right.len(), program.cost.len());
    let entries = &program.entries;
    let matrix = CscMatrix::new_from_triplets(
        rows,
        columns,
        entries.iter().map(|e| e.0).collect(),
        entries.iter().map(|e| e.1).collect(),
        entries.iter().map(|e| e.2).collect(),
    );
    let settings = DefaultSettingsBuilder::default().verbose(false).build().unwrap_or_default();
    let quadratic = CscMatrix::zeros((columns, columns));
    let (cost, right, cones) = (&program.cost, &program.right, &program.cones);
    let mut solver = DefaultSolver::new(&quadratic, cost, &matrix, right, cones, settings)?;
    solver.solve();
    Ok((solver.solution.status, -solver.solution.obj_val))
}
