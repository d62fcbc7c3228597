//! The report page: one self-contained HTML file.

use anyhow::Result;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::plan::{CLASSES, money, short};
use crate::plots;
use crate::results::{Design, Hospital, Plan, Results, Spread, Structure};
use crate::structure::largest;

const STYLE: &str = "
body{font:16px/1.5 system-ui,sans-serif;color:#222831;max-width:920px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem;line-height:1.2}h2{margin-top:2.6rem;border-bottom:2px solid #e1e5ea;padding-bottom:.2rem}
table{border-collapse:collapse;margin:1rem 0;font-size:.92rem;display:block;overflow-x:auto}caption{text-align:left;color:#555;padding:.2rem 0}
th,td{padding:.22rem .7rem;border-bottom:1px solid #e1e5ea;text-align:left;vertical-align:top}
th{border-bottom:2px solid #9aa4b1}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
figure{margin:1.2rem 0;overflow-x:auto}figcaption{color:#555;font-size:.92rem}svg{max-width:100%;min-width:640px;height:auto}
.note{color:#555;font-size:.92rem}details{margin:1rem 0}summary{cursor:pointer}
.scroll{max-height:28rem;overflow:auto}
";

/// The whole page.
pub(crate) fn page(results: &Results) -> Result<String> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "The economy of the United States, planned" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "The economy of the United States, planned from its own tables" }
                p { "Data: " (results.source) ". Every figure on this page was computed from it by one run of "
                    code { "us_economy" } "; assumptions are named where they are used." }
                (structure(&results.structure))
                (plan(&results.plan)?)
                (hospital(&results.hospital)?)
                (design(&results.design)?)
            }
        }
    };
    Ok(page.into_string())
}

fn figure(svg: &str, label: &str) -> Markup {
    html! { figure role="img" aria-label=(label) { (PreEscaped(svg)) figcaption { (label) } } }
}

fn structure(s: &Structure) -> Markup {
    let by_multiplier = largest(&s.sectors, |s| s.output_multiplier);
    let by_loss = largest(&s.sectors, |s| s.loss_elsewhere);
    html! {
        h2 { "1. Who needs what from whom" }
        p { (s.industries) " industries make and use " (s.commodities) " commodities: output "
            (money(s.total_output)) ", final demand " (money(s.final_demand)) ". "
            "Can everybody be supplied (Hawkins–Simon)? " (s.verdict) "." }
        ul class="note" { @for check in &s.checks { li { (check) } } }
        table {
            caption { "Largest output multipliers: output of all industries per dollar of final demand" }
            tr { th { "industry" } th { "" } th class="n" { "multiplier" } th class="n" { "labour compensation per dollar, direct and indirect" } }
            @for r in by_multiplier.iter().take(8) { tr {
                td { (r.code) } td { (r.name) } td class="n" { (format!("{:.3}", r.output_multiplier)) }
                td class="n" { (format!("{:.3}", r.labour_intensity)) } } }
        }
        table {
            caption { "Most critical suppliers: output lost elsewhere if the industry stopped (hypothetical extraction)" }
            tr { th { "industry" } th { "" } th class="n" { "own output" } th class="n" { "lost elsewhere" } }
            @for r in by_loss.iter().take(8) { tr {
                td { (r.code) } td { (r.name) } td class="n" { (money(r.output)) }
                td class="n" { (money(r.loss_elsewhere)) } } }
        }
        p { "Final demand embodies " (money(s.labour_content)) " of labour compensation; paid, as a check, were "
            (money(s.labour_recorded)) ". Imports count as what they would embody if they were made at home." }
        table {
            caption { "Labour compensation embodied in each category of final demand" }
            tr { th { "category" } th { "" } th class="n" { "final demand" } th class="n" { "labour embodied" } }
            @for c in &s.labour_by_category { tr {
                td { (c.code) } td { @if c.name != c.code { (c.name) } } td class="n" { (money(c.final_demand)) } td class="n" { (money(c.labour)) } } }
        }
    }
}

fn plan(p: &Plan) -> Result<Markup> {
    let mut by_output: Vec<_> = p.sectors.iter().collect();
    by_output.sort_by(|a, b| b.output_change.abs().total_cmp(&a.output_change.abs()));
    Ok(html! {
        h2 { "2. A plan that fits together" }
        table {
            caption { "The change: what final demand spends, at observed prices" }
            @for s in &p.shocks { tr { td { (s.code) } td { (s.name) } td class="n" { (format!("{:+} %", s.percent)) } } }
        }
        p { "Worker councils and consumer councils answer announced "
            "prices with proposals; the facilitation board revises the prices until the proposals fit. "
            "In the observed year, at prices of 1, they fit to " (short(p.benchmark_imbalance)) " %." }
        p class="note" { "Classes of the largest imbalance: " (CLASSES) "." }
        ul class="note" { @for note in &p.notes { li { (note) } } }
        (figure(&plots::convergence(&p.runs)?, "Largest imbalance of any good after each round, by price rule"))
        @for run in &p.runs {
            details open[run.rounds.len() < 12] {
                summary { (run.rule) ": " (run.rounds.len()) " rounds, " (run.status) }
                table {
                    tr { th class="n" { "round" } th class="n" { "largest imbalance" } th { "in" } th { "class" }
                         th class="n" { "certified gap" } th class="n" { "of consumption" } }
                    @for r in &run.rounds { tr {
                        td class="n" { (r.round) } td class="n" { (short(r.imbalance)) " %" } td { (r.sector) }
                        td { (r.class) } td class="n" { (r.gap.map_or("unknown".to_owned(), money)) }
                        td class="n" { (r.gap_percent.map_or("?".to_owned(), short)) " %" } } }
                }
            }
        }
        p class="note" { "The certified gap is a bound that no plan can beat: none raises welfare, at the given "
            "incomes, by more than this over the feasible plan at hand (weak duality)." }
        (figure(&plots::price_changes(&p.sectors, 24)?, "The 24 indicative prices that change most, against the observed year and at unchanged total spending"))
        p { "The indicative price of labour changes by " (format!("{:+.2} %", p.wage_change)) "." }
        table {
            caption { "Industries whose output changes most; the last column is what fixed coefficients, prices and import shares would answer (Leontief)" }
            tr { th { "industry" } th { "" } th class="n" { "price change" } th class="n" { "output change" } th class="n" { "labour change" } th class="n" { "Leontief output change" } }
            @for r in by_output.iter().take(15) { tr {
                td { (r.code) } td { (r.name) } td class="n" { (format!("{:+.2} %", r.price_change)) }
                td class="n" { (format!("{:+.2} %", r.output_change)) } td class="n" { (format!("{:+.2} %", r.labour_change)) }
                td class="n" { (format!("{:+.2} %", r.leontief_output_change)) } } }
        }
    })
}

fn spread_row(name: &str, s: &Spread) -> Markup {
    html! { tr { td { (name) }
    td class="n" { (format!("{:.2}", s.empowerment_mean)) } td class="n" { (format!("{:.2}", s.empowerment_max)) }
    td class="n" { (format!("{:.2}", s.desirability_mean)) } td class="n" { (format!("{:.2}", s.desirability_max)) }
    td class="n" { (format!("{:.1}", s.tasks)) } } }
}

fn hospital(h: &Hospital) -> Result<Markup> {
    let average = (h.empowerment_average, h.desirability_average);
    Ok(html! {
        h2 { "3. Who does the work" }
        p { "Hospitals worked " (format!("{:.0}", h.hours_observed)) " million hours in the observed year and "
            (format!("{:.0}", h.hours_planned)) " million in the plan, at " (format!("${:.2}", h.hourly_rate))
            " an hour. Below, one hospital of " (h.members) " people in " (h.profiles) " occupations shares "
            (h.duties) " duties, so that the largest deviation from the average is as small as it can be, and then the mean deviation ("
            (h.status) "). The average of all work cannot change: empowerment " (format!("{:.2}", average.0))
            ", desirability " (format!("{:.2}", average.1)) " of 20." }
        ul class="note" { @for a in &h.assumptions { li { (a) } } }
        table {
            caption { "Deviation of a member's complex from the average, in points" }
            tr { th { "" } th class="n" { "empowerment, mean" } th class="n" { "largest" }
                 th class="n" { "desirability, mean" } th class="n" { "largest" } th class="n" { "duties an occupation" } }
            (spread_row("today", &h.before)) (spread_row("balanced", &h.after))
        }
        @for finding in &h.findings { p { (finding) } }
        (figure(&plots::complexes(&h.groups, average)?, "Each circle is an occupation, its area the people in it; rings are occupations whose duties need a licence; dashed lines are the hospital's average"))
        details { summary { "All occupations" } div class="scroll" { table {
            tr { th { "occupation" } th { "licence" } th class="n" { "people" } th class="n" { "empowerment before" } th class="n" { "after" }
                 th class="n" { "desirability before" } th class="n" { "after" } th class="n" { "duties" } }
            @for g in &h.groups { tr { td { (g.name) } td { @if g.licensed { "yes" } } td class="n" { (g.people) }
                td class="n" { (format!("{:.1}", g.empowerment_before)) } td class="n" { (format!("{:.1}", g.empowerment_after)) }
                td class="n" { (format!("{:.1}", g.desirability_before)) } td class="n" { (format!("{:.1}", g.desirability_after)) }
                td class="n" { (g.tasks_after) } } }
        } } }
    })
}

fn design(d: &Design) -> Result<Markup> {
    Ok(html! {
        h2 { "4. Ask first, or filter after?" }
        p { "Design work can be permitted before it is done or judged when it is done. The unit is a day of design "
            "labour (" (format!("${:.0}", d.day)) ")." }
        ul class="note" { @for a in &d.assumptions { li { (a) } } }
        (figure(&plots::design(d)?, "Net benefit of an idea by what producing a piece costs; bands name the winner; marks are what a piece costs that takes one day's work in an industry, labour and inputs"))
        table {
            caption { "Where the winner changes" }
            tr { th class="n" { "from (days)" } th class="n" { "to (days)" } th class="n" { "from ($)" } th class="n" { "to ($)" } th { "winner" } }
            @for w in &d.intervals { tr {
                td class="n" { (format!("{:.3}", w.from)) } td class="n" { (format!("{:.3}", w.to)) }
                td class="n" { (format!("{:.0}", w.from * d.day)) } td class="n" { (format!("{:.0}", w.to * d.day)) }
                td { (w.policy) } } }
        }
        p { "Costs were looked at up to the last one in the table. Between filtering after and asking first only: "
            (d.break_even) "." }
        table {
            caption { "What a piece costs that takes one day's work in an industry, with the inputs it uses up (plant and equipment not counted)" }
            tr { th { "industry" } th { "" } th class="n" { "days" } th { "best policy for such a piece" } }
            @for m in &d.markers { tr { td { (m.code) } td { (m.name) } td class="n" { (format!("{:.2}", m.cost)) } td { (m.winner) } } }
        }
    })
}
