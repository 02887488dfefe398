//! What stands in for the work of Task states.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use asl::{Text, Value};
use engine::test_state::FieldValidation;

/// The mocks of a case, by the Task state's name.
pub type MockTable = BTreeMap<Text, Arc<Mocks>>;

/// The answers of one Task state.
#[derive(Clone, Debug, PartialEq)]
pub enum Mocks {
    /// The same for every invocation.
    Every(Answer),
    /// One after the other; the last is not repeated.
    InTurn(Vec<Answer>),
    /// By the invocation's number, from 0, as Step Functions Local's mock configuration has them.
    ByNumber {
        /// The mocked response's name.
        response: Text,
        /// The answers, each for some numbers.
        answers: Vec<(RangeInclusive<u64>, Answer)>,
    },
}

impl Mocks {
    /// The answer to an invocation, counted from 0; `None` where there is none.
    pub fn answer(&self, invocation: u64) -> Option<&Answer> {
        match self {
            Self::Every(answer) => Some(answer),
            Self::InTurn(answers) => usize::try_from(invocation).ok().and_then(|index| answers.get(index)),
            Self::ByNumber { answers, .. } => {
                answers.iter().find(|(range, _)| range.contains(&invocation)).map(|(_, answer)| answer)
            }
        }
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What it is.
    pub outcome: MockOutcome,
    /// Milliseconds of virtual time until it comes.
    pub delay: i64,
}

/// How a mocked result is checked against the model of what is called: `fieldValidationMode` of TestState.
pub const VALIDATIONS: [(&str, FieldValidation); 3] =
    [("STRICT", FieldValidation::Strict), ("PRESENT", FieldValidation::Present), ("NONE", FieldValidation::None)];

/// How a task ends.
#[derive(Clone, Debug, PartialEq)]
pub enum MockOutcome {
    /// Well, with this raw result.
    Result(Value),
    /// With an error.
    Error {
        /// Its name.
        error: Option<Text>,
        /// What went wrong.
        cause: Option<Text>,
    },
    /// Never: the state's `TimeoutSeconds` or `HeartbeatSeconds` ends it, or nothing does.
    Never,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_belongs_to_its_invocation() {
        let answer = |n: i64| Answer { outcome: MockOutcome::Result(Value::int(n)), delay: 0 };
        let tables = [
            (Mocks::Every(answer(7)), [Some(7), Some(7), Some(7), Some(7)]),
            (Mocks::InTurn(vec![answer(1), answer(2)]), [Some(1), Some(2), None, None]),
            (
                Mocks::ByNumber { response: "R".into(), answers: vec![(0..=0, answer(1)), (2..=3, answer(2))] },
                [Some(1), None, Some(2), Some(2)],
            ),
        ];
        for (mocks, expected) in tables {
            for (invocation, expected) in (0..).zip(expected) {
                assert_eq!(mocks.answer(invocation), expected.map(answer).as_ref(), "{mocks:?} {invocation}");
            }
        }
    }
}
