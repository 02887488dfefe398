//! A number of bytes that many may use at once, charged as they are used and given back when they are dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;

/// Bytes that may be in use at once.
#[derive(Debug)]
pub(super) struct Budget {
    most: usize,
    used: AtomicUsize,
}

/// No more bytes are to be had now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

impl Budget {
    /// So many bytes.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, used: AtomicUsize::new(0) })
    }

    /// An account that nothing is charged to yet.
    pub(super) fn account(self: &Arc<Self>) -> Charge {
        Charge { budget: Arc::clone(self), bytes: 0 }
    }

    /// Whether all of it is in use.
    pub(super) fn is_exhausted(&self) -> bool {
        self.used.load(Relaxed) >= self.most
    }

    /// Whether more than half of it is in use: then those who take long have to make room.
    pub(super) fn is_pressed(&self) -> bool {
        self.used.load(Relaxed) > self.most / 2
    }
}

/// What somebody has charged. It is given back when this is dropped.
#[derive(Debug)]
pub(super) struct Charge {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Charge {
    /// Charges so many bytes more.
    pub(super) fn add(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let used = self.budget.used.fetch_add(bytes, Relaxed);
        if used.saturating_add(bytes) > self.budget.most {
            self.budget.used.fetch_sub(bytes, Relaxed);
            return Err(Exhausted);
        }
        self.bytes += bytes;
        Ok(())
    }

    /// Charges so many bytes more, whether or not there are so many: for what is there already.
    pub(super) fn overdraw(&mut self, bytes: usize) {
        self.budget.used.fetch_add(bytes, Relaxed);
        self.bytes += bytes;
    }

    /// Gives all of it back.
    pub(super) fn clear(&mut self) {
        self.budget.used.fetch_sub(std::mem::take(&mut self.bytes), Relaxed);
    }

    /// The bytes, which give the charge back when the last of them is dropped.
    pub(super) fn held_by(self, bytes: Bytes) -> Bytes {
        struct Held(Bytes, #[expect(dead_code, reason = "held until it is dropped")] Charge);
        impl AsRef<[u8]> for Held {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        Bytes::from_owner(Held(bytes, self))
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_charged_is_given_back_when_it_is_dropped() {
        let budget = Budget::new(10);
        let mut first = budget.account();
        assert_eq!((first.add(4), first.add(3), budget.is_pressed()), (Ok(()), Ok(()), true));
        let mut second = budget.account();
        assert_eq!((second.add(4), second.add(3)), (Err(Exhausted), Ok(())));
        drop(first);
        assert_eq!((second.add(7), second.add(1)), (Ok(()), Err(Exhausted)));
        second.overdraw(5);
        assert!(budget.is_exhausted());
        second.clear();
        assert!(!budget.is_exhausted());
        assert_eq!((second.add(10), budget.is_pressed()), (Ok(()), true));
        let bytes = second.held_by(Bytes::from_static(b"abc"));
        let slice = bytes.slice(1..2);
        drop(bytes);
        assert_eq!((&slice[..], budget.account().add(1)), (&b"b"[..], Err(Exhausted)));
        drop(slice);
        assert_eq!(budget.account().add(10), Ok(()));
        assert!(!budget.is_pressed());
    }
}
