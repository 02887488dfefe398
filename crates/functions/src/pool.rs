//! Who runs next, and where: the bounds on processes, the warm ones, and those who wait.
//!
//! A process is counted from the permit to start it until it is gone. A free process goes to its function's longest
//! waiting invocation, else it stays warm; the one used last is used first, so the others grow old and end.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::sync::{oneshot, watch};

use crate::Options;
use crate::catalog::{Definition, lock};
use crate::error::InvokeError;
use crate::process::{Job, JobOutcome, Process};

/// The processes of all functions.
pub(crate) struct Pool {
    max_processes: usize,
    max_in_all: usize,
    max_waiting: usize,
    state: Mutex<PoolState>,
    /// How many processes there are, for whoever waits for the last one's end.
    total: watch::Sender<usize>,
    /// True when no more may start and those that run must end.
    closed: watch::Sender<bool>,
}

/// What an invocation gets from the pool.
pub(crate) enum Grant {
    /// A warm process.
    Warm(Lease),
    /// Leave to start a process.
    Start(Permit),
}

/// A warm process that is one invocation's alone. It goes back to the pool when it is dropped unused.
pub(crate) struct Lease {
    pool: Arc<Pool>,
    process: Option<Arc<Process>>,
}

/// A process's place within the bounds, from before its start until after its end.
pub(crate) struct Permit {
    pool: Arc<Pool>,
    function: String,
}

#[derive(Default)]
struct PoolState {
    groups: HashMap<String, Group>,
    total: usize,
    waiting: usize,
    next_ticket: u64,
    closed: bool,
}

/// The processes and waiting invocations of one function.
#[derive(Default)]
struct Group {
    /// The state of the files that was asked for last. Processes with another one are old.
    fingerprint: u64,
    /// Least recently used first.
    idle: Vec<Arc<Process>>,
    /// How many processes it has: idle, busy, starting and ending ones.
    processes: usize,
    waiters: VecDeque<Waiter>,
}

struct Waiter {
    /// Smaller is older, over all functions.
    ticket: u64,
    sender: oneshot::Sender<Grant>,
}

