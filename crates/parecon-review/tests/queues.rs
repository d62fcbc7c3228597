//! Queueing formulas against published values, limits of each other, and simulation.

use parecon_review::queue::{Class, ErlangA, ErlangC, Mg1, Mgc, Priorities, erlang_b};
use parecon_review::simulate::{Delay, Engine, Estimate, Run, Station, Traffic};
use proptest::prelude::*;

/// Simulations agree with what is exact within so many standard errors.
const STANDARD_ERRORS: f64 = 4.0;
/// Figures are quoted to six or seven digits.
const QUOTED: f64 = 6e-7;

fn assert_agrees(what: &str, estimate: Estimate, exact: f64) {
    let miss = (estimate.mean - exact).abs();
    assert!(miss <= STANDARD_ERRORS * estimate.standard_error, "{what}: {estimate} against {exact}");
}

fn station(arrival_rate: f64, service: Delay, servers: u32) -> Station {
    Station { classes: vec![Traffic { arrival_rate, service }], servers, patience: None }
}

#[test]
fn quoted_figures() {
    let waiting =
        |servers, offered| ErlangC::new(offered, 1.0, servers).unwrap().steady().unwrap().wait_probability;
    assert!((waiting(3, 2.0) - 4.0 / 9.0).abs() < 1e-15);
    assert!((waiting(10, 9.0) - 0.6687315).abs() < QUOTED);
    assert!((waiting(1, 0.8) - 0.8).abs() < 1e-15);
    // B(c, a) = (aᶜ/c!) / Σ aⁱ/i!: 1/(1 + 1 + 1/2) · 1/2 = .2 for c = 2, a = 1.
    assert!((erlang_b(2, 1.0).unwrap() - 0.2).abs() < 1e-15);
    assert_eq!((erlang_b(0, 3.0).unwrap(), erlang_b(5, 0.0).unwrap()), (1.0, 0.0));
    let palm = ErlangA::new(12.0, 1.0, 0.5, 10).unwrap().steady();
    assert!((palm.wait_probability - 0.850385).abs() < QUOTED, "{palm:?}");
    assert!((palm.abandon_probability - 0.195656).abs() < QUOTED, "{palm:?}");
    let class = |arrival_rate| Class { arrival_rate, mean_service: 1.0, service_cv2: 1.0 };
    let waits = Priorities::new(vec![class(0.3), class(0.5)], 1).unwrap().mean_waits();
    assert!((waits[0].unwrap() - 8.0 / 7.0).abs() < 1e-14);
    assert!((waits[1].unwrap() - 40.0 / 7.0).abs() < 1e-14);
}

/// The stationary distribution of the birth–death process, state by state, in logarithms: another way to the same.
#[test]
fn erlang_a_is_its_birth_and_death_process() {
    for (lambda, mu, theta, c) in [
        (12.0, 1.0, 0.5, 10),
        (3.0, 1.0, 2.0, 4),
        (0.5, 1.0, 0.01, 1),
        (900.0, 1.0, 0.3, 700),
        (40.0, 2.0, 1e-3, 3),
    ] {
        let states = 60_000;
        let mut log = vec![0.0f64; states];
        for n in 1..states {
            let (busy, waiting) = (n.min(c) as f64, n.saturating_sub(c) as f64);
            log[n] = log[n - 1] + f64::ln(lambda / (busy * mu + waiting * theta));
        }
        let top = log.iter().copied().fold(f64::MIN, f64::max);
        let weight: Vec<f64> = log.iter().map(|l| (l - top).exp()).collect();
        let total: f64 = weight.iter().sum();
        let waiting: f64 = weight[c..].iter().sum::<f64>() / total;
        let queue: f64 =
            weight.iter().enumerate().skip(c).map(|(n, w)| (n - c) as f64 * w).sum::<f64>() / total;
        let ours = ErlangA::new(lambda, mu, theta, c as u32).unwrap().steady();
        for (name, exact, found) in [
            ("wait", waiting, ours.wait_probability),
            ("queue", queue, ours.mean_queue),
            ("abandon", theta * queue / lambda, ours.abandon_probability),
        ] {
            assert!(
                (found - exact).abs() <= 1e-11 * exact.max(1e-3),
                "{name} at λ {lambda}: {found}, not {exact}"
            );
        }
        // What is neither abandoned is served: λ (1 − P) = μ · busy.
        let busy: f64 = weight.iter().enumerate().map(|(n, w)| n.min(c) as f64 * w).sum::<f64>() / total;
        assert!((ours.utilisation - busy / c as f64).abs() < 1e-11);
    }
}

