//! Technologies that cannot produce a surplus, and those at the edge.

use nalgebra::{DVector, dmatrix, dvector};
use parecon_io::technology::Verdict;
use parecon_io::{Axis, Error, IoGraph, Model, Technology, datasets, nalgebra};

fn technology(coefficients: nalgebra::DMatrix<f64>) -> Result<Technology, Error> {
    let codes = ["a", "b", "c", "d"];
    Technology::from_coefficients(
        Axis::from_codes(codes.iter().copied().take(coefficients.nrows()))?,
        coefficients,
    )
}

#[test]
fn an_economy_that_uses_up_all_it_makes_is_singular() -> Result<(), Error> {
    // Each column sums to 1: everything made is used up, and nothing can be demanded.
    let closed = technology(dmatrix![0.5, 0.2, 0.3; 0.25, 0.5, 0.1; 0.25, 0.3, 0.6])?;
    let error = closed.output_for(&dvector![1.0, 1.0, 1.0]).unwrap_err();
    assert!(error.is_singular() && !error.is_invalid_input());
    assert_eq!(
        error.to_string(),
        "sector \"c\": I \u{2212} A is singular here, its column is a combination of the columns before it"
    );
    assert_eq!(closed.requirements().unwrap_err(), error);
    assert_eq!(closed.prices(&dvector![1.0, 1.0, 1.0]).unwrap_err(), error);
    let answer = closed.productivity();
    assert_eq!(answer.verdict, Verdict::NotProductive);
    assert!((answer.spectral_radius.0 - 1.0).abs() < 1e-9 && answer.spectral_radius.1 >= 1.0);
    assert_eq!(answer.offenders.len(), 3);
    assert!((answer.offenders.iter().map(|offender| offender.weight).sum::<f64>() - 1.0).abs() < 1e-12);
    Ok(())
}

#[test]
fn a_sector_that_needs_itself_whole_is_singular_from_the_start() -> Result<(), Error> {
    // An exact zero pivot in the first column fills the factors with NaN; none may come out.
    let whole = technology(dmatrix![1.0, 0.0; 0.0, 0.5])?;
    assert!(whole.output_for(&dvector![0.0, 1.0]).unwrap_err().to_string().starts_with("sector \"a\": "));
    let named: Vec<_> = whole.productivity().offenders.into_iter().map(|offender| offender.code).collect();
    assert_eq!(named, ["a"]);
    Ok(())
}

#[test]
fn only_the_group_at_fault_is_named() -> Result<(), Error> {
    // c and d feed each other more than they make; a and b are sound, and supply them.
    let answer =
        technology(dmatrix![0.2, 0.1, 0.5, 0.0; 0.3, 0.1, 0.0, 0.5; 0.0, 0.0, 0.1, 1.2; 0.0, 0.0, 0.9, 0.0])?
            .productivity();
    assert_eq!(answer.verdict, Verdict::NotProductive);
    let named: Vec<_> = answer.offenders.iter().map(|offender| offender.code.as_str()).collect();
    assert_eq!(named, ["c", "d"]);
    // λ² − 0.1 λ − 1.08 = 0
    let exact = (0.1 + (0.01 + 4.32f64).sqrt()) / 2.0;
    assert!((answer.spectral_radius.0 - exact).abs() < 1e-9);
    assert_eq!(
        answer.to_string(),
        "not productive: spectral radius 1.090433; sectors that use up what they make: \"c\" (52 %), \"d\" (48 %)"
    );
    Ok(())
}

#[test]
fn just_below_the_edge_is_productive_just_above_is_not() -> Result<(), Error> {
    for (excess, verdict) in [(-1e-12, Verdict::Productive), (1e-12, Verdict::NotProductive)] {
        // The spectral radius is the common column sum.
        let at = technology(dmatrix![0.5, 0.2; 0.5 + excess, 0.8 + excess])?;
        assert_eq!(at.productivity().verdict, verdict, "{excess}");
    }
    Ok(())
}

