//! Councils from an input-output table, such that the observed year is an equilibrium at unit prices.

use parecon_io::{Id, IoTable, Sector};
use serde::{Deserialize, Serialize};

use crate::economy::check::elasticity;
use crate::{
    Branch, Category, CobbDouglas, ConsumerCouncil, Economy, Error, Good, GoodId, Input, Nest, NestedCes,
    Preference, Preferences, Technology, WorkerCouncil,
};

/// A discrepancy below this share of a row is rounding of the row's sum, not of the table.
const ROUNDING: f64 = 1e-12;

/// How a table is read as councils.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct Calibration {
    labour: String,
    effort_share: f64,
    disutility_exponent: f64,
    substitution: Option<Substitution>,
}

#[derive(Serialize, Deserialize)]
struct Raw {
    labour: String,
    effort_share: f64,
    disutility_exponent: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    substitution: Option<Substitution>,
}

/// Elasticities of substitution of councils with nested CES technologies: labour, energy and materials at the top,
/// goods of energy within energy, and all others within materials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Substitution {
    /// Between labour, energy and materials.
    pub top: f64,
    /// Between goods of energy.
    pub energy: f64,
    /// Between all other goods.
    pub materials: f64,
    /// Codes of the sectors that make energy; may be empty.
    pub energy_sectors: Vec<String>,
}

impl From<Calibration> for Raw {
    fn from(c: Calibration) -> Self {
        Raw {
            labour: c.labour,
            effort_share: c.effort_share,
            disutility_exponent: c.disutility_exponent,
            substitution: c.substitution,
        }
    }
}

impl TryFrom<Raw> for Calibration {
    type Error = Error;

    fn try_from(raw: Raw) -> Result<Self, Error> {
        let calibration =
            Calibration::new(raw.labour).with_effort(raw.effort_share, raw.disutility_exponent)?;
        match raw.substitution {
            Some(substitution) => calibration.with_substitution(substitution),
            None => Ok(calibration),
        }
    }
}

/// What had to be done to the table's cells, in the table's unit.
///
/// None of it is an error: every published table has such cells. A reader should know how large they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Adjustments {
    /// Sales to final demand recorded as negative (imports, use of stocks), turned into a fixed supply.
    pub negative_final_demand: f64,
    /// Flows between sectors recorded as negative (by-products), turned into a fixed supply.
    pub negative_flows: f64,
    /// Sum of the rows' absolute discrepancies between sales and output (rounding), absorbed by a council of
    /// its own where output is left over and by fixed supply where it is missing.
    pub discrepancy: f64,
}

/// An economy made from a table, and the way back to the table's sectors.
#[derive(Clone, Debug)]
pub struct Calibrated {
    economy: Economy,
    labour: GoodId,
    adjustments: Adjustments,
    observed: Parts,
}

/// The economy's parts before they are checked, kept so that a change of demand can start from them.
#[derive(Clone, Debug)]
struct Parts {
    goods: Vec<Good>,
    workers: Vec<WorkerCouncil>,
    consumers: Vec<ConsumerCouncil>,
    /// Consumer councils from here on are no final-demand category but the statistical discrepancy.
    categories: usize,
}

impl Calibration {
    /// Reads labour from the value-added component with the code `labour`, with an effort share of 0.02 and a
    /// disutility exponent of 3.5 (the middle of the published simulations' range).
    pub fn new(labour: impl Into<String>) -> Self {
        Calibration {
            labour: labour.into(),
            effort_share: 0.02,
            disutility_exponent: 3.5,
            substitution: None,
        }
    }