#[test]
fn endless_patience_is_erlang_c_and_none_is_erlang_b() {
    let patient = ErlangA::new(9.0, 1.0, 1e-9, 10).unwrap().steady();
    let waiting = ErlangC::new(9.0, 1.0, 10).unwrap().steady().unwrap();
    assert!((patient.wait_probability - waiting.wait_probability).abs() < 1e-7);
    assert!((patient.mean_wait - waiting.mean_wait).abs() < 1e-6);
    let hasty = ErlangA::new(9.0, 1.0, 1e9, 10).unwrap().steady();
    assert!((hasty.abandon_probability - erlang_b(10, 9.0).unwrap()).abs() < 1e-8);
    // One reviewer: Pollaczek–Khinchine is Erlang C is the approximation for several.
    let single = Mg1::new(0.7, 1.0, 1.0).unwrap().steady().unwrap();
    let erlang = ErlangC::new(0.7, 1.0, 1).unwrap().steady().unwrap();
    assert!((single.mean_wait - erlang.mean_wait).abs() < 1e-14);
    for cv2 in [0.0, 0.3, 1.0, 18.0] {
        let exact = Mg1::new(0.7, 1.0, cv2).unwrap().steady().unwrap().mean_wait;
        let approximation = Mgc::new(0.7, 1.0, cv2, 1).unwrap().steady().unwrap().mean_wait;
        assert!((exact - approximation).abs() < 1e-13, "cv² {cv2}");
    }
}

#[test]
fn growth_without_bound_is_an_answer() {
    assert_eq!(ErlangC::new(10.0, 1.0, 10).unwrap().steady(), None);
    assert_eq!(ErlangC::new(10.0, 1.0, 10).unwrap().wait_exceeds(7.0).unwrap(), 1.0);
    assert_eq!(Mg1::new(2.0, 1.0, 0.0).unwrap().steady(), None);
    assert_eq!(Mgc::new(2.0, 1.0, 0.0, 2).unwrap().steady(), None);
    // The urgent are served whatever comes after them: M/M/1 at .5, in whose review one of the others is under way.
    let class = |arrival_rate| Class { arrival_rate, mean_service: 1.0, service_cv2: 1.0 };
    let waits = Priorities::new(vec![class(0.5), class(0.9)], 1).unwrap().mean_waits();
    assert_eq!(waits, [Some(2.0), None]);
}

#[test]
fn bad_numbers_are_named() {
    let message = |result: Result<f64, parecon_review::Error>| result.unwrap_err().to_string();
    assert_eq!(message(erlang_b(3, -1.0)), "offered load is -1, must be finite and not negative");
    assert_eq!(
        ErlangC::new(f64::NAN, 1.0, 3).unwrap_err().to_string(),
        "arrival rate is NaN, must be finite and positive"
    );
    assert_eq!(
        ErlangA::new(1.0, 1.0, 0.0, 3).unwrap_err().to_string(),
        "patience rate is 0, must be finite and positive"
    );
    assert_eq!(
        ErlangC::new(1.0, 1.0, 0).unwrap_err().to_string(),
        "number of reviewers is 0, must be at least 1"
    );
    let class = |service_cv2| Class { arrival_rate: 0.1, mean_service: 1.0, service_cv2 };
    assert_eq!(
        Priorities::new(vec![class(1.0), class(2.0)], 3).unwrap_err().to_string(),
        "squared coefficient of variation of service of class 1 is 2, must be 1 with more than one reviewer"
    );
    assert!(Priorities::new(Vec::new(), 1).is_err());
}

