//! One process of a function: what it is doing, and the task that watches over it.

use std::process::ExitStatus;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Child;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::catalog::{Definition, lock};
use crate::descendants::{self, Mark};
use crate::failure;
use crate::guardian::Guardian;
use crate::identity;
use crate::logs::Logs;
use crate::pool::{Permit, Pool};
use crate::{FunctionError, Invocation, runtime_api};

/// How long after a process's end its last requests may still come out of the sockets.
const LAST_REQUESTS: Duration = Duration::from_millis(100);

/// An invocation on its way to a process.
pub(crate) struct Job {
    pub(crate) request_id: Arc<str>,
    pub(crate) payload: Bytes,
    pub(crate) client_context: Option<String>,
    pub(crate) trace_header: String,
}

impl Job {
    pub(crate) fn new(invocation: Invocation) -> Self {
        let Invocation { payload, client_context, trace_header, .. } = invocation;
        Self {
            request_id: identity::request_id().into(),
            payload: if payload.is_empty() { Bytes::from_static(b"{}") } else { payload },
            client_context: client_context.map(one_line),
            trace_header: trace_header.map_or_else(identity::trace_header, one_line),
        }
    }
}

/// The text as a header can carry it. In JSON, control characters stand between its parts only, where a space does.
fn one_line(text: String) -> String {
    if text.contains(char::is_control) { text.replace(char::is_control, " ") } else { text }
}

/// What became of a job.
pub(crate) enum JobOutcome {
    /// The function ran, or tried to.
    Ended(Ended),
    /// The process ended before it took the job; another one may.
    NotTaken(Box<Job>),
}

/// How an invocation ended.
pub(crate) struct Ended {
    pub(crate) payload: Bytes,
    pub(crate) error: Option<FunctionError>,
    pub(crate) log_tail: String,
}

/// An invocation as the process gets it.
pub(crate) struct Taken {
    pub(crate) job: Job,
    /// When the function must have answered.
    pub(crate) deadline: SystemTime,
}

/// A call of the runtime API that does not fit what the process is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misplaced {
    /// It asks for an invocation and owes the answer to one.
    OwesAnswer,
    /// The invocation it answers is not the one it has.
    UnknownRequest,
    /// It has started long ago.
    NotStarting,
    /// It is being ended.
    Ended,
}

/// What tells a process from others.
pub(crate) struct ProcessIdentity {
    /// Its number, and its group's.
    pub(crate) pid: Pid,
    /// What it and all that it starts have in their environment.
    pub(crate) mark: Mark,
    /// What it alone knows: its requests of the runtime API have it in their paths.
    pub(crate) secret: String,
}

/// One process.
pub(crate) struct Process {
    pool: Arc<Pool>,
    definition: Arc<Definition>,
    logs: Logs,
    identity: ProcessIdentity,
    /// How long it may take to start.
    start_limit: Duration,
    /// Requests of the runtime API that were not its own.
    strangers: AtomicU64,
    phase: Mutex<Phase>,
    /// There is a job, or no more to come.
    work: Notify,
    /// It must end.
    retired: Notify,
}

/// What a process is doing.
enum Phase {
    /// From its start until it asks for its first invocation, which is here.
    Starting { deadline: Instant, job: Job, answer: oneshot::Sender<JobOutcome> },
    /// It waits for work, or has not asked for it yet.
    Idle { since: Instant },
    /// It was given work and has not fetched it.
    Assigned { deadline: Instant, job: Job, answer: oneshot::Sender<JobOutcome> },
    /// It works.
    Running { deadline: Instant, request_id: Arc<str>, answer: oneshot::Sender<JobOutcome> },
    /// It is gone, or about to be.
    Ended,
}

/// What a watcher needs beside the process itself.
pub(crate) struct Watch {
    pub(crate) child: Child,
    pub(crate) listener: TcpListener,
    pub(crate) permit: Permit,
    pub(crate) guardian: Arc<Guardian>,
    pub(crate) idle_time: Duration,
}

/// Why a process ends.
enum End {
    Exited(Option<ExitStatus>),
    Overdue,
    Retired,
}

impl Process {
    pub(crate) fn new(
        pool: Arc<Pool>,
        definition: Arc<Definition>,
        (identity, logs): (ProcessIdentity, Logs),
        start_limit: Duration,
        (job, answer): (Job, oneshot::Sender<JobOutcome>),
    ) -> Self {
        logs.begin(&job.request_id);
        let phase = Mutex::new(Phase::Starting { deadline: Instant::now() + start_limit, job, answer });
        let strangers = AtomicU64::new(0);
        Self {
            pool,
            definition,
            logs,
            identity,
            start_limit,
            strangers,
            phase,
            work: Notify::new(),
            retired: Notify::new(),
        }
    }

    pub(crate) fn secret(&self) -> &str {
        &self.identity.secret
    }

