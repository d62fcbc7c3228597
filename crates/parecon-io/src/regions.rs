//! Which region, branch and purpose the sectors and final-demand categories of a table belong to.

use serde::{Deserialize, Serialize};

use crate::axis::{Axis, AxisKind, Branch, FinalDemand, Id, Purpose, Region, Sector};
use crate::error::Error;
use crate::names::Names;

/// The regions of a table: every sector is a branch of production in a region, and every category of final demand
/// a purpose in a region.
///
/// A table of one region has one, called `domestic`, whose branches are its sectors. Regions need not have the same
/// branches.
///
/// # Example
/// ```
/// use parecon_io::{Axis, Regions};
///
/// // Codes are put together, region first.
/// let regions = Regions::crossed(
///     Axis::from_codes(["north", "south"])?,
///     Axis::from_codes(["farming", "mining"])?,
///     Axis::from_codes(["households"])?,
/// )?;
/// assert_eq!(regions.sectors()?.codes().collect::<Vec<_>>(), [
///     "north.farming", "north.mining", "south.farming", "south.mining",
/// ]);
/// // Or taken apart.
/// let again = Regions::split(&regions.sectors()?, &regions.categories()?, '.')?;
/// assert_eq!(again, regions);
/// # Ok::<(), parecon_io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct Regions {
    regions: Axis<Region>,
    branches: Axis<Branch>,
    purposes: Axis<Purpose>,
    sectors: Vec<(Id<Region>, Id<Branch>)>,
    categories: Vec<(Id<Region>, Id<Purpose>)>,
}

impl Regions {
    /// One region, called `domestic`.
    pub(crate) fn single(sectors: &Axis<Sector>, categories: &Axis<FinalDemand>) -> Self {
        let domestic = Id::new(0);
        Self {
            regions: Axis::single("domestic", "Domestic"),
            branches: sectors.cast(),
            purposes: categories.cast(),
            sectors: sectors.iter().map(|id| (domestic, id.cast())).collect(),
            categories: categories.iter().map(|id| (domestic, id.cast())).collect(),
        }
    }

    /// Every branch in every region, and every purpose in every region; region by region.
    ///
    /// # Errors
    /// More sectors than an axis can hold.
    ///
    /// # Complexity
    /// O(n) for n sectors.
    ///
    /// # Example
    /// See [`Regions`].
    pub fn crossed(
        regions: Axis<Region>,
        branches: Axis<Branch>,
        purposes: Axis<Purpose>,
    ) -> Result<Self, Error> {
        let sectors = regions.iter().flat_map(|r| branches.iter().map(move |b| (r, b))).collect();
        let categories = regions.iter().flat_map(|r| purposes.iter().map(move |p| (r, p))).collect();
        Self::new(regions, branches, purposes, sectors, categories)
    }

    /// Regions from where every sector and every category belongs, in the order of the table.
    ///
    /// # Errors
    /// An id of another axis; two sectors of one region with the same branch, or two categories with the same
    /// purpose.
    ///
    /// # Complexity
    /// O(n log n) for n sectors.
    ///
    /// # Example
    /// A mine in the north only:
    /// ```
    /// use parecon_io::{Axis, Regions};
    ///
    /// let (regions, branches) = (Axis::from_codes(["north", "south"])?, Axis::from_codes(["farming", "mining"])?);
    /// let purposes = Axis::from_codes(["households"])?;
    /// let (north, south) = (regions.id("north")?, regions.id("south")?);
    /// let (farming, mining) = (branches.id("farming")?, branches.id("mining")?);
    /// let households = purposes.id("households")?;
    /// let regions = Regions::new(
    ///     regions,
    ///     branches,
    ///     purposes,
    ///     vec![(north, farming), (north, mining), (south, farming)],
    ///     vec![(north, households), (south, households)],
    /// )?;
    /// assert_eq!(regions.sectors()?.codes().last(), Some("south.farming"));
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn new(
        regions: Axis<Region>,
        branches: Axis<Branch>,
        purposes: Axis<Purpose>,
        sectors: Vec<(Id<Region>, Id<Branch>)>,
        categories: Vec<(Id<Region>, Id<Purpose>)>,
    ) -> Result<Self, Error> {
        distinct(&regions, &branches, &sectors)?;
        distinct(&regions, &purposes, &categories)?;
        if sectors.is_empty() || categories.is_empty() {
            return Err(Error::invalid(
                "regions: there are no sectors or no categories of final demand, must be at least one of each",
            ));
        }
        Ok(Self { regions, branches, purposes, sectors, categories })
    }

