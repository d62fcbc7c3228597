//! The page.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Report;
use super::plots::shorten;
use crate::training::{Price, Programme};
use crate::{Error, Level};

const STYLE: &str = "
body{font:16px/1.5 system-ui,sans-serif;color:#222831;max-width:920px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem;line-height:1.2}h2{margin-top:2.4rem;border-bottom:2px solid #e1e5ea;padding-bottom:.2rem}
table{border-collapse:collapse;margin:1rem 0;font-size:.92rem;display:block;overflow-x:auto}
th,td{padding:.22rem .7rem;border-bottom:1px solid #e1e5ea;text-align:left;vertical-align:top}
th{border-bottom:2px solid #9aa4b1}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
figure{margin:1.2rem 0;overflow-x:auto}figcaption{color:#555;font-size:.92rem}svg{max-width:100%;min-width:640px;height:auto}
.note{color:#555;font-size:.92rem}
";
/// Names in a list before it says how many others there are.
const NAMES: usize = 6;
/// Rows of a table before it says how many others there are.
const ROWS: usize = 12;

fn figure(svg: &str, label: &str) -> Markup {
    html! { figure role="img" aria-label=(label) { (PreEscaped(svg)) figcaption { (label) } } }
}

pub(super) fn page(report: &Report<'_>) -> Result<String, Error> {
    let (workplace, balance) = (report.workplace, report.balance);
    let before = report.before.map(|complexes| workplace.spread(complexes)).transpose()?;
    let pictures: Vec<(String, String)> = workplace
        .dimensions()
        .map(|dimension| {
            let label = format!("Where members stand in {}", workplace.dimension_name(dimension));
            report.spread(dimension).map(|svg| (svg, label))
        })
        .collect::<Result<_, _>>()?;
    let certificate = &balance.certificate;
    let proved =
        certificate.mean_proof.is_some() && certificate.levels.iter().take(1).all(|l| l.proof.is_some());
    let people: u64 = workplace.members().iter().map(|m| u64::from(m.count)).sum();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (report.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (report.title) }
                p { (people) " people share " (workplace.tasks().len()) " tasks of " (workplace.total_time())
                    ". Every task is done and everyone works a fair share of the hours, in whole minutes." }
                table {
                    tr {
                        th { "rating, 1–20" } th.n { "average" }
                        @if before.is_some() { th.n { "mean deviation today" } th.n { "largest" } }
                        th.n { "mean deviation shared" } th.n { "largest" }
                    }
                    @for after in &balance.spread.by_dimension {
                        tr {
                            td { (workplace.dimension_name(after.dimension)) }
                            td.n { (format!("{:.2}", after.average)) }
                            @if let Some(today) = before.as_ref().and_then(|b| b.of(after.dimension)) {
                                td.n { (format!("{:.2}", today.mean_abs)) } td.n { (format!("{:.2}", today.max_abs)) }
                            }
                            td.n { (format!("{:.2}", after.mean_abs)) } td.n { (format!("{:.2}", after.max_abs)) }
                        }
                    }
                }
                @for (svg, label) in &pictures { (figure(svg, label)) }
                (figure(&report.tasks()?, "How many tasks people have"))
                h2 { "Could it be more even?" }
                p { "No division of this work has a largest deviation below " (format!("{:.4}", certificate.largest.bound))
                    "; this one has " (format!("{:.4}", certificate.largest.value)) ". The mean deviation is "
                    (format!("{:.4}", certificate.mean.value)) ", and at least " (format!("{:.4}", certificate.mean.bound))
                    " in any division that keeps everybody within the limits below. " @if proved && certificate.verify(workplace).is_ok() {
                        "Both bounds were checked in exact integer arithmetic." } }
                (levels(report, &certificate.levels))
                @if !certificate.binding_tasks.is_empty() {
                    (figure(&report.binding()?, "Tasks that keep the largest deviation up"))
                }
                @if let Some(advice) = report.advice {
                    h2 { "What one more skill would do" }
                    (prices(report, &advice.prices))
                    @if advice.best_is_proved { p.note { "No other single training can do more than the first." } }
                }
                @if !report.programmes.is_empty() {
                    h2 { "What training buys" }
                    (figure(&report.training()?, "Mean deviation by the cost of the cheapest programme"))
                    (programmes(report))
                }
            }
        }
    };
    Ok(page.into_string())
}

fn levels(report: &Report<'_>, levels: &[Level]) -> Markup {
    let names = |level: &Level| {
        let labels: Vec<&str> = level
            .members
            .iter()
            .take(NAMES)
            .filter_map(|m| report.workplace.member(*m))
            .map(|m| m.label())
            .collect();
        let more = level.members.len().saturating_sub(NAMES);
        labels.join(", ") + &if more > 0 { format!(" and {more} others") } else { String::new() }
    };
    html! {
        table {
            tr { th { "within" } th.n { "proved at least" } th { "who" } }
            @for level in levels {
                tr {
                    td.n { (format!("{:.2}", level.deviation.value)) }
                    td.n { (format!("{:.2}", level.deviation.bound)) }
                    td { (names(level)) }
                }
            }
        }
        p.note { "Each row: how close to the average these members and those of the rows below can be, while those above "
            "keep what they have. Who is in an upper row keeps nobody else from being balanced." }
    }
}

fn prices(report: &Report<'_>, prices: &[Price]) -> Markup {
    html! {
        table {
            tr { th { "who" } th { "skill" } th.n { "cost" } th.n { "relief at most" } th.n { "relief, solved again" } }
            @for price in prices.iter().take(ROWS) {
                tr {
                    td { (report.workplace.member(price.member).map_or(String::new(), |m| shorten(m.label()))) }
                    td { (skill(report, &price.skill)) }
                    td.n { (format!("{:.1}", price.cost)) }
                    td.n { (format!("{:.3}", price.at_most)) }
                    td.n { @match price.relief { Some(relief) => (format!("{relief:.3}")), None => "–" } }
                }
            }
        }
        @if prices.len() > ROWS { p.note { (prices.len() - ROWS) " others are not listed." } }
    }
}

/// How many people learn each skill, most first.
fn by_skill(programme: &Programme) -> Vec<(&str, u32)> {
    let mut people = BTreeMap::new();
    for trained in &programme.trained {
        *people.entry(trained.skill.as_str()).or_insert(0) += trained.people;
    }
    let mut order: Vec<_> = people.into_iter().collect();
    order.sort_by_key(|(skill, people)| (Reverse(*people), *skill));
    order
}

/// A skill by the name of those who have it, if only one entry does.
fn skill(report: &Report<'_>, skill: &str) -> String {
    let mut holders = report.workplace.members().iter().filter(|member| member.skills.contains(skill));
    match (holders.next(), holders.next()) {
        (Some(only), None) => shorten(only.label()),
        _ => skill.to_owned(),
    }
}

fn programmes(report: &Report<'_>) -> Markup {
    let name = report.workplace.dimension_name(report.dimension);
    html! {
        table {
            tr { th.n { "target" } th.n { "reached" } th.n { "people trained" } th.n { "cost" } th.n { "at least" } th { "most of them in" } }
            @for (target, found) in report.programmes {
                @let order = by_skill(found);
                tr {
                    td.n { (format!("{target:.2}")) }
                    td.n { (found.spread.of(report.dimension).map_or(String::new(), |s| format!("{:.3}", s.mean_abs))) }
                    td.n { (found.trained.iter().map(|t| t.people).sum::<u32>()) }
                    td.n { (format!("{:.1}", found.cost.value)) }
                    td.n { (format!("{:.1}", found.cost.bound)) }
                    td { (order.iter().take(NAMES).map(|(s, p)| format!("{} ({p})", skill(report, s))).collect::<Vec<_>>().join(", ")) }
                }
            }
        }
        p.note { "Mean deviation in " (name) ". At least: what no programme that teaches everyone one skill at most can cost less than." }
    }
}
