//! Locks and the queue between threads.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Locks. Data behind our locks is whole after every statement, so a panic elsewhere does not spoil it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A queue of many senders and one receiver that takes all there is at once.
pub(crate) struct Inbox<T> {
    state: Mutex<State<T>>,
    wake: Condvar,
}

struct State<T> {
    items: Vec<T>,
    is_asleep: bool,
    is_closed: bool,
}

impl<T> Inbox<T> {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State { items: Vec::new(), is_asleep: false, is_closed: false }),
            wake: Condvar::new(),
        }
    }

    /// Puts an item in and wakes the receiver. A closed inbox drops the item.
    pub(crate) fn push(&self, item: T) {
        if self.put(item) {
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

    fn put(&self, item: T) -> bool {
        let mut state = lock(&self.state);
        if state.is_closed {
            return false;
        }
        state.items.push(item);
        std::mem::take(&mut state.is_asleep)
    }

    /// No more items. The receiver gets what is there, then learns of the end.
    pub(crate) fn close(&self) {
        lock(&self.state).is_closed = true;
        self.wake.notify_all();
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
        !(state.is_closed && into.is_empty())
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State<T>>, patience: Option<Duration>) -> MutexGuard<'a, State<T>> {
        let is_idle = |state: &mut State<T>| state.items.is_empty() && !state.is_closed;
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
    fn patience_ends() {
        let inbox = Inbox::<u8>::new();
        let mut some = Vec::new();
        assert!(inbox.take(&mut some, Some(Duration::from_millis(1))));
        assert!(some.is_empty());
    }
}
