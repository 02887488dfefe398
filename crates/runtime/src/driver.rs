//! The threads that drive shards: each waits for inputs or for the next due timer, and hands on what gathered.

use std::sync::Arc;
use std::time::Duration;

use engine::Timestamp;
use store::record::ExecutionId;

use crate::chance::SeededChance;
use crate::clock::Clock;
use crate::shard::{Input, Shard};
use crate::sync::Inbox;
use crate::writer::Writer;

/// Inputs handled before what gathered is handed on.
const INPUTS_MAX: usize = 512;

/// The ways to the shards.
pub(crate) struct Shards {
    inboxes: Vec<Inbox<Input>>,
}

impl Shards {
    pub(crate) fn new(count: usize) -> Self {
        Self { inboxes: (0..count.max(1)).map(|_| Inbox::new()).collect() }
    }

    pub(crate) fn count(&self) -> usize {
        self.inboxes.len()
    }

    /// The shard that owns an execution.
    pub(crate) fn of(&self, execution: ExecutionId) -> usize {
        // Euclid's remainder is never negative and less than the count.
        execution.0.rem_euclid(self.inboxes.len() as i64) as usize
    }

    pub(crate) fn send(&self, shard: usize, input: Input) {
        if let Some(inbox) = self.inboxes.get(shard) {
            inbox.push(input);
        }
    }

    /// The shard finds the input when it next looks; nobody waits for it.
    pub(crate) fn send_quietly(&self, shard: usize, input: Input) {
        if let Some(inbox) = self.inboxes.get(shard) {
            inbox.push_quietly(input);
        }
    }

    #[cfg(test)]
    pub(crate) fn take_all(&self, shard: usize, into: &mut Vec<Input>) {
        self.inboxes[shard].take(into, Some(Duration::ZERO));
    }

    pub(crate) fn close(&self) {
        self.inboxes.iter().for_each(Inbox::close);
    }
}

/// Drives one shard until its inbox is closed and empty.
pub(crate) fn drive(
    mut shard: Shard,
    index: usize,
    shards: &Shards,
    writer: &Arc<Writer>,
    clock: &dyn Clock,
    mut chance: SeededChance,
) {
    // Also when this thread dies: then nobody waits for it in vain.
    let _leave = Leave { inbox: &shards.inboxes[index], writer };
    let mut inputs = Vec::new();
    let mut now = clock.now();
    loop {
        let patience = shard.next_wake().map(|at| until(at, clock.now().max(now)));
        if !shards.inboxes[index].take(&mut inputs, patience) {
            return;
        }
        let mut inputs = inputs.drain(..).peekable();
        loop {
            // The history's time never goes back, whatever the clock does.
            now = clock.now().max(now);
            inputs.by_ref().take(INPUTS_MAX).for_each(|input| shard.handle(input, now, &mut chance));
            shard.run(now, &mut chance);
            if let Some(batch) = shard.take_batch() {
                writer.submit(index, batch);
            }
            if inputs.peek().is_none() {
                break;
            }
        }
    }
}

/// How long to wait; never so short that waking finds nothing due.
fn until(at: Timestamp, now: Timestamp) -> Duration {
    let milliseconds = at.0.saturating_sub(now.0).max(0);
    Duration::from_millis(milliseconds.unsigned_abs())
}

struct Leave<'a> {
    inbox: &'a Inbox<Input>,
    writer: &'a Writer,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.inbox.close();
        self.writer.leave();
    }
}
