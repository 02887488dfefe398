//! Services that do tasks: what the shards let out, and what comes back.

use std::collections::{BTreeSet, HashSet};
use std::sync::Mutex;

use asl::resource::{Pattern, Resource};
use asl::{Text, Value};
use engine::{Command, EventId, TaskFamily};
use runtime::calls::CallError;
use runtime::tasks::{Doing, Profiles, Tasks, Work};
use store::record::ExecutionId;
use tokio::sync::oneshot;

/// Tasks that the shards let out.
#[derive(Default)]
pub(crate) struct Services {
    dispatched: Mutex<Vec<Work>>,
    cancelled: Mutex<Vec<Work>>,
}

impl Services {
    pub(crate) fn take_dispatched(&self) -> Vec<Work> {
        std::mem::take(&mut *self.dispatched.lock().unwrap())
    }

    pub(crate) fn take_cancelled(&self) -> Vec<Work> {
        std::mem::take(&mut *self.cancelled.lock().unwrap())
    }
}

impl Tasks for Services {
    fn refusal(&self, _: &Resource) -> Option<String> {
        None
    }

    fn prepare(&self, _: &Resource, parameters: Value) -> Result<Value, String> {
        Ok(parameters)
    }

    fn profiles(&self) -> Option<&dyn Profiles> {
        None
    }

    fn dispatch(&self, work: Work) {
        self.dispatched.lock().unwrap().push(work);
    }

    fn do_once(&self, work: Work) -> Doing {
        panic!("nobody tests states here, and yet {} is to be called", work.task.resource);
    }

    fn cancel(&self, work: Work) {
        self.cancelled.lock().unwrap().push(work);
    }

    fn is_watching(&self) -> bool {
        true
    }

    fn ended(&self, _: &Text) {}
}

/// An answer that is to come.
type Asked = oneshot::Receiver<Result<(), CallError>>;

/// Jobs that services run: no crash of ours ends them.
#[derive(Default)]
pub(crate) struct Jobs {
    running: BTreeSet<TaskId>,
}

impl Jobs {
    /// A request begins a job; one that is repeated begins no other.
    pub(crate) fn begin(&mut self, work: &Work) {
        self.running.insert(task_id(work));
    }

    /// The job is over, or cancelled.
    pub(crate) fn end(&mut self, work: &Work) {
        self.running.remove(&task_id(work));
    }

    pub(crate) fn running(&self) -> impl Iterator<Item = TaskId> {
        self.running.iter().copied()
    }
}

/// What the services of one server do; a crash takes it away.
#[derive(Default)]
pub(crate) struct Desk {
    /// Tasks that were let out, ever.
    seen: HashSet<TaskId>,
    /// Requests to answer and jobs to end.
    pub(crate) open: Vec<Work>,
    /// What was told, and not answered yet.
    told: Vec<(Work, Command, Asked)>,
    /// Tasks that were given up while their requests were on their way, or while something was told of them.
    given_up: HashSet<TaskId>,
}

impl Desk {
    /// Takes a task in, unless it is being done. One that is done never comes again.
    pub(crate) fn take(&mut self, work: Work) {
        let id = task_id(&work);
        if self.open.iter().any(|open| task_id(open) == id) || self.is_told_of(id) {
            return;
        }
        let is_with_somebody_else = is_callback(&work) && work.task.submitted.is_some();
        assert!(!is_with_somebody_else, "task {id:?} was let out though somebody has its token");
        assert!(self.seen.insert(id), "task {id:?} was let out twice");
        self.open.push(work);
    }

    fn is_told_of(&self, id: TaskId) -> bool {
        self.told.iter().any(|(work, ..)| task_id(work) == id)
    }

    /// A task was given up: what is to be told of it now.
    pub(crate) fn cancel(&mut self, work: Work, jobs: &mut Jobs) -> Option<(Work, Command)> {
        let id = task_id(&work);
        let open = self.open.iter().position(|open| task_id(open) == id);
        let is_on_its_way = open.is_some_and(|at| self.open[at].task.submitted.is_none());
        if is_on_its_way || self.is_told_of(id) {
            self.given_up.insert(id);
            return None;
        }
        let job = open.map(|at| self.open.swap_remove(at));
        if job.is_some() || work.task.submitted.is_some() {
            jobs.end(&work);
        }
        Some(settled(work))
    }

    /// Notes what is told.
    pub(crate) fn tell(&mut self, work: Work, command: Command, asked: Asked) {
        self.told.push((work, command, asked));
    }

    /// Reads the answers: what is durable is done, what failed is to be told again.
    pub(crate) fn hear(&mut self, jobs: &mut Jobs) -> Vec<(Work, Command)> {
        let mut to_tell = Vec::new();
        for (mut work, command, mut asked) in std::mem::take(&mut self.told) {
            let is_durable = match asked.try_recv() {
                Err(oneshot::error::TryRecvError::Empty) => {
                    self.told.push((work, command, asked));
                    continue;
                }
                Ok(Err(CallError::Unavailable(_))) => {
                    to_tell.push((work, command));
                    continue;
                }
                Ok(Ok(())) => true,
                Ok(Err(CallError::TaskTimedOut | CallError::TaskDoesNotExist)) => false,
                other => panic!("{other:?}"),
            };
            let is_given_up = self.given_up.remove(&task_id(&work));
            match command {
                Command::CancelSettled { .. } => {}
                Command::TaskSubmitted { output, .. } if work.task.family.is_job() => {
                    if is_durable && !is_given_up {
                        work.task.submitted = Some(output);
                        self.open.push(work);
                    } else {
                        jobs.end(&work);
                        to_tell.push(settled(work));
                    }
                }
                _ if is_given_up => {
                    assert!(!is_durable, "a task that ended by itself was given up");
                    to_tell.push(settled(work));
                }
                _ => {}
            }
        }
        to_tell
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.open.is_empty() && self.told.is_empty()
    }
}

/// What names a task.
type TaskId = (ExecutionId, EventId);

fn task_id(work: &Work) -> TaskId {
    (work.execution, work.task.scheduled)
}

fn settled(work: Work) -> (Work, Command) {
    let scheduled = work.task.scheduled;
    (work, Command::CancelSettled { scheduled })
}

pub(crate) fn is_callback(work: &Work) -> bool {
    work.task.family.has_heartbeat()
}

/// Whether the task's request is answered by a job or a callback later.
pub(crate) fn has_more(work: &Work) -> bool {
    work.task.submitted.is_none()
        && matches!(&work.task.family, TaskFamily::Integration(integration) if integration.pattern() != Pattern::RequestResponse)
}
