//! Locks and the queue between threads.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Locks. Data behind our locks is whole after every statement, so a panic elsewhere does not spoil it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A queue of many senders and one receiver that takes all there is at once.
pub(crate) struct Inbox<T> {
    state: Mutex<Queue<T>>,
    wake: Condvar,
    room: Condvar,
    /// So many patient items wake the receiver.
    gathered: AtomicUsize,
}

struct Queue<T> {
    items: Vec<T>,
    is_asleep: bool,
    is_closed: bool,
    /// Patient items that came since the receiver last took what there is.
    patient: usize,
    /// Senders that wait for the receiver to take what there is.
    held_up: usize,
}

/// Whether an item wakes the receiver.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Haste<'a> {
    /// It does.
    Now,
    /// While that is so, nothing could come of the item anyway, so the receiver may sleep until enough of them are there.
    /// Whoever ends it hurries the receiver; the lock makes sure that one of the two sees the other.
    NotWhile(&'a AtomicBool),
}

/// As many items wait as may: this one was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InboxFull;

impl<T> Inbox<T> {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(Queue { items: Vec::new(), is_asleep: false, is_closed: false, patient: 0, held_up: 0 }),
            wake: Condvar::new(),
            room: Condvar::new(),
            gathered: AtomicUsize::new(0),
        }
    }

    /// Puts an item in and wakes the receiver. A closed inbox drops the item.
    pub(crate) fn push(&self, item: T) {
        self.put(item, Haste::Now, lock(&self.state));
    }

    /// The same in that haste, where fewer than so many items wait.
    pub(crate) fn push_within(&self, item: T, haste: Haste<'_>, waiting_most: usize) -> Result<(), InboxFull> {
        let state = lock(&self.state);
        if state.items.len() >= waiting_most && !state.is_closed {
            return Err(InboxFull);
        }
        // The last one that may wait wakes the receiver in any case.
        let is_last = state.items.len() + 1 >= waiting_most;
        self.put(item, if is_last { Haste::Now } else { haste }, state);
        Ok(())
    }

    /// How many patient items wake the receiver from now on; at first one does.
    pub(crate) fn let_gather(&self, items: usize) {
        self.gathered.store(items, Ordering::Relaxed);
    }

    /// Wakes the receiver where patient items wait. They are patient no longer: what they waited for is over.
    pub(crate) fn hurry(&self) {
        let mut state = lock(&self.state);
        if state.patient > 0 && std::mem::take(&mut state.is_asleep) {
            drop(state);
            self.wake.notify_one();
        }
    }

    /// Puts an item in and wakes the receiver, as soon as fewer than so many items wait. A closed inbox drops the item.
    pub(crate) fn push_when_room(&self, item: T, waiting_most: usize) {
        let mut state = lock(&self.state);
        while state.items.len() >= waiting_most && !state.is_closed {
            state.held_up += 1;
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.held_up -= 1;
        }
        self.put(item, Haste::Now, state);
    }

    /// The lock is left before the receiver wakes, and before an item is dropped.
    fn put(&self, item: T, haste: Haste<'_>, mut state: MutexGuard<'_, Queue<T>>) {
        if state.is_closed {
            return;
        }
        state.items.push(item);
        let wakes = match haste {
            Haste::NotWhile(over) if over.load(Ordering::Relaxed) => {
                state.patient += 1;
                state.patient >= self.gathered.load(Ordering::Relaxed)
            }
            Haste::Now | Haste::NotWhile(_) => true,
        };
        let wakes = wakes && std::mem::take(&mut state.is_asleep);
        drop(state);
        if wakes {
            self.wake.notify_one();
        }
    }

    /// Puts an item in; the receiver finds it when it next looks.
    pub(crate) fn push_quietly(&self, item: T) {
        let mut state = lock(&self.state);
        if !state.is_closed {
            state.items.push(item);
        }
    }

    /// No more items. The receiver gets what is there, then learns of the end.
    pub(crate) fn close(&self) {
        lock(&self.state).is_closed = true;
        self.wake.notify_all();
        self.room.notify_all();
    }

    /// Moves all there is to the end of `into`, waiting up to `patience` (`None`: for as long as it takes) where
    /// there is nothing. `false` at the end.
    pub(crate) fn take(&self, into: &mut Vec<T>, patience: Option<Duration>) -> bool {
        let mut state = lock(&self.state);
        if state.items.is_empty() && !state.is_closed && patience != Some(Duration::ZERO) {
            state.is_asleep = true;
            state = self.wait(state, patience);
            state.is_asleep = false;
        }
        if into.is_empty() {
            std::mem::swap(into, &mut state.items);
        } else {
            into.append(&mut state.items);
        }
        state.patient = 0;
        if state.held_up > 0 {
            self.room.notify_all();
        }
        !(state.is_closed && into.is_empty())
    }

    fn wait<'a>(&self, state: MutexGuard<'a, Queue<T>>, patience: Option<Duration>) -> MutexGuard<'a, Queue<T>> {
        let is_idle = |state: &mut Queue<T>| state.items.is_empty() && !state.is_closed;
        match patience {
            None => self.wake.wait_while(state, is_idle).unwrap_or_else(PoisonError::into_inner),
            Some(patience) => {
                self.wake.wait_timeout_while(state, patience, is_idle).unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn the_receiver_gets_all_there_is_then_the_end() {
        let inbox = Arc::new(Inbox::new());
        let sender = Arc::clone(&inbox);
        let thread = std::thread::spawn(move || {
            (0..1000).for_each(|i| sender.push(i));
            sender.close();
            sender.push(1000);
        });
        let mut all = Vec::new();
        let mut some = Vec::new();
        while inbox.take(&mut some, None) {
            all.append(&mut some);
        }
        thread.join().unwrap();
        assert_eq!(all, (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_beyond_the_bound_is_refused_and_what_has_none_goes_in() {
        let inbox = Inbox::new();
        let waiting = || {
            let mut some = Vec::new();
            inbox.take(&mut some, Some(Duration::ZERO));
            some
        };
        assert_eq!([1, 2, 3].map(|item| inbox.push_within(item, Haste::Now, 2)), [Ok(()), Ok(()), Err(InboxFull)]);
        inbox.push(4);
        inbox.push_quietly(5);
        assert_eq!(inbox.push_within(6, Haste::Now, 4), Err(InboxFull));
        assert_eq!(waiting(), [1, 2, 4, 5]);
        assert_eq!(inbox.push_within(7, Haste::Now, 2), Ok(()));
        assert_eq!(waiting(), [7]);
    }

    #[test]
    fn patient_items_wake_the_receiver_where_enough_gathered_or_it_is_hurried() {
        let inbox = Inbox::new();
        let is_busy = AtomicBool::new(true);
        let patient = Haste::NotWhile(&is_busy);
        let is_woken_by = |act: &dyn Fn()| {
            lock(&inbox.state).is_asleep = true;
            act();
            !lock(&inbox.state).is_asleep
        };
        let push = |haste| inbox.push_within((), haste, 99).unwrap();
        inbox.let_gather(3);
        assert!(!is_woken_by(&|| push(patient)));
        assert!(!is_woken_by(&|| inbox.push_quietly(())));
        assert!(!is_woken_by(&|| push(patient)));
        assert!(is_woken_by(&|| push(patient)), "three gathered");
        assert!(is_woken_by(&|| inbox.hurry()));
        inbox.take(&mut Vec::new(), None);
        inbox.push_quietly(());
        assert!(!is_woken_by(&|| inbox.hurry()), "nobody waits");
        assert!(is_woken_by(&|| push(Haste::Now)));
        is_busy.store(false, Ordering::Relaxed);
        assert!(is_woken_by(&|| push(patient)));
    }

    #[test]
    fn a_sender_is_held_up_until_the_receiver_takes_or_the_inbox_is_closed() {
        let inbox = Arc::new(Inbox::new());
        // With room it waits for nobody.
        inbox.push_when_room(1, 1);
        for (item, is_closed) in [(2, false), (3, true)] {
            let sender = Arc::clone(&inbox);
            let thread = std::thread::spawn(move || sender.push_when_room(item, 1));
            while lock(&inbox.state).held_up == 0 {
                std::thread::yield_now();
            }
            let mut taken = Vec::new();
            if is_closed {
                inbox.close();
            } else {
                inbox.take(&mut taken, None);
                assert_eq!(taken, [1]);
            }
            thread.join().unwrap();
        }
        let mut left = Vec::new();
        assert!(inbox.take(&mut left, None));
        assert_eq!((left, lock(&inbox.state).held_up), (vec![2], 0));
    }

    #[test]
    fn patience_ends() {
        let inbox = Inbox::<u8>::new();
        let mut some = Vec::new();
        assert!(inbox.take(&mut some, Some(Duration::from_millis(1))));
        assert!(some.is_empty());
    }
}