    /// Regions from codes such as `AUS.c1`: region before the first `separator`, branch or purpose after it.
    ///
    /// # Errors
    /// A code without the separator, or with nothing on one side of it; otherwise as [`Regions::new`].
    ///
    /// # Complexity
    /// O(n) for n sectors.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Axis, Regions};
    ///
    /// let sectors = Axis::from_codes(["AUS.c1", "AUS.c2", "AUT.c1"])?;
    /// let categories = Axis::from_codes(["AUS.households", "AUT.households"])?;
    /// let regions = Regions::split(&sectors, &categories, '.')?;
    /// assert_eq!(regions.regions().codes().collect::<Vec<_>>(), ["AUS", "AUT"]);
    /// assert_eq!(regions.branches().codes().collect::<Vec<_>>(), ["c1", "c2"]);
    /// let error = Regions::split(&sectors, &Axis::from_codes(["households"])?, '.').unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     r#"final-demand category "households": has no region, must be like "region.households""#
    /// );
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn split(
        sectors: &Axis<Sector>,
        categories: &Axis<FinalDemand>,
        separator: char,
    ) -> Result<Self, Error> {
        let sector_codes = taken_apart(sectors, separator)?;
        let category_codes = taken_apart(categories, separator)?;
        let codes = || sector_codes.iter().chain(&category_codes);
        let regions = Axis::distinct(codes().map(|(region, _)| *region))?;
        let branches = Axis::distinct(sector_codes.iter().map(|(_, branch)| *branch))?;
        let purposes = Axis::distinct(category_codes.iter().map(|(_, purpose)| *purpose))?;
        let of_sectors = placed(&regions, &branches, &sector_codes)?;
        let of_categories = placed(&regions, &purposes, &category_codes)?;
        Self::new(regions, branches, purposes, of_sectors, of_categories)
    }

    /// The regions.
    #[must_use]
    pub fn regions(&self) -> &Axis<Region> {
        &self.regions
    }

    /// The branches of production, which sectors of several regions may share.
    #[must_use]
    pub fn branches(&self) -> &Axis<Branch> {
        &self.branches
    }

    /// The purposes of final demand, which categories of several regions may share.
    #[must_use]
    pub fn purposes(&self) -> &Axis<Purpose> {
        &self.purposes
    }

    /// Region and branch of every sector, in table order.
    #[must_use]
    pub fn of_sectors(&self) -> &[(Id<Region>, Id<Branch>)] {
        &self.sectors
    }

    /// Region and purpose of every category of final demand, in table order.
    #[must_use]
    pub fn of_categories(&self) -> &[(Id<Region>, Id<Purpose>)] {
        &self.categories
    }

    /// The positions of a region's sectors, in table order.
    #[must_use]
    pub fn sectors_of(&self, region: Id<Region>) -> Vec<usize> {
        (0..self.sectors.len()).filter(|&i| self.sectors[i].0 == region).collect()
    }

    /// The positions of a region's categories of final demand, in table order.
    #[must_use]
    pub fn categories_of(&self, region: Id<Region>) -> Vec<usize> {
        (0..self.categories.len()).filter(|&i| self.categories[i].0 == region).collect()
    }

    /// An axis of sectors for these regions, codes and names put together.
    ///
    /// # Errors
    /// Codes that become the same when put together.
    ///
    /// # Complexity
    /// O(n) for n sectors.
    ///
    /// # Example
    /// See [`Regions`].
    pub fn sectors(&self) -> Result<Axis<Sector>, Error> {
        joined(&self.regions, &self.branches, &self.sectors)
    }

    /// An axis of final-demand categories for these regions, codes and names put together.
    ///
    /// # Errors
    /// Codes that become the same when put together.
    ///
    /// # Complexity
    /// O(n) for n categories.
    ///
    /// # Example
    /// See [`Regions`].
    pub fn categories(&self) -> Result<Axis<FinalDemand>, Error> {
        joined(&self.regions, &self.purposes, &self.categories)
    }

    /// The same regions with names from elsewhere where `names` has them.
    pub(crate) fn renamed(&self, names: &Names) -> Self {
        Self {
            regions: self.regions.renamed(names),
            branches: self.branches.renamed(names),
            purposes: self.purposes.renamed(names),
            ..self.clone()
        }
    }

    /// Whether there is one region, the one that a table without regions has.
    pub(crate) fn is_plain(&self, sectors: &Axis<Sector>, categories: &Axis<FinalDemand>) -> bool {
        *self == Self::single(sectors, categories)
    }
}