proptest! {
    #[test]
    fn a_wait_is_longer_with_more_arrivals_and_shorter_with_more_reviewers(
        load in 0.05..0.95f64, servers in 1u32..60, time in 0.0..3.0f64,
    ) {
        let rate = load * f64::from(servers);
        let wait = |rate: f64, servers| ErlangC::new(rate, 1.0, servers).unwrap().steady().unwrap();
        let here = wait(rate, servers);
        prop_assert!(wait(rate * 1.02, servers).mean_wait > here.mean_wait);
        prop_assert!(wait(rate, servers + 1).mean_wait < here.mean_wait);
        prop_assert!((0.0..=1.0).contains(&here.wait_probability));
        // The tail integrates to the mean, so that tail, mean and probability belong together.
        let queue = ErlangC::new(rate, 1.0, servers).unwrap();
        let tail = queue.wait_exceeds(time).unwrap();
        prop_assert!((tail - here.wait_probability * (-time * here.wait_probability / here.mean_wait).exp()).abs() < 1e-12);
    }
}

#[test]
fn simulation_agrees_with_every_exact_queue() {
    let run = Run::new(2026).with_quantiles([0.5, 0.9]);
    for (rate, servers) in [(2.0, 3), (9.0, 10), (0.7, 1), (45.0, 60)] {
        let exact = ErlangC::new(rate, 1.0, servers).unwrap();
        let steady = exact.steady().unwrap();
        let report = station(rate, Delay::Exponential(1.0), servers).simulate(&run).unwrap();
        assert_eq!(report.engine, Engine::Recursion);
        assert_agrees("mean wait", report.mean_wait, steady.mean_wait);
        assert_agrees("controlled", report.mean_wait_controlled, steady.mean_wait);
        assert_agrees("P(wait)", report.wait_probability, steady.wait_probability);
        let late = exact.wait_quantile(0.9).unwrap().unwrap();
        assert_agrees("90 % quantile", report.wait_quantiles[1], late);
        assert_eq!(report.abandon_probability.mean, 0.0);
    }
    for service in
        [Delay::Fixed(1.0), Delay::Erlang { mean: 1.0, phases: 2 }, Delay::LogNormal { mean: 1.0, cv2: 2.0 }]
    {
        let exact = Mg1::new(0.6, 1.0, service.cv2()).unwrap().steady().unwrap();
        let report = station(0.6, service, 1).simulate(&run).unwrap();
        assert_agrees("M/G/1", report.mean_wait, exact.mean_wait);
    }
    let exact = ErlangA::new(12.0, 1.0, 0.5, 10).unwrap().steady();
    let impatient =
        Station { patience: Some(Delay::Exponential(2.0)), ..station(12.0, Delay::Exponential(1.0), 10) };
    let report = impatient.simulate(&run).unwrap();
    assert_agrees("Erlang A, P(wait)", report.wait_probability, exact.wait_probability);
    assert_agrees("Erlang A, P(abandon)", report.abandon_probability, exact.abandon_probability);
    assert_agrees("Erlang A, mean wait", report.mean_wait, exact.mean_wait);
    // No patience at all: Erlang's loss formula, whatever the distribution of service.
    for service in [Delay::Exponential(1.0), Delay::LogNormal { mean: 1.0, cv2: 3.0 }] {
        let hasty = Station { patience: Some(Delay::Fixed(0.0)), ..station(4.0, service, 5) };
        let report = hasty.simulate(&run).unwrap();
        assert_agrees("Erlang B", report.abandon_probability, erlang_b(5, 4.0).unwrap());
    }
}

