//! Activities: per activity, open tasks wait for workers and workers for tasks, first come, first served.
//!
//! A task is small here: its input stays with its execution. Matching a task with a waiting worker makes a
//! [`HandOut`], which goes to the execution's shard; only when the start of the task is durable does the
//! worker get it. A worker that went away meanwhile loses nothing: the task goes back to the front.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use asl::Text;
use engine::{EventId, Timestamp};
use store::record::ExecutionId;
use tokio::sync::oneshot;

use crate::calls::{ActivityTask, CallError};
use crate::sync::lock;

/// An open task of an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskRef {
    /// Its execution.
    pub execution: ExecutionId,
    /// The number of its scheduling event.
    pub scheduled: EventId,
    /// When it was scheduled.
    pub scheduled_at: Timestamp,
    /// Whether its start is in the history already: a worker was to have it, but went away.
    pub started: bool,
}

/// A worker that waits.
#[derive(Debug)]
pub struct Poller {
    /// For a task of this activity.
    pub activity: Text,
    /// Its name.
    pub worker: Option<Text>,
    reply: oneshot::Sender<Answer>,
}

/// What a poller gets: a task, nothing because the server stops, or an error.
pub type Answer = Result<Option<Delivery>, CallError>;

/// A task and the worker that shall have it.
#[derive(Debug)]
pub struct HandOut {
    /// The task.
    pub task: TaskRef,
    /// The worker.
    pub poller: Poller,
}

impl Poller {
    /// Whether nobody waits for the answer any more.
    pub fn is_gone(&self) -> bool {
        self.reply.is_closed()
    }

    /// Answers with an error.
    pub fn refuse(self, error: CallError) {
        // Nobody is harmed where the worker went away.
        let _ = self.reply.send(Err(error));
    }
}

/// A task on its way to a worker. Dropping it unread gives the task back.
#[derive(Debug)]
pub struct Delivery {
    answer: Option<ActivityTask>,
    activity: Text,
    task: TaskRef,
    exchange: Arc<Exchange>,
}

impl Delivery {
    /// The task; from now on it is the worker's.
    pub fn accept(mut self) -> Option<ActivityTask> {
        self.answer.take()
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if self.answer.is_some() {
            self.exchange.put_back(&self.activity, TaskRef { started: true, ..self.task });
        }
    }
}

/// Brings tasks and workers together.
pub struct Exchange {
    queues: Mutex<Queues>,
    /// Workers that may wait for one activity at once.
    pollers_max: usize,
    route: Box<dyn Fn(HandOut) + Send + Sync>,
}

#[derive(Default)]
struct Queues {
    by_activity: HashMap<Text, Queue>,
    is_closed: bool,
}

#[derive(Default)]
struct Queue {
    tasks: VecDeque<TaskRef>,
    pollers: VecDeque<Poller>,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange").finish_non_exhaustive()
    }
}

impl Exchange {
    /// An empty one, where so many workers may wait for one activity; `route` brings a match to the shard of its
    /// execution.
    pub fn new(pollers_max: usize, route: impl Fn(HandOut) + Send + Sync + 'static) -> Self {
        Self { queues: Mutex::default(), pollers_max, route: Box::new(route) }
    }

    /// A task became open. Tasks are handed out in the order they were scheduled.
    pub fn offer(&self, activity: &Text, task: TaskRef) {
        self.change(activity, |queue| {
            let at = match queue.tasks.back() {
                Some(last) if last.scheduled_at > task.scheduled_at => {
                    queue.tasks.partition_point(|earlier| earlier.scheduled_at <= task.scheduled_at)
                }
                _ => queue.tasks.len(),
            };
            queue.tasks.insert(at, task);
        });
    }

    /// A task that nobody took: it is the next one.
    pub fn put_back(&self, activity: &Text, task: TaskRef) {
        self.change(activity, |queue| queue.tasks.push_front(task));
    }

    /// A worker that got nothing: it is the next one.
    pub fn return_poller(&self, poller: Poller) {
        let activity = poller.activity.clone();
        self.change(&activity, |queue| queue.pollers.push_front(poller));
    }

    /// A worker waits for a task.
    pub fn poll(&self, activity: Text, worker: Option<Text>) -> Result<oneshot::Receiver<Answer>, CallError> {
        let (reply, answer) = oneshot::channel();
        let poller = Poller { activity, worker, reply };
        let matched = {
            let mut queues = lock(&self.queues);
            if queues.is_closed {
                return Err(CallError::stopping());
            }
            let queue = queues.by_activity.entry(poller.activity.clone()).or_default();
            queue.forget_gone_pollers(self.pollers_max);
            if queue.pollers.len() >= self.pollers_max {
                return Err(CallError::ActivityWorkerLimitExceeded);
            }
            queue.pollers.push_back(poller);
            queue.matched()
        };
        self.deliver(matched);
        Ok(answer)
    }

    /// The activity was deleted: nobody waits for it any more. Its open tasks stay, for an activity of the
    /// same name.
    pub fn deleted(&self, activity: &Text) {
        let pollers = lock(&self.queues).by_activity.get_mut(activity).map(|queue| std::mem::take(&mut queue.pollers));
        for poller in pollers.into_iter().flatten() {
            poller.refuse(CallError::ActivityDoesNotExist(activity.clone()));
        }
    }

    /// The server stops: every worker gets an empty answer, and no more tasks are handed out.
    pub fn close(&self) {
        let mut queues = lock(&self.queues);
        queues.is_closed = true;
        for poller in queues.by_activity.drain().flat_map(|(_, queue)| queue.pollers) {
            let _ = poller.reply.send(Ok(None));
        }
    }

