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
use crate::table::IoTable;

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
