//! The threads that drive shards: each waits for inputs or for the next due timer, and hands on what gathered.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use engine::{EventId, Timestamp};
use store::partition::{Partition, Partitions};
use store::record::ExecutionId;

use crate::chance::SeededChance;
use crate::clock::Clock;
use crate::crash_notes::Watched;
use crate::loader::Question;
use crate::long_turns::LongTurns;
use crate::shard::{Input, Moment, Need, Pace, Shard};
use crate::sync::{Haste, Inbox, InboxFull};
use crate::writer::CommitQueue;

/// Inputs handled before what gathered is handed on.
/// No quota: the size of a step, nothing is refused.
const INPUTS_MAX: usize = 512;

/// How much work may gather at a shard while a commit is under way: little enough that it is done in no time when the
/// commit is over, and much enough that the shard's thread need not be woken for each call.
const GATHERED_WORK: Duration = Duration::from_micros(100);

/// Calls that may gather, whatever they take.
/// No quota: the size of a step, nothing is refused.
const GATHERED_MAX: usize = 64;

/// The ways to the shards.
pub struct Shards {
    inboxes: Vec<Inbox<Input>>,
    partitions: Partitions,
    /// While a commit is under way, calls that are answered by the next one may gather.
    is_committing: AtomicBool,
}

impl Shards {
    /// Ways to that many shards, at least one, that share those partitions.
    pub fn new(count: usize, partitions: Partitions) -> Self {
        let inboxes = (0..count.max(1)).map(|_| Inbox::new()).collect();
        Self { inboxes, partitions, is_committing: AtomicBool::new(false) }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.inboxes.len()
    }

    /// The shard that owns an execution.
    pub fn of(&self, execution: ExecutionId) -> usize {
        self.owner(execution.partition(self.partitions))
    }

    /// The shard that owns the executions of that name.
    pub fn of_name(&self, state_machine_arn: &str, name: &str) -> usize {
        self.owner(self.partitions.of_name(state_machine_arn, name))
    }

    /// Shard `n` of `m` owns every `m`-th partition from `n` on. Nothing that is stored knows of it.
    fn owner(&self, partition: Partition) -> usize {
        usize::from(partition.0) % self.inboxes.len()
    }

    /// The partitions that the shards share.
    pub(crate) fn partitions(&self) -> Partitions {
        self.partitions
    }

    /// Sends it an input and wakes it. A shard that has ended drops it.
    pub fn send(&self, shard: usize, input: Input) {
        if let Some(inbox) = self.inboxes.get(shard) {
            inbox.push(input);
        }
    }

    /// The same for a call, which is refused where as many inputs wait as may.
    pub(crate) fn send_call(&self, shard: usize, input: Input, waiting_most: usize) -> Result<(), InboxFull> {
        let Some(inbox) = self.inboxes.get(shard) else { return Ok(()) };
        let haste = if input.is_answered_by_commit() { Haste::NotWhile(&self.is_committing) } else { Haste::Now };
        inbox.push_within(input, haste, waiting_most)
    }

    /// The shard finds the input when it next looks; nobody waits for it.
    pub(crate) fn send_quietly(&self, shard: usize, input: Input) {
        if let Some(inbox) = self.inboxes.get(shard) {
            inbox.push_quietly(input);
        }
    }

    /// A commit is under way until the returned value is dropped.
    pub(crate) fn committing(&self) -> Committing<'_> {
        self.is_committing.store(true, Ordering::Relaxed);
        Committing(self)
    }

    /// What came for a shard, for who drives it step by step.
    pub fn take_all(&self, shard: usize, into: &mut Vec<Input>) {
        if let Some(inbox) = self.inboxes.get(shard) {
            inbox.take(into, Some(Duration::ZERO));
        }
    }

    pub(crate) fn close(&self) {
        self.inboxes.iter().for_each(Inbox::close);
    }
}

/// While it lives, a commit is under way.
pub(crate) struct Committing<'a>(&'a Shards);

impl Drop for Committing<'_> {
    fn drop(&mut self) {
        self.0.is_committing.store(false, Ordering::Relaxed);
        self.0.inboxes.iter().for_each(Inbox::hurry);
    }
}

