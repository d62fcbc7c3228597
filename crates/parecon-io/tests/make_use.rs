//! Scrap, primary inputs, negative flows: what is assumed when make and use tables are made symmetric.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::error::Error;

use nalgebra::{DMatrix, DVector};
use parecon_core::Status;
use parecon_io::{
    Axis, MakeUse, MakeUseParts, Model, Negatives, Requirements, Technology, datasets, nalgebra,
};
use proptest::prelude::*;
use serde_json::Value;

/// Sums of a few hundred products in double precision.
const EXACT: f64 = 1e-11;

const MODELS: [Model; 4] = [
    Model::CommodityTechnology,
    Model::IndustryTechnology,
    Model::FixedIndustrySales,
    Model::FixedProductSales,
];

fn diagonal(entries: impl IntoIterator<Item = f64>) -> DMatrix<f64> {
    DMatrix::from_diagonal(&DVector::from_vec(entries.into_iter().collect()))
}

fn apart(a: &DMatrix<f64>, b: &DMatrix<f64>) -> f64 {
    assert_eq!(a.shape(), b.shape());
    (a - b).amax()
}

/// Tables of so many industries and commodities, final demand and value added as what is left.
fn tables(make: DMatrix<f64>, use_: DMatrix<f64>) -> MakeUse {
    let (g, q) = (make.column_sum(), make.row_sum_tr());
    let rest = q - use_.column_sum();
    let added = g - use_.row_sum_tr();
    MakeUse::new(MakeUseParts {
        industries: Axis::from_codes((0..make.nrows()).map(|i| format!("i{i}"))).unwrap(),
        commodities: Axis::from_codes((0..make.ncols()).map(|c| format!("c{c}"))).unwrap(),
        final_demand_categories: Axis::from_codes(["y"]).unwrap(),
        final_demand: DMatrix::from_column_slice(rest.len(), 1, rest.as_slice()),
        value_added_components: Axis::from_codes(["v"]).unwrap(),
        value_added: DMatrix::from_row_slice(1, added.len(), added.as_slice()),
        make,
        use_,
    })
    .unwrap()
}

/// The five industries and products of pySUT's tests, whose supply table is product by industry.
fn pysut() -> MakeUse {
    let all: Value = serde_json::from_str(include_str!("data/golden.json")).unwrap();
    let matrix = |key: &str| {
        let rows = all["pysut_constructs"][key].as_array().unwrap().clone();
        DMatrix::from_fn(rows.len(), rows[0].as_array().unwrap().len(), |i, j| rows[i][j].as_f64().unwrap())
    };
    tables(matrix("V").transpose(), matrix("U"))
}

/// United States 2022 with as many commodities as industries.
fn square_us() -> Result<MakeUse, parecon_io::Error> {
    let us = datasets::us_2022()?;
    us.with_primary_inputs(&[us.commodities().id("Used")?, us.commodities().id("Other")?])
}

#[test]
fn scrap_as_the_bureau_treated_it_until_1997() -> Result<(), Box<dyn Error>> {
    let tables = datasets::bea_2002()?;
    let scrap = [tables.commodities().id("16")?, tables.commodities().id("17")?];
    // The equations of the Bureau's manual, word for word, with explicit inverses.
    let (g, q) = (tables.industry_output(), tables.commodity_output());
    let mut v = tables.make().clone();
    let h = v.column(15) + v.column(16);
    v.column_mut(15).fill(0.0);
    v.column_mut(16).fill(0.0);
    let p = h.component_div(g);
    let d = DMatrix::from_fn(15, 17, |i, c| if c < 15 { v[(i, c)] / q[c] } else { 0.0 });
    let w = diagonal(p.iter().map(|p| 1.0 / (1.0 - p))) * d;
    let b = DMatrix::from_fn(17, 15, |c, i| tables.use_()[(c, i)] / g[i]);
    let cxc = (DMatrix::identity(17, 17) - &b * &w).try_inverse().unwrap();
    let ixi = (DMatrix::identity(15, 15) - &w * &b).try_inverse().unwrap();
    let ixc = &w * &cxc;
    let ours = |which| tables.total_requirements_with(Model::IndustryTechnology, &scrap, which);
    assert!(apart(&ours(Requirements::CommodityByCommodity)?, &cxc) < EXACT);
    assert!(apart(&ours(Requirements::IndustryByCommodity)?, &ixc) < EXACT);
    assert!(apart(&ours(Requirements::IndustryByIndustry)?, &ixi) < EXACT);
    // Final demand is met by the outputs of the base year.
    let demand = tables.final_demand().column_sum();
    assert!((ixc * demand - g).amax() / g.amax() < 1e-5);

    // As primary inputs: the same, outputs measured without scrap.
    let produced = tables.with_primary_inputs(&scrap)?;
    let kept = produced.total_requirements(Requirements::CommodityByCommodity)?;
    assert!(apart(&kept, &cxc.view((0, 0), (15, 15)).into_owned()) < EXACT);
    let ixi_kept = produced.total_requirements(Requirements::IndustryByIndustry)?;
    let (share, inverse) = (diagonal(p.iter().map(|p| 1.0 - p)), diagonal(p.iter().map(|p| 1.0 / (1.0 - p))));
    assert!(apart(&ixi_kept, &(share * ixi * inverse)) < EXACT);
    // And not the same as scrap taken for an ordinary commodity.
    let ordinary = tables.total_requirements(Requirements::IndustryByIndustry)?;
    assert!(apart(&ordinary, &ours(Requirements::IndustryByIndustry)?) > 1e-4);
    Ok(())
}