    /// Sets the share c/k of a worker council's revenue that compensates effort, and the exponent k of effort's
    /// disutility. Where a sector's surplus is smaller than twice `effort_share`, half its surplus is used.
    ///
    /// # Errors
    /// If the share is not in [0, 1) or the exponent is not above 1.
    ///
    /// # Example
    /// ```
    /// use parecon_planning::calibrate::Calibration;
    /// let careful = Calibration::new("wages").with_effort(0.05, 3.0)?;
    /// assert!(careful.with_effort(1.0, 3.0).is_err());
    /// # Ok::<(), parecon_planning::Error>(())
    /// ```
    pub fn with_effort(mut self, effort_share: f64, disutility_exponent: f64) -> Result<Self, Error> {
        if !(0.0..1.0).contains(&effort_share) {
            return Err(Error::invalid(format!(
                "effort share {effort_share} must be at least 0 and below 1"
            )));
        }
        if !(disutility_exponent.is_finite() && disutility_exponent > 1.0) {
            return Err(Error::invalid(format!(
                "disutility exponent {disutility_exponent} must be finite and above 1"
            )));
        }
        (self.effort_share, self.disutility_exponent) = (effort_share, disutility_exponent);
        Ok(self)
    }

    /// Gives worker councils nested CES technologies instead of Cobb–Douglas ones. At unit prices they use what the table
    /// records, whatever the elasticities; these decide what they do at others.
    ///
    /// # Errors
    /// If an elasticity is neither 0 nor between 0.001 and 1000.
    ///
    /// # Example
    /// ```
    /// use parecon_planning::calibrate::{Calibration, Substitution};
    ///
    /// let energy_sectors = vec!["oil".to_owned(), "power".to_owned()];
    /// let substitution = Substitution { top: 0.5, energy: 2.0, materials: 0.2, energy_sectors };
    /// assert!(Calibration::new("wages").with_substitution(substitution.clone()).is_ok());
    /// let wrong = Substitution { energy: -1.0, ..substitution };
    /// assert!(Calibration::new("wages").with_substitution(wrong).is_err());
    /// ```
    pub fn with_substitution(mut self, substitution: Substitution) -> Result<Self, Error> {
        let Substitution { top, energy, materials, .. } = substitution;
        for (what, value) in [("top", top), ("energy", energy), ("materials", materials)] {
            elasticity(|| format!("elasticity of substitution ({what})"), value)?;
        }
        self.substitution = Some(substitution);
        Ok(self)
    }

    /// Makes one worker council per sector and one consumer council per category of final demand.
    ///
    /// Goods are the table's sectors, in its order, then one kind of labour. With x the output, z the flows, ℓ
    /// the labour compensation and y the final demand of the table, all at unit prices:
    ///
    /// ```text
    /// exponents        b_ij = z_ij / x_j,   b_labour,j = ℓ_j / x_j        (z_ij > 0)
    /// effort           c_j / k = min(effort share, half of 1 − Σ b),  s_j = (c_j / k) x_j   ⇒  E_j = 1
    /// productivity     log A_j = log x_j − Σ b log(input)                 ⇒  Q_j = x_j
    /// incomes          m_c = Σ_i y_ic,  weights y_ic                      (y_ic > 0)
    /// fixed supply     ω_i = Σ |negative y_ic| + Σ |negative z_ij|;  ω_labour = Σ_j ℓ_j
    /// ```
    ///
    /// so that every council's best answer to prices of 1 is what the table records, and every good is in
    /// balance. Every component of value added but labour (surplus, taxes on production) counts as the return to
    /// what the sector cannot change within the year; it makes returns to scale decrease.
    ///
    /// With [elasticities of substitution](Self::with_substitution), the same shares are the weights of a nest, with
    /// returns `B = Σ b` and `log A_j = log x_j − B log(B x_j)`.
    ///
    /// # Errors
    /// If the component is missing from the table, or a sector has no output, negative labour, or inputs and
    /// labour that cost as much as its output; the sector is named.
    ///
    /// # Complexity
    /// O(n²) for n sectors.
    ///
    /// # Reference
    /// Calibration to a benchmark year as in J. B. Shoven and J. Whalley, *Applying General Equilibrium*,
    /// Cambridge 1992, ch. 5, with the councils of R. Hahnel, *Democratic Economic Planning*, Routledge 2021, ch. 9.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Axis, IoTable};
    /// use parecon_planning::calibrate::Calibration;
    /// use nalgebra::dmatrix;
    ///
    /// let table = IoTable::new(
    ///     Axis::from_codes(["farming", "manufacturing"])?,
    ///     dmatrix![150.0, 500.0; 200.0, 100.0],
    ///     Axis::from_codes(["households"])?,
    ///     dmatrix![350.0; 1700.0],
    ///     Axis::from_codes(["wages", "surplus"])?,
    ///     dmatrix![450.0, 1000.0; 200.0, 400.0],
    /// )?;
    /// let observed = Calibration::new("wages").calibrate(&table)?;
    /// let answers = observed.economy().aggregate(&[1.0; 3])?;
    /// for (supply, demand) in answers.supply.iter().zip(&answers.demand) {
    ///     assert!((supply / demand - 1.0).abs() < 1e-12);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn calibrate(&self, table: &IoTable) -> Result<Calibrated, Error> {
        let sectors = table.sectors();
        let labour = self.labour_row(table)?;
        let mut adjustments = Adjustments::default();

