//! Who looks on: each observer is told of every commit of executions, in order, after it is durable.
//!
//! The writer makes one list for a commit and hands it to a [`Follower`] for each observer, which runs in a thread of
//! its own: no commit waits for an observer. The same list is in the store's commit log, so that a follower that falls
//! behind drops what it cannot hold and reads it again from there. Where it has come to is written down now and then:
//! after a crash an observer is told again of what came since, and never misses a commit.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use asl::Text;
use engine::Timestamp;
use store::commit_log::{CommitPosition, Committed, LoggedCommit};
use store::record::Write;
use store::{Store, StoreError};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use crate::clock::{Clock, LastTime};
use crate::sync::{Inbox, lock};
use crate::writer::CommitQueue;

/// Executions that may wait in memory for one observer; beyond that, they are read again from the store.
/// No quota: nothing is refused.
const WAITING_MAX: usize = 65_536;

/// Commits read from the log at once.
const CATCH_UP_PAGE: usize = 256;

/// How long an observer's position may go unwritten: what it is told again after a crash.
const SAVE_AFTER_MILLISECONDS: i64 = 5_000;

/// After so many commits the position is written earlier, so that the log stays short.
const SAVE_AFTER_COMMITS: i64 = 1_000;

/// The pause after the store failed, in milliseconds.
const RETRY_AFTER_MILLISECONDS: i64 = 1_000;

/// Someone who looks on.
pub trait Observer: Send + Sync {
    /// What it is called, for ever: its position in the log is kept under this name. One of a new name is told of
    /// what the log still has.
    fn name(&self) -> &'static str;

    /// What one commit did, in the order of its writes; it is durable. Commits come in their order, each at least once:
    /// after a crash, some come again. May take its time, but not for ever: the server waits for it when it stops.
    fn committed(&self, commits: &[Committed]);
}

/// The committer's side: enters commits into the log and hands them on.
pub struct Observers {
    outlets: Vec<Arc<Outlet>>,
    /// The last position of the log; unknown after a commit of unknown outcome.
    last: Option<CommitPosition>,
    /// The last positions of followers that ended.
    farewells: mpsc::Receiver<Write>,
}

/// How long a follower lets commits gather before it looks at them.
const GATHERING: Duration = Duration::from_millis(10);

/// The way to one follower.
struct Outlet {
    inbox: Inbox<Arc<LoggedCommit>>,
    /// How many executions are in the inbox.
    waiting: AtomicUsize,
    /// The last position that was handed on or dropped.
    newest: AtomicI64,
}

impl Outlet {
    /// Never waits.
    fn hand_on(&self, commit: &Arc<LoggedCommit>) {
        let count = commit.committed.len();
        self.newest.store(commit.position.0, Ordering::Release);
        if self.waiting.fetch_add(count, Ordering::AcqRel) < WAITING_MAX {
            self.inbox.push(Arc::clone(commit));
        } else {
            // The follower sees by `newest` that it is behind, when it has taken what is there.
            self.waiting.fetch_sub(count, Ordering::AcqRel);
        }
    }
}

