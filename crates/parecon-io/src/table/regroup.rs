//! Aggregation and disaggregation.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::axis::{Axis, AxisKind, Branch, FinalDemand, Id, Purpose, Region, Sector, ValueAdded};
use crate::concordance::{Concordance, Weights};
use crate::error::Error;
use crate::regions::Regions;
use crate::satellite::Satellite;
use crate::table::IoTable;

/// Kinds of labels by which a table can be regrouped: [`Sector`], [`Branch`], [`Region`], [`FinalDemand`],
/// [`Purpose`] and [`ValueAdded`].
pub trait Regroup: AxisKind {
    #[doc(hidden)]
    fn regroup(table: &IoTable, concordance: &Concordance<Self>) -> Result<IoTable, Error>
    where
        Self: Sized;
}

impl IoTable {
    /// The table in another classification: aggregated, split by shares, or both.
    ///
    /// ```text
    /// Z* = W Z W'      Y* = W Y      V* = V W'      F* = F W'      x* = W x
    /// ```
    ///
    /// with W, group × label, from the concordance. What is regrouped is the concordance's kind: sectors of a table of
    /// one region; branches or regions of a multi-regional one (sectors and final demand follow); categories of final
    /// demand, or their purposes in every region; components of value added. Totals of all blocks are kept.
    ///
    /// # Errors
    /// A concordance from other labels than the table's; sectors or categories of a multi-regional table, whose
    /// regions would be lost.
    ///
    /// # Complexity
    /// O(n²) for n sectors, times the number of groups per label.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Concordance, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let bridge = Concordance::from_groups(table.sectors(), [("1", "all"), ("2", "all")])?;
    /// let all = table.regroup(&bridge)?;
    /// assert_eq!(all.flows()[(0, 0)], 950.0);
    /// assert!(all.validate().is_clean());
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// R. E. Miller and P. D. Blair, *Input–Output Analysis*, 2nd ed. 2009, section 4.9.
    pub fn regroup<K: Regroup>(&self, concordance: &Concordance<K>) -> Result<Self, Error> {
        let table = K::regroup(self, concordance)?;
        // Sums of finite cells may overflow.
        let money = [&*table.flows, &*table.final_demand, &*table.value_added];
        let stressors = table.satellites.iter().flat_map(|a| [a.flows()].into_iter().chain(a.final_demand()));
        let finite = |cell: &f64| cell.is_finite();
        let whole = money.into_iter().chain(stressors).all(|cells| cells.iter().all(finite));
        if whole && table.output.iter().all(finite) {
            return Ok(table);
        }
        Err(Error::invalid("concordance: sums of cells overflow, use other units"))
    }

    fn is_plain(&self) -> bool {
        self.regions.is_plain(&self.sectors, &self.categories)
    }

    fn expect_plain(&self, instead: &str) -> Result<(), Error> {
        if self.is_plain() {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "concordance: the table has {} regions, regroup {instead} instead",
            self.regions.regions().len()
        )))
    }

    fn with_sectors_by(self, weights: &Weights, sectors: Axis<Sector>) -> Self {
        let regrouped = |account: &Satellite| account.mapped(|flows| weights.columns(flows), None);
        Self {
            flows: Arc::new(weights.rows(&weights.columns(&self.flows))),
            final_demand: Arc::new(weights.rows(&self.final_demand)),
            value_added: Arc::new(weights.columns(&self.value_added)),
            output: Arc::new(weights.sums(&self.output)),
            satellites: self.satellites.iter().map(regrouped).collect(),
            sectors,
            ..self
        }
    }

    fn with_categories_by(self, weights: &Weights, categories: Axis<FinalDemand>) -> Self {
        let regrouped = |account: &Satellite| account.mapped(Clone::clone, Some(weights));
        Self {
            final_demand: Arc::new(weights.columns(&self.final_demand)),
            satellites: self.satellites.iter().map(regrouped).collect(),
            categories,
            ..self
        }
    }
}

impl Regroup for Sector {
    fn regroup(table: &IoTable, concordance: &Concordance<Self>) -> Result<IoTable, Error> {
        concordance.check_from(&table.sectors)?;
        table.expect_plain("branches or regions")?;
        let sectors = concordance.to().clone();
        let regions = Arc::new(Regions::single(&sectors, &table.categories));
        Ok(IoTable { regions, ..table.clone().with_sectors_by(concordance.weights(), sectors) })
    }
}

impl Regroup for FinalDemand {
    fn regroup(table: &IoTable, concordance: &Concordance<Self>) -> Result<IoTable, Error> {
        concordance.check_from(&table.categories)?;
        table.expect_plain("purposes or regions")?;
        let categories = concordance.to().clone();
        let regions = Arc::new(Regions::single(&table.sectors, &categories));
        Ok(IoTable { regions, ..table.clone().with_categories_by(concordance.weights(), categories) })
    }
}

