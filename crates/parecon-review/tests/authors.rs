//! Authors and precedence at desks, simulated, against the formulas.

#![allow(clippy::unwrap_used, clippy::panic)]

use parecon_review::bearing::{PayRule, access, livelihood};
use parecon_review::queue::{Class, ErlangA, ErlangC, Priorities};
use parecon_review::simulate::{
    AuthorsReport, Desk, Engine, Order, ReviewReport, Run, Timing, simulate, simulate_authors,
};
use parecon_review::{
    Authors, Costs, Environment, EnvironmentData, Lognormal, Motive, Policy, Pool, Reviewers, StepCosts,
    Threshold, evaluate,
};

const ZERO: Threshold = Threshold::Fixed(0.0);
const STANDARD_ERRORS: f64 = 4.0;

fn assert_agrees(what: &str, mean: f64, standard_error: f64, exact: f64) {
    let miss = (mean - exact) / standard_error;
    let same = mean == exact;
    assert!(same || miss.abs() < STANDARD_ERRORS, "{what}: {mean} ± {standard_error}, exactly {exact}");
}

/// Working costs 2 units of 100 to the author; a third cannot afford to work unpaid.
fn world(change: impl FnOnce(&mut EnvironmentData)) -> Environment {
    let mut data = EnvironmentData {
        costs: StepCosts { production: Costs::contributors(2.0), ..StepCosts::default() },
        money_per_unit: 100.0,
        authors: Authors {
            contributions: 3.0,
            income: Some(Lognormal { median: 30e3, spread: 0.8 }),
            need: 20e3,
            motive: Some(Motive { mean: 1.0, spread: 2.0 }),
            ..Authors::default()
        },
        ..EnvironmentData::default()
    };
    change(&mut data);
    Environment::new(data).unwrap()
}

fn run() -> Run {
    Run::new(31).with_replications(20).with_arrivals(20_000).with_warm_up(500)
}

fn drawn(environment: &Environment, pay: &PayRule, timing: &Timing) -> AuthorsReport {
    simulate_authors(environment, &Policy::post(ZERO).unwrap(), pay, timing, &run()).unwrap()
}

#[test]
fn causes_agree_with_the_formulas() {
    let bar =
        |data: &mut EnvironmentData| (data.authors.skill, data.authors.skill_needed) = (0.5, Some(-0.5));
    let post = Policy::post(ZERO).unwrap();
    for environment in [world(|_| {}), world(bar)] {
        for pay in [
            PayRule::None,
            PayRule::OnAcceptance { per_piece: 300.0 },
            PayRule::Hourly { wage: 10.0, hours: 40.0 },
        ] {
            let exact = access(&environment, &evaluate(&environment, &post), &pay).unwrap();
            let found = drawn(&environment, &pay, &Timing::default()).access;
            let (mean, error) = (found.mean, found.standard_error);
            assert_agrees("income", mean.income, error.income, exact.income);
            assert_agrees("skill", mean.skill, error.skill, exact.skill);
            assert_agrees("deterrence", mean.deterrence, error.deterrence, exact.deterrence);
            assert_agrees("attempted", mean.attempted, error.attempted, exact.attempted);
            assert_eq!((mean.capacity, exact.capacity), (0.0, 0.0));
        }
    }
}

#[test]
fn excluded_share_of_the_design_and_incomes() {
    let environment = world(|_| {});
    let evaluation = evaluate(&environment, &Policy::post(ZERO).unwrap());
    for pay in [
        PayRule::None,
        PayRule::Effort { wage: 20.0, duration: 100.0, intensity: 1.1, onerousness: 1.2 },
        PayRule::Hourly { wage: 10.0, hours: 100.0 },
    ] {
        let exact = livelihood(&environment, &evaluation, &pay).unwrap();
        let found = drawn(&environment, &pay, &Timing::default()).livelihood.unwrap();
        let (mean, error) = (found.mean, found.standard_error);
        if pay == PayRule::None {
            assert_agrees("excluded", mean.excluded, error.excluded, 0.306_137);
            // 2Φ(σ/√2) − 1.
            assert_agrees("Gini before", mean.gini_before, error.gini_before, 0.428_392_355);
        }
        assert_agrees("excluded", mean.excluded, error.excluded, exact.excluded);
        assert_agrees("mean pay", mean.mean_pay, error.mean_pay, exact.mean_pay);
        assert_agrees("Gini after", mean.gini_after, error.gini_after, exact.gini_after);
        for tenth in 0..10 {
            let (pay, miss) = (mean.pay_by_decile[tenth], error.pay_by_decile[tenth]);
            assert_agrees("pay of a tenth", pay, miss, exact.pay_by_decile[tenth]);
            let (income, miss) = (mean.income_by_decile[tenth], error.income_by_decile[tenth]);
            assert_agrees("income of a tenth", income, miss, exact.income_by_decile[tenth]);
        }
    }
}

/// What is attempted goes through the same policy; only its numbers fall.
#[test]
fn obstacles_that_do_not_depend_on_quality_leave_the_review_alone() {
    let environment = world(|_| {});
    let exact = evaluate(&environment, &Policy::post(ZERO).unwrap());
    let review = drawn(&environment, &PayRule::None, &Timing::default()).review;
    let net = review.net_benefit;
    assert_agrees("net benefit", net.mean, net.standard_error, exact.net_benefit());
    let free = world(|data| data.authors = Authors::default());
    let policy = Policy::post(ZERO).unwrap();
    let all = simulate_authors(&free, &policy, &PayRule::None, &Timing::default(), &run()).unwrap();
    assert_eq!(all.review, simulate(&free, &policy, &Timing::default(), &run()).unwrap());
    assert_eq!((all.access.mean.attempted, all.livelihood), (1.0, None));
}