/// Lets these observers follow what is committed to the store: the committer's side, and one follower for each, to be
/// driven. `writer` takes the followers' positions.
///
/// # Errors
/// Where the store fails, or what it has of their positions is damaged.
pub fn follow(
    store: &Arc<dyn Store>,
    writer: &Arc<CommitQueue>,
    observers: Vec<Arc<dyn Observer>>,
) -> Result<(Observers, Vec<Follower>), StoreError> {
    let last = store.last_commit_position()?;
    let names = observers.iter().map(|observer| observer.name());
    let positions: BTreeMap<&'static str, CommitPosition> =
        names.map(|name| Ok((name, stored_position(&**store, name)?))).collect::<Result<_, StoreError>>()?;
    let positions = Arc::new(Mutex::new(positions));
    let (farewell, farewells) = mpsc::channel();
    let followers = observers.into_iter().map(|observer| {
        // Never beyond the end, where an older log was put in place of the one it followed.
        let saved = lock(&positions).get(observer.name()).copied().unwrap_or_default().min(last);
        Follower {
            observer,
            store: Arc::clone(store),
            writer: Arc::clone(writer),
            outlet: Arc::new(Outlet {
                inbox: Inbox::new(),
                waiting: AtomicUsize::new(0),
                newest: AtomicI64::new(last.0),
            }),
            positions: Arc::clone(&positions),
            farewell: farewell.clone(),
            taken: Vec::new(),
            at: saved,
            saved,
            saving: None,
            save_at: Timestamp(i64::MIN),
            paused_until: Timestamp(i64::MIN),
            last_time: LastTime::beginning(Timestamp(i64::MIN)),
        }
    });
    let followers: Vec<_> = followers.collect();
    let outlets = followers.iter().map(|follower| Arc::clone(&follower.outlet)).collect();
    Ok((Observers { outlets, last: Some(last), farewells }, followers))
}

impl Observers {
    /// None: nothing is logged, nobody is told.
    pub(crate) fn none() -> Self {
        Self { outlets: Vec::new(), last: None, farewells: mpsc::channel().1 }
    }

    /// Has the log take what the batch does to executions, and says what that is. Empty where nobody wants to know.
    /// Called when the outcome of the last commit is settled, as far as it can be.
    pub(crate) fn enter(&mut self, store: &dyn Store, writes: &mut Vec<Write>) -> Result<LoggedCommit, StoreError> {
        let nothing = LoggedCommit { position: CommitPosition(0), committed: Vec::new() };
        if self.outlets.is_empty() {
            return Ok(nothing);
        }
        let committed: Vec<_> = writes.iter().filter_map(Committed::of).collect();
        if committed.is_empty() {
            return Ok(nothing);
        }
        let last = match self.last {
            Some(last) => last,
            None => store.last_commit_position()?,
        };
        self.last = Some(last);
        writes.push(Write::LogCommit { position: last.next() });
        Ok(LoggedCommit { position: last.next(), committed })
    }

    /// The commit is durable: tells everyone.
    pub(crate) fn tell(&mut self, commit: LoggedCommit) {
        if commit.committed.is_empty() {
            return;
        }
        self.last = Some(commit.position);
        let commit = Arc::new(commit);
        self.outlets.iter().for_each(|outlet| outlet.hand_on(&commit));
    }

    /// Nobody knows whether the last commit is durable: the log is asked before the next one.
    pub(crate) fn lose_track(&mut self) {
        self.last = None;
    }

    /// There are no more commits. Waits until the followers have seen what was handed on, and gives what they want
    /// written.
    pub(crate) fn finish(self) -> Vec<Write> {
        self.close();
        self.farewells.iter().collect()
    }

    fn close(&self) {
        self.outlets.iter().for_each(|outlet| outlet.inbox.close());
    }
}

impl Drop for Observers {
    /// The followers end with whoever tells them.
    fn drop(&mut self) {
        self.close();
    }
}

/// Leads one observer along the commits. It does one step at a time, so that a thread can drive it, or a simulation.
pub struct Follower {
    observer: Arc<dyn Observer>,
    store: Arc<dyn Store>,
    writer: Arc<CommitQueue>,
    outlet: Arc<Outlet>,
    /// The positions of all observers that are written down.
    positions: Arc<Mutex<BTreeMap<&'static str, CommitPosition>>>,
    farewell: mpsc::Sender<Write>,
    taken: Vec<Arc<LoggedCommit>>,
    /// The last commit that the observer was told of.
    at: CommitPosition,
    /// The position that is written down.
    saved: CommitPosition,
    saving: Option<(CommitPosition, oneshot::Receiver<Result<(), StoreError>>)>,
    save_at: Timestamp,
    /// After a failure, the store is not asked until then.
    paused_until: Timestamp,
    last_time: LastTime,
}

