//! Federations of councils: proposals added up and compared level by level.

mod outliers;
mod report;

use std::collections::{BTreeMap, BTreeSet};

use crate::economy::check_goods_count;
use crate::exact::ExactSum;
use crate::flow::{Flow, Kind};
use crate::{Aggregates, CouncilId, Economy, Error, GoodId, Proposals, Register};
use outliers::far_from_typical;
pub use report::{Flag, GoodTotals, GroupReport, Measure, MemberReport};

/// Councils in groups within groups: by industry, by region, or any other tree.
///
/// Proposals go up the tree. Each group adds up those of its councils and of the groups in it and compares its
/// councils with each other, so that whoever asks for much more than others, or would give much less for what it
/// takes, is noticed by those who know it best, long before the board sees anything but sums.
///
/// Sums are exact until they are read, so every group's totals are those of its parts without any rounding in
/// between, and what reaches the board has the same bits with or without groups, whatever the groups are
/// ([`Federation::aggregate`] is [`Proposals::aggregate`]).
///
/// # What is compared
/// At announced prices `p`, of every worker council the social benefit/cost ratio and of each input the share of its
/// value in that of the output; of every consumer council the share of each good in what it spends:
///
/// ```text
/// benefit/cost = p_o·Q / (Σ p_i·x_i + cost of effort)
/// input share  = p_i·x_i / (p_o·Q)               among the councils of the group that make the same good
/// request      = p_g·x_g / Σ p·x                 with personal prices p/n of public goods
/// ```
///
/// A figure is flagged where its logarithm `y` is far from the median `m` of the group's figures,
///
/// ```text
/// 0.6745·|y − m| / median|y − m| > 3.5      and     |y − m| > 5 %
/// ```
///
/// if at least five councils have one (a modified z-score: a few unusual councils do not hide each other, as they
/// would with mean and standard deviation). A flag is a question and no refusal: there may be good reasons.
///
/// # Reference
/// B. Iglewicz, D. C. Hoaglin, *How to Detect and Handle Outliers* (ASQC 1993). On benefit/cost ratios in federations:
/// R. Hahnel, *Democratic Economic Planning* (Routledge 2021).
///
/// # Example
/// ```
/// use parecon_planning::{CouncilId, Federation, experiment};
///
/// let economy = experiment::small_example()?;
/// let mut register = economy.register();
/// for seat in &mut register.worker_councils {
///     seat.group = vec![if seat.output.0 == 0 { "food" } else { "parks" }.into()];
/// }
/// let federation = Federation::of(&register);
///
/// let prices = [40.0, 60.0, 4.0];
/// let proposals = economy.respond(&prices)?;
/// let report = federation.review(&prices, &proposals, &economy.effort_costs(&prices)?)?;
/// let food = &report.groups[0];
/// assert_eq!((food.name.as_str(), food.members.len()), ("food", 2));
/// // Of 0.7 and 0.1/3 of its revenue the east bakery makes its revenue.
/// let ratio = food.members[0].benefit_cost().ok_or("it has costs")?;
/// assert!((ratio - 1.0 / (0.7 + 0.1 / 3.0)).abs() < 1e-12);
/// assert_eq!(federation.aggregate(&proposals)?, proposals.aggregate());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Federation {
    root: Group,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Group {
    name: String,
    members: Vec<CouncilId>,
    groups: Vec<Group>,
}

impl Group {
    fn at_path(&mut self, path: &[String]) -> &mut Group {
        let Some((first, rest)) = path.split_first() else { return self };
        let at = self.groups.iter().position(|group| group.name == *first).unwrap_or_else(|| {
            self.groups.push(Group { name: first.clone(), ..Group::default() });
            self.groups.len() - 1
        });
        self.groups[at].at_path(rest)
    }
}

/// A council's figure.
type Figure = (CouncilId, f64);

/// Exact sums over a group, and the figures of its councils.
#[derive(Default)]
struct Sums {
    flows: BTreeMap<GoodId, Flow>,
    benefit: ExactSum,
    cost: ExactSum,
    spent: ExactSum,
    /// By what is compared and, of inputs, by the good that is made.
    figures: BTreeMap<(Option<GoodId>, Measure), Vec<Figure>>,
}

