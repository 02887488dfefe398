//! Threads for turns that take longer than a shard may hold up its other executions.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use store::StoreError;

use crate::crash_notes::{CrashNotes, Watched};
use crate::driver::{Shards, Stopwatch};
use crate::shard::{Context, Input, LongTurn, take_turn};
use crate::sync::lock;
use crate::vitals::Vitals;

/// The way to the threads. They end when the last way is dropped, each after the turn it is in.
#[derive(Clone)]
pub(crate) struct LongTurns {
    turns: Sender<Asked>,
}

struct Asked {
    shard: usize,
    turn: Box<LongTurn>,
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
        let (turns, asked) = channel();
        let asked = Arc::new(Mutex::new(asked));
        for index in 0..count.max(1) {
            let (context, shards, asked) = (Arc::clone(context), Arc::clone(shards), Arc::clone(&asked));
            let in_hand = notes.in_hand();
            vitals.spawn(&format!("long-turn-{index}"), move |pulse| {
                run(&asked, &context, &shards, &Watched { pulse, in_hand });
            })?;
        }
        Ok(Self { turns })
    }

    /// Takes a turn for a shard, which is told when it is over.
    pub(crate) fn take(&self, shard: usize, turn: Box<LongTurn>) {
        // The threads live as long as this way to them.
        let _ = self.turns.send(Asked { shard, turn });
    }
}

fn run(asked: &Mutex<Receiver<Asked>>, context: &Context, shards: &Shards, watched: &Watched<'_>) {
    let stopwatch = Stopwatch::patient(watched);
    loop {
        // One of the threads waits here, the others for the lock.
        let next = lock(asked).recv();
        let Ok(Asked { shard, turn }) = next else { return };
        watched.pulse.beat();
        let taken = take_turn(*turn, context, &stopwatch);
        watched.rest();
        shards.send(shard, Input::Turned(Box::new(taken)));
    }
}
