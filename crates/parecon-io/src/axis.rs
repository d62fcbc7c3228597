//! Labelled axes that cannot be confused.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::names::Names;
use crate::serial;

mod id;
mod suggest;

pub use id::Id;

mod sealed {
    pub trait Sealed {}
}

/// What the labels of an [`Axis`] stand for; the noun appears in messages.
pub trait AxisKind: sealed::Sealed + Copy + fmt::Debug + Send + Sync + 'static {
    /// The noun, e.g. `sector`.
    const NOUN: &'static str;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $noun:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}
        impl sealed::Sealed for $name {}
        impl AxisKind for $name {
            const NOUN: &'static str = $noun;
        }
    )*};
}

kinds! {
    /// Who produces, in make and use tables.
    Industry = "industry";
    /// What is produced, in make and use tables.
    Commodity = "commodity";
    /// Producer and product at once, in symmetric tables.
    Sector = "sector";
    /// A category of final demand: households, investment, exports.
    FinalDemand = "final-demand category";
    /// A component of value added: compensation, taxes, surplus.
    ValueAdded = "value-added component";
    /// A country or part of one, in multi-regional tables.
    Region = "region";
    /// A branch of production across regions: a sector without its region.
    Branch = "branch";
    /// A purpose of final demand across regions: a category without its region.
    Purpose = "purpose";
    /// What a satellite account counts: hours, emissions, hectares.
    Stressor = "stressor";
}

/// Code and readable name of one label, as it is written out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Label {
    code: String,
    name: String,
}

#[derive(Debug)]
struct Labels {
    labels: Vec<Label>,
    by_code: HashMap<String, u32>,
}

/// An ordered set of labels of one kind, each a unique code and a readable name.
///
/// Cheap to clone (the labels are shared). Axes of different kinds have different types, so that an industry's
/// [`Id`] does not compile where a commodity's is wanted.
///
/// # Example
/// ```
/// use parecon_io::{Axis, Industry};
///
/// let industries = Axis::<Industry>::new([("622", "Hospitals"), ("61", "Educational services")])?;
/// let hospitals = industries.id("622")?;
/// assert_eq!(hospitals.index(), 0);
/// assert_eq!(industries.name(hospitals), "Hospitals");
/// // A readable name given as a code leads to the code.
/// let error = industries.id("hospital").unwrap_err();
/// assert_eq!(error.to_string(), r#"industry "hospital": unknown, the closest is "622" (Hospitals)"#);
/// # Ok::<(), parecon_io::Error>(())
/// ```
#[derive(Serialize, Deserialize)]
#[serde(into = "Vec<Label>", try_from = "Vec<Label>", bound = "K: AxisKind")]
pub struct Axis<K> {
    inner: Arc<Labels>,
    kind: PhantomData<fn() -> K>,
}

