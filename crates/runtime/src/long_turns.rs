//! Threads for turns that take longer than a shard may hold up its other executions.
//!
//! Of the turns that wait, that of the execution goes first that has taken the least time so far; what a turn has waited
//! counts for it. So one that computes for ever holds up nobody, and waits no longer than it has taken itself.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use store::StoreError;
use store::record::ExecutionId;

use crate::crash_notes::{CrashNotes, Watched};
use crate::driver::{Shards, Stopwatch};
use crate::shard::{Context, Input, LongTurn, take_turn};
use crate::sync::lock;
use crate::vitals::{Steps, Vitals};

/// The way to the threads. They end when the last way is dropped, each after the turn it is in.
#[derive(Clone)]
pub(crate) struct LongTurns {
    queue: Arc<Ways>,
}

/// Closes the queue when the last way is dropped.
struct Ways(Arc<Queue<ToTake>>);

/// A turn, and the shard that is told when it is over.
type ToTake = (usize, Box<LongTurn>);

struct Queue<T> {
    waiting: Mutex<Waiting<T>>,
    wake: Condvar,
}

struct Waiting<T> {
    turns: BinaryHeap<Asked<T>>,
    count: u64,
    is_closed: bool,
}

struct Asked<T> {
    /// When it came, and as much later as the execution's long turns took so far.
    rank: Instant,
    /// Which it is of all that were asked for.
    number: u64,
    turn: T,
}

impl LongTurns {
    /// Starts that many threads. Nobody waits for their end: what they do is lost without harm.
    ///
    /// # Errors
    /// Where the system gives no threads.
    pub(crate) fn start(
        count: usize,
        context: &Arc<Context>,
        shards: &Arc<Shards>,
        vitals: &Arc<Vitals>,
        notes: &CrashNotes,
    ) -> Result<Self, StoreError> {
        let queue = Arc::new(Queue::new());
        for index in 0..count.max(1) {
            let (context, shards, queue) = (Arc::clone(context), Arc::clone(shards), Arc::clone(&queue));
            let in_hand = notes.in_hand();
            vitals.spawn(&format!("long-turn-{index}"), Steps::Computing, move |pulse| {
                run(&queue, &context, &shards, &Watched { pulse, in_hand });
            })?;
        }
        Ok(Self { queue: Arc::new(Ways(queue)) })
    }

    /// Takes a turn for a shard, which is told when it is over.
    pub(crate) fn take(&self, shard: usize, turn: Box<LongTurn>) {
        self.queue.0.put(Instant::now(), turn.spent(), (shard, turn));
    }

    /// Gives back a turn that has not begun.
    pub(crate) fn withdraw(&self, execution: ExecutionId) -> Option<Box<LongTurn>> {
        self.queue.0.take_out(|(_, turn)| turn.execution == execution).map(|(_, turn)| turn)
    }
}

impl Drop for Ways {
    fn drop(&mut self) {
        lock(&self.0.waiting).is_closed = true;
        self.0.wake.notify_all();
    }
}

impl<T> Queue<T> {
    fn new() -> Self {
        let waiting = Waiting { turns: BinaryHeap::new(), count: 0, is_closed: false };
        Self { waiting: Mutex::new(waiting), wake: Condvar::new() }
    }

    fn put(&self, came: Instant, spent: Duration, turn: T) {
        let rank = came.checked_add(spent).unwrap_or(came);
        let mut waiting = lock(&self.waiting);
        let number = waiting.count;
        waiting.count += 1;
        waiting.turns.push(Asked { rank, number, turn });
        drop(waiting);
        self.wake.notify_one();
    }

    /// The turn of which that is true, out of turn.
    fn take_out(&self, is_it: impl Fn(&T) -> bool) -> Option<T> {
        let mut waiting = lock(&self.waiting);
        let mut turns = std::mem::take(&mut waiting.turns).into_vec();
        let found = turns.iter().position(|asked| is_it(&asked.turn)).map(|at| turns.swap_remove(at).turn);
        waiting.turns = turns.into();
        found
    }

    /// The next turn; none when the queue is closed. What waits then is lost with the rest.
    fn next(&self) -> Option<T> {
        let is_idle = |waiting: &mut Waiting<T>| waiting.turns.is_empty() && !waiting.is_closed;
        let waiting = self.wake.wait_while(lock(&self.waiting), is_idle);
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        if waiting.is_closed { None } else { waiting.turns.pop().map(|asked| asked.turn) }
    }
}

/// The greatest goes first: the one with the earliest rank, of these the one that came first.
impl<T> Ord for Asked<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.rank, other.number).cmp(&(self.rank, self.number))
    }
}

impl<T> PartialOrd for Asked<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Asked<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T> Eq for Asked<T> {}

fn run(queue: &Queue<ToTake>, context: &Context, shards: &Shards, watched: &Watched<'_>) {
    let stopwatch = Stopwatch::patient(watched);
    while let Some((shard, turn)) = queue.next() {
        watched.pulse.beat();
        let began = Instant::now();
        let mut taken = take_turn(*turn, context, &stopwatch);
        taken.spend(began.elapsed());
        watched.rest();
        shards.send(shard, Input::Turned(Box::new(taken)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_took_the_least_goes_first_then_whoever_came_first() {
        let (queue, now) = (Arc::new(Queue::new()), Instant::now());
        for (spent, turn) in [(900, "hog"), (0, "new"), (5, "b"), (900, "hog again"), (5, "c"), (0, "newer")] {
            queue.put(now, Duration::from_millis(spent), turn);
        }
        queue.put(now + Duration::from_secs(1), Duration::ZERO, "much later");
        let order: Vec<_> = (0..7).filter_map(|_| queue.next()).collect();
        assert_eq!(order, ["new", "newer", "b", "c", "hog", "hog again", "much later"]);
        for turn in ["late", "withdrawn", "later"] {
            queue.put(now, Duration::ZERO, turn);
        }
        assert_eq!(queue.take_out(|turn| *turn == "withdrawn"), Some("withdrawn"));
        assert_eq!((queue.take_out(|turn| *turn == "withdrawn"), queue.next()), (None, Some("late")));
        lock(&queue.waiting).is_closed = true;
        assert_eq!(queue.next(), None);
    }
}
