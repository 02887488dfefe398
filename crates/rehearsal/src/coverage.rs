//! Which parts of a definition its tests reach.
//!
//! Counted are: every state that was entered; every retrier that took an error; and, for Choice states and catchers,
//! every *target*: events say where a Choice state or a catcher went on, not which of its entries led there. Entries
//! of one state that name the same target therefore count as one.

use std::collections::HashSet;
use std::fmt;

use asl::Text;
use asl::program::{Catcher, Choice, Program, Retrier, State, StateId, StateKind};

/// Something that happened in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fact {
    /// It was entered.
    Entered(StateId),
    /// The retrier of that index took an error.
    Retried(StateId, u32),
    /// A Choice state went on to that state.
    Chose(StateId, StateId),
    /// A catcher went on to that state.
    Caught(StateId, StateId),
}

/// What an execution reached in its definition.
#[derive(Clone, Debug, Default)]
pub struct Reached(pub(crate) HashSet<Fact>);

/// A part of a definition that a test can reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A state.
    State {
        /// Its name.
        state: Text,
    },
    /// The rules of a Choice state with the same target.
    Choice {
        /// The state's name.
        state: Text,
        /// Their indexes in `Choices`.
        rules: Vec<usize>,
        /// Whether `Default` has the target too.
        default: bool,
        /// The target.
        next: Text,
    },
    /// A retrier.
    Retrier {
        /// The state's name.
        state: Text,
        /// Its index in `Retry`.
        index: usize,
        /// Its `ErrorEquals`.
        errors: Vec<Text>,
    },
    /// The catchers of a state with the same target.
    Catcher {
        /// The state's name.
        state: Text,
        /// Their indexes in `Catch`.
        catchers: Vec<usize>,
        /// The target.
        next: Text,
    },
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = |name: &str, indexes: &[usize]| -> Vec<String> {
            indexes.iter().map(|index| format!("{name}[{index}]")).collect()
        };
        match self {
            Self::State { state } => write!(f, "state \"{state}\""),
            Self::Choice { state, rules, default, next } => {
                let mut entries = entries("Choices", rules);
                entries.extend(default.then(|| "Default".to_owned()));
                write!(f, "rule {} of state \"{state}\", to \"{next}\"", entries.join(" or "))
            }
            Self::Retrier { state, index, errors } => {
                write!(f, "retrier Retry[{index}] of state \"{state}\", for {}", errors.join(", "))
            }
            Self::Catcher { state, catchers, next } => {
                write!(f, "catcher {} of state \"{state}\", to \"{next}\"", entries("Catch", catchers).join(" or "))
            }
        }
    }
}

/// The parts of one definition, and which of them were reached.
#[derive(Debug)]
pub struct Coverage {
    parts: Vec<(Part, Fact)>,
    reached: HashSet<Fact>,
}

impl Coverage {
    /// The parts of a definition, none of them reached.
    pub fn of(program: &Program) -> Self {
        let mut parts = Vec::new();
        for state in &program.states {
            let Some(id) = program.state_named(&state.name) else { continue };
            parts.push((Part::State { state: state.name.clone() }, Fact::Entered(id)));
            match &state.kind {
                StateKind::Choice(choice) => add_rules(&mut parts, program, state, id, choice),
                StateKind::Task(task) => add_handlers(&mut parts, program, state, id, &task.retry, &task.catch),
                StateKind::Parallel(parallel) => {
                    add_handlers(&mut parts, program, state, id, &parallel.retry, &parallel.catch);
                }
                StateKind::Map(map) => add_handlers(&mut parts, program, state, id, &map.retry, &map.catch),
                StateKind::Pass(_) | StateKind::Wait(_) | StateKind::Succeed | StateKind::Fail(_) => {}
            }
        }
        Self { parts, reached: HashSet::new() }
    }

    /// Adds what one execution of the definition reached.
    pub fn add(&mut self, reached: &Reached) {
        self.reached.extend(&reached.0);
    }

    /// How many parts there are.
    pub fn total(&self) -> usize {
        self.parts.len()
    }

    /// How many of them were reached.
    pub fn reached(&self) -> usize {
        self.total() - self.missed().count()
    }

    /// The reached parts in percent.
    pub fn percent(&self) -> f64 {
        // A definition has at least one state.
        100.0 * self.reached() as f64 / self.total().max(1) as f64
    }

    /// The parts that were not reached, in the definition's order.
    pub fn missed(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|(_, fact)| !self.reached.contains(fact)).map(|(part, _)| part)
    }
}

fn add_rules(parts: &mut Vec<(Part, Fact)>, program: &Program, state: &State, id: StateId, choice: &Choice) {
    let targets: Vec<StateId> = choice.rules.iter().map(|rule| rule.next).collect();
    for next in distinct(targets.iter().copied().chain(choice.default)) {
        let part = Part::Choice {
            state: state.name.clone(),
            rules: indexes(&targets, next),
            default: choice.default == Some(next),
            next: program.state(next).name.clone(),
        };
        parts.push((part, Fact::Chose(id, next)));
    }
}

