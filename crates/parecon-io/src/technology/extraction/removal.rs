//! Extraction of groups, of parts and of one kind of link.

use nalgebra::DVector;

use crate::axis::{Id, Sector};
use crate::error::Error;
use crate::factor::Side;
use crate::regions::Regions;
use crate::technology::what_if::{Update, Updated};
use crate::technology::{Allocation, Extraction, Technology};

/// What is taken out: which links of a group of sectors J with the rest R, and which share of each.
///
/// ```text
///        J            R
/// J | within      sales   |   final demand
/// R | purchases     –     |
/// ```
///
/// | | purchases | sales | within | final demand |
/// |---|---|---|---|---|
/// | [`full`](Removal::full) | 1 | 1 | 1 | 1 |
/// | [`links`](Removal::links) | 1 | 1 | 0 | 0 |
/// | [`purchases`](Removal::purchases) | 1 | 0 | 0 | 0 |
/// | [`sales`](Removal::sales) | 0 | 1 | 0 | 0 |
///
/// With the sectors of a region as the group, [`links`](Removal::links) cuts its trade in inputs with all others.
///
/// # Example
/// ```
/// use parecon_io::{Removal, Technology, datasets};
///
/// let table = datasets::miller_blair()?;
/// let technology = Technology::from_table(&table)?;
/// let y = table.total_final_demand();
/// // Farming finds half of its suppliers abroad.
/// let removal = Removal::purchases([table.sector("1")?]).with_share(0.5)?;
/// let result = technology.extract(&removal, &y)?;
/// assert!(result.lost.iter().all(|lost| *lost > 0.0));
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// R. E. Miller and M. L. Lahr, "A taxonomy of extractions", in *Regional Science Perspectives in Economic Analysis*,
/// Elsevier 2001. E. Dietzenbacher, J. A. van der Linden and A. E. Steenge, "The regional extraction method: EC
/// input-output comparisons", Economic Systems Research 5, 1993.
#[derive(Clone, Debug, PartialEq)]
pub struct Removal {
    sectors: Vec<Id<Sector>>,
    purchases: f64,
    sales: f64,
    within: f64,
    outside: f64,
    borders: Option<Regions>,
}

impl Removal {
    fn new(sectors: impl IntoIterator<Item = Id<Sector>>, shares: [f64; 4]) -> Self {
        let [purchases, sales, within, outside] = shares;
        let sectors = sectors.into_iter().collect();
        Self { sectors, purchases, sales, within, outside, borders: None }
    }

    /// The group goes: it neither buys nor sells nor meets final demand.
    #[must_use]
    pub fn full(sectors: impl IntoIterator<Item = Id<Sector>>) -> Self {
        Self::new(sectors, [1.0; 4])
    }

    /// The group no longer buys from the rest nor sells to it; it works for itself and for final demand.
    #[must_use]
    pub fn links(sectors: impl IntoIterator<Item = Id<Sector>>) -> Self {
        Self::new(sectors, [1.0, 1.0, 0.0, 0.0])
    }

    /// The group no longer buys from the rest: backward extraction.
    #[must_use]
    pub fn purchases(sectors: impl IntoIterator<Item = Id<Sector>>) -> Self {
        Self::new(sectors, [1.0, 0.0, 0.0, 0.0])
    }

    /// The group no longer sells to the rest: forward extraction.
    #[must_use]
    pub fn sales(sectors: impl IntoIterator<Item = Id<Sector>>) -> Self {
        Self::new(sectors, [0.0, 1.0, 0.0, 0.0])
    }

    /// Only this share of all that would be taken out.
    ///
    /// # Errors
    /// A share that is not from 0 to 1.
    ///
    /// # Complexity
    /// O(1).
    ///
    /// # Example
    /// See [`Removal`].
    pub fn with_share(mut self, share: f64) -> Result<Self, Error> {
        let share = checked(share)?;
        for part in [&mut self.purchases, &mut self.sales, &mut self.within, &mut self.outside] {
            *part *= share;
        }
        Ok(self)
    }

