//! Reads what a state's type adds, one type a file.

mod choice;
mod fail;
mod map;
mod map_distributed;
mod parallel;
mod pass;
mod task;
mod wait;

use super::container::Here;
use super::fields::Fields;
use super::machine::Reader;
use super::rules;
use super::supported::{self, Table};
use crate::program::StateKind;

#[derive(Clone, Copy)]
enum Type {
    Task,
    Wait,
    Pass,
    Succeed,
    Fail,
    Choice,
    Parallel,
    Map,
}

/// In the order in which AWS lists them.
const TYPES: &[(&str, Type)] = &[
    ("Task", Type::Task),
    ("Wait", Type::Wait),
    ("Pass", Type::Pass),
    ("Succeed", Type::Succeed),
    ("Fail", Type::Fail),
    ("Choice", Type::Choice),
    ("Parallel", Type::Parallel),
    ("Map", Type::Map),
];

/// Which fields a state of that type may have.
fn tables(kind: Type) -> &'static [&'static Table] {
    use supported::{ASSIGN, CHOICE, DATA, END, FAIL, MAP, PARALLEL, PASS, STATE, TASK, TRANSITION, WAIT, WORK};
    match kind {
        Type::Task => &[STATE, DATA, ASSIGN, TRANSITION, WORK, TASK],
        Type::Wait => &[STATE, DATA, ASSIGN, TRANSITION, WAIT],
        Type::Pass => &[STATE, DATA, ASSIGN, TRANSITION, PASS],
        Type::Succeed => &[STATE, DATA, END],
        Type::Fail => &[STATE, FAIL, END],
        Type::Choice => &[STATE, DATA, ASSIGN, CHOICE],
        Type::Parallel => &[STATE, DATA, ASSIGN, TRANSITION, WORK, PARALLEL],
        Type::Map => &[STATE, DATA, ASSIGN, TRANSITION, WORK, MAP],
    }
}

/// Reads the fields of a state's type.
pub(crate) fn read(fields: &Fields<'_>, here: Here<'_>, reader: &mut Reader<'_>) -> Option<StateKind> {
    if !rules::required_fields::check(&["Type"], fields) {
        return None;
    }
    let kind = fields.choice("Type", TYPES)?;
    rules::supported_fields::check(tables(kind), fields);
    match kind {
        Type::Task => task::read(fields, here).map(|task| StateKind::Task(Box::new(task))),
        Type::Wait => wait::read(fields, here).map(StateKind::Wait),
        Type::Pass => pass::read(fields, here).map(StateKind::Pass),
        Type::Succeed => {
            here.ends();
            Some(StateKind::Succeed)
        }
        Type::Fail => Some(StateKind::Fail(Box::new(fail::read(fields, here)))),
        Type::Choice => choice::read(fields, here).map(StateKind::Choice),
        Type::Parallel => parallel::read(fields, here, reader).map(|parallel| StateKind::Parallel(Box::new(parallel))),
        Type::Map => map::read(fields, here, reader).map(|map| StateKind::Map(Box::new(map))),
    }
}
