//! The machine that the server runs on: its threads one step at a time, its time, its crashes.

use super::*;

/// What a crash takes away.
pub(super) struct Node {
    pub(super) shards: Vec<Shard>,
    pub(super) ways: Arc<Shards>,
    pub(super) context: Arc<Context>,
    pub(super) loader: Loader,
    /// What the shards must be told, and by which of them.
    pub(super) needs: Vec<(usize, Need)>,
    pub(super) outlets: Outlets,
    pub(super) services: Arc<Services>,
    pub(super) desk: Desk,
    pub(super) directory: Arc<Directory>,
    pub(super) writer: Arc<CommitQueue>,
    pub(super) committer: Committer,
    /// On the way to the store, in order.
    pub(super) pipeline: Vec<Submission>,
    pub(super) keeper: Keeper,
    pub(super) follower: Follower,
}

/// Ends turns and rounds whenever it likes, and often has no time for an expression.
struct Whim(RefCell<Random>);

impl Pace for Whim {
    fn begin_turn(&self, _of: Option<(ExecutionId, EventId)>) {}

    fn is_turn_over(&self) -> bool {
        self.0.borrow_mut().percent(5)
    }

    fn evaluation_steps(&self) -> Option<u64> {
        self.0.borrow_mut().percent(50).then_some(0)
    }

    fn is_round_over(&self) -> bool {
        self.0.borrow_mut().percent(10)
    }
}

impl World {
    /// The shards do what has come in; whether anything had, or they did anything.
    pub(super) fn turn(&mut self) -> bool {
        let pace = Whim(RefCell::new(Random::new(self.random.next())));
        let node = self.running.as_mut().unwrap();
        let mut has_done = false;
        let mut inputs = Vec::new();
        for (index, shard) in node.shards.iter_mut().enumerate() {
            let mut moment = Moment { now: self.now, chance: &mut self.chance, pace: &pace };
            node.ways.take_all(index, &mut inputs);
            has_done |= !inputs.is_empty();
            inputs.drain(..).for_each(|input| shard.handle(input, &mut moment));
            shard.run(&mut moment);
            let needs = shard.take_needs();
            let batch = shard.take_batch();
            has_done |= !needs.is_empty() || batch.is_some();
            node.needs.extend(needs.into_iter().map(|need| (index, need)));
            batch.into_iter().for_each(|batch| node.writer.submit(index, batch));
        }
        has_done
    }

    /// A shard is told what it must know, in any order, or that the store does not answer.
    pub(super) fn see_to_a_need(&mut self) {
        let count = self.node().needs.len();
        if count == 0 {
            return;
        }
        let at = self.random.below(count);
        let fails = self.random.percent(self.faults);
        let node = self.node();
        let (shard, need) = node.needs.swap_remove(at);
        let silent = || StoreError::Unusable("the store does not answer".to_owned());
        let answer = match need {
            // A turn that was recalled before it is taken comes back untaken.
            Need::Recall(_) => return,
            Need::Turn(turn) => Input::Turned(Box::new(take_turn(*turn, &node.context, &Leisurely))),
            Need::Stored(Question::Execution(id)) if fails => Input::Loaded(Loaded::failed(id, silent())),
            Need::Stored(Question::LogEnd(id)) if fails => Input::LogEnd(LogEnd::failed(id, silent())),
            Need::Stored(Question::Name(arn)) if fails => Input::Found(Found { arn, earlier: Err(Arc::new(silent())) }),
            Need::Stored(question) => node.loader.answer(question),
        };
        node.ways.send(shard, answer);
    }

    /// What was submitted, or the beginning of it, is committed together; whether there was anything.
    pub(super) fn commit(&mut self) -> bool {
        let fate = if self.random.percent(self.faults) {
            self.random.pick(&[Fate::FailBefore, Fate::FailAfter, Fate::Unanswered, Fate::Full])
        } else {
            Fate::Pass
        };
        self.store.set_plan(move |_, _| fate);
        let count = 1 + self.random.below(3);
        let node = self.running.as_mut().unwrap();
        node.writer.take_all(&mut node.pipeline);
        let mut together: Vec<_> = node.pipeline.drain(..count.min(node.pipeline.len())).collect();
        let has_any = !together.is_empty();
        node.committer.step(&mut together);
        has_any
    }

    /// The keeper does what it can.
    pub(super) fn keep(&mut self) -> Rest {
        let now = self.now;
        self.node().follower.step(now);
        self.node().keeper.step(now)
    }

    pub(super) fn pass_time(&mut self) {
        let milliseconds = self.random.pick(&[1, 50, 1_000, 30_000]);
        if self.random.percent(50) {
            self.skip_to_next_timer();
        } else {
            self.now = Timestamp(self.now.0 + milliseconds);
        }
        if self.random.percent(30) {
            self.keep();
        }
    }

