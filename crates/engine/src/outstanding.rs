//! What an execution waits for. Recovery re-arms exactly this.

use crate::event::{EventId, FrameId, Timestamp};
use crate::execution::{Execution, FramePlace, OpenTask, Status, Visit, Work};

/// Something an execution waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum Outstanding {
    /// A task that somebody must do.
    Task(OpenTask),
    /// A timer: a Wait, a timeout, a heartbeat or a retry interval, whichever is first.
    Timer {
        /// When [`crate::Command::Tick`] has an effect.
        due: Timestamp,
    },
    /// The execution was cut off in mid-run and wants [`crate::Command::Continue`].
    Ready,
    /// A task was given up while its job ran, or while the request that begins it was on its way: the job is to be
    /// cancelled. Also where the execution is over. Closed by [`crate::Command::CancelSettled`].
    Cancel(OpenTask),
}

impl Execution {
    /// Everything it waits for; nothing but cancellations where it is over.
    pub fn outstanding(&self) -> Vec<Outstanding> {
        let mut all: Vec<_> = self
            .tasks
            .keys()
            .filter_map(|scheduled| self.open_task(*scheduled))
            .cloned()
            .map(Outstanding::Task)
            .collect();
        all.extend(self.next_due().map(|due| Outstanding::Timer { due }));
        if self.is_ready() {
            all.push(Outstanding::Ready);
        }
        all.extend(self.cancels.values().cloned().map(Outstanding::Cancel));
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

    /// Whether a task is outstanding.
    pub fn has_open_tasks(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Whether recovery must hand something out: a task that nobody has or that somebody looks after, or a cancellation.
    pub fn is_to_hand_out(&self) -> bool {
        !self.to_hand_out.is_empty() || !self.cancels.is_empty()
    }

    /// The tasks that were given up and whose jobs are to be cancelled.
    pub fn cancels(&self) -> impl Iterator<Item = &OpenTask> {
        self.cancels.values()
    }

    /// An outstanding task, by the number of its scheduling event.
    pub fn open_task(&self, scheduled: EventId) -> Option<&OpenTask> {
        self.find_task(scheduled).map(|(_, task)| task)
    }

    pub(crate) fn find_task(&self, scheduled: EventId) -> Option<(FrameId, &OpenTask)> {
        let id = *self.tasks.get(&scheduled)?;
        match &self.frame(id)?.place {
            FramePlace::Inside(Visit { work: Work::Task(task), .. }) => Some((id, task)),
            _ => None,
        }
    }
}
