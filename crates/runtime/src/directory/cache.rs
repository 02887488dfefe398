//! Records in memory, by ARN, each as new as whoever read or wrote it last knew it.
//!
//! What is not here is read from the store. A record is replaced by a later one only; one that was read before another
//! was dropped is not kept, as it may be the one that is gone.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use asl::Text;
use store::StoreError;

/// A record that can be kept.
pub(super) trait Cached {
    /// Its ARN.
    fn arn(&self) -> &Text;
    /// Its number: greater than that of any earlier record of the ARN.
    fn id(&self) -> i64;
    /// How often it was written.
    fn revision(&self) -> u64;
    /// This, in place of an earlier state of the same record.
    fn after(self, earlier: &Self) -> Self;
}

/// The records of one kind.
pub(super) struct Cache<T> {
    kept: RwLock<Kept<T>>,
}

struct Kept<T> {
    by_arn: HashMap<Text, Arc<T>>,
    drops: u64,
}

/// A moment before a record was read or written: what was dropped since may be that record.
#[derive(Clone, Copy, Debug)]
pub struct Moment(u64);

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self { kept: RwLock::new(Kept { by_arn: HashMap::new(), drops: 0 }) }
    }
}

impl<T: Cached> Cache<T> {
    pub(super) fn get(&self, arn: &str) -> Option<Arc<T>> {
        self.read().by_arn.get(arn).cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<T>> {
        self.read().by_arn.values().cloned().collect()
    }

    pub(super) fn moment(&self) -> Moment {
        Moment(self.read().drops)
    }

    /// Keeps a record that was read or written since that moment, and tells which is kept now: a later one, where
    /// there is one. None is, where one was dropped since.
    pub(super) fn keep(&self, record: T, since: Moment) -> Option<Arc<T>> {
        let mut kept = self.write();
        let age = |record: &T| (record.id(), record.revision());
        let record = match kept.by_arn.get(record.arn()) {
            Some(known) if age(known) >= age(&record) => return Some(Arc::clone(known)),
            Some(known) if known.id() == record.id() => record.after(known),
            None if kept.drops != since.0 => return None,
            _ => record,
        };
        let record = Arc::new(record);
        kept.by_arn.insert(record.arn().clone(), Arc::clone(&record));
        Some(record)
    }

    /// The record of that number is gone.
    pub(super) fn drop(&self, arn: &str, id: i64) {
        let mut kept = self.write();
        kept.drops += 1;
        if kept.by_arn.get(arn).is_some_and(|known| known.id() <= id) {
            kept.by_arn.remove(arn);
        }
    }

    /// The record as the store has it now.
    pub(super) fn refresh(
        &self,
        arn: &str,
        read: impl Fn() -> Result<Option<T>, StoreError>,
    ) -> Result<Option<Arc<T>>, StoreError> {
        loop {
            let (since, before) = (self.moment(), self.get(arn));
            let Some(found) = read()? else {
                if let Some(gone) = before {
                    self.drop(arn, gone.id());
                }
                return Ok(None);
            };
            if let Some(kept) = self.keep(found, since) {
                return Ok(Some(kept));
            }
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Kept<T>> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Kept<T>> {
        self.kept.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Record {
        arn: Text,
        id: i64,
        revision: u64,
        replaced: u32,
    }

    impl Cached for Record {
        fn arn(&self) -> &Text {
            &self.arn
        }
        fn id(&self) -> i64 {
            self.id
        }
        fn revision(&self) -> u64 {
            self.revision
        }
        fn after(self, earlier: &Self) -> Self {
            Self { replaced: earlier.replaced + 1, ..self }
        }
    }

    fn record(id: i64, revision: u64) -> Record {
        Record { arn: "a".into(), id, revision, replaced: 0 }
    }

    fn kept(cache: &Cache<Record>) -> Option<(i64, u64, u32)> {
        cache.get("a").map(|record| (record.id, record.revision, record.replaced))
    }

    #[test]
    fn only_a_later_record_replaces_one() {
        let cache = Cache::default();
        let now = cache.moment();
        for (id, revision, expected) in
            [(5, 2, (5, 2, 0)), (5, 1, (5, 2, 0)), (5, 3, (5, 3, 1)), (4, 9, (5, 3, 1)), (6, 1, (6, 1, 0))]
        {
            cache.keep(record(id, revision), now);
            assert_eq!(kept(&cache), Some(expected));
        }
    }

    #[test]
    fn what_was_read_before_a_drop_is_not_kept() {
        let cache = Cache::default();
        let before = cache.moment();
        cache.keep(record(1, 1), before);
        cache.drop("a", 1);
        assert!(cache.keep(record(1, 2), before).is_none());
        assert_eq!(kept(&cache), None);
        let after = cache.moment();
        assert!(cache.keep(record(2, 1), after).is_some());
        // The drop of one that is gone already leaves its successor.
        cache.drop("a", 1);
        assert_eq!(kept(&cache), Some((2, 1, 0)));
    }

    #[test]
    fn a_refresh_follows_the_store() {
        let cache = Cache::default();
        let stored = std::cell::Cell::new(Some(record(1, 4)));
        let read = || {
            let now = stored.take();
            stored.set(now.clone());
            Ok(now)
        };
        assert!(cache.refresh("a", read).unwrap().is_some());
        assert_eq!(kept(&cache), Some((1, 4, 0)));
        stored.set(None);
        assert!(cache.refresh("a", read).unwrap().is_none());
        assert_eq!(kept(&cache), None);
        // Something else is dropped while it is read: it is read again.
        let reads = std::cell::Cell::new(0);
        let disturbed = || {
            reads.set(reads.get() + 1);
            if reads.get() == 1 {
                cache.drop("b", 1);
            }
            Ok(Some(record(2, 1)))
        };
        assert!(cache.refresh("a", disturbed).unwrap().is_some());
        assert_eq!((reads.get(), kept(&cache)), (2, Some((2, 1, 0))));
    }
}