impl Sums {
    fn absorb(&mut self, part: &Sums) {
        for (good, flow) in &part.flows {
            self.flows.entry(*good).or_default().merge(flow);
        }
        self.benefit.merge(&part.benefit);
        self.cost.merge(&part.cost);
        self.spent.merge(&part.spent);
        for (key, figures) in &part.figures {
            self.figures.entry(*key).or_default().extend(figures);
        }
    }
}

/// What is reviewed.
struct Round<'a> {
    prices: &'a [f64],
    proposals: &'a Proposals,
    effort_costs: &'a [f64],
}

impl Federation {
    /// The groups that councils are [registered](Register) in.
    #[must_use]
    pub fn of(register: &Register) -> Self {
        let mut root = Group::default();
        for (council, path) in register.groups() {
            root.at_path(path).members.push(council);
        }
        Federation { root }
    }

    /// Any other grouping of the same councils: of each, the groups it belongs to from the outermost in.
    ///
    /// # Errors
    /// If a council occurs twice.
    ///
    /// # Example
    /// ```
    /// use parecon_planning::{CouncilId, Federation};
    /// let north = |council| (council, vec!["north".to_owned()]);
    /// assert!(Federation::new([north(CouncilId::Worker(0)), north(CouncilId::Worker(1))]).is_ok());
    /// let error = Federation::new([north(CouncilId::Worker(0)), north(CouncilId::Worker(0))]).unwrap_err();
    /// assert_eq!(error.to_string(), "worker council 0 belongs to two groups, must be to one");
    /// ```
    pub fn new(councils: impl IntoIterator<Item = (CouncilId, Vec<String>)>) -> Result<Self, Error> {
        let mut root = Group::default();
        let mut seen = BTreeSet::new();
        for (council, path) in councils {
            if !seen.insert(council) {
                return Err(Error::invalid(format!("{council} belongs to two groups, must be to one")));
            }
            root.at_path(&path).members.push(council);
        }
        Ok(Federation { root })
    }

    /// Adds proposals up through the groups: with the same bits as [`Proposals::aggregate`].
    ///
    /// # Errors
    /// If the federation's councils are not those of the proposals.
    ///
    /// # Complexity
    /// Linear in the number of quantities proposed, and for each group in the number of goods that it deals with.
    pub fn aggregate(&self, proposals: &Proposals) -> Result<Aggregates, Error> {
        self.check_councils(proposals)?;
        fn sum(group: &Group, proposals: &Proposals) -> BTreeMap<GoodId, Flow> {
            let mut flows: BTreeMap<GoodId, Flow> = BTreeMap::new();
            for member in &group.members {
                proposals.each(*member, |good, kind, x| flows.entry(good).or_default().add(kind, x));
            }
            for part in &group.groups {
                for (good, flow) in sum(part, proposals) {
                    flows.entry(good).or_default().merge(&flow);
                }
            }
            flows
        }
        let flows = sum(&self.root, proposals);
        let nothing = Flow::default();
        let goods = 0..proposals.layout().endowments.len() as u32;
        Ok(proposals.balance(goods.map(|g| flows.get(&GoodId(g)).unwrap_or(&nothing))))
    }

    /// Totals, benefits and costs of every group and council at announced prices, and what is flagged.
    ///
    /// `effort_costs` is what each worker council's effort costs its members, in units of account
    /// ([`FacilitationBoard::effort_costs`](crate::FacilitationBoard::effort_costs),
    /// [`Economy::effort_costs`]); empty if that is not to count.
    ///
    /// # Errors
    /// If prices, effort costs or the federation's councils do not suit the proposals.
    ///
    /// # Complexity
    /// For each level of the tree `O(q log q)` in the number `q` of quantities proposed.
    pub fn review(
        &self,
        prices: &[f64],
        proposals: &Proposals,
        effort_costs: &[f64],
    ) -> Result<GroupReport, Error> {
        self.check_councils(proposals)?;
        check_goods_count(prices, proposals.layout().endowments.len())?;
        if !effort_costs.is_empty() && effort_costs.len() != proposals.worker_councils() {
            let (given, workers) = (effort_costs.len(), proposals.worker_councils());
            return Err(Error::invalid(format!(
                "{given} costs of effort given for {workers} worker councils"
            )));
        }
        if let Some((w, cost)) =
            effort_costs.iter().enumerate().find(|(_, cost)| !(0.0..=f64::MAX).contains(*cost))
        {
            return Err(Error::invalid(format!(
                "worker council {w}: cost of effort is {cost}, must be 0 or more"
            )));
        }
        Ok(review(&self.root, &Round { prices, proposals, effort_costs }).1)
    }