        let mut goods = Vec::with_capacity(sectors.len() + 1);
        let mut leftover = Vec::new();
        for (i, sector) in sectors.iter().enumerate() {
            let (mut used, mut fixed) = (0.0, 0.0);
            for &flow in table.flows().row(i).iter() {
                used += flow.max(0.0);
                fixed += (-flow).max(0.0);
            }
            adjustments.negative_flows += fixed;
            let mut fixed_final = 0.0;
            for &sale in table.final_demand().row(i).iter() {
                used += sale.max(0.0);
                fixed_final += (-sale).max(0.0);
            }
            adjustments.negative_final_demand += fixed_final;
            fixed += fixed_final;
            let mut discrepancy = table.output()[i] + fixed - used;
            if discrepancy.abs() <= ROUNDING * (used + fixed) {
                discrepancy = 0.0;
            }
            adjustments.discrepancy += discrepancy.abs();
            if discrepancy > 0.0 {
                leftover.push(Preference { good: good_id(i), weight: discrepancy });
            } else {
                fixed -= discrepancy;
            }
            goods.push(Good::new(sectors.code(sector), Category::Private, fixed));
        }
        let labour_good = good_id(goods.len());
        goods.push(Good::new(labour_name(table), Category::Labour, labour.iter().sum::<f64>()));

        let workers = sectors
            .iter()
            .map(|sector| self.worker(table, sector, labour[sector.index()], labour_good))
            .collect::<Result<_, _>>()?;

        let mut consumers: Vec<ConsumerCouncil> = table
            .final_demand_categories()
            .iter()
            .filter_map(|category| {
                let sales = table.final_demand().column(category.index());
                consumer(
                    table.final_demand_categories().name(category),
                    sales
                        .iter()
                        .enumerate()
                        .filter(|(_, sale)| **sale > 0.0)
                        .map(|(i, &weight)| Preference { good: good_id(i), weight })
                        .collect(),
                )
            })
            .collect();
        let categories = consumers.len();
        consumers.extend(consumer("statistical discrepancy", leftover));