/// Twice as many as can be read, who wait for ever or nearly: half are turned away, as the formula by lot has it; and
/// exactly those that M/M/1 with patience loses.
#[test]
fn capacity_turns_good_work_away() {
    let environment = world(|data| {
        data.authors = Authors { ideas: 1.0, ..Authors::default() };
        data.reviewers.work = Pool { capacity: Some(0.5), patience: Some(40.0), ..Pool::default() };
    });
    let found = drawn(&environment, &PayRule::None, &Timing::default()).access;
    let exact = ErlangA::new(1.0, 0.5, 1.0 / 40.0, 1).unwrap().steady().abandon_probability;
    assert_agrees("capacity", found.mean.capacity, found.standard_error.capacity, exact);
    let by_lot = access(&environment, &evaluate(&environment, &Policy::post(ZERO).unwrap()), &PayRule::None);
    assert!((exact - by_lot.unwrap().capacity).abs() < 1e-3, "{exact}");
}

fn read(order: Order, contributions: f64) -> ReviewReport {
    let work = Pool { capacity: Some(1.0), ..Pool::default() };
    let environment = world(|data| {
        data.authors = Authors { contributions, ..Authors::default() };
        data.reviewers = Reviewers { work, ..Reviewers::default() };
    });
    let timing = Timing { arrival_rate: 0.8, work: Desk { order, ..Desk::default() }, ..Timing::default() };
    let run = Run::new(33).with_replications(40).with_arrivals(20_000).with_warm_up(2_000);
    simulate(&environment, &Policy::post(ZERO).unwrap(), &timing, &run).unwrap()
}

#[test]
fn urgent_ideas_wait_as_cobham_says() {
    let class = |arrival_rate| Class { arrival_rate, mean_service: 1.0, service_cv2: 1.0 };
    let exact = Priorities::new(vec![class(0.3), class(0.5)], 1).unwrap().mean_waits();
    assert!((exact[0].unwrap() - 1.142857).abs() < 1e-6 && (exact[1].unwrap() - 5.714286).abs() < 1e-6);
    let report = read(Order::Urgent { share: 0.375 }, 1.0);
    assert_eq!(report.engine, Engine::Events);
    let (ahead, all) = (report.waits_ahead, report.waits);
    assert_agrees("urgent", ahead.mean.work, ahead.standard_error.work, exact[0].unwrap());
    let mean = 0.375 * exact[0].unwrap() + 0.625 * exact[1].unwrap();
    assert_agrees("all", all.mean.work, all.standard_error.work, mean);
    // If all are urgent, nobody is.
    let (everyone, plain) = (read(Order::Urgent { share: 1.0 }, 1.0), read(Order::Arrival, 1.0));
    assert_eq!(everyone.waits, plain.waits);
    assert_eq!(everyone.waits_ahead, plain.waits);
    assert_eq!(plain.waits_ahead.mean.work, 0.0);
    assert_eq!(everyone.net_by_replication, plain.net_by_replication);
}

/// Whoever goes first, a reviewer who is not told how long a reading takes has the same mean wait to answer for.
#[test]
fn precedence_by_record_moves_waits_between_authors() {
    let exact = ErlangC::new(0.8, 1.0, 1).unwrap().steady().unwrap().mean_wait;
    for order in [Order::Known { after: 1 }, Order::Newcomers { after: 1 }] {
        let report = read(order, 4.0);
        let (ahead, all) = (report.waits_ahead, report.waits);
        assert_agrees("all", all.mean.work, all.standard_error.work, exact);
        assert!(ahead.mean.work > 0.0 && ahead.mean.work < 0.6 * all.mean.work, "{order:?} {ahead:?}");
    }
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let environment = world(|data| {
        (data.authors.skill, data.authors.skill_needed) = (0.5, Some(-0.5));
        data.reviewers.work = Pool { capacity: Some(0.3), patience: Some(4.0), ..Pool::default() };
    });
    let order = Order::Newcomers { after: 1 };
    let timing = Timing { work: Desk { order, ..Desk::default() }, ..Timing::default() };
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| drawn(&environment, &PayRule::OnAcceptance { per_piece: 300.0 }, &timing))
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn bad_settings_are_named() {
    let environment = world(|_| {});
    let policy = Policy::post(ZERO).unwrap();
    let refusal = |pay: &PayRule, timing: &Timing, run: &Run| {
        simulate_authors(&environment, &policy, pay, timing, run).unwrap_err().to_string()
    };
    let bad = PayRule::OnAcceptance { per_piece: -1.0 };
    assert_eq!(
        refusal(&bad, &Timing::default(), &run()),
        "pay per piece is -1, must be finite and not negative"
    );
    let few = Run::new(1).with_replications(2).with_arrivals(20).with_warm_up(0);
    assert!(
        refusal(&PayRule::None, &Timing::default(), &few)
            .starts_with("number of authors who had all their ideas in a replication is"),
    );
    for (order, message) in [
        (
            Order::Urgent { share: 1.5 },
            "share of finished work that is urgent is 1.5, must be between 0 and 1",
        ),
        (
            Order::Known { after: 0 },
            "acceptances that matter for the order of finished work is 0, must be at least 1",
        ),
    ] {
        let timing = Timing { work: Desk { order, ..Desk::default() }, ..Timing::default() };
        assert_eq!(refusal(&PayRule::None, &timing, &run()), message);
    }
}
