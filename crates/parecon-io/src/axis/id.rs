//! Labels by position.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use serde::Serialize;

use crate::axis::AxisKind;

/// A label of an [`Axis`](crate::Axis) of kind `K`, by position.
///
/// Comes from an axis and is meant for that axis and for tables built on it.
pub struct Id<K> {
    index: u32,
    kind: PhantomData<fn() -> K>,
}

impl<K> Id<K> {
    pub(crate) fn new(index: u32) -> Self {
        Self { index, kind: PhantomData }
    }

    /// The label at the same position of an axis of another kind.
    pub(crate) fn cast<L>(self) -> Id<L> {
        Id::new(self.index)
    }

    /// The position on the axis, from 0: row or column of the matrices over it.
    #[must_use]
    pub fn index(self) -> usize {
        self.index as usize
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.index.cmp(&other.index)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.index.hash(state);
    }
}
impl<K: AxisKind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({} {})", K::NOUN, self.index)
    }
}
impl<K> Serialize for Id<K> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.index.serialize(serializer)
    }
}
