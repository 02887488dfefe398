//! Lanes: one stream of commits each, in which every commit has the number after the one before.
//!
//! A commit carries a [`Ticket`]. One that does not follow the last of its lane is refused and writes nothing, so that
//! nobody who lost track of what is stored, or whose place another took, goes on writing.

use std::collections::HashMap;

use crate::record::Write;
use crate::{Commit, StoreError};

/// One run of a node: drawn by chance when it starts, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u128);

/// What a commit is allowed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Whose lane it is.
    pub session: SessionId,
    /// Which of the session's lanes, from 0.
    pub lane: u16,
    /// Raised when the lane is taken from its owner. One node's own store never does that: there it stays 1.
    pub epoch: u64,
    /// The commit's number in its lane, from 1. A ticket that names no commit to make, as [`Commit::open_lane`] and
    /// [`Commit::settle`] give it, has the number of the last durable one; 0 where there was none.
    pub seq: u64,
}

impl Ticket {
    /// For the commit after this one.
    pub fn next(self) -> Self {
        Self { seq: self.seq + 1, ..self }
    }
}

/// A lane in its owner's hands.
#[derive(Debug)]
pub struct Lane {
    /// That of the last commit that is known to be durable.
    base: Ticket,
    /// Whether it is unknown if the commit after that one is durable too.
    is_in_doubt: bool,
}

impl Lane {
    /// Opens a lane of a session.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn open<S: Commit + ?Sized>(store: &S, session: SessionId, lane: u16) -> Result<Self, StoreError> {
        Ok(Self { base: store.open_lane(session, lane)?, is_in_doubt: false })
    }

    /// Commits under the next number. After a commit of unknown outcome, that is settled first.
    ///
    /// # Errors
    /// Those of [`Commit::commit`] and [`Commit::settle`].
    pub fn commit<S: Commit + ?Sized>(&mut self, store: &S, batch: &[Write]) -> Result<(), StoreError> {
        self.settle(store)?;
        let ticket = self.base.next();
        let done = store.commit(&ticket, batch);
        match &done {
            Ok(()) => self.base = ticket,
            Err(error) => self.is_in_doubt = !error.wrote_nothing(),
        }
        done
    }

    /// Finds out whether the last commit is durable; asks the store only where its outcome is unknown.
    ///
    /// # Errors
    /// Where the store fails; then it stays unknown.
    pub fn settle<S: Commit + ?Sized>(&mut self, store: &S) -> Result<LastCommit, StoreError> {
        if !self.is_in_doubt {
            return Ok(LastCommit::Known);
        }
        let base = store.settle(self.base.session, self.base.lane)?;
        let found = if base.seq > self.base.seq { LastCommit::Durable } else { LastCommit::NotWritten };
        (self.base, self.is_in_doubt) = (base, false);
        Ok(found)
    }
}

/// What [`Lane::settle`] found of the last commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastCommit {
    /// What it answered holds.
    Known,
    /// It failed, and is durable nonetheless.
    Durable,
    /// It failed, and wrote nothing.
    NotWritten,
}

/// The lanes of a store that only one process has, in memory: they end with it.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    /// The number of the last commit of each.
    last: HashMap<(SessionId, u16), u64>,
}

impl Lanes {
    /// The only epoch there is: nobody else can take a lane.
    const EPOCH: u64 = 1;

    pub(crate) fn open(&mut self, session: SessionId, lane: u16) -> Ticket {
        let seq = *self.last.entry((session, lane)).or_default();
        Ticket { session, lane, epoch: Self::EPOCH, seq }
    }

    /// Where a lane stands.
    pub(crate) fn base(&self, session: SessionId, lane: u16) -> Result<Ticket, StoreError> {
        let seq = *self.last.get(&(session, lane)).ok_or(StoreError::Fenced)?;
        Ok(Ticket { session, lane, epoch: Self::EPOCH, seq })
    }

    /// Refuses a ticket that does not follow.
    pub(crate) fn check(&self, ticket: &Ticket) -> Result<(), StoreError> {
        let base = self.base(ticket.session, ticket.lane)?;
        if *ticket == base.next() { Ok(()) } else { Err(StoreError::Fenced) }
    }

    /// The commit that was checked is durable.
    pub(crate) fn advance(&mut self, ticket: &Ticket) {
        self.last.insert((ticket.session, ticket.lane), ticket.seq);
    }
}
