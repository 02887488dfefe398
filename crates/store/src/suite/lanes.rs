//! What every store must do with lanes: a commit follows the last one of its lane, or it is refused.

use super::{append, begin, commit, ended, everything, execution, found, put_machine, state_machine};
use crate::fault::Fate;
use crate::lane::{Lane, LastCommit, SessionId, Ticket};
use crate::record::{ExecutionId, StateMachineId, Write};
use crate::{Commit, Conflict, Store, StoreError};

const SESSION: SessionId = SessionId(u128::MAX);

/// A store whose every commit meets the same fate.
struct Failing<'a> {
    store: &'a dyn Store,
    fate: Fate,
}

impl Commit for Failing<'_> {
    fn commit(&self, ticket: &Ticket, batch: &[Write]) -> Result<(), StoreError> {
        let failed = || StoreError::Failed { action: "commit", source: "the test wanted it".into() };
        match self.fate {
            Fate::Pass => self.store.commit(ticket, batch),
            Fate::FailBefore => Err(failed()),
            Fate::FailAfter | Fate::Unanswered => self.store.commit(ticket, batch).and_then(|()| Err(failed())),
            Fate::Full => Err(StoreError::Full),
        }
    }

    fn open_lane(&self, session: SessionId, lane: u16) -> Result<Ticket, StoreError> {
        self.store.open_lane(session, lane)
    }

    fn settle(&self, session: SessionId, lane: u16) -> Result<Ticket, StoreError> {
        self.store.settle(session, lane)
    }
}

fn meta(name: &str) -> Write {
    Write::Meta { name: name.into(), value: vec![1] }
}

#[track_caller]
fn fenced(store: &dyn Store, ticket: Ticket) {
    let before = everything(store);
    let told = store.commit(&ticket, &[meta("old")]);
    assert!(matches!(told, Err(StoreError::Fenced)), "{ticket:?}: {told:?}");
    assert_eq!(everything(store), before, "a fenced commit left something");
}

/// Only the number after the last one is taken, and only by a commit that succeeds.
pub fn a_commit_that_does_not_follow_its_lane_is_fenced(store: &dyn Store) {
    let base = found(store.open_lane(SESSION, 0));
    assert_eq!((base.session, base.lane, base.seq), (SESSION, 0, 0));
    for seq in [0, 2, u64::MAX] {
        fenced(store, Ticket { seq, ..base });
    }
    let first = base.next();
    found(store.commit(&first, &[begin(execution(1, 1, "a"), 1)]));
    fenced(store, first);
    let second = first.next();
    // One that is refused leaves its number for the next.
    let conflict = store.commit(&second, &[begin(execution(1, 1, "a"), 1)]);
    assert!(matches!(conflict, Err(StoreError::Conflict(_))), "{conflict:?}");
    found(store.commit(&second, &[append(1, 1, 1, None)]));
    // One without writes takes its own.
    found(store.commit(&second.next(), &[]));
    fenced(store, second.next());
    assert_eq!(found(store.settle(SESSION, 0)), second.next());
    found(store.commit(&second.next().next(), &[append(1, 2, 1, None)]));
}

/// Another epoch, another session, or a lane that was never opened: nothing is written.
pub fn a_ticket_of_another_epoch_or_lane_is_fenced(store: &dyn Store) {
    let base = found(store.open_lane(SESSION, 0)).next();
    for epoch in [base.epoch - 1, base.epoch + 1] {
        fenced(store, Ticket { epoch, ..base });
    }
    fenced(store, Ticket { lane: 1, ..base });
    fenced(store, Ticket { session: SessionId(1), ..base });
    assert!(matches!(store.settle(SESSION, 1), Err(StoreError::Fenced)));
    found(store.commit(&base, &[meta("old")]));
}

/// Each lane has numbers of its own; a lane that is open is found as it stands.
pub fn lanes_do_not_disturb_each_other(store: &dyn Store) {
    let lanes = [(SESSION, 0), (SESSION, 1), (SessionId(1), 0)].map(|(id, lane)| found(store.open_lane(id, lane)));
    for (at, lane) in lanes.into_iter().enumerate() {
        let mut ticket = lane;
        for round in 0..=at {
            ticket = ticket.next();
            let id = (10 * at + round) as i64;
            found(store.commit(&ticket, &[begin(execution(id, 1, &format!("e{id}")), 1)]));
        }
        assert_eq!(found(store.open_lane(lane.session, lane.lane)), ticket);
        assert_eq!(found(store.settle(lane.session, lane.lane)).seq, at as u64 + 1);
    }
}

