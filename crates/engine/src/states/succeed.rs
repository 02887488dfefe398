//! Succeed: the frame ends with the state's input.

use asl::program::Transition;

use crate::cursor::Cursor;
use crate::decide::Decision;

pub(crate) fn run<'a>(decision: &mut Decision<'a>, cursor: Cursor<'a>) {
    decision.leave_with_input(cursor, Transition::End);
}