impl Regroup for ValueAdded {
    fn regroup(table: &IoTable, concordance: &Concordance<Self>) -> Result<IoTable, Error> {
        concordance.check_from(&table.components)?;
        let value_added = Arc::new(concordance.weights().rows(&table.value_added));
        Ok(IoTable { value_added, components: concordance.to().clone(), ..table.clone() })
    }
}

impl Regroup for Branch {
    fn regroup(table: &IoTable, concordance: &Concordance<Self>) -> Result<IoTable, Error> {
        concordance.check_from(table.regions.branches())?;
        if table.is_plain() {
            let sectors = concordance.to().cast();
            let regions = Arc::new(Regions::single(&sectors, &table.categories));
            return Ok(IoTable { regions, ..table.clone().with_sectors_by(concordance.weights(), sectors) });
        }
        let old = &table.regions;
        let (weights, members) = lifted(old.of_sectors(), |(region, branch)| {
            shares(concordance, branch).map(move |(to, share)| ((region, to), share)).collect()
        });
        let regions = Regions::new(
            old.regions().clone(),
            concordance.to().clone(),
            old.purposes().clone(),
            members,
            old.of_categories().to_vec(),
        )?;
        let sectors = regions.sectors()?;
        Ok(IoTable { regions: Arc::new(regions), ..table.clone().with_sectors_by(&weights, sectors) })
    }
}

impl Regroup for Purpose {
    fn regroup(table: &IoTable, concordance: &Concordance<Self>) -> Result<IoTable, Error> {
        concordance.check_from(table.regions.purposes())?;
        if table.is_plain() {
            let categories = concordance.to().cast();
            let regions = Arc::new(Regions::single(&table.sectors, &categories));
            return Ok(IoTable {
                regions,
                ..table.clone().with_categories_by(concordance.weights(), categories)
            });
        }
        let old = &table.regions;
        let (weights, members) = lifted(old.of_categories(), |(region, purpose)| {
            shares(concordance, purpose).map(move |(to, share)| ((region, to), share)).collect()
        });
        let regions = Regions::new(
            old.regions().clone(),
            old.branches().clone(),
            concordance.to().clone(),
            old.of_sectors().to_vec(),
            members,
        )?;
        let categories = regions.categories()?;
        Ok(IoTable { regions: Arc::new(regions), ..table.clone().with_categories_by(&weights, categories) })
    }
}

impl Regroup for Region {
    fn regroup(table: &IoTable, concordance: &Concordance<Self>) -> Result<IoTable, Error> {
        let old = &table.regions;
        concordance.check_from(old.regions())?;
        let (sector_weights, sectors) = lifted(old.of_sectors(), |(region, branch)| {
            shares(concordance, region).map(move |(to, share)| ((to, branch), share)).collect()
        });
        let (category_weights, categories) = lifted(old.of_categories(), |(region, purpose)| {
            shares(concordance, region).map(move |(to, share)| ((to, purpose), share)).collect()
        });
        let to = concordance.to().clone();
        let regions = Regions::new(to, old.branches().clone(), old.purposes().clone(), sectors, categories)?;
        let grouped = table
            .clone()
            .with_sectors_by(&sector_weights, regions.sectors()?)
            .with_categories_by(&category_weights, regions.categories()?);
        Ok(IoTable { regions: Arc::new(regions), ..grouped })
    }
}

fn shares<K: AxisKind>(concordance: &Concordance<K>, label: Id<K>) -> impl Iterator<Item = (Id<K>, f64)> {
    concordance.weights().of[label.index()].iter().map(|&(to, share)| (Id::new(to as u32), share))
}

type Place<K> = (Id<Region>, Id<K>);

/// Weights between the places of a table, from those of single places; the new places by region, then as on their
/// axis.
fn lifted<K: AxisKind>(
    old: &[Place<K>],
    groups: impl Fn(Place<K>) -> Vec<(Place<K>, f64)>,
) -> (Weights, Vec<Place<K>>) {
    let mut positions: BTreeMap<Place<K>, usize> =
        old.iter().flat_map(|&place| groups(place)).map(|(place, _)| (place, 0)).collect();
    positions.values_mut().enumerate().for_each(|(at, position)| *position = at);
    let of = old
        .iter()
        .map(|&place| groups(place).into_iter().map(|(place, share)| (positions[&place], share)).collect());
    (Weights { len: positions.len(), of: of.collect() }, positions.into_keys().collect())
}