#[test]
fn a_cycle_does_not_keep_the_iteration_from_converging() -> Result<(), Error> {
    let ring =
        technology(dmatrix![0.0, 0.0, 0.0, 0.5; 0.5, 0.0, 0.0, 0.0; 0.0, 0.5, 0.0, 0.0; 0.0, 0.0, 0.5, 0.0])?;
    let (lower, upper) = ring.productivity().spectral_radius;
    assert!((lower - 0.5).abs() < 1e-9 && (upper - 0.5).abs() < 1e-9);
    Ok(())
}

#[test]
fn negative_coefficients_leave_the_question_open_only_when_they_matter() -> Result<(), Error> {
    // What b saves of a is less than what it needs of a through c.
    let small = technology(dmatrix![0.0, -0.1, 0.5; 0.0, 0.0, 0.0; 0.0, 0.5, 0.0])?.productivity();
    assert_eq!((small.verdict, small.negative_coefficients), (Verdict::Productive, 1));
    // It just makes up for it: L is 0 there but for rounding.
    let even = technology(dmatrix![0.0, -0.03, 0.3; 0.1, 0.0, 0.0; 0.0, 0.1, 0.0])?.productivity();
    assert_eq!(even.verdict, Verdict::Productive);
    let large = technology(dmatrix![0.2, -2.0; 1.0, 0.2])?.productivity();
    assert_eq!(large.verdict, Verdict::Undecided);
    Ok(())
}

#[test]
fn a_productive_economy_meets_every_demand_with_outputs_not_negative() -> Result<(), Error> {
    // |A| has spectral radius 0, yet a unit of b for final demand asks for −0.5 of a.
    let saving = technology(dmatrix![0.0, -0.5; 0.0, 0.0])?;
    assert_eq!(saving.output_for(&dvector![0.0, 1.0])?, dvector![-0.5, 1.0]);
    let answer = saving.productivity();
    assert_eq!((answer.verdict, answer.spectral_radius), (Verdict::Undecided, (0.0, 0.0)));
    assert!(answer.offenders.is_empty());
    assert_eq!(answer.to_string(), "undecided, negative coefficients matter: spectral radius 0.000000");
    // The answer does not depend on units, however far apart.
    let apart = technology(dmatrix![0.0, -0.5e-12; 0.0, 0.0])?;
    assert_eq!(apart.productivity().verdict, Verdict::Undecided);
    Ok(())
}

#[test]
fn the_united_states_are_productive_with_their_negative_cells() -> Result<(), Error> {
    let answer =
        Technology::from_table(&datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?)?.productivity();
    assert_eq!(answer.verdict, Verdict::Productive);
    assert!(answer.negative_coefficients > 0);
    Ok(())
}

#[test]
fn questions_are_checked() -> Result<(), Error> {
    let sound = technology(dmatrix![0.1, 0.2; 0.3, 0.4])?;
    let refusal = |result: Result<DVector<f64>, Error>| result.unwrap_err().to_string();
    assert_eq!(refusal(sound.output_for(&dvector![1.0])), "final demand: has 1 entries, must have 2");
    assert_eq!(
        refusal(sound.output_for(&dvector![1.0, f64::NAN])),
        "final demand, sector \"b\": is NaN, must be finite"
    );
    assert_eq!(
        sound.footprint(&dmatrix![1.0, 2.0, 3.0]).unwrap_err().to_string(),
        "intensities: is 1 x 3, must be 1 x 2"
    );
    assert_eq!(
        technology(dmatrix![0.1, f64::INFINITY; 0.3, 0.4]).unwrap_err().to_string(),
        "coefficients, sector \"a\" to sector \"b\": is inf, must be finite"
    );
    let beyond = technology(dmatrix![0.0, 0.0, 0.0; 0.0, 0.0, 0.0; 0.0, 0.0, 0.0])?.sectors().id("c")?;
    assert_eq!(
        sound.extraction(beyond, &dvector![1.0, 1.0]).unwrap_err().to_string(),
        "sector number 3: is of another axis, this one has 2"
    );
    assert!(IoGraph::from_technology(&sound, 0.0)?.suppliers(beyond).is_err());
    assert!(IoGraph::from_technology(&sound, f64::NAN).is_err());
    // Footprints of no stressor are none.
    assert_eq!(sound.footprint(&nalgebra::DMatrix::zeros(0, 2))?.shape(), (0, 2));
    Ok(())
}