impl Pool {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            max_processes: options.max_processes.max(1),
            max_in_all: options.max_processes_in_all.max(1),
            max_waiting: options.max_waiting,
            state: Mutex::default(),
            total: watch::Sender::new(0),
            closed: watch::Sender::new(false),
        }
    }

    /// A process for an invocation: a warm one, leave to start one, or whichever comes first when the bounds are reached.
    ///
    /// # Errors
    /// [`InvokeError::TooManyRequests`] and [`InvokeError::ShuttingDown`].
    pub(crate) async fn acquire(pool: &Arc<Self>, definition: &Definition) -> Result<Grant, InvokeError> {
        let waiting = {
            let mut state = lock(&pool.state);
            if state.closed {
                return Err(InvokeError::ShuttingDown);
            }
            if let Some(grant) = pool.at_once(pool, &mut state, definition) {
                return Ok(grant);
            }
            pool.enqueue(&mut state, &definition.description.name)?
        };
        waiting.await.map_err(|_| InvokeError::ShuttingDown)
    }

    /// Takes a process back that is free again. True when it stays, false when it must end.
    pub(crate) fn release(pool: &Arc<Self>, process: &Arc<Process>) -> bool {
        let mut state = lock(&pool.state);
        if state.closed || pool.must_give_way(&state, process) {
            return false;
        }
        let PoolState { groups, waiting, .. } = &mut *state;
        let Some(group) = groups.get_mut(process.function()) else { return false };
        while let Some(waiter) = group.waiters.pop_front() {
            *waiting -= 1;
            if waiter.sender.is_closed() {
                continue;
            }
            let lease = Lease { pool: pool.clone(), process: Some(process.clone()) };
            match waiter.sender.send(Grant::Warm(lease)) {
                Ok(()) => return true,
                Err(Grant::Warm(mut lease)) => lease.process = None,
                Err(Grant::Start(_)) => {}
            }
        }
        group.idle.push(process.clone());
        true
    }

    /// Forgets a process that has ended or is about to.
    pub(crate) fn forget(&self, process: &Arc<Process>) {
        if let Some(group) = lock(&self.state).groups.get_mut(process.function()) {
            group.idle.retain(|other| !Arc::ptr_eq(other, process));
        }
    }

    /// Lets nothing start any more and asks every process to end.
    pub(crate) fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        state.waiting = 0;
        for group in state.groups.values_mut() {
            group.idle.clear();
            group.waiters.clear();
        }
        drop(state);
        self.closed.send_replace(true);
    }

    /// Waits until the processes must end.
    pub(crate) async fn closed(&self) {
        // The sender is ours, so the wait cannot fail.
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
    }

    /// Waits until no process is left.
    pub(crate) async fn emptied(&self) {
        // The sender is ours, so the wait cannot fail.
        let _ = self.total.subscribe().wait_for(|total| *total == 0).await;
    }

    fn at_once(&self, pool: &Arc<Self>, state: &mut PoolState, definition: &Definition) -> Option<Grant> {
        let name = &definition.description.name;
        if !state.groups.contains_key(name) {
            state.groups.insert(name.clone(), Group::default());
        }
        let group = state.groups.get_mut(name)?;
        if group.fingerprint != definition.fingerprint {
            group.fingerprint = definition.fingerprint;
            group.idle.drain(..).for_each(|old| old.retire());
        }
        if let Some(process) = group.idle.pop() {
            return Some(Grant::Warm(Lease { pool: pool.clone(), process: Some(process) }));
        }
        if group.processes >= self.max_processes {
            return None;
        }
        if state.total >= self.max_in_all {
            evict(state);
            return None;
        }
        Some(Grant::Start(self.permit(pool, state, name)))
    }

    fn permit(&self, pool: &Arc<Self>, state: &mut PoolState, function: &str) -> Permit {
        if let Some(group) = state.groups.get_mut(function) {
            group.processes += 1;
        }
        state.total += 1;
        self.total.send_replace(state.total);
        Permit { pool: pool.clone(), function: function.to_owned() }
    }

    fn enqueue(&self, state: &mut PoolState, function: &str) -> Result<oneshot::Receiver<Grant>, InvokeError> {
        if state.waiting >= self.max_waiting {
            forget_gone_waiters(state);
        }
        if state.waiting >= self.max_waiting {
            return Err(InvokeError::TooManyRequests);
        }
        let (sender, receiver) = oneshot::channel();
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.waiting += 1;
        if let Some(group) = state.groups.get_mut(function) {
            group.waiters.push_back(Waiter { ticket, sender });
        }
        Ok(receiver)
    }

    /// Whether a free process must end: its code is old, or all places are taken and another function has none.
    fn must_give_way(&self, state: &PoolState, process: &Process) -> bool {
        let Some(group) = state.groups.get(process.function()) else { return true };
        if group.fingerprint != process.fingerprint() {
            return true;
        }
        if state.total < self.max_in_all || state.waiting == group.waiters.len() {
            return false;
        }
        let idle_here = group.waiters.is_empty();
        state.groups.iter().any(|(name, other)| {
            let may_grow = other.processes == 0 || (idle_here && other.processes < self.max_processes);
            name != process.function() && !other.waiters.is_empty() && may_grow
        })
    }

    /// Gives a place that became free to whoever waits longest for one.
    fn grant_places(pool: &Arc<Self>, state: &mut PoolState) {
        while state.total < pool.max_in_all && !state.closed {
            let oldest = state
                .groups
                .iter()
                .filter(|(_, group)| group.processes < pool.max_processes)
                .filter_map(|(name, group)| Some((group.waiters.front()?.ticket, name)))
                .min();
            let Some((_, name)) = oldest else { return };
            let name = name.clone();
            let waiter = state.groups.get_mut(&name).and_then(|group| group.waiters.pop_front());
            state.waiting -= 1;
            let Some(waiter) = waiter.filter(|waiter| !waiter.sender.is_closed()) else { continue };
            let permit = pool.permit(pool, state, &name);
            if let Err(Grant::Start(permit)) = waiter.sender.send(Grant::Start(permit)) {
                permit.give_back(state);
            }
        }
    }
}

impl Lease {
    /// Gives the process its work. The job comes back when the process has ended meanwhile.
    pub(crate) fn assign(mut self, job: Job, answer: oneshot::Sender<JobOutcome>) -> Result<(), Box<Job>> {
        match self.process.take() {
            Some(process) => process.assign(job, answer),
            None => Err(Box::new(job)),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(process) = self.process.take()
            && !Pool::release(&self.pool, &process)
        {
            process.retire();
        }
    }
}

impl Permit {
    /// The pool whose place this is.
    pub(crate) fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    /// Gives the place back while the pool is locked. Dropping would lock it again.
    fn give_back(mut self, state: &mut PoolState) {
        free(state, &std::mem::take(&mut self.function));
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        // Empty: given back before.
        if self.function.is_empty() {
            return;
        }
        let mut state = lock(&self.pool.state);
        free(&mut state, &self.function);
        Pool::grant_places(&self.pool, &mut state);
        self.pool.total.send_replace(state.total);
    }
}

fn free(state: &mut PoolState, function: &str) {
    state.total -= 1;
    let Some(group) = state.groups.get_mut(function) else { return };
    group.processes -= 1;
    if group.processes == 0 && group.waiters.is_empty() {
        state.groups.remove(function);
    }
}

/// Asks the process to end that has been idle longest.
fn evict(state: &mut PoolState) {
    let oldest = state
        .groups
        .values_mut()
        .filter_map(|group| Some((group.idle.first()?.idle_since(), group)))
        .min_by_key(|(since, _)| *since);
    if let Some((_, group)) = oldest {
        group.idle.remove(0).retire();
    }
}

fn forget_gone_waiters(state: &mut PoolState) {
    for group in state.groups.values_mut() {
        group.waiters.retain(|waiter| !waiter.sender.is_closed());
    }
    state.waiting = state.groups.values().map(|group| group.waiters.len()).sum();
}