impl<K: AxisKind> Axis<K> {
    /// An axis of codes with names, in this order.
    ///
    /// # Errors
    /// An empty axis, an empty code and a repeated code are refused.
    ///
    /// # Complexity
    /// O(n) for n labels.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Axis, Sector};
    ///
    /// let sectors = Axis::<Sector>::new([("1", "Agriculture"), ("2", "Mining")])?;
    /// assert_eq!(sectors.len(), 2);
    /// let error = Axis::<Sector>::new([("1", "Agriculture"), ("1", "Mining")]).unwrap_err();
    /// assert_eq!(error.to_string(), r#"sector "1": appears twice, as number 1 and number 2"#);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn new<C: Into<String>, N: Into<String>>(
        labels: impl IntoIterator<Item = (C, N)>,
    ) -> Result<Self, Error> {
        let labels: Vec<Label> =
            labels.into_iter().map(|(code, name)| Label { code: code.into(), name: name.into() }).collect();
        if labels.is_empty() {
            return Err(Error::invalid(format!("{} axis: has no labels, must have at least one", K::NOUN)));
        }
        let mut by_code = HashMap::with_capacity(labels.len());
        for (position, label) in labels.iter().enumerate() {
            if label.code.trim().is_empty() {
                return Err(Error::invalid(format!(
                    "{} number {}: the code is empty",
                    K::NOUN,
                    position + 1
                )));
            }
            let index = u32::try_from(position).map_err(|_| {
                Error::invalid(format!("{} axis: has more than {} labels", K::NOUN, u32::MAX))
            })?;
            if let Some(first) = by_code.insert(label.code.clone(), index) {
                return Err(Error::invalid(format!(
                    "{} {:?}: appears twice, as number {} and number {}",
                    K::NOUN,
                    label.code,
                    first + 1,
                    position + 1
                )));
            }
        }
        Ok(Self::from_labels(Labels { labels, by_code }))
    }

    /// An axis whose names are the codes.
    ///
    /// # Errors
    /// As [`Axis::new`].
    ///
    /// # Complexity
    /// O(n) for n codes.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Axis, Commodity};
    ///
    /// let commodities = Axis::<Commodity>::from_codes(["corn", "iron"])?;
    /// assert_eq!(commodities.codes().collect::<Vec<_>>(), ["corn", "iron"]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn from_codes<C: Into<String>>(codes: impl IntoIterator<Item = C>) -> Result<Self, Error> {
        Self::new(codes.into_iter().map(|code| {
            let code = code.into();
            (code.clone(), code)
        }))
    }

    fn from_labels(labels: Labels) -> Self {
        Self { inner: Arc::new(labels), kind: PhantomData }
    }

    /// The label with this code.
    ///
    /// # Errors
    /// An unknown code is refused, and the closest labels are suggested.
    ///
    /// # Complexity
    /// O(1); O(n) for an unknown code.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Axis, Sector};
    ///
    /// let sectors = Axis::<Sector>::from_codes(["farming", "mining"])?;
    /// assert_eq!(sectors.id("mining")?.index(), 1);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn id(&self, code: &str) -> Result<Id<K>, Error> {
        self.find(code).ok_or_else(|| {
            Error::new(Kind::Unknown {
                kind: K::NOUN,
                code: code.to_owned(),
                closest: suggest::closest(&self.inner.labels, code),
            })
        })
    }

    /// The label with this code, if there is one.
    #[must_use]
    pub fn find(&self, code: &str) -> Option<Id<K>> {
        self.inner.by_code.get(code).map(|&index| Id::new(index))
    }

    /// The label at this position, if there is one.
    #[must_use]
    pub fn at(&self, index: usize) -> Option<Id<K>> {
        (index < self.len()).then(|| Id::new(index as u32))
    }

    /// The code of a label.
    ///
    /// # Panics
    /// When `id` comes from a longer axis than this.
    #[must_use]
    pub fn code(&self, id: Id<K>) -> &str {
        &self.inner.labels[id.index()].code
    }

    /// The readable name of a label.
    ///
    /// # Panics
    /// When `id` comes from a longer axis than this.
    #[must_use]
    pub fn name(&self, id: Id<K>) -> &str {
        &self.inner.labels[id.index()].name
    }

    /// The number of labels; never 0.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "an axis is never empty")]
    pub fn len(&self) -> usize {
        self.inner.labels.len()
    }

    /// The labels in order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Id<K>> + use<K> {
        (0..self.inner.labels.len() as u32).map(Id::new)
    }

    /// The codes in order.
    #[must_use]
    pub fn codes(&self) -> impl ExactSizeIterator<Item = &str> {
        self.inner.labels.iter().map(|label| label.code.as_str())
    }

    /// One label.
    pub(crate) fn single(code: &str, name: &str) -> Self {
        let label = Label { code: code.to_owned(), name: name.to_owned() };
        Self::from_labels(Labels { labels: vec![label], by_code: HashMap::from([(code.to_owned(), 0)]) })
    }

    /// The codes in the order of their first appearance.
    pub(crate) fn distinct<'c>(codes: impl Iterator<Item = &'c str>) -> Result<Self, Error> {
        let mut seen = HashSet::new();
        Self::from_codes(codes.filter(|code| seen.insert(*code)))
    }

    /// The labels at these positions as an axis; positions must exist and differ.
    pub(crate) fn select(&self, positions: &[usize]) -> Result<Self, Error> {
        Self::new(positions.iter().map(|&p| (&self.inner.labels[p].code, &self.inner.labels[p].name)))
    }

    /// These labels and those of another kind after them.
    pub(crate) fn extended<L: AxisKind>(&self, more: &Axis<L>) -> Result<Self, Error> {
        let labels = self.inner.labels.iter().chain(&more.inner.labels);
        Self::new(labels.map(|label| (&label.code, &label.name)))
    }

    /// The same labels with names from elsewhere where `names` has them.
    pub(crate) fn renamed(&self, names: &Names) -> Self {
        let labels = self.inner.labels.iter().map(|label| Label {
            code: label.code.clone(),
            name: names.get(&label.code).unwrap_or_else(|| label.name.clone()),
        });
        Self::from_labels(Labels { labels: labels.collect(), by_code: self.inner.by_code.clone() })
    }

    /// The same labels as another kind: products or industries become sectors.
    pub(crate) fn cast<L: AxisKind>(&self) -> Axis<L> {
        Axis { inner: Arc::clone(&self.inner), kind: PhantomData }
    }

    /// Refuses a vector that is not one finite number for every label.
    pub(crate) fn check_vector(&self, what: &str, vector: &DVector<f64>) -> Result<(), Error> {
        serial::check_vector(what, vector, self.len(), |i| self.describe(i))
    }

    /// Refuses anything but columns of finite numbers, each with one for every label.
    pub(crate) fn check_demands(&self, demands: &DMatrix<f64>) -> Result<(), Error> {
        let shape = (self.len(), demands.ncols());
        serial::check_matrix("final demands", demands, shape, |i, k| {
            format!("{} in demand {}", self.describe(i), k + 1)
        })
    }

    /// Refuses anything but rows of finite numbers, each with one for every label.
    pub(crate) fn check_intensities(&self, intensities: &DMatrix<f64>) -> Result<(), Error> {
        let shape = (intensities.nrows(), self.len());
        serial::check_matrix("intensities", intensities, shape, |k, j| {
            format!("row {}, {}", k + 1, self.describe(j))
        })
    }

    /// `sector "326"`, for messages.
    pub(crate) fn describe(&self, index: usize) -> String {
        format!("{} {:?}", K::NOUN, self.inner.labels[index].code)
    }

    /// Refuses an id that this axis does not have.
    pub(crate) fn check(&self, id: Id<K>) -> Result<usize, Error> {
        if id.index() < self.len() {
            return Ok(id.index());
        }
        Err(Error::invalid(format!(
            "{} number {}: is of another axis, this one has {}",
            K::NOUN,
            id.index() + 1,
            self.len()
        )))
    }
}

