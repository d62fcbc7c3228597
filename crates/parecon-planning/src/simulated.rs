//! Councils that answer an announcement truly: what they would gain most from.

use crate::economy::check_prices;
use crate::{
    Amount, Announcement, ConsumerCouncil, CouncilId, Economy, Error, Good, GoodId, Plan, Proposal,
    Proposals, WorkerCouncil,
};

impl WorkerCouncil {
    /// The plan that this council gains most from at announced prices; [`Economy::respond`] has the same bits.
    ///
    /// # Errors
    /// If the goods or the council are not acceptable to [`Economy::new`], or the prices are not one for each good.
    ///
    /// # Complexity
    /// Linear in the number of goods.
    ///
    /// # Example
    /// ```
    /// use parecon_planning::{Announcement, Plan, experiment};
    ///
    /// let economy = experiment::small_example()?;
    /// let bakery = economy.worker_council(0).ok_or("there is one")?;
    /// let announcement = Announcement { round: 1, prices: vec![10.0; 3], sharers: 2 };
    /// let plan = bakery.propose(economy.goods(), &announcement)?;
    /// assert!(matches!(plan, Plan::Worker { output, .. } if output > 0.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn propose(&self, goods: &[Good], announcement: &Announcement) -> Result<Plan, Error> {
        let mut alone = Economy::builder(goods.to_vec())?;
        alone.worker_council(self)?;
        let alone = alone.build_part(announcement.sharers)?;
        check_prices(goods, &announcement.prices)?;
        let answers = alone.answers_at(&announcement.prices)?;
        let effort_cost = alone.effort_cost(0, &answers);
        let all = alone.proposals_at(&announcement.prices, &answers, false, None);
        worker_plan(&all, 0, effort_cost).ok_or_else(|| Error::invalid("the council has no plan"))
    }
}

impl ConsumerCouncil {
    /// The plan that this council likes best of what its income buys at announced prices; [`Economy::respond`] has
    /// the same bits.
    ///
    /// # Errors
    /// If the goods or the council are not acceptable to [`Economy::new`], the prices are not one for each good, or
    /// nobody shares the public goods.
    ///
    /// # Complexity
    /// Linear in the number of goods.
    ///
    /// # Example
    /// See [`WorkerCouncil::propose`].
    pub fn propose(&self, goods: &[Good], announcement: &Announcement) -> Result<Plan, Error> {
        let mut alone = Economy::builder(goods.to_vec())?;
        alone.consumer_council(self)?;
        check_prices(goods, &announcement.prices)?;
        if announcement.sharers == 0 {
            return Err(Error::invalid("public goods are shared by 0 consumer councils, must be at least 1"));
        }
        let alone = alone.build_part(announcement.sharers)?;
        let answers = alone.answers_at(&announcement.prices)?;
        consumer_plan(&alone.proposals_at(&announcement.prices, &answers, true, None), 0)
            .ok_or_else(|| Error::invalid("the council has no plan"))
    }
}

impl Economy {
    /// Every council's answer to an announcement, as it would be sent to a
    /// [`FacilitationBoard`](crate::FacilitationBoard).
    ///
    /// # Errors
    /// If the prices are not one for each good, or the number of those who share the public goods is not that of
    /// the consumer councils.
    ///
    /// # Complexity
    /// As [`respond`](Self::respond), and a piece of memory for each council.
    ///
    /// # Example
    /// See [`FacilitationBoard`](crate::FacilitationBoard).
    pub fn propose(&self, announcement: &Announcement) -> Result<Vec<Proposal>, Error> {
        self.check_prices(&announcement.prices)?;
        let (sharers, councils) = (announcement.sharers, self.layout().sharers);
        if sharers as f64 != councils {
            return Err(Error::invalid(format!(
                "public goods are shared by {sharers} consumer councils, must be {councils}"
            )));
        }
        let answers = self.answers_at(&announcement.prices)?;
        let plans = self.proposals_at(&announcement.prices, &answers, true, None);
        let plan = |council| match council {
            CouncilId::Worker(w) => worker_plan(&plans, w as usize, self.effort_cost(w as usize, &answers)),
            CouncilId::Consumer(c) => consumer_plan(&plans, c as usize),
        };
        let propose = |council| Some(Proposal { council, round: announcement.round, plan: plan(council)? });
        let all = CouncilId::all(self.worker_councils(), self.consumer_councils());
        Ok(all.filter_map(propose).collect())
    }
}

fn worker_plan(plans: &Proposals, position: usize, effort_cost: f64) -> Option<Plan> {
    let plan = plans.worker(position)?;
    let inputs = amounts(plan.input_goods, plan.inputs);
    Some(Plan::Worker { output: plan.output, effort: plan.effort, effort_cost, inputs })
}

fn consumer_plan(plans: &Proposals, position: usize) -> Option<Plan> {
    let plan = plans.consumer(position)?;
    let (requests, permits) =
        (amounts(plan.goods, plan.quantities), amounts(plan.permit_goods, plan.permits));
    Some(Plan::Consumer { requests, permits })
}

fn amounts(goods: &[GoodId], quantities: &[f64]) -> Vec<Amount> {
    goods.iter().zip(quantities).map(|(&good, &quantity)| Amount { good, quantity }).collect()
}
