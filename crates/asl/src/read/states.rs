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
use super::machine::ProgramBuilder;
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

/// Reads the fields of a state's type. Nothing where the type cannot be told.
pub(crate) fn read(fields: &Fields<'_>, here: Here<'_>, builder: &mut ProgramBuilder<'_>) -> Option<StateKind> {
    rules::required_fields::check(&["Type"], fields);
    let kind = fields.choice("Type", TYPES)?;
    rules::supported_fields::check(tables(kind), fields);
    Some(match kind {
        Type::Task => StateKind::Task(Box::new(task::read(fields, here))),
        Type::Wait => StateKind::Wait(Box::new(wait::read(fields, here))),
        Type::Pass => StateKind::Pass(Box::new(pass::read(fields, here))),
        Type::Succeed => {
            here.ends();
            StateKind::Succeed
        }
        Type::Fail => StateKind::Fail(Box::new(fail::read(fields, here))),
        Type::Choice => StateKind::Choice(Box::new(choice::read(fields, here))),
        Type::Parallel => StateKind::Parallel(Box::new(parallel::read(fields, here, builder))),
        Type::Map => StateKind::Map(Box::new(map::read(fields, here, builder))),
    })
}