/// A lane's owner learns what became of a commit whose answer was lost, and goes on after it.
pub fn a_lane_settles_what_it_does_not_know(store: &dyn Store) {
    let mut lane = found(Lane::open(store, SESSION, 0));
    found(lane.commit(store, &[begin(execution(1, 1, "a"), 1)]));
    assert_eq!(found(lane.settle(store)), LastCommit::Known);
    for (round, fate) in [Fate::FailAfter, Fate::FailBefore, Fate::Full].into_iter().enumerate() {
        let first = found(store.chunks(ExecutionId(1))).len() as u64;
        let faulty = Failing { store, fate };
        let told = lane.commit(&faulty, &[append(1, first, 1, None)]).expect_err("the fate");
        assert_eq!(told.wrote_nothing(), fate == Fate::Full);
        let expected = [LastCommit::Durable, LastCommit::NotWritten, LastCommit::Known][round];
        assert_eq!(found(lane.settle(store)), expected);
        let is_there = found(store.chunks(ExecutionId(1))).len() as u64 > first;
        assert_eq!(is_there, expected == LastCommit::Durable);
        // Settled or not, the next one finds its number.
        drop(lane.commit(&faulty, &[append(1, first + u64::from(is_there), 1, None)]));
        found(lane.commit(store, &[Write::Meta { name: "key".into(), value: vec![round as u8] }]));
    }
}

/// A start is refused where its state machine is no longer as it was seen, or gone; one that saw none is not.
pub fn a_start_against_an_old_revision_is_stale(store: &dyn Store) {
    let starts = |machine: i64, seen: Option<u64>, id: i64| match begin(execution(id, machine, &format!("e{id}")), 1) {
        Write::Begin { execution, chunk, .. } => Write::Begin { execution, chunk, machine_revision: seen },
        other => other,
    };
    commit(store, &[put_machine(state_machine(1), None), put_machine(state_machine(2), None)]);
    commit(store, &[starts(1, Some(1), 1), starts(2, Some(1), 2), starts(3, None, 3)]);
    commit(store, &[put_machine(state_machine(2), Some(1))]);
    let before = everything(store);
    let lane = found(store.open_lane(SESSION, 0)).next();
    let stale = |batch: &[Write]| match store.commit(&lane, batch) {
        Err(StoreError::Stale(machines)) => machines.into_iter().map(|machine| machine.0).collect::<Vec<_>>(),
        other => panic!("stale was expected, not {other:?}"),
    };
    assert_eq!(stale(&[starts(1, Some(1), 4), starts(2, Some(1), 5), starts(2, Some(3), 6)]), [2]);
    assert_eq!(stale(&[starts(3, Some(1), 4), starts(1, Some(2), 5), starts(2, Some(2), 6)]), [3, 1]);
    // That is so before any contradiction is looked for.
    assert_eq!(stale(&[starts(1, None, 1), starts(2, Some(1), 5)]), [2]);
    assert_eq!(everything(store), before);
    // What counts is how it is before the batch.
    let change = put_machine(state_machine(1), Some(1));
    found(store.commit(&lane, &[change, starts(1, Some(1), 4), starts(2, Some(2), 5), starts(1, None, 6)]));
    assert_eq!(stale_after(store, starts(1, Some(1), 7)), Some(1));
    commit(store, &[Write::DeleteStateMachine { id: StateMachineId(2), revision: 2 }]);
    assert_eq!(stale_after(store, starts(2, Some(2), 7)), Some(2));
    commit(store, &[append(5, 1, 1, Some(ended(engine::Status::Failed)))]);
}

fn stale_after(store: &dyn Store, start: Write) -> Option<i64> {
    match super::try_commit(store, &[start]) {
        Err(StoreError::Stale(machines)) => machines.first().map(|machine| machine.0),
        _ => None,
    }
}

/// A refusal says what was contradicted.
pub fn a_conflict_says_what_it_is(store: &dyn Store) {
    let first = execution(1, 1, "a");
    commit(store, &[begin(first.clone(), 2), put_machine(state_machine(1), None)]);
    let id = ExecutionId(1);
    let machine = crate::RecordId::StateMachine(StateMachineId(9));
    let cases = [
        (begin(execution(2, 1, "a"), 1), Conflict::ExecutionExists { arn: first.arn }),
        (begin(execution(1, 1, "b"), 1), Conflict::ExecutionNumberTaken { execution: id }),
        (append(7, 0, 1, None), Conflict::ExecutionMissing { execution: ExecutionId(7) }),
        (append(1, 3, 1, None), Conflict::ChunkOutOfOrder { execution: id, stored: 2, given: 3 }),
        (
            put_machine(crate::record::StateMachine { arn: state_machine(1).arn, ..state_machine(9) }, None),
            Conflict::NameTaken { record: machine, name: state_machine(1).arn },
        ),
    ];
    for (write, expected) in cases {
        match super::try_commit(store, std::slice::from_ref(&write)) {
            Err(StoreError::Conflict(told)) => assert_eq!(told, expected),
            other => panic!("{write:?}: {other:?}"),
        }
    }
}
