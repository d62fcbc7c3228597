//! What the run found, as plain data: the report page, the JSON file and the CSV files all show this and only this.

use serde::Serialize;

/// Everything, in the order of the report. Holds no times and no paths: the same input gives the same bytes.
#[derive(Serialize)]
pub(crate) struct Results {
    pub(crate) source: &'static str,
    pub(crate) structure: Structure,
    pub(crate) plan: Plan,
    pub(crate) hospital: Hospital,
    pub(crate) design: Design,
}

/// Who needs what from whom.
#[derive(Serialize)]
pub(crate) struct Structure {
    pub(crate) industries: usize,
    pub(crate) commodities: usize,
    /// Balance report of the table, a line each.
    pub(crate) checks: Vec<String>,
    /// The answer to the Hawkins–Simon question.
    pub(crate) verdict: String,
    #[serde(rename = "total_output_musd")]
    pub(crate) total_output: f64,
    #[serde(rename = "final_demand_musd")]
    pub(crate) final_demand: f64,
    /// Labour compensation embodied in final demand, and as the table records it.
    #[serde(rename = "labour_content_musd")]
    pub(crate) labour_content: f64,
    #[serde(rename = "labour_recorded_musd")]
    pub(crate) labour_recorded: f64,
    pub(crate) sectors: Vec<Sector>,
    pub(crate) labour_by_category: Vec<CategoryLabour>,
}

/// An industry before the change of final demand; money in millions of dollars.
#[derive(Serialize)]
pub(crate) struct Sector {
    pub(crate) code: String,
    pub(crate) name: String,
    #[serde(rename = "output_musd")]
    pub(crate) output: f64,
    #[serde(rename = "final_demand_musd")]
    pub(crate) final_demand: f64,
    /// Output of all industries per dollar of this one's final demand.
    pub(crate) output_multiplier: f64,
    /// Output lost elsewhere if this industry stopped.
    #[serde(rename = "loss_elsewhere_musd")]
    pub(crate) loss_elsewhere: f64,
    /// Labour compensation per dollar of final demand, all stages together.
    pub(crate) labour_intensity: f64,
}

/// Labour compensation embodied in one final-demand category.
#[derive(Serialize)]
pub(crate) struct CategoryLabour {
    pub(crate) code: String,
    pub(crate) name: String,
    #[serde(rename = "final_demand_musd")]
    pub(crate) final_demand: f64,
    #[serde(rename = "labour_musd")]
    pub(crate) labour: f64,
}

/// The plan after the change of final demand.
#[derive(Serialize)]
pub(crate) struct Plan {
    pub(crate) shocks: Vec<ShockedSector>,
    pub(crate) notes: Vec<String>,
    /// Largest imbalance of the calibrated year at unit prices, percent.
    #[serde(rename = "benchmark_imbalance_percent")]
    pub(crate) benchmark_imbalance: f64,
    /// By how much the change of final demand changes all spending; prices are given as if it did not.
    pub(crate) spending_change_percent: f64,
    pub(crate) runs: Vec<Run>,
    #[serde(rename = "labour_price_change_percent")]
    pub(crate) wage_change: f64,
    pub(crate) sectors: Vec<PlannedSector>,
}

#[derive(Serialize)]
pub(crate) struct ShockedSector {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) percent: f64,
}

/// One price rule's rounds.
#[derive(Serialize)]
pub(crate) struct Run {
    pub(crate) rule: String,
    pub(crate) status: String,
    pub(crate) rounds: Vec<RoundRow>,
}

/// A round of proposals; the gap is what the certificate leaves between the plan and the best possible one.
#[derive(Serialize)]
pub(crate) struct RoundRow {
    pub(crate) round: usize,
    #[serde(rename = "imbalance_percent")]
    pub(crate) imbalance: f64,
    pub(crate) sector: String,
    pub(crate) class: String,
    #[serde(rename = "gap_musd")]
    pub(crate) gap: Option<f64>,
    pub(crate) gap_percent: Option<f64>,
}