/// What a shard's thread hands on to.
pub(crate) struct Surroundings {
    pub(crate) shards: Arc<Shards>,
    pub(crate) writer: Arc<CommitQueue>,
    /// Who reads what the shard must be told.
    pub(crate) questions: Arc<Inbox<Question>>,
    pub(crate) long_turns: LongTurns,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Drives one shard until its inbox is closed and empty.
pub(crate) fn drive(
    mut shard: Shard,
    index: usize,
    around: &Surroundings,
    mut chance: SeededChance,
    watched: &Watched<'_>,
) {
    let inbox = &around.shards.inboxes[index];
    // Also when this thread dies: then nobody waits for it in vain.
    let _leave = Leave { inbox, writer: &around.writer, questions: &around.questions };
    let stopwatch = Stopwatch::brisk(watched);
    let mut inputs = Vec::new();
    loop {
        let patience = shard.next_wake().map(|at| until(at, around.clock.now()));
        watched.rest();
        if !inbox.take(&mut inputs, patience) {
            return;
        }
        let mut inputs = inputs.drain(..).peekable();
        loop {
            let now = around.clock.now();
            stopwatch.begin_round();
            watched.pulse.beat();
            let mut moment = Moment { now, chance: &mut chance, pace: &stopwatch };
            let mut handled = 0;
            for input in inputs.by_ref().take(INPUTS_MAX) {
                shard.handle(input, &mut moment);
                handled += 1;
                if stopwatch.is_round_over() {
                    break;
                }
            }
            shard.run(&mut moment);
            inbox.let_gather(stopwatch.inputs_within(GATHERED_WORK, handled));
            watched.in_hand.clear();
            if let Some(batch) = shard.take_batch() {
                around.writer.submit_when_room(index, batch);
            }
            shard.take_needs().into_iter().for_each(|need| around.see_to(index, need));
            if inputs.peek().is_none() {
                break;
            }
        }
    }
}

impl Surroundings {
    fn see_to(&self, shard: usize, need: Need) {
        match need {
            Need::Stored(question) => self.questions.push(question),
            Need::Turn(turn) => self.long_turns.take(shard, turn),
            Need::Recall(execution) => {
                if let Some(turn) = self.long_turns.withdraw(execution) {
                    self.shards.send(shard, Input::Turned(Box::new(turn.untaken())));
                }
            }
        }
    }
}

/// How long a turn may take, beside the other executions of its shard.
const TURN: Duration = Duration::from_millis(1);

/// How long a shard goes on before it hands on what it did and looks at what came in.
const ROUND: Duration = Duration::from_millis(2);

/// How long a turn may take that holds up nobody.
const LONG_TURN: Duration = Duration::from_millis(100);

/// Steps of work that the evaluation of a state's fields may take beside the other executions of its shard: a few
/// milliseconds.
const EVALUATION_STEPS: u64 = 100_000;

/// The wall's pace.
pub(crate) struct Stopwatch<'a> {
    watched: &'a Watched<'a>,
    turn: Duration,
    evaluation_steps: Option<u64>,
    round_began: Cell<Instant>,
    turn_began: Cell<Instant>,
}

impl<'a> Stopwatch<'a> {
    /// Of a shard: others wait.
    pub(crate) fn brisk(watched: &'a Watched<'a>) -> Self {
        Self::of(watched, TURN, Some(EVALUATION_STEPS))
    }

    /// Of a thread for long turns.
    pub(crate) fn patient(watched: &'a Watched<'a>) -> Self {
        Self::of(watched, LONG_TURN, None)
    }

    fn of(watched: &'a Watched<'a>, turn: Duration, evaluation_steps: Option<u64>) -> Self {
        Self {
            watched,
            turn,
            evaluation_steps,
            round_began: Cell::new(Instant::now()),
            turn_began: Cell::new(Instant::now()),
        }
    }

    fn begin_round(&self) {
        self.round_began.set(Instant::now());
    }

    /// How many inputs take that much time, if each takes what those of this round took.
    fn inputs_within(&self, time: Duration, handled: u32) -> usize {
        let each = self.round_began.get().elapsed().as_nanos() / u128::from(handled.max(1));
        usize::try_from(time.as_nanos() / each.max(1)).map_or(GATHERED_MAX, |inputs| inputs.min(GATHERED_MAX))
    }
}

impl Pace for Stopwatch<'_> {
    fn begin_turn(&self, of: Option<(ExecutionId, EventId)>) {
        match of {
            Some((id, last_event)) => self.watched.in_hand.note(id, last_event),
            None => self.watched.in_hand.clear(),
        }
        self.turn_began.set(Instant::now());
    }

    fn is_turn_over(&self) -> bool {
        self.turn_began.get().elapsed() >= self.turn
    }

    fn evaluation_steps(&self) -> Option<u64> {
        self.evaluation_steps
    }

    fn is_round_over(&self) -> bool {
        self.round_began.get().elapsed() >= ROUND
    }
}

/// How long to wait; never so short that waking finds nothing due.
fn until(at: Timestamp, now: Timestamp) -> Duration {
    let milliseconds = at.0.saturating_sub(now.0).max(0);
    Duration::from_millis(milliseconds.unsigned_abs())
}

struct Leave<'a> {
    inbox: &'a Inbox<Input>,
    writer: &'a CommitQueue,
    questions: &'a Inbox<Question>,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.inbox.close();
        self.questions.close();
        self.writer.leave();
    }
}