    /// Gives a worker its task; where it went away, the task goes back.
    pub fn hand_out(self: &Arc<Self>, hand_out: HandOut, answer: ActivityTask) {
        let HandOut { task, poller: Poller { activity, reply, .. } } = hand_out;
        let delivery = Delivery { answer: Some(answer), activity, task, exchange: Arc::clone(self) };
        // A refused delivery comes back and, dropped here, puts its task back.
        let _ = reply.send(Ok(Some(delivery)));
    }

    /// The open tasks of an activity, in order.
    pub fn waiting(&self, activity: &str) -> Vec<TaskRef> {
        let queues = lock(&self.queues);
        queues.by_activity.get(activity).map(|queue| queue.tasks.iter().copied().collect()).unwrap_or_default()
    }

    fn change(&self, activity: &Text, change: impl FnOnce(&mut Queue)) {
        let matched = {
            let mut queues = lock(&self.queues);
            if queues.is_closed {
                return;
            }
            let queue = match queues.by_activity.get_mut(activity) {
                Some(queue) => queue,
                None => queues.by_activity.entry(activity.clone()).or_default(),
            };
            change(queue);
            queue.matched()
        };
        self.deliver(matched);
    }

    fn deliver(&self, matched: Option<HandOut>) {
        if let Some(hand_out) = matched {
            (self.route)(hand_out);
        }
    }
}

impl Queue {
    /// The first task and the first worker, where there are both. Each change makes at most one match.
    fn matched(&mut self) -> Option<HandOut> {
        self.tasks.front()?;
        let poller = loop {
            let poller = self.pollers.pop_front()?;
            if !poller.is_gone() {
                break poller;
            }
        };
        let task = self.tasks.pop_front()?;
        Some(HandOut { task, poller })
    }

    fn forget_gone_pollers(&mut self, pollers_max: usize) {
        // A few dead entries cost nothing; looking at all of them at every poll would.
        const WORTH_LOOKING: usize = 64;
        if self.pollers.len() >= WORTH_LOOKING.min(pollers_max) {
            self.pollers.retain(|poller| !poller.is_gone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLLERS_MAX: usize = 4;

    fn exchange() -> (Arc<Exchange>, Arc<Mutex<Vec<HandOut>>>) {
        let routed = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&routed);
        (Arc::new(Exchange::new(POLLERS_MAX, move |hand_out| lock(&sink).push(hand_out))), routed)
    }

    fn task(id: i64, at: i64) -> TaskRef {
        TaskRef { execution: ExecutionId(id), scheduled: EventId(3), scheduled_at: Timestamp(at), started: false }
    }

    fn answer() -> ActivityTask {
        ActivityTask { token: "t".into(), input: asl::Value::Null }
    }

    #[test]
    fn tasks_go_out_in_the_order_they_were_scheduled() {
        let (exchange, routed) = exchange();
        let activity = Text::from("a");
        for (id, at) in [(1, 10), (3, 30), (2, 20), (4, 30)] {
            exchange.offer(&activity, task(id, at));
        }
        let _waiting: Vec<_> = (0..4).map(|_| exchange.poll(activity.clone(), None).unwrap()).collect();
        let order: Vec<_> = lock(&routed).iter().map(|h| h.task.execution.0).collect();
        assert_eq!(order, [1, 2, 3, 4]);
    }

    #[test]
    fn a_worker_that_went_away_swallows_no_task() {
        let (exchange, routed) = exchange();
        let activity = Text::from("a");
        drop(exchange.poll(activity.clone(), None).unwrap());
        exchange.offer(&activity, task(1, 1));
        assert!(lock(&routed).is_empty());

        // Gone after the match, before the answer.
        drop(exchange.poll(activity.clone(), None).unwrap());
        let hand_out = lock(&routed).pop().unwrap();
        exchange.hand_out(hand_out, answer());
        assert_eq!(exchange.waiting("a"), [TaskRef { started: true, ..task(1, 1) }]);

        // Gone after the answer, before it was read.
        let answered = exchange.poll(activity.clone(), None).unwrap();
        let hand_out = lock(&routed).pop().unwrap();
        exchange.hand_out(hand_out, answer());
        assert!(exchange.waiting("a").is_empty());
        drop(answered);
        assert_eq!(exchange.waiting("a").len(), 1);

        let mut read = exchange.poll(activity, None).unwrap();
        let hand_out = lock(&routed).pop().unwrap();
        exchange.hand_out(hand_out, answer());
        assert_eq!(&*read.try_recv().unwrap().unwrap().unwrap().accept().unwrap().token, "t");
        assert!(exchange.waiting("a").is_empty());
    }

    #[test]
    fn too_many_workers_are_refused_and_gone_ones_do_not_count() {
        let (exchange, _) = exchange();
        let activity = Text::from("a");
        let mut waiting: Vec<_> = (0..POLLERS_MAX).map(|_| exchange.poll(activity.clone(), None).unwrap()).collect();
        assert!(matches!(exchange.poll(activity.clone(), None), Err(CallError::ActivityWorkerLimitExceeded)));
        waiting.pop();
        assert!(exchange.poll(activity.clone(), None).is_ok());
        exchange.deleted(&activity);
        assert!(matches!(waiting[0].try_recv(), Ok(Err(CallError::ActivityDoesNotExist(_)))));
    }

    #[test]
    fn closing_answers_every_worker_with_nothing() {
        let (exchange, _) = exchange();
        let mut waiting = exchange.poll("a".into(), None).unwrap();
        exchange.close();
        assert!(matches!(waiting.try_recv(), Ok(Ok(None))));
        assert!(matches!(exchange.poll("a".into(), None), Err(CallError::Unavailable(_))));
    }
}