impl<K> Clone for Axis<K> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), kind: PhantomData }
    }
}
impl<K> PartialEq for Axis<K> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner) || self.inner.labels == other.inner.labels
    }
}
impl<K> Eq for Axis<K> {}
impl<K: AxisKind> fmt::Debug for Axis<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Axis<{}>", K::NOUN)?;
        f.debug_list().entries(self.codes()).finish()
    }
}
impl<K> From<Axis<K>> for Vec<Label> {
    fn from(axis: Axis<K>) -> Self {
        axis.inner.labels.clone()
    }
}
impl<K: AxisKind> TryFrom<Vec<Label>> for Axis<K> {
    type Error = Error;
    fn try_from(labels: Vec<Label>) -> Result<Self, Error> {
        Self::new(labels.into_iter().map(|label| (label.code, label.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_a_set_of_labels() {
        let none: [&str; 0] = [];
        assert_eq!(
            Axis::<Sector>::from_codes(none).unwrap_err().to_string(),
            "sector axis: has no labels, must have at least one"
        );
        assert_eq!(
            Axis::<Industry>::from_codes(["a", "b", "a"]).unwrap_err().to_string(),
            r#"industry "a": appears twice, as number 1 and number 3"#
        );
        assert_eq!(
            Axis::<Sector>::from_codes(["a", " "]).unwrap_err().to_string(),
            "sector number 2: the code is empty"
        );
    }

    #[test]
    fn serialised_labels_are_validated_again() {
        let axis = Axis::<Sector>::new([("1", "Agriculture"), ("2", "Mining")]).unwrap();
        let text = serde_json::to_string(&axis).unwrap();
        assert_eq!(text, r#"[{"code":"1","name":"Agriculture"},{"code":"2","name":"Mining"}]"#);
        assert_eq!(serde_json::from_str::<Axis<Sector>>(&text).unwrap(), axis);
        assert!(serde_json::from_str::<Axis<Sector>>(&text.replace("\"2\"", "\"1\"")).is_err());
        assert!(serde_json::from_str::<Axis<Sector>>("[]").is_err());
    }

    #[test]
    fn an_id_of_a_longer_axis_is_refused() {
        let long = Axis::<Sector>::from_codes(["a", "b", "c"]).unwrap();
        let short = Axis::<Sector>::from_codes(["a"]).unwrap();
        assert!(short.check(long.id("c").unwrap()).is_err());
        assert_eq!(long.at(2), Some(long.id("c").unwrap()));
        assert_eq!(long.at(3), None);
    }
}