    /// Counts a request of somebody who does not know the secret. The first one, and whenever their number has doubled,
    /// is a line in the log.
    pub(crate) fn count_stranger(&self) {
        let count = self.strangers.fetch_add(1, Relaxed).saturating_add(1);
        if count.is_power_of_two() {
            tracing::warn!(
                target: "functions",
                function = self.function(),
                count,
                "refused: a request of the runtime API that is not the function's own"
            );
        }
    }

    pub(crate) fn function(&self) -> &str {
        &self.definition.description.name
    }

    /// The function's ARN, as it is told to the function.
    pub(crate) fn arn(&self) -> &str {
        &self.definition.description.arn
    }

    /// Which state of the function's files it runs.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.definition.fingerprint
    }

    /// Since when it has had nothing to do. Now, while it has.
    pub(crate) fn idle_since(&self) -> Instant {
        match &*lock(&self.phase) {
            Phase::Idle { since } => *since,
            _ => Instant::now(),
        }
    }

    /// Asks the process to end.
    pub(crate) fn retire(&self) {
        self.retired.notify_one();
    }

    /// Gives an idle process work. The job comes back when the process has ended.
    pub(crate) fn assign(&self, job: Job, answer: oneshot::Sender<JobOutcome>) -> Result<(), Box<Job>> {
        let mut phase = lock(&self.phase);
        if !matches!(*phase, Phase::Idle { .. }) {
            return Err(Box::new(job));
        }
        let deadline = Instant::now() + self.definition.description.timeout;
        *phase = Phase::Assigned { deadline, job, answer };
        drop(phase);
        self.work.notify_one();
        Ok(())
    }

    /// The process asks for its next invocation: waits until there is one.
    pub(crate) async fn next(&self) -> Result<Taken, Misplaced> {
        loop {
            if let Some(taken) = self.take()? {
                return Ok(taken);
            }
            self.work.notified().await;
        }
    }

    fn take(&self) -> Result<Option<Taken>, Misplaced> {
        let mut phase = lock(&self.phase);
        let (job, answer) = match std::mem::replace(&mut *phase, Phase::Ended) {
            Phase::Starting { job, answer, .. } => (job, answer),
            // A process that died idle is not given the job: another one can do it.
            Phase::Assigned { job, answer, .. } if !self.has_exited() => (job, answer),
            other => {
                let answer = match &other {
                    Phase::Running { .. } => Err(Misplaced::OwesAnswer),
                    Phase::Assigned { .. } => Err(Misplaced::Ended),
                    Phase::Ended => Err(Misplaced::Ended),
                    _ => Ok(None),
                };
                *phase = other;
                return answer;
            }
        };
        let limit = self.definition.description.timeout;
        let request_id = job.request_id.clone();
        self.logs.begin(&request_id);
        *phase = Phase::Running { deadline: Instant::now() + limit, request_id, answer };
        Ok(Some(Taken { job, deadline: SystemTime::now() + limit }))
    }

    /// Whether the process is dead, though its watcher may not know yet.
    fn has_exited(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        // An error: it has been waited for already.
        !matches!(waitid(WaitId::Pid(self.identity.pid), options), Ok(None))
    }

    /// The process answers an invocation.
    pub(crate) fn answer(
        self: &Arc<Self>,
        request_id: &str,
        payload: Bytes,
        error: Option<FunctionError>,
    ) -> Result<(), Misplaced> {
        let mut phase = lock(&self.phase);
        let answer = match std::mem::replace(&mut *phase, Phase::Idle { since: Instant::now() }) {
            Phase::Running { request_id: running, answer, .. } if *running == *request_id => answer,
            other => {
                *phase = other;
                return Err(Misplaced::UnknownRequest);
            }
        };
        let log_tail = self.logs.end();
        drop(phase);
        // First it is free, then the caller hears of it: its next invocation finds a warm process.
        if !Pool::release(&self.pool, self) {
            self.retire();
        }
        // The caller may have gone; then nobody wants the answer.
        let _ = answer.send(JobOutcome::Ended(Ended { payload, error, log_tail }));
        Ok(())
    }

    /// The process says that it cannot start.
    pub(crate) fn init_failed(&self, payload: Bytes) -> Result<(), Misplaced> {
        let mut phase = lock(&self.phase);
        match std::mem::replace(&mut *phase, Phase::Ended) {
            Phase::Starting { answer, .. } => {
                let log_tail = self.logs.end();
                let ended = Ended { payload, error: Some(FunctionError::Unhandled), log_tail };
                // The caller may have gone; then nobody wants the answer.
                let _ = answer.send(JobOutcome::Ended(ended));
                self.retire();
                Ok(())
            }
            other => {
                *phase = other;
                Err(Misplaced::NotStarting)
            }
        }
    }

    /// Serves the runtime API to the process until it ends, and sees to its end.
    pub(crate) async fn watch(self: Arc<Self>, mut watch: Watch) {
        let mut connections = JoinSet::new();
        let pool = watch.permit.pool().clone();
        let closed = pool.closed();
        tokio::pin!(closed);
        let end = {
            let following = self.logs.follow();
            tokio::pin!(following);
            let mut logs_open = true;
            loop {
                tokio::select! {
                    accepted = watch.listener.accept() => self.serve(&mut connections, accepted).await,
                    Some(_) = connections.join_next() => {}
                    status = watch.child.wait() => {
                        self.last_requests(&watch.listener, &mut connections).await;
                        break End::Exited(status.ok());
                    }
                    () = self.retired.notified() => break End::Retired,
                    () = &mut closed => break End::Retired,
                    () = &mut following, if logs_open => logs_open = false,
                    () = sleep_until(self.next_look(watch.idle_time)) => {
                        if self.is_overdue(watch.idle_time) {
                            break End::Overdue;
                        }
                    }
                }
            }
        };
        self.end_family().await;
        self.end(&end);
        if let Err(error) = watch.child.wait().await {
            tracing::error!(target: "functions", function = self.function(), %error, "the process cannot be waited for");
        }
        watch.guardian.ended(self.identity.pid);
        drop(watch.permit);
    }

    /// Ends the process, and what it has started with it.
    async fn end_family(&self) {
        let (pid, mark) = (self.identity.pid, self.identity.mark.clone());
        let ended = tokio::task::spawn_blocking(move || descendants::end(pid, &mark)).await;
        if ended.is_err() {
            // The async runtime ends: the guardian sees to the rest. Fails when nothing is left.
            let _ = kill_process_group(self.identity.pid, Signal::KILL);
        }
    }

    async fn serve(
        self: &Arc<Self>,
        connections: &mut JoinSet<()>,
        accepted: std::io::Result<(TcpStream, std::net::SocketAddr)>,
    ) {
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(runtime_api::serve(self.clone(), stream));
            }
            Err(error) => {
                tracing::warn!(target: "functions", function = self.function(), %error, "a connection was not accepted");
                // Most likely no file descriptors are left. Others need time to give theirs back.
                sleep(Duration::from_millis(50)).await;
            }
        }
    }

    /// What the process sent before it ended may still be in its sockets: an answer, or why it ended.
    async fn last_requests(self: &Arc<Self>, listener: &TcpListener, connections: &mut JoinSet<()>) {
        let all = async {
            while let Ok(Ok((stream, _))) = timeout(Duration::ZERO, listener.accept()).await {
                connections.spawn(runtime_api::serve(self.clone(), stream));
            }
            while connections.join_next().await.is_some() {}
        };
        // Over time: a child of the process holds a connection open, and has nothing to say.
        let _ = timeout(LAST_REQUESTS, all).await;
    }

    /// When to look at the deadlines again. Whatever begins from now on is due later than this, so nobody who begins
    /// something needs to tell the watcher.
    fn next_look(&self, idle_time: Duration) -> Instant {
        let latest = Instant::now() + self.definition.description.timeout.min(idle_time);
        match &*lock(&self.phase) {
            Phase::Starting { deadline, .. } | Phase::Assigned { deadline, .. } | Phase::Running { deadline, .. } => {
                latest.min(*deadline)
            }
            Phase::Idle { since } => latest.min(*since + idle_time),
            Phase::Ended => latest,
        }
    }

    /// Whether its time is up. An idle process that is overdue is taken out of use here.
    fn is_overdue(self: &Arc<Self>, idle_time: Duration) -> bool {
        let now = Instant::now();
        let idle = {
            let phase = lock(&self.phase);
            match &*phase {
                Phase::Starting { deadline, .. }
                | Phase::Assigned { deadline, .. }
                | Phase::Running { deadline, .. } => {
                    return *deadline <= now;
                }
                Phase::Idle { since } => *since + idle_time <= now,
                Phase::Ended => false,
            }
        };
        if idle {
            self.pool.forget(self);
        }
        idle
    }

    /// Takes the process out of use and tells whoever waits for it.
    fn end(self: &Arc<Self>, end: &End) {
        self.pool.forget(self);
        let phase = std::mem::replace(&mut *lock(&self.phase), Phase::Ended);
        self.work.notify_one();
        let log_tail = self.logs.end();
        let limit = match phase {
            Phase::Starting { .. } => self.start_limit,
            _ => self.definition.description.timeout,
        };
        let (request_id, answer) = match phase {
            Phase::Idle { .. } | Phase::Ended => return,
            // Another process may still take it, unless it is late already.
            Phase::Assigned { job, answer, .. } if !matches!(end, End::Overdue) => {
                let _ = answer.send(JobOutcome::NotTaken(Box::new(job)));
                return;
            }
            Phase::Starting { job, answer, .. } | Phase::Assigned { job, answer, .. } => (job.request_id, answer),
            Phase::Running { request_id, answer, .. } => (request_id, answer),
        };
        let payload = match end {
            // Dropping the sender says so: the functions are shutting down.
            End::Retired => return,
            End::Exited(status) => failure::exited(&request_id, *status),
            End::Overdue => failure::timed_out(&request_id, limit),
        };
        let error = Some(FunctionError::Unhandled);
        let _ = answer.send(JobOutcome::Ended(Ended { payload, error, log_tail }));
    }
}
