//! What the runtime can be asked for, by subject.

mod activities;
mod aliases;
mod executions;
mod history;
mod machines;
mod tags;
mod tasks;
mod test_state;
mod versions;
