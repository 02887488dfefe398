//! What a program takes of memory.

use super::{
    Branch, Catcher, Choice, ChoiceRule, DataPath, DistributedMap, Fail, FailText, Figure, Map, MapItems, Parallel,
    Pass, Program, Resource, ResultPath, Retrier, State, StateKind, Task, Wait, WaitUntil,
};
use crate::memory::{Held, row};

impl Program {
    /// Bytes of memory that it takes: an estimate from above, which is near to it for a program that was just made.
    pub fn memory_bytes(&self) -> usize {
        let table = |capacity: usize, entry: usize| capacity * 8 / 7 * (entry + 1);
        let names = table(self.names.capacity(), size_of::<(crate::Text, super::StateId)>());
        let later = table(self.namesakes.capacity(), size_of::<((super::BranchId, crate::Text), super::StateId)>());
        size_of::<Self>()
            + self.comment.held_bytes()
            + self.states.held_bytes()
            + row::<Branch>(self.branches.capacity())
            + names
            + later
            + self.names.keys().map(Held::held_bytes).sum::<usize>()
            + self.namesakes.keys().map(|(_, name)| name.held_bytes()).sum::<usize>()
    }
}

impl Held for State {
    fn held_bytes(&self) -> usize {
        self.name.held_bytes()
            + self.input_path.held_bytes()
            + self.output_path.held_bytes()
            + self.output.held_bytes()
            + self.assign.held_bytes()
            + self.kind.held_bytes()
            + self.fault.held_bytes()
    }
}

impl Held for StateKind {
    fn held_bytes(&self) -> usize {
        match self {
            Self::Pass(pass) => pass.held_bytes(),
            Self::Task(task) => task.held_bytes(),
            Self::Choice(choice) => choice.held_bytes(),
            Self::Wait(wait) => wait.held_bytes(),
            Self::Succeed => 0,
            Self::Fail(fail) => fail.held_bytes(),
            Self::Parallel(parallel) => parallel.held_bytes(),
            Self::Map(map) => map.held_bytes(),
        }
    }
}

impl Held for DataPath {
    fn held_bytes(&self) -> usize {
        match self {
            Self::Whole | Self::Nothing => 0,
            Self::Select(path) => path.held_bytes(),
        }
    }
}

impl Held for ResultPath {
    fn held_bytes(&self) -> usize {
        match self {
            Self::Replace | Self::Discard => 0,
            Self::Put(path) => path.held_bytes(),
        }
    }
}

impl Held for Pass {
    fn held_bytes(&self) -> usize {
        self.result.held_bytes() + self.parameters.held_bytes() + self.result_path.held_bytes()
    }
}

impl Held for Task {
    fn held_bytes(&self) -> usize {
        self.resource.held_bytes()
            + self.arguments.held_bytes()
            + self.credentials.held_bytes()
            + self.result_selector.held_bytes()
            + self.result_path.held_bytes()
            + self.timeout_seconds.held_bytes()
            + self.heartbeat_seconds.held_bytes()
            + self.retry.held_bytes()
            + self.catch.held_bytes()
    }
}

impl Held for Resource {
    fn held_bytes(&self) -> usize {
        let integration = self.integration().map_or(0, |integration| integration.texts().map(Held::held_bytes).sum());
        self.arn().held_bytes() + integration
    }
}

impl Held for Figure {
    fn held_bytes(&self) -> usize {
        match self {
            Self::Fixed(_) => 0,
            Self::Path(path) => path.held_bytes(),
            Self::Expression(template) => template.held_bytes(),
        }
    }
}

impl Held for Choice {
    fn held_bytes(&self) -> usize {
        self.rules.held_bytes()
    }
}

impl Held for ChoiceRule {
    fn held_bytes(&self) -> usize {
        self.condition.held_bytes() + self.output.held_bytes() + self.assign.held_bytes()
    }
}

impl Held for Wait {
    fn held_bytes(&self) -> usize {
        match &self.until {
            WaitUntil::Seconds(_) => 0,
            WaitUntil::Timestamp(text) => text.held_bytes(),
            WaitUntil::SecondsPath(path) | WaitUntil::TimestampPath(path) => path.held_bytes(),
            WaitUntil::SecondsExpression(template) | WaitUntil::TimestampExpression(template) => template.held_bytes(),
        }
    }
}

impl Held for Fail {
    fn held_bytes(&self) -> usize {
        self.error.held_bytes() + self.cause.held_bytes()
    }
}

impl Held for FailText {
    fn held_bytes(&self) -> usize {
        match self {
            Self::Fixed(text) => text.held_bytes(),
            Self::Path(template) | Self::Expression(template) => template.held_bytes(),
        }
    }
}

impl Held for Parallel {
    fn held_bytes(&self) -> usize {
        row::<super::BranchId>(self.branches.capacity())
            + self.arguments.held_bytes()
            + self.result_selector.held_bytes()
            + self.result_path.held_bytes()
            + self.retry.held_bytes()
            + self.catch.held_bytes()
    }
}

impl Held for Map {
    fn held_bytes(&self) -> usize {
        self.distributed.held_bytes()
            + self.items.held_bytes()
            + self.item_selector.held_bytes()
            + self.max_concurrency.held_bytes()
            + self.tolerated_failure_count.held_bytes()
            + self.tolerated_failure_percentage.held_bytes()
            + self.result_selector.held_bytes()
            + self.result_path.held_bytes()
            + self.retry.held_bytes()
            + self.catch.held_bytes()
    }
}

impl Held for DistributedMap {
    fn held_bytes(&self) -> usize {
        self.label.held_bytes()
            + self.item_reader.held_bytes()
            + self.item_batcher.held_bytes()
            + self.result_writer.held_bytes()
    }
}

impl Held for MapItems {
    fn held_bytes(&self) -> usize {
        match self {
            Self::Path(path) => path.held_bytes(),
            Self::Items(template) => template.held_bytes(),
        }
    }
}

impl Held for Retrier {
    fn held_bytes(&self) -> usize {
        self.error_equals.held_bytes()
    }
}

impl Held for Catcher {
    fn held_bytes(&self) -> usize {
        self.error_equals.held_bytes()
            + self.result_path.held_bytes()
            + self.output.held_bytes()
            + self.assign.held_bytes()
    }
}
