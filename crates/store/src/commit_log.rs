//! The commit log: what each commit did to executions, for those who follow along.
//!
//! It is kept where a batch asks for it ([`Write::LogCommit`]), in the same transaction, until every follower has come
//! past it ([`Write::TrimCommits`]). So nothing committed is missed, whenever a crash comes.

use engine::{EventId, Status};

use crate::record::{Chunk, ExecutionId, Summary, Write};

/// The place of a commit in the log: from 1, each after the one before. 0 is before all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitPosition(pub i64);

impl CommitPosition {
    /// That of the commit after this one.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// What one write of a commit did to an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Which.
    pub execution: ExecutionId,
    /// The number of its last shown event, with this write.
    pub last_event: EventId,
    /// Its summary, where the write changed it.
    pub summary: Option<Summary>,
    /// Whether the execution began with it.
    pub begins: bool,
    /// Whether the execution ended with it. What is written of one that is over already does not end it again.
    pub ends: bool,
}

impl Committed {
    /// What a write does to an execution; nothing where it is about something else.
    pub fn of(write: &Write) -> Option<Self> {
        match write {
            Write::Begin { execution, chunk, .. } => {
                Some(Self::with(execution.id, chunk, Some(execution.summary), true))
            }
            Write::Append { execution, chunk, summary } => Some(Self::with(*execution, chunk, *summary, false)),
            _ => None,
        }
    }

    fn with(execution: ExecutionId, chunk: &Chunk, summary: Option<Summary>, begins: bool) -> Self {
        let is_over = summary.is_some_and(|summary| summary.status != Status::Running);
        // The end is the last event that is shown: what comes after it is hidden.
        let ends = is_over && chunk.has_shown_events();
        Self { execution, last_event: chunk.last_id, summary, begins, ends }
    }

    /// How the execution ended, where it did.
    pub fn end(&self) -> Option<Status> {
        self.summary.filter(|_| self.ends).map(|summary| summary.status)
    }
}

/// A commit as the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedCommit {
    /// Its place.
    pub position: CommitPosition,
    /// What it did, in the order of its writes. An execution may be there several times.
    pub committed: Vec<Committed>,
}
