//! The engine from the outside: what history shows, and the laws that always hold.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod frames;
mod guide;
mod histories;
mod laws;
mod recorded;
mod run;
mod tasks;
mod unfinished;
mod unreadable;