type Members<K> = Vec<(Id<Region>, Id<K>)>;

fn distinct<K: AxisKind>(regions: &Axis<Region>, axis: &Axis<K>, members: &Members<K>) -> Result<(), Error> {
    let mut sorted = Vec::with_capacity(members.len());
    for &(region, member) in members {
        regions.check(region)?;
        axis.check(member)?;
        sorted.push((region, member));
    }
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(()),
        Some(pair) => Err(Error::invalid(format!(
            "{}: appears twice in {}",
            axis.describe(pair[0].1.index()),
            regions.describe(pair[0].0.index())
        ))),
    }
}

fn taken_apart<K: AxisKind>(axis: &Axis<K>, separator: char) -> Result<Vec<(&str, &str)>, Error> {
    let parts = axis.codes().enumerate().map(|(i, code)| match code.split_once(separator) {
        Some((region, member)) if !region.trim().is_empty() && !member.trim().is_empty() => {
            Ok((region, member))
        }
        _ => Err(Error::invalid(format!(
            "{}: has no region, must be like \"region{separator}{code}\"",
            axis.describe(i)
        ))),
    });
    parts.collect()
}

fn placed<K: AxisKind>(
    regions: &Axis<Region>,
    axis: &Axis<K>,
    codes: &[(&str, &str)],
) -> Result<Members<K>, Error> {
    codes.iter().map(|(region, member)| Ok((regions.id(region)?, axis.id(member)?))).collect()
}

fn joined<K: AxisKind, L: AxisKind>(
    regions: &Axis<Region>,
    axis: &Axis<K>,
    members: &Members<K>,
) -> Result<Axis<L>, Error> {
    Axis::new(members.iter().map(|&(region, member)| {
        let code = format!("{}.{}", regions.code(region), axis.code(member));
        let (place, what) = (regions.name(region), axis.name(member));
        (code, format!("{what}, {place}"))
    }))
}

/// The serialised form: positions on the three axes.
#[derive(Serialize, Deserialize)]
struct Raw {
    regions: Axis<Region>,
    branches: Axis<Branch>,
    purposes: Axis<Purpose>,
    sectors: Vec<(u32, u32)>,
    categories: Vec<(u32, u32)>,
}

impl From<Regions> for Raw {
    fn from(from: Regions) -> Self {
        fn positions<K>(members: &Members<K>) -> Vec<(u32, u32)> {
            members.iter().map(|(r, m)| (r.index() as u32, m.index() as u32)).collect()
        }
        Self {
            sectors: positions(&from.sectors),
            categories: positions(&from.categories),
            regions: from.regions,
            branches: from.branches,
            purposes: from.purposes,
        }
    }
}

impl TryFrom<Raw> for Regions {
    type Error = Error;

    fn try_from(raw: Raw) -> Result<Self, Error> {
        fn members<K>(positions: &[(u32, u32)]) -> Members<K> {
            positions.iter().map(|&(r, m)| (Id::new(r), Id::new(m))).collect()
        }
        let (sectors, categories) = (members(&raw.sectors), members(&raw.categories));
        Self::new(raw.regions, raw.branches, raw.purposes, sectors, categories)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_may_not_appear_twice_in_a_region() {
        let sectors = Axis::from_codes(["a.x", "a.y"]).unwrap();
        let categories = Axis::from_codes(["a.f"]).unwrap();
        let regions = Regions::split(&sectors, &categories, '.').unwrap();
        let twice = vec![regions.sectors[0]; 2];
        let error = Regions::new(
            regions.regions.clone(),
            regions.branches.clone(),
            regions.purposes.clone(),
            twice,
            regions.categories.clone(),
        );
        assert_eq!(error.unwrap_err().to_string(), r#"branch "x": appears twice in region "a""#);
    }

    #[test]
    fn the_serialised_form_is_checked() {
        let sectors = Axis::from_codes(["a.x", "b.x"]).unwrap();
        let categories = Axis::from_codes(["a.f", "b.f"]).unwrap();
        let regions = Regions::split(&sectors, &categories, '.').unwrap();
        let text = serde_json::to_string(&regions).unwrap();
        assert_eq!(serde_json::from_str::<Regions>(&text).unwrap(), regions);
        assert!(text.contains(r#""sectors":[[0,0],[1,0]]"#), "{text}");
        assert!(serde_json::from_str::<Regions>(&text.replace("[1,0]]", "[7,0]]")).is_err());
        assert!(serde_json::from_str::<Regions>(&text.replace("[[0,0],[1,0]]", "[]")).is_err());
    }
}