    /// The machine's clock was set, and that is believed: the time leaps, ahead or back.
    pub(super) fn leap(&mut self) {
        let milliseconds = self.random.pick(&[-4_000_000, -30_000, -1, 4_000_000]);
        self.now = Timestamp(self.now.0 + milliseconds);
    }

    /// Goes to the next due timer; `false` where there is none.
    pub(super) fn skip_to_next_timer(&mut self) -> bool {
        let in_memory = self.node().shards.iter().flat_map(|shard| shard.next_wake()).min();
        let stored =
            self.memory.due(&PartitionSet::All, Timestamp(i64::MAX), None, 1).unwrap().first().map(|(due, _)| *due);
        // What is overdue in the store waits for a shard that pauses.
        let stored = stored.filter(|due| *due > self.now || in_memory.is_none());
        let Some(next) = in_memory.into_iter().chain(stored).min() else { return false };
        self.now = self.now.max(next);
        self.keep();
        true
    }

    pub(super) fn follow(&self, store: &Arc<dyn Store>, writer: &Arc<CommitQueue>) -> (Observers, Follower) {
        let witness = Arc::clone(&self.witness) as Arc<dyn Observer>;
        let (observers, mut followers) = observer::follow(store, writer, vec![witness]).unwrap();
        (observers, followers.pop().unwrap())
    }

    /// Whatever is not stored is gone.
    pub(super) fn crash(&mut self) {
        self.crashes += 1;
        self.running = None;
        self.polls.clear();
        self.boot();
    }

    pub(super) fn boot(&mut self) {
        let shards = 1 + self.random.below(3);
        let options = RuntimeOptions {
            region: "us-east-1".into(),
            account: "123456789012".into(),
            quotas: Quotas {
                execution: engine::Limits { history_events: 400, ..engine::Limits::default() },
                ..Quotas::default()
            },
            shards,
        };
        let shard_options = ShardOptions {
            turn_budget: self.random.pick(&[3, 10, 100]),
            turn_bytes: self.random.pick(&[1, 50, 1 << 20]),
            much_bytes: self.random.pick(&[1, 200, 1 << 16]),
            unwritten_bytes: self.random.pick(&[1, 500, 1 << 20]),
            live_max: self.random.pick(&[1, 3, 100]),
            idle_milliseconds: self.random.pick(&[1, 1_000, 5_000]),
        };
        let store: Arc<dyn Store> = Arc::clone(&self.store) as Arc<dyn Store>;
        let directory = Arc::new(Directory::open(Arc::clone(&store)).unwrap());
        let tokens = Tokens::new(&KEY);
        let services = Arc::new(Services::default());
        let tasks: Arc<dyn tasks::Tasks> = Arc::clone(&services) as Arc<dyn tasks::Tasks>;
        let context = Context::new(store, Arc::clone(&directory), tokens, Arc::clone(&tasks), &options, shard_options);
        let context = Arc::new(context);
        let last_id = self.memory.last_execution_id(&PartitionSet::All).unwrap();
        let ways = Arc::new(Shards::new(shards, self.memory.partitions().unwrap()));
        let to_shards = Arc::clone(&ways);
        let exchange = Exchange::new(options.quotas.activity_pollers, move |hand_out: HandOut| {
            to_shards.send(to_shards.of(hand_out.task.execution), Input::HandOut(hand_out));
        });
        let outlets = Outlets { exchange: Arc::new(exchange), tasks };
        let store: Arc<dyn Store> = Arc::clone(&self.store) as Arc<dyn Store>;
        let writer = Arc::new(CommitQueue::new(shards));
        let lane = Lane::open(&*store, SessionId(self.random.next().into()), 0).unwrap();
        let (observers, follower) = self.follow(&store, &writer);
        let committer = Committer::new(Arc::clone(&store), lane, Arc::clone(&ways), outlets.clone(), &context);
        let partitions = self.memory.partitions().unwrap();
        self.running = Some(Node {
            shards: (0..shards).map(|index| Shard::new(Arc::clone(&context), index, partitions, last_id)).collect(),
            loader: Loader::new(Arc::clone(&store), Arc::clone(&directory)),
            needs: Vec::new(),
            committer: committer.with_observers(observers),
            follower,
            keeper: Keeper::new(
                store,
                Arc::clone(&directory),
                Arc::clone(&ways),
                Arc::clone(&writer),
                last_id,
                self.now,
            ),
            ways,
            context,
            outlets,
            services,
            desk: Desk::default(),
            directory,
            writer,
            pipeline: Vec::new(),
        });
        self.keep();
    }
}