/// An industry in the plan; changes in percent against the observed year.
#[derive(Serialize)]
pub(crate) struct PlannedSector {
    pub(crate) code: String,
    pub(crate) name: String,
    #[serde(rename = "price_change_percent")]
    pub(crate) price_change: f64,
    #[serde(rename = "output_change_percent")]
    pub(crate) output_change: f64,
    #[serde(rename = "labour_change_percent")]
    pub(crate) labour_change: f64,
    /// What fixed coefficients, fixed prices and fixed import shares would have said.
    #[serde(rename = "leontief_output_change_percent")]
    pub(crate) leontief_output_change: f64,
}

/// The hospital's work in job complexes.
#[derive(Serialize)]
pub(crate) struct Hospital {
    #[serde(rename = "hourly_rate_usd")]
    pub(crate) hourly_rate: f64,
    /// Hours of all hospitals in the observed year and in the plan, millions.
    #[serde(rename = "hours_observed_million")]
    pub(crate) hours_observed: f64,
    #[serde(rename = "hours_planned_million")]
    pub(crate) hours_planned: f64,
    pub(crate) members: u32,
    pub(crate) profiles: usize,
    pub(crate) duties: usize,
    pub(crate) assumptions: Vec<String>,
    pub(crate) empowerment_average: f64,
    pub(crate) desirability_average: f64,
    pub(crate) before: Spread,
    pub(crate) after: Spread,
    /// How the optimisation ended.
    pub(crate) status: String,
    /// The largest deviation reached, in points.
    pub(crate) largest: f64,
    /// The bound below which no assignment can bring it.
    pub(crate) largest_bound: f64,
    /// What the certificate and the groups say, in words.
    pub(crate) findings: Vec<String>,
    pub(crate) groups: Vec<Group>,
}

#[derive(Serialize)]
pub(crate) struct Spread {
    pub(crate) empowerment_mean: f64,
    pub(crate) empowerment_max: f64,
    pub(crate) desirability_mean: f64,
    pub(crate) desirability_max: f64,
    /// Distinct duties that the members of an occupation share, averaged over occupations.
    pub(crate) tasks: f64,
}

/// Members of one profile, before and after.
#[derive(Serialize)]
pub(crate) struct Group {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) people: u32,
    /// Its duties stay with it.
    pub(crate) licensed: bool,
    pub(crate) empowerment_before: f64,
    pub(crate) desirability_before: f64,
    pub(crate) empowerment_after: f64,
    pub(crate) desirability_after: f64,
    pub(crate) tasks_before: usize,
    pub(crate) tasks_after: usize,
}

/// Permission first or filter after, for design work.
#[derive(Serialize)]
pub(crate) struct Design {
    pub(crate) assumptions: Vec<String>,
    /// Money value of the unit of account: a day of design labour.
    #[serde(rename = "day_usd")]
    pub(crate) day: f64,
    /// Hours of design work in the plan, millions.
    #[serde(rename = "design_hours_million")]
    pub(crate) design_hours: f64,
    /// The production cost, in days, at which permission first overtakes filter after, if there is one.
    pub(crate) break_even_days: Option<f64>,
    pub(crate) break_even: String,
    pub(crate) intervals: Vec<Winner>,
    pub(crate) curves: Vec<Curve>,
    pub(crate) markers: Vec<Marker>,
}

#[derive(Serialize)]
pub(crate) struct Winner {
    #[serde(rename = "from_days")]
    pub(crate) from: f64,
    #[serde(rename = "to_days")]
    pub(crate) to: f64,
    pub(crate) policy: String,
}

/// Net benefit per idea by production cost, both in days of design labour.
#[derive(Serialize)]
pub(crate) struct Curve {
    pub(crate) policy: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// What a piece costs that takes a day's work in this industry: labour and inputs, in days of design labour.
#[derive(Serialize)]
pub(crate) struct Marker {
    pub(crate) code: String,
    pub(crate) name: String,
    #[serde(rename = "cost_days")]
    pub(crate) cost: f64,
    pub(crate) winner: String,
}
