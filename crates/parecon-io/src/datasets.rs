//! Embedded tables (feature `datasets`).
//!
//! The tables of the US Bureau of Economic Analysis are in the public domain; `data/README.md` of this crate
//! says where each comes from.

use nalgebra::dmatrix;

use crate::axis::Axis;
use crate::error::Error;
use crate::make_use::MakeUse;
use crate::names::Names;
use crate::read::Source;
use crate::regions::Regions;
use crate::satellite::Satellite;
use crate::table::{IoTable, Layout};

macro_rules! embedded {
    ($name:literal) => {
        Source::new($name, include_bytes!(concat!("../data/", $name)).as_slice())
    };
}

/// United States 2022: make and use of 71 industries and 73 commodities (after redefinitions, producer prices), in
/// million dollars.
///
/// # Errors
/// None in practice: the embedded files are read by the ordinary reader.
///
/// # Example
/// ```
/// let us = parecon_io::datasets::us_2022()?;
/// let hospitals = us.industries().id("622")?;
/// assert_eq!(us.industries().name(hospitals), "Hospitals");
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub fn us_2022() -> Result<MakeUse, Error> {
    let tables = MakeUse::read_bea_csv(embedded!("bea2022_make.csv"), embedded!("bea2022_use.csv"))?;
    Ok(tables.with_names(&Names::read_csv(embedded!("bea2022_names.csv"))?))
}

/// United States 2002: make and use of 15 industries and 17 commodities, in million dollars. Commodity 16 is scrap,
/// used and second-hand goods; 17 is non-comparable imports and the rest-of-the-world adjustment, which no
/// industry makes.
///
/// # Errors
/// None in practice: the embedded files are read by the ordinary reader.
///
/// # Example
/// ```
/// let us = parecon_io::datasets::bea_2002()?;
/// assert_eq!(us.commodity_output()[16], 0.0);
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub fn bea_2002() -> Result<MakeUse, Error> {
    let tables = MakeUse::read_bea_csv(embedded!("bea2002_make.csv"), embedded!("bea2002_use.csv"))?;
    Ok(tables.with_names(&Names::read_csv(embedded!("bea2002_names.csv"))?))
}

/// The two-sector example of Miller and Blair, *Input–Output Analysis*, 2nd ed. 2009, section 2.3; its payments
/// sector in one component.
///
/// # Errors
/// None in practice.
///
/// # Example
/// ```
/// let table = parecon_io::datasets::miller_blair()?;
/// assert_eq!(table.output().as_slice(), [1000.0, 2000.0]);
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub fn miller_blair() -> Result<IoTable, Error> {
    IoTable::new(
        Axis::new([("1", "Agriculture"), ("2", "Manufacturing")])?,
        dmatrix![150.0, 500.0; 200.0, 100.0],
        Axis::new([("f", "Final demand")])?,
        dmatrix![350.0; 1700.0],
        Axis::new([("v", "Value added")])?,
        dmatrix![650.0, 1400.0],
    )
}

/// Germany 1995: six groups of products and industries, domestic flows at basic prices in million euros, with the
/// account `employment` of employees and the self-employed in thousand persons. Imports and net taxes on products stand
/// among the components of value added, so that columns sum to output.
///
/// # Errors
/// None in practice: the embedded file is read by the ordinary reader.
///
/// # Example
/// The multipliers that the source prints in its table 15.10:
/// ```
/// use parecon_io::{Technology, datasets};
///
/// let multipliers = Technology::from_table(&datasets::germany_1995()?)?.output_multipliers()?;
/// assert!((multipliers[1] - 1.8413).abs() < 5e-5);
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// J. Beutel in Eurostat, *Manual of Supply, Use and Input–Output Tables*, 2008, chapter 15.
pub fn germany_1995() -> Result<IoTable, Error> {
    let layout = Layout::new()
        .with_final_demand([
            "final_consumption_households",
            "final_consumption_government",
            "gross_capital_formation",
            "inventory_change",
            "exports",
        ])
        .with_value_added([
            "imports",
            "net_tax_products",
            "compensation_employees",
            "net_tax_production",
            "consumption_fixed_capital",
            "os_mixed_income_net",
        ])
        .with_ignored(["total", "total_final_use"]);
    let employment = Satellite::new(
        "employment",
        Axis::new([("employees", "Employees"), ("self_employed", "Self-employed")])?,
        ["thousand persons"; 2],
        dmatrix![
            483.0, 8032.0, 2896.0, 7977.0, 3653.0, 9555.0;
            613.0, 349.0, 340.0, 1274.0, 605.0, 651.0
        ],
    )?;
    let table = IoTable::read_csv_with(embedded!("germany1995.csv"), &layout)?;
    table.with_unit("million euros").with_satellite(employment)
}

/// The example of leather trade between Argentina, Turkey and Germany, three sectors each, that programs decomposing
/// value added in trade are shown with. The figures are illustrative. Value added is what purchases leave of output.
///
/// # Errors
/// None in practice: the embedded file is read by the ordinary reader.
///
/// # Example
/// ```
/// let table = parecon_io::datasets::leather()?;
/// assert_eq!(table.regions().regions().codes().collect::<Vec<_>>(), ["Argentina", "Turkey", "Germany"]);
/// assert!(table.validate().is_clean());
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// B. Quast and V. Kummritz, "decompr: global value chain decomposition in R", CTEI Working Paper 2015-01.
pub fn leather() -> Result<IoTable, Error> {
    let layout = Layout::new().with_residual_value_added("rest");
    let table = IoTable::read_csv_with(embedded!("leather.csv"), &layout)?;
    let regions = Regions::split(table.sectors(), table.final_demand_categories(), '.')?;
    table.with_regions(regions)
}
