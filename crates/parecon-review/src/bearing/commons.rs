//! Open designs, cooperative production: a pipeline in two stages, and who pays for the first.

use serde::{Deserialize, Serialize};

use crate::environment::Lognormal;
use crate::error::{Error, check, check_amount};
use crate::normal;
use crate::root::crossing;

/// Points at which a price is looked for. Revenue from lognormal users has a single peak on the logarithmic scale of
/// prices, so the scan only has to bracket it.
const SCAN: u32 = 400;
/// Prices reach this many standard deviations of log valuations beyond the median; 1e-23 of users lie above.
const REACH: f64 = 10.0;
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// The work that a design takes, paid by effort: duration × intensity × onerousness.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DesignWork {
    /// Hours on one attempt.
    pub duration: f64,
    /// How hard one works, 1 being usual.
    pub intensity: f64,
    /// How unpleasant it is, 1 being usual.
    pub onerousness: f64,
    /// Money per hour of usual intensity and onerousness; 0 if design work is unpaid.
    pub wage: f64,
}

/// How access to the product of an open design is priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pricing {
    /// At what a copy costs; design is paid from a common fund.
    Open,
    /// The lowest price that also brings in what design costs.
    CostRecovery,
    /// The price that brings in the most, as a holder of an exclusive licence would ask.
    Licence,
}

/// A design that anyone may use, made by designers and reproduced by cooperatives for users.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commons {
    /// What one attempt at the design takes.
    pub design: DesignWork,
    /// Share of attempts that are accepted, above 0: a policy's pieces published per piece made.
    pub accepted_share: f64,
    /// Money for one copy, work and inputs of producers.
    pub unit_cost: f64,
    /// Potential users, positive.
    pub users: f64,
    /// What a copy is worth to a user, in money: willingness to pay, which also depends on ability to pay.
    pub valuation: Lognormal,
}

/// What a [`Pricing`] does.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// Price of a copy.
    pub price: f64,
    /// Copies made: users for whom it is worth its price.
    pub served: f64,
    /// Share of potential users for whom a copy is worth what it costs, but not its price.
    pub priced_out: f64,
    /// What copies are worth to users beyond their price, in money.
    pub surplus: f64,
    /// What designers are paid for the accepted design and the attempts in vain.
    pub design_pay: f64,
    /// The same at the reference wage, less what they are paid: what designers give.
    pub unpaid_design: f64,
    /// Revenue less cost of copies less design pay: below 0 a common fund pays it.
    pub balance: f64,
    /// Surplus and balance together, everybody's money counting alike.
    pub welfare: f64,
}

