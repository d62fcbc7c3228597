//! What pay promises: the pool is divided, caps are obeyed, order and units do not matter, and nobody rates themselves.
use parecon_jobs::pay::{Config, Council, Division, EffortRating, Worker, influence, pay};
use parecon_jobs::{MemberId, Minutes};
use proptest::prelude::*;

/// Sums of a few dozen numbers up to 1e4.
const SUM: f64 = 1e-8;
const POOL: f64 = 10_000.0;

fn says(rater: usize, rated: usize, rating: f64) -> EffortRating {
    EffortRating { rater: MemberId::new(rater), rated: MemberId::new(rated), rating }
}

/// Time, desirability, need of each member; ratings of each pair; benefit/cost ratio.
type Drawn = (Vec<(u64, u32, u32)>, Vec<Option<u32>>, Option<u32>);

/// Councils of 4–7 members, most pairs rated, some ratios; everybody works.
fn councils() -> impl Strategy<Value = Vec<Council>> {
    let council = (4usize..8).prop_flat_map(|n| {
        (
            prop::collection::vec((60u64..2400, 10u32..=200, 0u32..50), n),
            prop::collection::vec(prop::option::weighted(0.8, 80u32..125), n * n),
            prop::option::of(80u32..130),
        )
    });
    prop::collection::vec(council, 1..4).prop_map(|councils| {
        let build = |(c, (workers, ratings, ratio)): (usize, Drawn)| {
            let n = workers.len();
            let workers = workers.into_iter().enumerate().map(|(m, (time, desirability, need))| {
                Worker::new(format!("m{m}"), Minutes::new(time))
                    .with_desirability(f64::from(desirability) / 10.0)
                    .with_allowance(f64::from(need))
            });
            let council = Council::new(format!("c{c}"), workers.collect()).with_ratings(
                ratings
                    .into_iter()
                    .enumerate()
                    .filter_map(|(at, r)| Some(says(at / n, at % n, f64::from(r?) / 100.0)))
                    .collect(),
            );
            match ratio {
                Some(ratio) => council.with_benefit_cost(f64::from(ratio) / 100.0),
                None => council,
            }
        };
        councils.into_iter().enumerate().map(build).collect()
    })
}

fn config(impartial: bool) -> Config {
    let division = if impartial { Division::Impartial } else { Division::Proportional };
    Config::new(POOL).with_onerousness(0.02).with_common_cap(1.05).with_division(division)
}

proptest! {
    #[test]
    fn the_pool_is_divided_and_caps_are_obeyed(councils in councils(), impartial: bool) {
        let paid = pay(&councils, &config(impartial)).unwrap();
        prop_assert!((paid.incomes().iter().sum::<f64>() - POOL).abs() < SUM);
        for (council, source) in paid.councils.iter().zip(&councils) {
            let cap = council.cap.unwrap();
            prop_assert!(cap <= 1.05 && cap <= source.benefit_cost.unwrap_or(f64::INFINITY));
            prop_assert!(council.scale * council.average_effort <= cap + 1e-12);
            prop_assert!(impartial || council.scale <= 1.0);
            prop_assert!(council.workers.iter().all(|w| w.income >= w.allowance));
        }
        // Compensation takes from some what it gives to others.
        let compensation: f64 = paid.councils.iter().flat_map(|c| &c.workers).map(|w| w.compensation).sum();
        prop_assert!(compensation.abs() < SUM);
        // Claims of the whole society sum to zero, weighted by hours.
        let claims: f64 = paid.councils.iter().zip(&councils)
            .flat_map(|(p, c)| p.workers.iter().zip(&c.workers))
            .map(|(p, w)| p.imbalance * w.time.as_hours()).sum();
        prop_assert!(claims.abs() < SUM);
    }

    #[test]
    fn order_and_units_do_not_matter(councils in councils(), impartial: bool, factor in 0.1..10.0f64) {
        let mut turned = councils.clone();
        turned.reverse();
        for council in &mut turned {
            let last = council.workers.len() - 1;
            council.workers.reverse();
            let turn = |m: MemberId| MemberId::new(last - m.index());
            council.ratings = council.ratings.iter().rev()
                .map(|r| EffortRating { rater: turn(r.rater), rated: turn(r.rated), rating: r.rating })
                .collect();
        }
        let (a, b) = (pay(&councils, &config(impartial)).unwrap(), pay(&turned, &config(impartial)).unwrap());
        for (x, y) in a.incomes().iter().zip(b.incomes().iter().rev()) {
            prop_assert!((x - y).abs() < SUM);
        }
        // Another scale of effort, the caps being on the same scale; another unit of account.
        let mut scaled = councils.clone();
        for council in &mut scaled {
            council.ratings.iter_mut().for_each(|r| r.rating *= factor);
            council.benefit_cost = council.benefit_cost.map(|ratio| ratio * factor);
            council.workers.iter_mut().for_each(|w| w.allowance *= factor);
        }
        let division = if impartial { Division::Impartial } else { Division::Proportional };
        let other = Config::new(POOL * factor)
            .with_onerousness(0.02).with_common_cap(1.05 * factor).with_division(division);
        for (x, y) in a.incomes().iter().zip(pay(&scaled, &other).unwrap().incomes()) {
            prop_assert!((x * factor - y).abs() < SUM * factor.max(1.0));
        }
    }

    #[test]
    fn impartial_pay_does_not_follow_ones_own_ratings(
        councils in councils(), who in any::<prop::sample::Index>(), to in prop::collection::vec(0.8..1.25f64, 8),
    ) {
        let before = pay(&councils, &config(true)).unwrap();
        let n = councils[0].workers.len();
        let rater = who.index(n);
        let mut changed = councils.clone();
        changed[0].ratings.retain(|r| r.rater.index() != rater);
        changed[0].ratings.extend((0..n).map(|rated| says(rater, rated, to[rated])));
        let after = pay(&changed, &config(true)).unwrap();
        let (x, y) = (before.councils[0].workers[rater].income, after.councils[0].workers[rater].income);
        prop_assert!((x - y).abs() < SUM, "{x} became {y}");
        for found in influence(&councils, &config(true), 0).unwrap() {
            prop_assert!(found.own.abs() < SUM);
            // What one moves within a council only goes from some of its members to others.
            prop_assert!(found.moved.iter().sum::<f64>().abs() < SUM);
        }
    }

    #[test]
    fn self_ratings_change_nothing(councils in councils(), rating in 0.1..10.0f64, impartial: bool) {
        let mut changed = councils.clone();
        for council in &mut changed {
            council.ratings.retain(|r| r.rater != r.rated);
            council.ratings.extend((0..council.workers.len()).map(|m| says(m, m, rating)));
        }
        let (a, b) = (pay(&councils, &config(impartial)).unwrap(), pay(&changed, &config(impartial)).unwrap());
        prop_assert_eq!(a.incomes(), b.incomes());
    }

    #[test]
    fn raters_who_agree_make_both_divisions_one(
        efforts in prop::collection::vec((60u64..2400, 0.2..3.0f64), 4..8),
    ) {
        // One council, everybody rates everybody else the same way: impartial is proportional.
        let n = efforts.len();
        let workers = efforts.iter().enumerate().map(|(m, (time, _))| Worker::new(format!("m{m}"), Minutes::new(*time)));
        let pairs = (0..n * n).map(|at| says(at / n, at % n, efforts[at % n].1));
        let council = [Council::new("c", workers.collect()).with_ratings(pairs.collect())];
        let (a, b) = (pay(&council, &Config::new(POOL)).unwrap(),
            pay(&council, &Config::new(POOL).with_division(Division::Impartial)).unwrap());
        let sum: f64 = efforts.iter().map(|(time, e)| *time as f64 * e).sum();
        for ((x, y), (time, e)) in a.incomes().iter().zip(b.incomes()).zip(&efforts) {
            prop_assert!((x - y).abs() < SUM && (x - POOL * *time as f64 * e / sum).abs() < SUM);
        }
    }
}