#[test]
fn primary_inputs_keep_the_accounts() -> Result<(), Box<dyn Error>> {
    let us = datasets::us_2022()?;
    let square = square_us()?;
    assert!(square.validate().is_balanced(), "{}", square.validate());
    let used = us.commodities().id("Used")?.index();
    for i in 0..71 {
        let net = us.use_()[(used, i)] - us.make()[(i, used)];
        assert_eq!(square.value_added()[(square.value_added().nrows() - 2, i)], net);
    }
    for model in MODELS {
        let table = square.to_symmetric(model)?;
        assert!(table.validate().is_balanced(), "{model:?}: {}", table.validate());
    }
    // A commodity that nobody makes is the same as under model D, which takes it out by itself.
    let bea = datasets::bea_2002()?;
    let out = bea.with_primary_inputs(&[bea.commodities().id("17")?])?;
    assert_eq!(out.to_symmetric(Model::FixedProductSales)?, bea.to_symmetric(Model::FixedProductSales)?);
    Ok(())
}

#[test]
fn primary_inputs_are_refused_where_they_make_no_sense() -> Result<(), Box<dyn Error>> {
    let (small, large) = (pysut(), datasets::bea_2002()?);
    let c0 = small.commodities().id("c0")?;
    let message = |result: Result<MakeUse, parecon_io::Error>| result.unwrap_err().to_string();
    assert_eq!(message(small.with_primary_inputs(&[c0, c0])), r#"commodity "c0": is named twice"#);
    let foreign = large.commodities().id("16")?;
    assert!(message(small.with_primary_inputs(&[foreign])).contains("is of another axis"));
    let all: Vec<_> = small.commodities().iter().collect();
    assert!(message(small.with_primary_inputs(&all)).contains("one at least must be produced"));
    assert_eq!(small.with_primary_inputs(&[])?, small);
    // The fifth industry makes nothing but the fifth commodity.
    let c4 = small.commodities().id("c4")?;
    let error = small
        .total_requirements_with(Model::IndustryTechnology, &[c4], Requirements::IndustryByIndustry)
        .unwrap_err();
    assert_eq!(error.to_string(), r#"industry "i4": makes 8 of scrap and 0 besides, must make something"#);
    Ok(())
}

#[test]
fn requirements_of_all_models_are_those_of_their_tables() -> Result<(), Box<dyn Error>> {
    // Final demand is what is left of outputs, so that the rounding of the source does not matter.
    let us = square_us()?;
    for tables in [pysut(), tables(us.make().clone(), us.use_().clone())] {
        let demand = tables.final_demand().column_sum();
        for model in MODELS {
            let table = tables.to_symmetric(model)?;
            let of_table = Technology::from_table(&table)?.requirements()?.clone();
            let by_commodity = matches!(model, Model::CommodityTechnology | Model::IndustryTechnology);
            let same = if by_commodity {
                Requirements::CommodityByCommodity
            } else {
                Requirements::IndustryByIndustry
            };
            let ours = tables.total_requirements_with(model, &[], same)?;
            assert!(apart(&ours, &of_table) < 1e-9, "{model:?}: {}", apart(&ours, &of_table));
            let ixc = tables.total_requirements_with(model, &[], Requirements::IndustryByCommodity)?;
            let off = (ixc * &demand - tables.industry_output()).amax() / tables.industry_output().amax();
            assert!(off < 1e-11, "{model:?}: {off}");
        }
    }
    Ok(())
}

#[test]
fn negative_flows_are_named_and_treated() -> Result<(), Box<dyn Error>> {
    let tables = pysut();
    let kept = tables.convert(Model::CommodityTechnology, Negatives::Keep)?;
    assert_eq!(kept.table, tables.to_symmetric(Model::CommodityTechnology)?);
    // The negative coefficients of pySUT's own result, the largest flow first: product 3 and 5 into 1, 4 into 2 and 3.
    let cells: Vec<_> = kept
        .negatives
        .iter()
        .map(|n| (n.from.index(), n.to.index(), (n.coefficient * 1e9).round() / 1e9))
        .collect();
    assert_eq!(
        cells,
        [(2, 0, -0.025056948), (4, 0, -0.025056948), (3, 1, -0.006833713), (3, 2, -0.009111617)]
    );
    let treated = tables.convert(Model::CommodityTechnology, Negatives::Almon)?;
    assert_eq!(treated.status, Status::Converged);
    assert_eq!(treated.negatives, kept.negatives);
    assert!(treated.table.flows().min() >= 0.0);
    assert!((treated.table.flows().column_sum() - tables.use_().column_sum()).amax() < 1e-12);
    // Rows without a negative cell are those of the exact model.
    for row in [0, 1] {
        assert_eq!(treated.table.flows().row(row), kept.table.flows().row(row));
    }
    assert!(treated.imbalances.amax() > 1e-3 && treated.imbalances.sum().abs() < 1e-12);
    let spent = treated.table.flows().row_sum_tr() + treated.table.value_added().row_sum_tr();
    assert!((spent + &treated.imbalances - tables.commodity_output()).amax() < 1e-12);

    // Model C does the same by purchasers.
    let by_industry = tables.convert(Model::FixedIndustrySales, Negatives::Almon)?;
    assert!(by_industry.table.flows().min() >= 0.0);
    assert!((by_industry.table.flows().row_sum() - tables.use_().row_sum()).amax() < 1e-12);
    assert_eq!(by_industry.table.output(), tables.industry_output());
    let sold = by_industry.table.flows().column_sum() + by_industry.table.total_final_demand();
    assert!((sold + &by_industry.imbalances - tables.industry_output()).amax() < 1e-12);

    // B and D have nothing to treat.
    for model in [Model::IndustryTechnology, Model::FixedProductSales] {
        let same = tables.convert(model, Negatives::Almon)?;
        assert_eq!((same.table, same.negatives.len()), (tables.to_symmetric(model)?, 0));
    }
    Ok(())
}

#[test]
fn the_united_states_under_commodity_technology() -> Result<(), Box<dyn Error>> {
    let tables = square_us()?;
    let converted = tables.convert(Model::CommodityTechnology, Negatives::Almon)?;
    assert_eq!(converted.status, Status::Converged);
    assert!(converted.negatives.len() > 100);
    // What is negative now was negative in the use table: sales out of stocks.
    let (below, before) = (converted.table.flows().map(|f| f.min(0.0)), tables.use_().map(|f| f.min(0.0)));
    assert!(
        (below.sum() - before.sum()).abs() < 1e-6 * before.sum().abs(),
        "{} {}",
        below.sum(),
        before.sum()
    );
    let rows = converted.table.flows().column_sum() - tables.use_().column_sum();
    assert!(rows.amax() < 1e-6, "{}", rows.amax());
    Ok(())
}

#[test]
fn a_make_table_with_negative_cells_is_not_for_the_treatment() {
    let make = DMatrix::from_row_slice(2, 2, &[10.0, 2.0, -1.0, 20.0]);
    let use_ = DMatrix::from_row_slice(2, 2, &[0.0, 3.0, 0.0, 1.0]);
    let error = tables(make, use_).convert(Model::CommodityTechnology, Negatives::Almon).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"make table, commodity "c0" of industry "i1": is -1, Almon's algorithm needs one without negative cells"#
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Redistribution conserves every row, leaves nothing negative and satisfies its own equation: what an industry's
    /// secondary products got is what they claimed, scaled down where there was not enough.
    #[test]
    fn treated_rows_conserve_and_settle(
        n in 2usize..6,
        secondary in prop::collection::vec(0.0f64..0.15, 36),
        used in prop::collection::vec(0.0f64..10.0, 36),
    ) {
        let make = DMatrix::from_fn(n, n, |i, c| {
            100.0 * if i == c { 1.0 } else { secondary[i * 6 + c] / n as f64 * 3.0 }
        });
        let use_ = DMatrix::from_fn(n, n, |c, i| used[c * 6 + i]);
        let tables = tables(make.clone(), use_.clone());
        let kept = tables.convert(Model::CommodityTechnology, Negatives::Keep).unwrap();
        let treated = tables.convert(Model::CommodityTechnology, Negatives::Almon).unwrap();
        prop_assert_eq!(treated.status, Status::Converged);
        let flows = treated.table.flows();
        prop_assert!(flows.min() >= 0.0);
        let shares = DMatrix::from_fn(n, n, |i, c| make[(i, c)] / tables.commodity_output()[c]);
        for row in 0..n {
            let total = use_.row(row).sum();
            prop_assert!((flows.row(row).sum() - total).abs() <= 1e-12 * total);
            if kept.table.flows().row(row).min() >= 0.0 {
                prop_assert_eq!(flows.row(row), kept.table.flows().row(row));
                continue;
            }
            let claim = |j: usize| (0..n).filter(|&k| k != j).map(|k| shares[(j, k)] * flows[(row, k)]).sum::<f64>();
            let granted: Vec<f64> =
                (0..n).map(|j| if claim(j) > 0.0 { (use_[(row, j)] / claim(j)).min(1.0) } else { 1.0 }).collect();
            for j in 0..n {
                let got: f64 =
                    (0..n).filter(|&k| k != j).map(|k| granted[k] * shares[(k, j)] * flows[(row, j)]).sum();
                let expected = use_[(row, j)] - granted[j] * claim(j) + got;
                prop_assert!((flows[(row, j)] - expected).abs() <= 1e-11 * total.max(1e-300));
            }
        }
    }
}
