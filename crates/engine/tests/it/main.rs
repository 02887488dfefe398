//! The engine from the outside: what history shows, and the laws that always hold.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod guide;
mod histories;
mod laws;
mod run;
mod tasks;