impl Commons {
    /// Works out a pricing; `None` if no price recovers the cost. Design work is valued at `reference_wage` per hour of
    /// usual intensity and onerousness to show what is not paid for.
    ///
    /// ```text
    /// design pay D = wage · duration · intensity · onerousness / accepted share
    /// demand Q(p) = users · P(V > p)        surplus = users · E[(V − p)⁺]
    /// open p = m        cost recovery: least p with (p − m) Q(p) = D        licence: max (p − m) Q(p)
    /// ```
    ///
    /// # Errors
    /// If a number is negative, not finite, or 0 where it must not be.
    ///
    /// # Complexity
    /// Some hundred evaluations of demand.
    ///
    /// # Example
    /// ```
    /// use parecon_review::Lognormal;
    /// use parecon_review::bearing::{Commons, DesignWork, Pricing};
    ///
    /// let pump = Commons {
    ///     design: DesignWork { duration: 300.0, intensity: 1.2, onerousness: 1.0, wage: 30.0 },
    ///     accepted_share: 0.5,
    ///     unit_cost: 40.0,
    ///     users: 2000.0,
    ///     valuation: Lognormal { median: 80.0, spread: 0.7 },
    /// };
    /// let open = pump.distribute(Pricing::Open, 30.0)?.ok_or("always")?;
    /// let recovered = pump.distribute(Pricing::CostRecovery, 30.0)?.ok_or("possible here")?;
    /// assert!(recovered.balance.abs() < 1e-6 && open.balance + open.design_pay == 0.0);
    /// assert!(open.priced_out == 0.0 && recovered.priced_out > 0.0 && open.welfare > recovered.welfare);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn distribute(&self, pricing: Pricing, reference_wage: f64) -> Result<Option<Distribution>, Error> {
        self.validate()?;
        check_amount("reference wage", reference_wage)?;
        let effort =
            self.design.duration * self.design.intensity * self.design.onerousness / self.accepted_share;
        let design_pay = effort * self.design.wage;
        let price = match pricing {
            Pricing::Open => self.unit_cost,
            Pricing::Licence => self.peak(),
            Pricing::CostRecovery => {
                let peak = self.peak();
                if self.margin(peak) < design_pay {
                    return Ok(None);
                }
                if design_pay == 0.0 {
                    self.unit_cost
                } else {
                    crossing(|p| self.margin(p) - design_pay, self.unit_cost, peak, 0.0)
                }
            }
        };
        let served = self.users * self.wanted(price);
        let surplus = self.users * self.excess(price);
        // Exactly nothing where the price is the cost.
        let balance = self.margin(price) - design_pay;
        Ok(Some(Distribution {
            price,
            served,
            priced_out: self.wanted(self.unit_cost) - self.wanted(price),
            surplus,
            design_pay,
            unpaid_design: (effort * reference_wage - design_pay).max(0.0),
            balance,
            welfare: surplus + balance,
        }))
    }

    /// P(V > p).
    fn wanted(&self, price: f64) -> f64 {
        if price <= 0.0 {
            return 1.0;
        }
        normal::cdf(-(price / self.valuation.median).ln() / self.valuation.spread)
    }

    /// E[(V − p)⁺] of a lognormal.
    fn excess(&self, price: f64) -> f64 {
        let Lognormal { median, spread } = self.valuation;
        if price <= 0.0 {
            return self.valuation.mean() - price;
        }
        let d = (median / price).ln() / spread;
        self.valuation.mean() * normal::cdf(d + spread) - price * normal::cdf(d)
    }

    /// (p − m) Q(p).
    fn margin(&self, price: f64) -> f64 {
        (price - self.unit_cost) * self.users * self.wanted(price)
    }

    /// The price with the highest margin.
    fn peak(&self) -> f64 {
        let Lognormal { median, spread } = self.valuation;
        let top = (spread * REACH).exp() * median.max(self.unit_cost);
        let bottom = self.unit_cost.max(median * (-spread * REACH).exp());
        let at = |x: f64| bottom * (top / bottom).powf(x);
        let value = |x: f64| self.margin(at(x));
        let step = 1.0 / f64::from(SCAN);
        let best = (0..=SCAN)
            .map(|i| f64::from(i) * step)
            .fold((0.0, value(0.0)), |best, x| if value(x) > best.1 { (x, value(x)) } else { best });
        let (mut low, mut high) = ((best.0 - step).max(0.0), (best.0 + step).min(1.0));
        while high - low > 1e-12 {
            let (a, b) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
            if value(a) >= value(b) { high = b } else { low = a }
        }
        at(0.5 * (low + high))
    }

    fn validate(&self) -> Result<(), Error> {
        let DesignWork { duration, intensity, onerousness, wage } = self.design;
        for (what, amount) in [
            ("duration of design", duration),
            ("intensity of design", intensity),
            ("onerousness of design", onerousness),
            ("wage of design", wage),
            ("cost of a copy", self.unit_cost),
        ] {
            check_amount(what, amount)?;
        }
        let share = self.accepted_share;
        check(share > 0.0 && share <= 1.0, "share of designs accepted", share, "above 0 and at most 1")?;
        let users = self.users;
        check(users.is_finite() && users > 0.0, "number of users", users, "finite and positive")?;
        self.valuation.validate("users' valuation")
    }
}