impl Follower {
    /// What the observer is called.
    pub fn name(&self) -> &'static str {
        self.observer.name()
    }

    /// Whether the observer was told of all that was handed on.
    pub fn is_up_to_date(&self) -> bool {
        self.at >= self.newest()
    }

    /// Follows until there are no more commits, then leaves its position with the committer.
    pub(crate) fn run(mut self, clock: &dyn Clock) {
        let mut patience = Some(Duration::ZERO);
        while self.outlet.inbox.take(&mut self.taken, patience) {
            // Commits gather meanwhile: the committer need not wake this thread for each.
            if !self.taken.is_empty() {
                std::thread::sleep(GATHERING);
            }
            let now = clock.now();
            let until = self.step(now);
            patience = until.map(|at| Duration::from_millis(at.0.saturating_sub(now.0).max(0).unsigned_abs()));
        }
        // Nobody is harmed where the committer does not wait for it: the observer is told again after the next start.
        drop(self.farewell.send(self.position_to_save()));
    }

    /// Tells the observer of what there is, and writes down now and then where it stands. Gives when there is more to
    /// do, if no commit comes.
    pub fn step(&mut self, now: Timestamp) -> Option<Timestamp> {
        if self.last_time.goes_back(now) {
            (self.save_at, self.paused_until) = (now, now);
        }
        let was_saved = self.at == self.saved;
        self.outlet.inbox.take(&mut self.taken, Some(Duration::ZERO));
        let mut is_behind = false;
        for commit in std::mem::take(&mut self.taken) {
            self.outlet.waiting.fetch_sub(commit.committed.len(), Ordering::AcqRel);
            is_behind |= commit.position > self.at.next();
            // One that is further on is read from the log, in its turn.
            if !is_behind {
                self.tell(&commit);
            }
        }
        if now >= self.paused_until
            && !self.is_up_to_date()
            && let Err(error) = self.catch_up()
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                observer = self.name(),
                "an observer cannot read what was committed; it is tried again"
            );
            self.paused_until = Timestamp(now.0.saturating_add(RETRY_AFTER_MILLISECONDS));
        }
        if was_saved {
            self.save_at = Timestamp(now.0.saturating_add(SAVE_AFTER_MILLISECONDS));
        }
        self.save(now);
        self.next_step(now)
    }

    fn next_step(&self, now: Timestamp) -> Option<Timestamp> {
        let catch_up = (!self.is_up_to_date()).then(|| self.paused_until.max(now));
        // An answer of the writer wakes nobody: it is heard with the next commit, or then.
        let hear = if self.saving.is_some() { Timestamp(now.0.saturating_add(RETRY_AFTER_MILLISECONDS)) } else { now };
        let save = (self.at != self.saved).then(|| self.save_at.max(hear));
        [catch_up, save].into_iter().flatten().min()
    }

    fn newest(&self) -> CommitPosition {
        CommitPosition(self.outlet.newest.load(Ordering::Acquire))
    }

    /// What the observer was told already, it is not told again.
    fn tell(&mut self, commit: &LoggedCommit) {
        if commit.position > self.at {
            self.observer.committed(&commit.committed);
            self.at = commit.position;
        }
    }

    /// Reads one page of the log.
    fn catch_up(&mut self) -> Result<(), StoreError> {
        let newest = self.newest();
        let page = self.store.committed_after(self.at, CATCH_UP_PAGE)?;
        if page.is_empty() {
            // The last commit is never trimmed: only another program can have taken it.
            self.at = self.at.max(newest);
        }
        page.iter().for_each(|commit| self.tell(commit));
        Ok(())
    }

    fn save(&mut self, now: Timestamp) {
        self.hear_of_save();
        let is_due = now >= self.save_at || self.at.0 - self.saved.0 >= SAVE_AFTER_COMMITS;
        if self.saving.is_some() || self.at == self.saved || !is_due {
            return;
        }
        // Up to the one who is furthest behind, nobody needs the log.
        let others = lock(&self.positions).iter().filter(|(name, _)| **name != self.name()).map(|(_, at)| *at).min();
        let up_to = others.map_or(self.at, |others| others.min(self.at));
        let writes = vec![self.position_to_save(), Write::TrimCommits { up_to }];
        self.saving = Some((self.at, self.writer.submit_records(writes)));
        self.save_at = Timestamp(now.0.saturating_add(SAVE_AFTER_MILLISECONDS));
    }

    fn hear_of_save(&mut self) {
        let Some((at, answer)) = &mut self.saving else { return };
        match answer.try_recv() {
            Err(TryRecvError::Empty) => return,
            Ok(Ok(())) => {
                self.saved = *at;
                lock(&self.positions).insert(self.observer.name(), *at);
            }
            // The writer tells the log what failed; it is tried again when it is next due.
            Ok(Err(_)) | Err(TryRecvError::Closed) => {}
        }
        self.saving = None;
    }

    fn position_to_save(&self) -> Write {
        Write::Meta { name: meta_name(self.name()), value: self.at.0.to_be_bytes().to_vec() }
    }
}