#[test]
fn by_hand() {
    // 30 h at effort 1.2 and 20 h at 0.9, 54 effort hours; allowance 60 of 600 leaves 540, 10 for each.
    let workers = vec![
        Worker::new("ann", Minutes::new(1800)),
        Worker::new("bo", Minutes::new(1200)).with_allowance(60.0),
    ];
    let hill = Council::new("hill", workers).with_ratings(vec![says(1, 0, 1.2), says(0, 1, 0.9)]);
    let paid = pay(std::slice::from_ref(&hill), &Config::new(600.0)).unwrap();
    let incomes = paid.incomes();
    assert!((incomes[0] - 360.0).abs() < SUM && (incomes[1] - 240.0).abs() < SUM);
    assert!((paid.councils[0].average_effort - 1.08).abs() < 1e-12);
    // A second council of 50 h, whose average of 2 is capped at 1.08: the pools are then alike.
    let workers = vec![Worker::new("cy", Minutes::new(1500)), Worker::new("di", Minutes::new(1500))];
    let vale = Council::new("vale", workers)
        .with_ratings(vec![says(1, 0, 2.0), says(0, 1, 2.0)])
        .with_benefit_cost(1.08);
    let paid = pay(&[hill, vale], &Config::new(1140.0)).unwrap();
    assert!((paid.councils[1].scale - 0.54).abs() < 1e-12);
    assert!((paid.incomes()[2] - 270.0).abs() < SUM && (paid.incomes()[0] - 360.0).abs() < SUM);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let council =
        || Council::new("c", vec![Worker::new("a", Minutes::new(60)), Worker::new("b", Minutes::new(60))]);
    let refused = |council: Council| {
        let error = pay(&[council], &Config::new(100.0)).unwrap_err();
        assert!(error.is_invalid_input());
        error.to_string()
    };
    assert!(refused(council().with_ratings(vec![says(0, 1, 0.0)])).contains("member 1 by member 0 is 0"));
    assert!(refused(council().with_ratings(vec![says(0, 1, 1.0); 2])).contains("twice"));
    assert!(refused(council().with_ratings(vec![says(0, 2, 1.0)])).contains("there are 2"));
    assert!(refused(council().with_benefit_cost(f64::NAN)).contains("NaN"));
    assert!(refused(Council::new("c", vec![Worker::new("a", Minutes::ZERO)])).contains("nobody works"));
    assert!(
        refused(Council::new("c", vec![Worker::new("a", Minutes::new(1)).with_allowance(100.0)]))
            .contains("leave 0")
    );
    assert!(pay(&[], &Config::new(1.0)).is_err());
}
