//! What a value holds of memory, beside its own bytes: for the caches of what is made of it.
//!
//! It is an estimate from above for what was just made. What several hold is shared among those that hold it, so that
//! the sum over all of them counts it once.

use std::sync::Arc;

use crate::value::{Text, Value};

/// Sizes of allocations are multiples of this.
const GRAIN: usize = 16;

/// Bytes before what an [`Arc`] holds.
const COUNTS: usize = 2 * size_of::<usize>();

/// Something that holds memory.
pub(crate) trait Held {
    /// Bytes that it holds beside its own.
    fn held_bytes(&self) -> usize;
}

/// Bytes of an allocation.
pub(crate) fn block(bytes: usize) -> usize {
    bytes.next_multiple_of(GRAIN)
}

/// Bytes of so many items in a row, without what they hold.
pub(crate) fn row<T>(count: usize) -> usize {
    block(count * size_of::<T>())
}

/// The part of something shared that is one holder's: `held` is what it holds itself.
pub(crate) fn shared<T: ?Sized>(shared: &Arc<T>, held: usize) -> usize {
    (block(COUNTS + size_of_val(&**shared)) + held).div_ceil(Arc::strong_count(shared).max(1))
}

impl<T: Held> Held for Option<T> {
    fn held_bytes(&self) -> usize {
        self.as_ref().map_or(0, Held::held_bytes)
    }
}

impl<T: Held> Held for Box<T> {
    fn held_bytes(&self) -> usize {
        row::<T>(1) + (**self).held_bytes()
    }
}

impl<T: Held> Held for Vec<T> {
    fn held_bytes(&self) -> usize {
        row::<T>(self.capacity()) + self.iter().map(Held::held_bytes).sum::<usize>()
    }
}

impl<T: Held> Held for Box<[T]> {
    fn held_bytes(&self) -> usize {
        row::<T>(self.len()) + self.iter().map(Held::held_bytes).sum::<usize>()
    }
}

impl<A: Held, B: Held> Held for (A, B) {
    fn held_bytes(&self) -> usize {
        self.0.held_bytes() + self.1.held_bytes()
    }
}

impl Held for Text {
    fn held_bytes(&self) -> usize {
        shared(self, 0)
    }
}

impl Held for Box<str> {
    fn held_bytes(&self) -> usize {
        block(self.len())
    }
}

impl Held for Value {
    fn held_bytes(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) => 0,
            Self::Number(number) => number.held_len().map_or(0, |len| block(COUNTS + len)),
            Self::String(text) => text.held_bytes(),
            Self::Array(items) => shared(items, items.held_bytes()),
            Self::Object(object) => {
                let holds = object.holds_of_a_name();
                let members = object.iter().map(|(name, value)| holds * name.held_bytes() + value.held_bytes());
                shared(object, object.own_bytes() + members.sum::<usize>())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_is_counted_once() {
        let text = Text::from("x".repeat(100));
        let alone = text.held_bytes();
        let both = [Value::String(text.clone()), Value::String(text)];
        assert_eq!((alone, both.iter().map(Held::held_bytes).sum::<usize>()), (128, 128));
    }
}