        let observed = Parts { goods, workers, consumers, categories };
        Ok(Calibrated { economy: observed.economy()?, labour: labour_good, adjustments, observed })
    }

    fn labour_row(&self, table: &IoTable) -> Result<Vec<f64>, Error> {
        let component = table
            .value_added_components()
            .id(&self.labour)
            .map_err(|error| Error::invalid(format!("labour: {error}")))?;
        let row: Vec<f64> = table.value_added().row(component.index()).iter().copied().collect();
        for (sector, &labour) in table.sectors().iter().zip(&row) {
            if labour < 0.0 {
                return Err(Error::invalid(format!(
                    "{}: labour compensation is {labour}, must not be negative",
                    label(table, sector)
                )));
            }
        }
        Ok(row)
    }

    fn worker(
        &self,
        table: &IoTable,
        sector: Id<Sector>,
        labour: f64,
        labour_good: GoodId,
    ) -> Result<WorkerCouncil, Error> {
        let output = table.output()[sector.index()];
        if output <= 0.0 {
            return Err(Error::invalid(format!(
                "{}: output is {output}, must be positive; aggregate or remove the sector",
                label(table, sector)
            )));
        }
        let flows = table.flows().column(sector.index());
        let bought = flows.iter().enumerate().map(|(i, &flow)| (good_id(i), flow));
        let bought: Vec<(GoodId, f64)> =
            bought.chain([(labour_good, labour)]).filter(|(_, amount)| *amount > 0.0).collect();
        let spent = bought.iter().map(|(_, amount)| amount).sum::<f64>() / output;
        if spent >= 1.0 {
            return Err(Error::increasing_returns(format!(
                "{}: inputs and labour cost {spent:.4} of its output, must be below 1",
                label(table, sector)
            )));
        }
        let effort = self.effort_share.min(0.5 * (1.0 - spent));
        let council = |technology| WorkerCouncil {
            name: table.sectors().name(sector).to_owned(),
            output: good_id(sector.index()),
            technology,
        };
        if let Some(substitution) = self.substitution.as_ref().filter(|_| !bought.is_empty()) {
            return Ok(council(Technology::NestedCes(NestedCes {
                total_factor_productivity: (output.ln() - spent * (spent * output).ln()).exp(),
                nest: substitution.nest(table, &bought, labour_good)?,
                returns: spent,
                effort_elasticity: effort * self.disutility_exponent,
                disutility_coefficient: if effort > 0.0 { effort * output } else { 1.0 },
                disutility_exponent: self.disutility_exponent,
            })));
        }
        let mut log_productivity = output.ln();
        let inputs = bought
            .into_iter()
            .map(|(good, amount)| {
                let exponent = amount / output;
                log_productivity -= exponent * amount.ln();
                Input { good, exponent }
            })
            .collect();
        Ok(council(Technology::CobbDouglas(CobbDouglas {
            total_factor_productivity: log_productivity.exp(),
            inputs,
            effort_elasticity: effort * self.disutility_exponent,
            disutility_coefficient: if effort > 0.0 { effort * output } else { 1.0 },
            disutility_exponent: self.disutility_exponent,
        })))
    }
}

impl Substitution {
    /// A nest with the weights that were bought.
    fn nest(&self, table: &IoTable, bought: &[(GoodId, f64)], labour: GoodId) -> Result<Nest, Error> {
        let mut energy = Vec::with_capacity(self.energy_sectors.len());
        for code in &self.energy_sectors {
            let sector = table.sector(code).map_err(|error| Error::invalid(format!("energy: {error}")))?;
            energy.push(good_id(sector.index()));
        }
        let (mut parts, mut fuels, mut materials) = (Vec::new(), Vec::new(), Vec::new());
        for &(good, amount) in bought {
            if good == labour {
                parts.push((amount, Branch::Good(good)));
            } else if energy.contains(&good) {
                fuels.push((good, amount));
            } else {
                materials.push((good, amount));
            }
        }
        for (elasticity, goods) in [(self.energy, fuels), (self.materials, materials)] {
            let weight: f64 = goods.iter().map(|(_, amount)| amount).sum();
            if weight > 0.0 {
                parts.push((weight, Nest::of_goods(elasticity, goods).into()));
            }
        }
        Ok(Nest::new(self.top, parts))
    }
}

impl Calibrated {
    /// The economy of the observed year.
    #[must_use]
    pub fn economy(&self) -> &Economy {
        &self.economy
    }

    /// The good that is labour; its unit is what one unit of money paid for labour bought in the observed year.
    #[must_use]
    pub fn labour(&self) -> GoodId {
        self.labour
    }

