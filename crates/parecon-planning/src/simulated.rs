//! Councils that answer an announcement truly: what they would gain most from.

use std::slice;
use std::sync::Arc;

use crate::economy::{Consumers, Layout, Workers, check, check_prices, logs};
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
        check::goods(goods)?;
        check::workers(goods, slice::from_ref(self))?;
        check_prices(goods, &announcement.prices)?;
        let prices = &announcement.prices;
        let layout = Arc::new(Layout::new(goods, slice::from_ref(self), &[]));
        let workers = Workers::new(vec![self.clone()]);
        let revenue = workers.revenue(0, &layout, &logs(prices));
        let consumers = Consumers::new(Vec::new());
        let answer = Proposals::at(&layout, &workers, &consumers, prices, &[revenue], 1);
        Ok(worker_plan(&answer, 0, workers.effort_share(0) * revenue))
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
        check::goods(goods)?;
        check::consumers(goods, slice::from_ref(self))?;
        check_prices(goods, &announcement.prices)?;
        if announcement.sharers == 0 {
            return Err(Error::invalid("public goods are shared by 0 consumer councils, must be at least 1"));
        }
        let layout = Arc::new(Layout::new(goods, &[], slice::from_ref(self)));
        let consumers = Consumers::new(vec![self.clone()]);
        // Alone in its layout, the council would pay for public goods alone.
        let all = (0..goods.len() as u32).map(GoodId);
        let prices: Vec<f64> = all.filter_map(|good| announcement.personal_price(goods, good)).collect();
        let answer = Proposals::at(&layout, &Workers::new(Vec::new()), &consumers, &prices, &[], 1);
        Ok(consumer_plan(&answer, 0))
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
        let (sharers, councils) = (announcement.sharers, self.consumer_councils());
        if sharers != councils {
            return Err(Error::invalid(format!(
                "public goods are shared by {sharers} consumer councils, must be {councils}"
            )));
        }
        let revenues = self.revenues(&logs(&announcement.prices));
        let answer = self.proposals_at(&announcement.prices, &revenues);
        let plan = |council| match council {
            CouncilId::Worker(w) => {
                let w = w as usize;
                worker_plan(&answer, w, self.workers().effort_share(w) * revenues[w])
            }
            CouncilId::Consumer(c) => consumer_plan(&answer, c as usize),
        };
        let all = CouncilId::all(self.worker_councils(), self.consumer_councils());
        Ok(all.map(|council| Proposal { council, round: announcement.round, plan: plan(council) }).collect())
    }
}

/// Effort costs its members `s·E^k`, which at the best plan is `c/k` of revenue.
fn worker_plan(answer: &Proposals, w: usize, effort_cost: f64) -> Plan {
    let plan = answer.worker_at(w);
    Plan::Worker {
        output: plan.output,
        effort: plan.effort,
        effort_cost,
        inputs: amounts(plan.input_goods, plan.inputs),
    }
}

fn consumer_plan(answer: &Proposals, c: usize) -> Plan {
    let plan = answer.consumer_at(c);
    Plan::Consumer { requests: amounts(plan.goods, plan.quantities) }
}

fn amounts(goods: &[GoodId], quantities: &[f64]) -> Vec<Amount> {
    goods.iter().zip(quantities).map(|(&good, &quantity)| Amount { good, quantity }).collect()
}