fn add_handlers(
    parts: &mut Vec<(Part, Fact)>,
    program: &Program,
    state: &State,
    id: StateId,
    retry: &[Retrier],
    catch: &[Catcher],
) {
    for (number, (index, retrier)) in (0..).zip(retry.iter().enumerate()) {
        // MaxAttempts 0 says that there is no retry: nothing to reach.
        if retrier.max_attempts > 0 {
            let part = Part::Retrier { state: state.name.clone(), index, errors: retrier.error_equals.clone() };
            parts.push((part, Fact::Retried(id, number)));
        }
    }
    let targets: Vec<StateId> = catch.iter().map(|catcher| catcher.next).collect();
    for next in distinct(targets.iter().copied()) {
        let part = Part::Catcher {
            state: state.name.clone(),
            catchers: indexes(&targets, next),
            next: program.state(next).name.clone(),
        };
        parts.push((part, Fact::Caught(id, next)));
    }
}

fn distinct(targets: impl Iterator<Item = StateId>) -> Vec<StateId> {
    let mut seen = HashSet::new();
    targets.filter(|target| seen.insert(*target)).collect()
}

fn indexes(targets: &[StateId], next: StateId) -> Vec<usize> {
    targets.iter().enumerate().filter(|(_, target)| **target == next).map(|(index, _)| index).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use asl::Value;
    use asl::read::{MachineType, read};
    use engine::{Limits, Timestamp};

    use super::*;
    use crate::mocks::{Answer, MockOutcome, MockTable, Mocks};
    use document::{Document, Syntax};

    const DEFINITION: &str = "
StartAt: C
States:
  C:
    Type: Choice
    Choices:
      - {Variable: $.n, NumericEquals: 1, Next: T}
      - {Variable: $.n, NumericEquals: 2, Next: End}
      - {Variable: $.n, NumericEquals: 3, Next: T}
    Default: End
  T:
    Type: Task
    Resource: arn:aws:lambda:us-east-1:123456789012:function:f
    Retry:
      - {ErrorEquals: [Never], MaxAttempts: 0}
      - {ErrorEquals: [E], MaxAttempts: 1}
    Catch:
      - {ErrorEquals: [E], Next: End}
      - {ErrorEquals: [F], Next: Fix}
    Next: End
  Fix: {Type: Pass, End: true}
  End: {Type: Succeed}
";

    fn missed(runs: &[(&str, Mocks)]) -> (usize, Vec<String>) {
        let document = Document::parse(DEFINITION, Syntax::Yaml).unwrap();
        let program = Arc::new(read(document.json(), MachineType::Standard).program.unwrap());
        let mut coverage = Coverage::of(&program);
        for (input, mocks) in runs {
            let mocks = MockTable::from([("T".into(), Arc::new(mocks.clone()))]);
            let input: Value = asl::json::parse(input.as_bytes()).unwrap();
            let run = crate::run(&program, input, Timestamp(0), &mocks, &Limits::default());
            coverage.add(&run.reached);
        }
        assert_eq!(coverage.reached() + coverage.missed().count(), coverage.total());
        (coverage.reached(), coverage.missed().map(ToString::to_string).collect())
    }

    fn every(outcome: MockOutcome) -> Mocks {
        Mocks::Every(Answer { outcome, delay: 0 })
    }

    fn error(name: &str) -> Mocks {
        every(MockOutcome::Error { error: Some(name.into()), cause: None })
    }

    #[test]
    fn each_part_is_reached_by_what_takes_it() {
        let all = [
            "state \"C\"",
            "rule Choices[0] or Choices[2] of state \"C\", to \"T\"",
            "rule Choices[1] or Default of state \"C\", to \"End\"",
            "state \"T\"",
            "retrier Retry[1] of state \"T\", for E",
            "catcher Catch[0] of state \"T\", to \"End\"",
            "catcher Catch[1] of state \"T\", to \"Fix\"",
            "state \"Fix\"",
            "state \"End\"",
        ];
        let some_result = every(MockOutcome::Result(Value::Null));
        for (runs, reached) in [
            (vec![], vec![]),
            (vec![(r#"{"n": 2}"#, some_result.clone())], vec![0, 2, 8]),
            // The target of the first catcher is the usual one too: a success is no catch.
            (vec![(r#"{"n": 1}"#, some_result)], vec![0, 1, 3, 8]),
            (vec![(r#"{"n": 1}"#, error("E"))], vec![0, 1, 3, 4, 5, 8]),
            (vec![(r#"{"n": 3}"#, error("F"))], vec![0, 1, 3, 6, 7]),
        ] {
            let mut expected: Vec<_> = all.to_vec();
            let mut at = 0..;
            expected.retain(|_| !at.next().is_some_and(|index| reached.contains(&index)));
            let (count, mut found) = missed(&runs);
            found.sort();
            expected.sort_unstable();
            assert_eq!(found, expected, "{runs:?}");
            assert_eq!(count, reached.len());
        }
    }
}