    /// The good that a sector of the table makes; worker councils have the same positions.
    #[must_use]
    pub fn good(&self, sector: Id<Sector>) -> GoodId {
        good_id(sector.index())
    }

    /// What had to be done to the table.
    #[must_use]
    pub fn adjustments(&self) -> &Adjustments {
        &self.adjustments
    }

    /// The same economy after what final demand spends on each sector at unit prices is multiplied by a factor.
    ///
    /// Incomes change with it, and so does the sum of all spending, by [`total_income`](Economy::total_income): a part of
    /// the change of prices that follows is a change of the unit of account. Fixed supply (imports among it) and the statistical discrepancy stay.
    ///
    /// # Errors
    /// If a factor is not finite and positive, a sector is named twice, or final demand buys nothing of it.
    ///
    /// # Complexity
    /// O(factors · categories), and a new [`Economy`].
    ///
    /// # Example
    /// ```
    /// use parecon_io::datasets;
    /// use parecon_planning::calibrate::Calibration;
    ///
    /// let table = datasets::us_2022()?.to_symmetric(parecon_io::Model::FixedProductSales)?;
    /// let observed = Calibration::new("V001").calibrate(&table)?;
    /// let economy = observed.with_final_demand(&[(table.sector("622")?, 1.1)])?;
    /// assert!(economy.total_income() > observed.economy().total_income());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_final_demand(&self, factors: &[(Id<Sector>, f64)]) -> Result<Economy, Error> {
        let mut parts = self.observed.clone();
        for (i, &(sector, factor)) in factors.iter().enumerate() {
            let good = self.good(sector);
            let name = || parts.goods.get(good.index()).map_or("?", |g| g.name.as_str()).to_owned();
            if !(factor.is_finite() && factor > 0.0) {
                return Err(Error::invalid(format!(
                    "sector \"{}\": final demand times {factor}, must be finite and positive",
                    name()
                )));
            }
            if factors[..i].iter().any(|(other, _)| *other == sector) {
                return Err(Error::invalid(format!("sector \"{}\": final demand is changed twice", name())));
            }
            let mut bought = false;
            for council in &mut parts.consumers[..parts.categories] {
                let Preferences::CobbDouglas(preferences) = &mut council.preferences else { continue };
                for preference in preferences.iter_mut().filter(|p| p.good == good) {
                    council.income += preference.weight * (factor - 1.0);
                    preference.weight *= factor;
                    bought = true;
                }
            }
            if !bought {
                return Err(Error::invalid(format!(
                    "sector \"{}\": final demand buys nothing of it, so there is nothing to change",
                    name()
                )));
            }
        }
        parts.economy()
    }
}

impl Parts {
    fn economy(&self) -> Result<Economy, Error> {
        Economy::new(self.goods.clone(), self.workers.clone(), self.consumers.clone())
    }
}

/// A council that spends what `preferences` weigh, if it spends anything.
fn consumer(name: &str, preferences: Vec<Preference>) -> Option<ConsumerCouncil> {
    let income: f64 = preferences.iter().map(|p| p.weight).sum();
    (income > 0.0).then(|| ConsumerCouncil {
        name: name.to_owned(),
        income,
        preferences: Preferences::CobbDouglas(preferences),
    })
}

/// "labour", made different from every sector's code.
fn labour_name(table: &IoTable) -> String {
    let mut name = "labour".to_owned();
    while table.sectors().find(&name).is_some() {
        name.push('*');
    }
    name
}

fn label(table: &IoTable, sector: Id<Sector>) -> String {
    format!("sector \"{}\"", table.sectors().code(sector))
}

/// Sectors number far fewer than `u32::MAX`: a table that large would not fit any memory.
fn good_id(index: usize) -> GoodId {
    GoodId(u32::try_from(index).unwrap_or(u32::MAX))
}
