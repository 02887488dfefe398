//! Services that do tasks: what the shards let out, and what comes back.

use std::collections::HashSet;
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

/// What the services of one server do; a crash takes it away.
#[derive(Default)]
pub(crate) struct Desk {
    /// Tasks that were let out, ever.
    seen: HashSet<(ExecutionId, EventId)>,
    /// Requests to answer and jobs to end.
    pub(crate) open: Vec<Work>,
    /// What was told, and not answered yet.
    told: Vec<(Work, Command, Asked)>,
}

impl Desk {
    /// Takes a task in, unless it is being done. One that is done never comes again.
    pub(crate) fn take(&mut self, work: Work) {
        let id = task_id(&work);
        let is_running =
            self.open.iter().chain(self.told.iter().map(|(work, ..)| work)).any(|open| task_id(open) == id);
        let is_with_somebody_else = is_callback(&work) && work.task.submitted.is_some();
        if is_running || is_with_somebody_else {
            return;
        }
        assert!(self.seen.insert(id), "task {id:?} was let out twice");
        self.open.push(work);
    }

    /// A job was given up.
    pub(crate) fn cancel(&mut self, work: &Work) {
        assert!(work.task.submitted.is_some(), "a task without a job is cancelled");
        self.open.retain(|open| task_id(open) != task_id(work));
    }

    /// Notes what is told.
    pub(crate) fn tell(&mut self, work: Work, command: Command, asked: Asked) {
        self.told.push((work, command, asked));
    }

    /// Reads the answers: what is durable is done, what failed is to be told again.
    pub(crate) fn hear(&mut self) -> Vec<(Work, Command)> {
        let mut again = Vec::new();
        for (mut work, command, mut asked) in std::mem::take(&mut self.told) {
            match asked.try_recv() {
                Err(oneshot::error::TryRecvError::Empty) => self.told.push((work, command, asked)),
                Ok(Ok(())) => {
                    if let Command::TaskSubmitted { output, .. } = command
                        && !is_callback(&work)
                    {
                        work.task.submitted = Some(output);
                        self.open.push(work);
                    }
                }
                Ok(Err(CallError::Unavailable(_))) => again.push((work, command)),
                Ok(Err(CallError::TaskTimedOut | CallError::TaskDoesNotExist)) => {}
                other => panic!("{other:?}"),
            }
        }
        again
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.open.is_empty() && self.told.is_empty()
    }
}

fn task_id(work: &Work) -> (ExecutionId, EventId) {
    (work.execution, work.task.scheduled)
}

pub(crate) fn is_callback(work: &Work) -> bool {
    work.task.family.has_heartbeat()
}

/// Whether the task's request is answered by a job or a callback later.
pub(crate) fn has_more(work: &Work) -> bool {
    work.task.submitted.is_none()
        && matches!(&work.task.family, TaskFamily::Integration(integration) if integration.pattern() != Pattern::RequestResponse)
}