    fn check_councils(&self, proposals: &Proposals) -> Result<(), Error> {
        fn gather(group: &Group, all: &mut BTreeSet<CouncilId>) {
            all.extend(&group.members);
            group.groups.iter().for_each(|group| gather(group, all));
        }
        let mut members = BTreeSet::new();
        gather(&self.root, &mut members);
        for council in CouncilId::all(proposals.worker_councils(), proposals.consumer_councils()) {
            if !members.remove(&council) {
                return Err(Error::invalid(format!("{council} belongs to no group of the federation")));
            }
        }
        match members.first() {
            Some(council) => Err(Error::invalid(format!("{council} of the federation has no proposal"))),
            None => Ok(()),
        }
    }
}

fn review(group: &Group, round: &Round<'_>) -> (Sums, GroupReport) {
    let mut sums = Sums::default();
    let members: Vec<MemberReport> = group.members.iter().map(|m| round.member(*m, &mut sums)).collect();
    let mut groups = Vec::new();
    for part in &group.groups {
        let (part, report) = review(part, round);
        sums.absorb(&part);
        groups.push(report);
    }
    let mut flags = Vec::new();
    for ((_, measure), figures) in &sums.figures {
        flags.extend(far_from_typical(*measure, figures));
    }
    let totals = sums.flows.iter().map(|(good, flow)| GoodTotals {
        good: *good,
        made: flow.made.value(),
        used: flow.used.value(),
        requested: flow.requested.value(),
        permitted: flow.permitted.value(),
    });
    let report = GroupReport {
        name: group.name.clone(),
        totals: totals.collect(),
        benefit: sums.benefit.value(),
        cost: sums.cost.value(),
        spent: sums.spent.value(),
        flags,
        members,
        groups,
    };
    (sums, report)
}

impl Round<'_> {
    /// Adds a council to its group's sums.
    fn member(&self, council: CouncilId, sums: &mut Sums) -> MemberReport {
        let sharers = self.proposals.consumer_councils() as f64;
        let mut report = MemberReport { council, benefit: 0.0, cost: 0.0, spent: 0.0 };
        let mut values = Vec::new();
        let mut output = None;
        self.proposals.each(council, |good, kind, quantity| {
            sums.flows.entry(good).or_default().add(kind, quantity);
            let value = self.prices[good.index()] * quantity;
            match kind {
                Kind::Made => {
                    report.benefit += value;
                    output = Some(good);
                }
                Kind::Used => {
                    report.cost += value;
                    values.push((Measure::Input(good), value));
                }
                Kind::Requested => {
                    let shared = self.proposals.layout().public[good.index()];
                    let value = if shared { value / sharers } else { value };
                    report.spent += value;
                    values.push((Measure::Request(good), value));
                }
                // Compensation is income, and incomes are not compared.
                Kind::Permitted => {}
            }
        });
        if let CouncilId::Worker(w) = council {
            report.cost += self.effort_costs.get(w as usize).copied().unwrap_or(0.0);
        }
        sums.benefit.add(report.benefit);
        sums.cost.add(report.cost);
        sums.spent.add(report.spent);
        if let Some(ratio) = report.benefit_cost() {
            sums.figures.entry((None, Measure::BenefitCost)).or_default().push((council, ratio));
        }
        for (measure, value) in values {
            let whole = if output.is_some() { report.benefit } else { report.spent };
            sums.figures.entry((output, measure)).or_default().push((council, value / whole));
        }
        report
    }
}

impl Economy {
    /// What the effort that each worker council proposes at announced prices costs its members, in units of account:
    /// with Cobb–Douglas technologies `s·E^k`, with others what their [`Technology`](crate::Technology) says.
    ///
    /// # Errors
    /// As [`respond`](Self::respond).
    ///
    /// # Complexity
    /// One exponential per worker council.
    ///
    /// # Example
    /// See [`Federation`].
    pub fn effort_costs(&self, prices: &[f64]) -> Result<Vec<f64>, Error> {
        self.check_prices(prices)?;
        let answers = self.answers_at(prices)?;
        Ok((0..self.worker_councils()).map(|w| self.effort_cost(w, &answers)).collect())
    }
}
