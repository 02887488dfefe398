//! What values must be beyond the type of their shape: how long, how large, which words.

use serde::{Deserialize, Serialize};

use crate::service::ShapeId;

/// The constraints of a service's results, by shape. Only shapes that a result can hold have one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Constraints(Vec<(ShapeId, Constraint)>);

/// What a value must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Constraint {
    /// A string is one of these (`enum`).
    Words(Vec<String>),
    /// A string or blob has so many characters (`min`, `max`).
    Length {
        /// At least.
        min: Option<u64>,
        /// At most.
        max: Option<u64>,
    },
    /// A number is between these (`min`, `max`).
    Range {
        /// At least.
        min: Option<f64>,
        /// At most.
        max: Option<f64>,
    },
}

impl Constraints {
    /// These, in any order; no shape may be there twice.
    pub fn new(mut all: Vec<(ShapeId, Constraint)>) -> Self {
        all.sort_by_key(|(shape, _)| shape.0);
        Self(all)
    }

    /// The constraint of a shape.
    pub fn of(&self, shape: ShapeId) -> Option<&Constraint> {
        let at = self.0.binary_search_by_key(&shape.0, |(known, _)| known.0).ok()?;
        Some(&self.0[at].1)
    }

    /// The last shape that has one.
    pub(crate) fn last(&self) -> Option<ShapeId> {
        self.0.last().map(|(shape, _)| *shape)
    }

    /// Whether each shape is there once, in order.
    pub(crate) fn is_sorted(&self) -> bool {
        self.0.is_sorted_by(|(a, _), (b, _)| a.0 < b.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_has_its_own_constraint() {
        let length = |max| Constraint::Length { min: None, max: Some(max) };
        let constraints = Constraints::new(vec![(ShapeId(7), length(7)), (ShapeId(2), length(2))]);
        for (shape, expected) in [(2, Some(length(2))), (7, Some(length(7))), (3, None)] {
            assert_eq!(constraints.of(ShapeId(shape)), expected.as_ref(), "{shape}");
        }
    }
}
