//! What a proposal must be to count.

use super::{Announcement, Plan, Verdict};
use crate::economy::PRICE_LIMIT;
use crate::{ConsumerSeat, CouncilId, GoodId, Register, WorkerSeat};

/// A council's plan in the order of its seat: output, effort, its cost, inputs; or requests and permits.
pub(super) type Numbers = Vec<f64>;

/// Places before the inputs.
pub(super) const OUTPUT: usize = 0;
pub(super) const EFFORT: usize = 1;
pub(super) const EFFORT_COST: usize = 2;
pub(super) const INPUTS: usize = 3;

/// A quantity worth more than this at announced prices is beyond all reason, and one that is worth no more leaves
/// all sums finite. It is above the e⁴⁰⁰ at which simulated proposals are cut off.
const LARGEST_VALUE: f64 = 1e174;
/// Effort has no price.
const LARGEST_EFFORT: f64 = 1e200;
/// What a council's own arithmetic may add to the cost of a plan that spends all its income.
const ROUNDING: f64 = 1e-9;

/// Why a plan does not count.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) verdict: Verdict,
    pub(super) message: String,
}

fn refuse<T>(verdict: Verdict, message: String) -> Result<T, Refusal> {
    Err(Refusal { verdict, message })
}

/// The plan in the order of the council's seat.
pub(super) fn plan(
    register: &Register,
    announcement: &Announcement,
    council: CouncilId,
    plan: &Plan,
) -> Result<Numbers, Refusal> {
    let desk = Desk { register, announcement, council };
    match (council, plan) {
        (CouncilId::Worker(w), Plan::Worker { output, effort, effort_cost, inputs }) => {
            let Some(seat) = register.worker_councils.get(w as usize) else { return desk.unknown() };
            let mut numbers = vec![*output, *effort, *effort_cost];
            numbers.resize(INPUTS + seat.inputs.len(), 0.0);
            desk.place(inputs, &seat.inputs, "does not use", &mut numbers[INPUTS..])?;
            desk.check_worker(seat, &mut numbers)?;
            Ok(numbers)
        }
        (CouncilId::Consumer(c), Plan::Consumer { requests, permits }) => {
            let Some(seat) = register.consumer_councils.get(c as usize) else { return desk.unknown() };
            let mut numbers = vec![0.0; seat.wants.len() + seat.permits.len()];
            let (requested, permitted) = numbers.split_at_mut(seat.wants.len());
            desk.place(requests, &seat.wants, "does not consume", requested)?;
            desk.place(permits, &seat.permits, "does not permit", permitted)?;
            desk.check_consumer(seat, &mut numbers)?;
            Ok(numbers)
        }
        (CouncilId::Worker(w), Plan::Consumer { .. }) => {
            if w as usize >= register.worker_councils.len() {
                return desk.unknown();
            }
            let name = desk.name();
            refuse(
                Verdict::WrongKind,
                format!("{name} is a worker council and proposes as a consumer council"),
            )
        }
        (CouncilId::Consumer(c), Plan::Worker { .. }) => {
            if c as usize >= register.consumer_councils.len() {
                return desk.unknown();
            }
            let name = desk.name();
            refuse(
                Verdict::WrongKind,
                format!("{name} is a consumer council and proposes as a worker council"),
            )
        }
    }
}

/// Checks numbers that were saved in the order of the seat.
pub(super) fn numbers(
    register: &Register,
    announcement: &Announcement,
    council: CouncilId,
    numbers: &mut Numbers,
) -> Result<(), Refusal> {
    let desk = Desk { register, announcement, council };
    let expected = match council {
        CouncilId::Worker(w) => register.worker_councils.get(w as usize).map(|s| INPUTS + s.inputs.len()),
        CouncilId::Consumer(c) => {
            register.consumer_councils.get(c as usize).map(|s| s.wants.len() + s.permits.len())
        }
    };
    if expected != Some(numbers.len()) {
        let (name, count) = (desk.name(), numbers.len());
        return refuse(
            Verdict::Malformed,
            format!("{name}: {count} numbers, must be {}", expected.unwrap_or(0)),
        );
    }
    match council {
        CouncilId::Worker(w) => desk.check_worker(&register.worker_councils[w as usize], numbers),
        CouncilId::Consumer(c) => desk.check_consumer(&register.consumer_councils[c as usize], numbers),
    }
}

/// An announcement at which nothing is refused but what always would have been: earlier rounds' prices are forgotten.
pub(super) fn lowest(register: &Register) -> Announcement {
    let prices = vec![1.0 / PRICE_LIMIT; register.goods.len()];
    Announcement { round: 0, prices, sharers: register.consumer_councils.len() }
}