    /// This share of what the group's sectors sell to each other and to themselves.
    ///
    /// # Errors
    /// A share that is not from 0 to 1.
    ///
    /// # Complexity
    /// O(1).
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Link, Removal, Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let technology = Technology::from_table(&table)?;
    /// let y = table.total_final_demand();
    /// // The whole column, the diagonal included.
    /// let removal = Removal::purchases([table.sector("2")?]).with_within(1.0)?;
    /// let losses = technology.extraction_losses(Link::Purchases, &y)?;
    /// assert!((technology.extract(&removal, &y)?.total - losses[0].total()).abs() < 1e-9);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn with_within(mut self, share: f64) -> Result<Self, Error> {
        self.within = checked(share)?;
        Ok(self)
    }

    /// This share of the final demand that the group meets; on the supply side, of its primary inputs.
    ///
    /// # Errors
    /// A share that is not from 0 to 1.
    ///
    /// # Complexity
    /// O(1).
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Removal, Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let technology = Technology::from_table(&table)?;
    /// let farming = table.sector("1")?;
    /// let removal = Removal::sales([farming]).with_final_demand(1.0)?.with_within(1.0)?;
    /// let result = technology.extract(&removal, &table.total_final_demand())?;
    /// assert!(result.output[farming.index()].abs() < 1e-9);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn with_final_demand(mut self, share: f64) -> Result<Self, Error> {
        self.outside = checked(share)?;
        Ok(self)
    }

    /// Only flows between sectors of different regions.
    #[must_use]
    pub fn across_borders(mut self, regions: &Regions) -> Self {
        self.borders = Some(regions.clone());
        self
    }

    /// The positions of the group and what changes in A.
    fn update(&self, technology: &Technology) -> Result<(Vec<usize>, Update), Error> {
        let members = technology.distinct(self.sectors.iter().copied())?;
        let n = technology.len();
        if let Some(regions) = &self.borders
            && regions.of_sectors().len() != n
        {
            return Err(Error::invalid(format!(
                "regions: are for {} sectors, the technology has {n}",
                regions.of_sectors().len()
            )));
        }
        let crosses = |i: usize, j: usize| {
            self.borders.as_ref().is_none_or(|regions| regions.of_sectors()[i].0 != regions.of_sectors()[j].0)
        };
        let mut inside = vec![false; n];
        members.iter().for_each(|&member| inside[member] = true);
        let coefficients = technology.coefficients();
        let taken = |i: usize, j: usize, share: f64| {
            if share > 0.0 && crosses(i, j) { -share * coefficients[(i, j)] } else { 0.0 }
        };
        // What goes on within is a part of the rows, or of the columns if the rows stay.
        let by_rows = self.sales > 0.0;
        let (row_within, column_within) = if by_rows { (self.within, 0.0) } else { (0.0, self.within) };
        let mut update = Update::default();
        for &member in &members {
            if by_rows {
                let share = |j: usize| if inside[j] { row_within } else { self.sales };
                let row = DVector::from_fn(n, |j, _| taken(member, j, share(j)));
                update.rows.push((member, row));
            }
            if self.purchases > 0.0 || column_within > 0.0 {
                let share = |i: usize| if inside[i] { column_within } else { self.purchases };
                let column = DVector::from_fn(n, |i, _| taken(i, member, share(i)));
                update.columns.push((member, column));
            }
        }
        Ok((members, update))
    }

    fn is_full(&self) -> bool {
        let all = [self.purchases, self.sales, self.within, self.outside];
        self.borders.is_none() && all.iter().all(|share| *share == 1.0)
    }

    /// Solves without what is taken out.
    fn solve(
        &self,
        technology: &Technology,
        side: Side,
        rhs: &DVector<f64>,
    ) -> Result<(DVector<f64>, DVector<f64>), Error> {
        let mut needed = self.clone();
        if self.is_full() {
            // Without sales and final demand it makes nothing, and what it would buy does not matter; likewise costs.
            match side {
                Side::Straight => needed.purchases = 0.0,
                Side::Transposed => needed.sales = 0.0,
            }
        }
        let (members, update) = needed.update(technology)?;
        let before = technology.solve_vector("right-hand side", side, rhs)?;
        let mut rhs = rhs.clone();
        members.iter().for_each(|&member| rhs[member] *= 1.0 - self.outside);
        let mut after = Updated::new(technology.clone(), update).solve_vector(side, &rhs)?;
        if self.is_full() {
            members.iter().for_each(|&member| after[member] = 0.0);
        }
        Ok((before, after))
    }
}

fn checked(share: f64) -> Result<f64, Error> {
    if (0.0..=1.0).contains(&share) {
        return Ok(share);
    }
    Err(Error::invalid(format!("share taken out: is {share}, must be from 0 to 1")))
}

fn extraction(before: &DVector<f64>, output: DVector<f64>) -> Extraction {
    let lost = before - &output;
    Extraction { total: lost.sum(), lost, output }
}

impl Technology {
    /// Takes a group of sectors out, or some of their links; final demand stays what it is but for the group's share.
    ///
    /// ```text
    /// x* = (I − A*)⁻¹ y*        A* is A and a change of rank 2 g at most, for g sectors
    /// ```
    ///
    /// # Errors
    /// Sectors named twice or of another axis; regions of another number of sectors; final demand of another length or
    /// not finite; a singular I − A or I − A*.
    ///
    /// # Complexity
    /// O(g n²) for g sectors, after the first question.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Removal, Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let technology = Technology::from_table(&table)?;
    /// let (farming, y) = (table.sector("1")?, table.total_final_demand());
    /// let one = technology.extraction(farming, &y)?;
    /// let group = technology.extract(&Removal::full([farming]), &y)?;
    /// assert!((one.output - group.output).amax() < 1e-9);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// As [`Removal`].
    pub fn extract(&self, removal: &Removal, final_demand: &DVector<f64>) -> Result<Extraction, Error> {
        self.inner.sectors.check_vector("final demand", final_demand)?;
        let (before, after) = removal.solve(self, Side::Straight, final_demand)?;
        Ok(extraction(&before, after))
    }
}

impl Allocation {
    /// Takes a group of sectors out of the supply side, or some of their links: rows and columns of B. Sales taken out
    /// here measure forward linkages in full.
    ///
    /// # Errors
    /// As [`Technology::extract`], primary inputs in place of final demand.
    ///
    /// # Complexity
    /// O(g n²) for g sectors, after the first question to the technology.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Allocation, Removal, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let allocation = Allocation::from_table(&table)?;
    /// let inputs = table.value_added().row_sum_tr();
    /// let without = allocation.extract(&Removal::sales([table.sector("2")?]), &inputs)?;
    /// // Farming has only its own inputs to work with: 650 and 0.15 of what it makes.
    /// assert!((without.output[0] - 650.0 / 0.85).abs() < 1e-9);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// E. Dietzenbacher and J. A. van der Linden, "Sectoral and spatial linkages in the EC production structure", Journal
    /// of Regional Science 37, 1997.
    pub fn extract(&self, removal: &Removal, value_added: &DVector<f64>) -> Result<Extraction, Error> {
        let technology = self.technology();
        let sectors = technology.sectors();
        sectors.check_vector("value added", value_added)?;
        let per_unit = value_added.component_div(self.scale());
        let (before, after) = removal.solve(technology, Side::Transposed, &per_unit)?;
        let values = |prices: DVector<f64>| prices.component_mul(self.scale());
        Ok(extraction(&values(before), values(after)))
    }
}
