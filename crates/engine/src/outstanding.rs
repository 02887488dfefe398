//! What an execution waits for. Recovery re-arms exactly this.

use asl::{Text, Value};

use crate::event::{EventId, FrameId, TaskFamily, Timestamp};
use crate::execution::{Execution, OpenTask, Place, Status, Visit, Work};

/// Something an execution waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum Outstanding {
    /// A task that somebody must do.
    Task {
        /// The number of its scheduling event; with the execution it names the task.
        scheduled: EventId,
        /// When it was scheduled: activity queues are first in, first out.
        scheduled_at: Timestamp,
        /// How it is done.
        family: TaskFamily,
        /// The resource's ARN.
        resource: Text,
        /// The effective input.
        parameters: Value,
        /// Whether a worker has it.
        started: bool,
    },
    /// A timer: a Wait, a timeout, a heartbeat or a retry interval, whichever is first.
    Timer {
        /// When [`crate::Command::Tick`] has an effect.
        due: Timestamp,
    },
    /// The execution was cut off in mid-run and wants [`crate::Command::Continue`].
    Ready,
}

impl Execution {
    /// Everything it waits for; nothing where it is over.
    pub fn outstanding(&self) -> Vec<Outstanding> {
        let mut all: Vec<_> = self.tasks.keys().filter_map(|scheduled| self.open_task(*scheduled)).collect();
        all.extend(self.next_due().map(|due| Outstanding::Timer { due }));
        if self.is_ready() {
            all.push(Outstanding::Ready);
        }
        all
    }

    /// When the earliest timer is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        if self.status != Status::Running || self.event_count == 0 {
            return None;
        }
        let first = self.timers.first().map(|(due, _)| *due);
        [first, self.deadline()].into_iter().flatten().min()
    }

    /// Whether it was cut off in mid-run and wants [`crate::Command::Continue`].
    pub fn is_ready(&self) -> bool {
        self.status == Status::Running && !self.ready.is_empty()
    }

    /// Whether a task is outstanding: somebody outside must act.
    pub fn has_open_tasks(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// An outstanding task, by the number of its scheduling event.
    pub fn open_task(&self, scheduled: EventId) -> Option<Outstanding> {
        let (_, task) = self.find_task(scheduled)?;
        Some(Outstanding::Task {
            scheduled,
            scheduled_at: task.scheduled_at,
            family: task.family.clone(),
            resource: task.resource.clone(),
            parameters: task.parameters.clone(),
            started: task.started,
        })
    }

    pub(crate) fn find_task(&self, scheduled: EventId) -> Option<(FrameId, &OpenTask)> {
        let id = *self.tasks.get(&scheduled)?;
        match &self.frame(id)?.place {
            Place::Inside(Visit { work: Work::Task(task), .. }) => Some((id, task)),
            _ => None,
        }
    }
}