/// What a consumer council's requests cost it, and its income with compensation for what it permits.
pub(super) fn cost_and_means(
    register: &Register,
    announcement: &Announcement,
    seat: &ConsumerSeat,
    numbers: &[f64],
) -> (f64, f64) {
    let value = |goods: &[GoodId], quantities: &[f64]| -> f64 {
        let price = |good: &GoodId| announcement.personal_price(&register.goods, *good);
        goods.iter().zip(quantities).filter_map(|(good, quantity)| Some(price(good)? * quantity)).sum()
    };
    let (requests, permits) = numbers.split_at(seat.wants.len());
    (value(&seat.wants, requests), seat.income + value(&seat.permits, permits))
}

/// A council's name in quotes, or its kind and position.
pub(super) fn quoted(register: &Register, council: CouncilId) -> String {
    let name = register.name(council);
    if name == council.to_string() { name } else { format!("{name:?}") }
}

struct Desk<'a> {
    register: &'a Register,
    announcement: &'a Announcement,
    council: CouncilId,
}

impl Desk<'_> {
    fn name(&self) -> String {
        quoted(self.register, self.council)
    }

    fn good(&self, good: GoodId) -> String {
        match self.register.goods.get(good.index()) {
            Some(known) => format!("{:?}", known.name),
            None => format!("good {good}"),
        }
    }

    fn unknown<T>(&self) -> Result<T, Refusal> {
        let (council, workers, consumers) =
            (self.council, self.register.worker_councils.len(), self.register.consumer_councils.len());
        refuse(
            Verdict::UnknownCouncil,
            format!(
                "{council} is not registered; there are {workers} worker and {consumers} consumer councils, \
                 counted from 0"
            ),
        )
    }

    /// Puts amounts in the order of a seat.
    fn place(
        &self,
        amounts: &[super::Amount],
        goods: &[GoodId],
        does_not: &str,
        places: &mut [f64],
    ) -> Result<(), Refusal> {
        let mut named = vec![false; goods.len()];
        for amount in amounts {
            let Some(at) = goods.iter().position(|good| *good == amount.good) else {
                let (name, good) = (self.name(), self.good(amount.good));
                return refuse(Verdict::UnknownGood, format!("{name} {does_not} {good}, says the register"));
            };
            if std::mem::replace(&mut named[at], true) {
                let (name, good) = (self.name(), self.good(amount.good));
                return refuse(Verdict::RepeatedGood, format!("{name} names {good} twice"));
            }
            places[at] = amount.quantity;
        }
        Ok(())
    }

    fn check_worker(&self, seat: &WorkerSeat, numbers: &mut [f64]) -> Result<(), Refusal> {
        for (at, what) in [(EFFORT, "effort"), (EFFORT_COST, "cost of effort")] {
            self.within(|| what.into(), &mut numbers[at], LARGEST_EFFORT)?;
        }
        self.quantity(seat.output, &mut numbers[OUTPUT])?;
        seat.inputs.iter().zip(&mut numbers[INPUTS..]).try_for_each(|(good, x)| self.quantity(*good, x))
    }

    fn check_consumer(&self, seat: &ConsumerSeat, numbers: &mut [f64]) -> Result<(), Refusal> {
        let goods = seat.wants.iter().chain(&seat.permits);
        goods.zip(&mut *numbers).try_for_each(|(good, x)| self.quantity(*good, x))?;
        let (cost, means) = cost_and_means(self.register, self.announcement, seat, numbers);
        if cost > means * (1.0 + ROUNDING) {
            let name = self.name();
            let compensation = if seat.permits.is_empty() { "" } else { " with compensation" };
            return refuse(
                Verdict::OverIncome,
                format!(
                    "{name} asks for {cost} worth of goods, must be at most its income{compensation} of {means}"
                ),
            );
        }
        Ok(())
    }

    fn quantity(&self, good: GoodId, quantity: &mut f64) -> Result<(), Refusal> {
        let largest = LARGEST_VALUE / self.announcement.prices[good.index()];
        self.within(|| format!("quantity of {}", self.good(good)), quantity, largest)
    }

    fn within(&self, what: impl Fn() -> String, number: &mut f64, largest: f64) -> Result<(), Refusal> {
        if !(0.0..=largest).contains(number) {
            let (name, what) = (self.name(), what());
            return refuse(
                Verdict::BadQuantity,
                format!("{name}: {what} is {number}, must be between 0 and {largest:e}"),
            );
        }
        *number += 0.0; // there is only one zero
        Ok(())
    }
}