/// What the names of observers' positions among the named values begin with.
pub(crate) const POSITIONS: &str = "observer:";

fn meta_name(observer: &str) -> Text {
    format!("{POSITIONS}{observer}").into()
}

pub(crate) fn stored_position(store: &dyn Store, observer: &str) -> Result<CommitPosition, StoreError> {
    let name = meta_name(observer);
    let Some(stored) = store.meta(&name)? else { return Ok(CommitPosition(0)) };
    let position = stored.try_into().map(i64::from_be_bytes).map(CommitPosition);
    position.map_err(|_| StoreError::Damaged(format!("the position '{name}' is not 8 bytes long")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writer::Submission;
    use engine::Status;
    use store::lane::{Lane, SessionId};
    use store::memory::MemoryStore;
    use store::record::ExecutionId;
    use store::suite::{chunk, ended, execution};

    struct Recorder {
        name: &'static str,
        seen: Mutex<Vec<i64>>,
    }

    impl Observer for Recorder {
        fn name(&self) -> &'static str {
            self.name
        }

        fn committed(&self, commits: &[Committed]) {
            lock(&self.seen).extend(commits.iter().map(|committed| committed.execution.0));
        }
    }

    /// A store, what is committed to it, and who looks on.
    struct Scene {
        store: Arc<dyn Store>,
        lane: Lane,
        writer: Arc<CommitQueue>,
        observers: Observers,
        followers: Vec<Follower>,
        recorders: Vec<Arc<Recorder>>,
        last_id: i64,
    }

    impl Scene {
        fn new(store: Arc<dyn Store>, names: &[&'static str]) -> Self {
            let writer = Arc::new(CommitQueue::new(1));
            let recorder = |name: &&'static str| Arc::new(Recorder { name, seen: Mutex::default() });
            let recorders: Vec<_> = names.iter().map(recorder).collect();
            let observers = recorders.iter().map(|recorder| Arc::clone(recorder) as Arc<dyn Observer>).collect();
            let (observers, followers) = follow(&store, &writer, observers).unwrap();
            let lane = Lane::open(&*store, SessionId(1), 0).unwrap();
            let last_id = store.last_execution_id(&store::partition::PartitionSet::All).unwrap().0;
            Self { store, lane, writer, observers, followers, recorders, last_id }
        }

        /// An execution begins and fails; the commit is durable. Gives what is to be told of it.
        fn commit(&mut self) -> LoggedCommit {
            self.last_id += 1;
            let mut record = execution(self.last_id, 1, &format!("e{}", self.last_id));
            record.summary = ended(Status::Failed);
            let mut writes = vec![Write::Begin { execution: record, chunk: chunk(0, 1), machine_revision: None }];
            let commit = self.observers.enter(&*self.store, &mut writes).unwrap();
            self.lane.commit(&*self.store, &writes).unwrap();
            commit
        }

        fn commit_and_tell(&mut self) {
            let commit = self.commit();
            self.observers.tell(commit);
        }

        /// Commits what the followers want written.
        fn save(&mut self) -> usize {
            let mut submissions = Vec::new();
            self.writer.take_all(&mut submissions);
            let count = submissions.len();
            for submission in submissions {
                let Submission::Records { writes, reply } = submission else { panic!("a shard's") };
                reply.send(self.lane.commit(&*self.store, &writes)).unwrap();
            }
            count
        }

        fn seen(&self, observer: usize) -> Vec<i64> {
            lock(&self.recorders[observer].seen).clone()
        }

        fn logged(&self) -> Vec<i64> {
            let all = self.store.committed_after(CommitPosition(0), usize::MAX).unwrap();
            all.into_iter().map(|commit| commit.position.0).collect()
        }
    }

    fn scene() -> Scene {
        Scene::new(Arc::new(MemoryStore::new()), &["one"])
    }

    const START: Timestamp = Timestamp(1_000_000);

    fn after(milliseconds: i64) -> Timestamp {
        Timestamp(START.0 + milliseconds)
    }

    #[test]
    fn a_commit_is_told_once_and_in_order() {
        let mut scene = scene();
        assert_eq!(scene.followers[0].step(START), None);
        for _ in 0..3 {
            scene.commit_and_tell();
        }
        scene.followers[0].step(START);
        scene.commit_and_tell();
        scene.followers[0].step(START);
        assert_eq!(scene.seen(0), [1, 2, 3, 4]);
    }

    #[test]
    fn what_does_not_fit_is_read_from_the_log() {
        let mut scene = scene();
        scene.commit_and_tell();
        // Others wait already, as far as the committer knows.
        let outlet = Arc::clone(&scene.observers.outlets[0]);
        outlet.waiting.fetch_add(WAITING_MAX, Ordering::AcqRel);
        for _ in 0..3 {
            scene.commit_and_tell();
        }
        assert_eq!(outlet.waiting.load(Ordering::Acquire), WAITING_MAX + 1);
        outlet.waiting.fetch_sub(WAITING_MAX, Ordering::AcqRel);
        scene.commit_and_tell();
        scene.followers[0].step(START);
        assert_eq!(scene.seen(0), [1, 2, 3, 4, 5]);
        assert!(scene.followers[0].is_up_to_date());
        scene.commit_and_tell();
        scene.followers[0].step(START);
        assert_eq!((scene.seen(0), outlet.waiting.load(Ordering::Acquire)), (vec![1, 2, 3, 4, 5, 6], 0));
    }

    #[test]
    fn a_long_way_is_gone_page_by_page() {
        let mut scene = scene();
        let count = 2 * CATCH_UP_PAGE as i64 + 1;
        for _ in 0..count {
            scene.commit();
            scene.observers.lose_track();
        }
        let mut again = Scene::new(Arc::clone(&scene.store), &["one"]);
        let mut steps = 1;
        while again.followers[0].step(START).is_some_and(|at| at == START) {
            steps += 1;
        }
        assert_eq!((again.seen(0), steps), ((1..=count).collect(), 3));
    }

    #[test]
    fn a_commit_of_unknown_outcome_is_told_with_the_next() {
        let mut scene = scene();
        scene.commit_and_tell();
        // It is durable, and nobody knows.
        scene.commit();
        scene.observers.lose_track();
        scene.followers[0].step(START);
        assert_eq!(scene.seen(0), [1]);
        scene.commit_and_tell();
        scene.followers[0].step(START);
        assert_eq!(scene.seen(0), [1, 2, 3]);
    }

    #[test]
    fn the_position_is_written_now_and_then_and_the_log_trimmed() {
        let mut scene = scene();
        for _ in 0..3 {
            scene.commit_and_tell();
        }
        assert_eq!(scene.followers[0].step(START), Some(after(SAVE_AFTER_MILLISECONDS)));
        assert_eq!((scene.save(), scene.logged()), (0, vec![1, 2, 3]));
        scene.followers[0].step(after(SAVE_AFTER_MILLISECONDS));
        assert_eq!((scene.save(), scene.logged()), (1, vec![3]));
        // That is heard, and then there is nothing more to do.
        assert_eq!(scene.followers[0].step(after(SAVE_AFTER_MILLISECONDS + 1)), None);

        let again = Scene::new(Arc::clone(&scene.store), &["one"]);
        assert!(again.followers[0].is_up_to_date());
    }

    #[test]
    fn many_commits_are_not_waited_for() {
        let mut scene = scene();
        for _ in 0..SAVE_AFTER_COMMITS {
            scene.commit_and_tell();
        }
        scene.followers[0].step(START);
        assert_eq!((scene.save(), scene.logged()), (1, vec![SAVE_AFTER_COMMITS]));
    }

    #[test]
    fn a_position_that_cannot_be_written_is_written_later() {
        let mut scene = scene();
        scene.commit_and_tell();
        scene.followers[0].step(START);
        scene.followers[0].step(after(SAVE_AFTER_MILLISECONDS));
        let mut submissions = Vec::new();
        scene.writer.take_all(&mut submissions);
        let Some(Submission::Records { reply, .. }) = submissions.pop() else { panic!("nothing to write") };
        reply.send(Err(StoreError::Full)).unwrap();
        let next = scene.followers[0].step(after(SAVE_AFTER_MILLISECONDS)).unwrap();
        assert_eq!(next, after(2 * SAVE_AFTER_MILLISECONDS));
        scene.followers[0].step(next);
        assert_eq!(scene.save(), 1);
        assert_eq!(scene.store.meta("observer:one").unwrap(), Some(1_i64.to_be_bytes().to_vec()));
    }

    #[test]
    fn the_log_is_kept_for_the_one_furthest_behind() {
        let mut scene = Scene::new(Arc::new(MemoryStore::new()), &["one", "two"]);
        for _ in 0..4 {
            scene.commit_and_tell();
        }
        scene.followers[0].step(START);
        scene.followers[0].step(after(SAVE_AFTER_MILLISECONDS));
        assert_eq!((scene.save(), scene.logged()), (1, vec![1, 2, 3, 4]));
        scene.followers[0].step(after(SAVE_AFTER_MILLISECONDS));
        scene.followers[1].step(START);
        scene.followers[1].step(after(SAVE_AFTER_MILLISECONDS));
        assert_eq!((scene.save(), scene.logged(), scene.seen(1)), (1, vec![4], vec![1, 2, 3, 4]));
    }

    #[test]
    fn nothing_is_logged_for_nobody_or_of_nothing() {
        let store = MemoryStore::new();
        let begin = || Write::Begin { execution: execution(1, 1, "a"), chunk: chunk(0, 1), machine_revision: None };
        let mut writes = vec![begin()];
        let commit = Observers::none().enter(&store, &mut writes).unwrap();
        assert_eq!((commit.committed.len(), writes.len()), (0, 1));
        let mut scene = scene();
        let mut writes = vec![Write::Meta { name: "key".into(), value: vec![1] }];
        let commit = scene.observers.enter(&store, &mut writes).unwrap();
        assert_eq!((commit.committed.len(), writes.len()), (0, 1));
        let commit = scene.observers.enter(&store, &mut vec![begin()]).unwrap();
        assert_eq!(commit.committed[0].execution, ExecutionId(1));
    }

    #[test]
    fn a_position_that_is_damaged_is_refused() {
        let store = MemoryStore::new();
        let write = Write::Meta { name: "observer:one".into(), value: vec![1] };
        store::suite::try_commit(&store, &[write]).unwrap();
        assert!(matches!(stored_position(&store, "one"), Err(StoreError::Damaged(_))));
    }
}