#[test]
fn simulation_agrees_with_cobham() {
    let run = Run::new(7).with_arrivals(30_000);
    for (servers, means, cv2, services) in [
        (1, [1.0, 1.0], [1.0, 1.0], [Delay::Exponential(1.0), Delay::Exponential(1.0)]),
        (1, [0.5, 1.5], [0.0, 0.5], [Delay::Fixed(0.5), Delay::Erlang { mean: 1.5, phases: 2 }]),
        (4, [1.0, 1.0], [1.0, 1.0], [Delay::Exponential(1.0), Delay::Exponential(1.0)]),
    ] {
        let rates = [0.3, 0.45].map(|rate| rate * f64::from(servers));
        let classes = (0..2)
            .map(|k| Class { arrival_rate: rates[k], mean_service: means[k], service_cv2: cv2[k] })
            .collect();
        let exact = Priorities::new(classes, servers).unwrap().mean_waits();
        let traffic = (0..2).map(|k| Traffic { arrival_rate: rates[k], service: services[k] }).collect();
        let report = Station { classes: traffic, servers, patience: None }.simulate(&run).unwrap();
        assert_eq!(report.engine, Engine::Events);
        for k in 0..2 {
            assert_agrees("Cobham", report.class_waits[k], exact[k].unwrap());
        }
    }
}

/// The errors that the documentation of [`Mgc`] states, as ratios of approximation to simulation.
#[test]
fn stated_error_of_the_approximation_for_several_reviewers() {
    let run = Run::new(99).with_replications(40).with_arrivals(100_000).with_warm_up(10_000);
    for (service, servers, load, low, high) in [
        (Delay::Fixed(1.0), 2, 0.5, 0.97, 1.0),
        (Delay::Fixed(1.0), 2, 0.9, 0.97, 1.0),
        (Delay::Fixed(1.0), 20, 0.7, 0.97, 1.0),
        (Delay::Fixed(1.0), 20, 0.9, 0.97, 1.0),
        (Delay::Erlang { mean: 1.0, phases: 2 }, 2, 0.5, 0.98, 1.02),
        (Delay::Erlang { mean: 1.0, phases: 2 }, 5, 0.7, 0.98, 1.02),
        (Delay::Erlang { mean: 1.0, phases: 2 }, 20, 0.9, 0.98, 1.02),
        (Delay::LogNormal { mean: 1.0, cv2: 4.0 }, 2, 0.9, 1.0, 1.1),
        (Delay::LogNormal { mean: 1.0, cv2: 4.0 }, 5, 0.7, 1.2, 1.3),
        (Delay::LogNormal { mean: 1.0, cv2: 4.0 }, 20, 0.7, 1.6, 1.8),
        (Delay::LogNormal { mean: 1.0, cv2: 4.0 }, 20, 0.9, 1.15, 1.3),
        (Delay::LogNormal { mean: 1.0, cv2: 18.0 }, 10, 0.8, 1.8, 2.4),
    ] {
        let rate = load * f64::from(servers);
        let report = station(rate, service, servers).simulate(&run).unwrap();
        let found = report.mean_wait_controlled;
        let stated = Mgc::new(rate, 1.0, service.cv2(), servers).unwrap().steady().unwrap().mean_wait;
        let ratio = stated / found.mean;
        let uncertain = STANDARD_ERRORS * ratio * found.standard_error / found.mean;
        // The run must be long enough to tell: within a tenth, a fifth for the heaviest tail.
        assert!(uncertain < 0.1 * service.cv2().max(1.0).sqrt() * ratio, "{service:?}: ± {uncertain}");
        assert!(
            ratio + uncertain > low && ratio - uncertain < high,
            "{service:?}, c {servers}, ρ {load}: {ratio} ± {uncertain}"
        );
    }
}

/// Lifetimes of pull requests: with the exponential service of M/M/c, the wait is several times too short.
#[test]
fn heavy_tails_make_erlang_c_misleading() {
    let run = Run::new(99).with_replications(16).with_arrivals(60_000).with_warm_up(6_000);
    let report = station(8.0, Delay::LogNormal { mean: 1.0, cv2: 18.0 }, 10).simulate(&run).unwrap();
    let markovian = ErlangC::new(8.0, 1.0, 10).unwrap().steady().unwrap().mean_wait;
    let times = report.mean_wait_controlled.mean / markovian;
    assert!(times > 3.5 && times < 6.0, "{times}");
}
