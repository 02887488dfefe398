//! Numbers the invocations of Task states, for executions that were started with a profile.

use std::collections::HashMap;

use asl::Text;
use engine::{Event, EventId, EventKind, FrameId, OpenTask};

use crate::tasks::Invocation;

/// The invocations of an execution's Task states, told by its events: the same after a restart.
#[derive(Debug)]
pub(crate) struct Invocations {
    profile: Text,
    /// The state each line of control is in.
    here: HashMap<FrameId, Text>,
    /// What each state scheduled, in order.
    scheduled: HashMap<Text, Vec<EventId>>,
}

impl Invocations {
    /// Those of an execution that has just begun.
    pub(crate) fn new(profile: Text) -> Self {
        Self { profile, here: HashMap::new(), scheduled: HashMap::new() }
    }

    /// Takes note of an event, in order.
    pub(crate) fn note(&mut self, event: &Event) {
        match &event.kind {
            EventKind::StateEntered { name, .. } => {
                self.here.insert(event.frame, name.clone());
            }
            EventKind::TaskScheduled { .. } => {
                let Some(state) = self.here.get(&event.frame) else { return };
                self.scheduled.entry(state.clone()).or_default().push(event.id);
            }
            _ => {}
        }
    }

    /// Which invocation of its state a task is: loops, retries and the iterations of a Map count.
    pub(crate) fn of(&self, task: &OpenTask) -> Invocation {
        let earlier = |ids: &Vec<EventId>| ids.partition_point(|id| *id < task.scheduled) as u64;
        let number = self.scheduled.get(&task.state).map_or(0, earlier);
        Invocation { profile: self.profile.clone(), number }
    }
}

#[cfg(test)]
mod tests {
    use asl::Value;
    use engine::{StateType, TaskFamily, Timestamp};

    use super::*;

    fn event(id: u64, frame: u32, kind: EventKind) -> Event {
        Event { id: EventId(id), previous: EventId::NONE, at: Timestamp(0), frame: FrameId(frame), kind }
    }

    fn entered(id: u64, frame: u32, state: &str) -> Event {
        let (name, state_type) = (state.into(), StateType::Task);
        event(id, frame, EventKind::StateEntered { name, state_type, input: Value::Null, input_text: None })
    }

    fn scheduled(id: u64, frame: u32) -> Event {
        let kind = EventKind::TaskScheduled {
            family: TaskFamily::LambdaFunction,
            resource: "r".into(),
            parameters: Value::Null,
            timeout_seconds: None,
            heartbeat_seconds: None,
            credentials: None,
        };
        event(id, frame, kind)
    }

    fn number(invocations: &Invocations, state: &str, id: u64) -> u64 {
        let mut task = OpenTask::new(EventId(id), Timestamp(0), TaskFamily::LambdaFunction, "r".into());
        task.state = state.into();
        invocations.of(&task).number
    }

    #[test]
    fn invocations_are_numbered_by_state_in_the_order_of_their_scheduling() {
        let mut invocations = Invocations::new("C".into());
        let events = [
            entered(2, 1, "A"),
            entered(3, 2, "A"),
            scheduled(4, 2),
            scheduled(5, 1),
            // A retry of the second line; then the first line's number is given to another state.
            scheduled(6, 2),
            entered(7, 1, "B"),
            scheduled(8, 1),
            scheduled(9, 2),
        ];
        events.iter().for_each(|event| invocations.note(event));
        let found =
            [("A", 4), ("A", 5), ("A", 6), ("A", 9), ("B", 8)].map(|(state, id)| number(&invocations, state, id));
        assert_eq!(found, [0, 1, 2, 3, 0]);
    }
}
