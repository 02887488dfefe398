//! What clients ask, and what they are answered.

use super::*;

impl World {
    pub(super) fn start(&mut self) {
        if self.count >= 8 {
            return;
        }
        self.count += 1;
        let machine = machine_arn(self.random.below(self.machines.len()));
        let machine = self.node().directory.machine(&machine).unwrap();
        let revision = self.node().directory.revision(machine.record.definition).unwrap();
        let name = self.random.percent(40).then(|| Text::from(format!("name-{}", self.random.below(3))));
        let n = self.random.below(2) as i64;
        let items = Value::array((0..self.random.below(4) as i64).map(Value::int).collect());
        let input = match name {
            Some(_) => Value::object([("n", Value::int(n)), ("items", Value::array(vec![Value::int(1)]))]),
            None => Value::object([("n", Value::int(n)), ("items", items)]),
        };
        let shards = self.node().shards.len();
        let shard = match &name {
            Some(name) => self.node().ways.of_name(&machine.record.arn, name),
            None => self.random.below(shards),
        };
        let (reply, asked) = oneshot::channel();
        self.starts.push((input.clone(), asked));
        let start = Input::Start(Start {
            machine,
            revision,
            name,
            input,
            input_text: None,
            trace_header: None,
            qualifier: Qualifier::default(),
            profile: None,
            reply,
            ended: None,
        });
        self.node().ways.send(shard, start);
    }

    pub(super) fn stop(&mut self) {
        let all: Vec<_> = self.machines.iter().flat_map(|machine| executions(&*self.memory, *machine)).collect();
        if all.is_empty() {
            return;
        }
        let record = &all[self.random.below(all.len())];
        if record.summary.status != Status::Running {
            return;
        }
        let (reply, asked) = oneshot::channel();
        self.stops.push((record.arn.clone(), asked));
        let stop = Stop { execution: record.id, arn: record.arn.clone(), error: None, cause: None, reply };
        self.send(record.id, Input::Stop(stop));
    }

    pub(super) fn send(&mut self, execution: ExecutionId, input: Input) {
        let ways = &self.node().ways;
        ways.send(ways.of(execution), input);
    }

    /// Reads the answers that came in.
    pub(super) fn hear(&mut self) {
        let (store, auditor) = (&*self.memory, &mut self.auditor);
        self.starts.retain_mut(|(input, asked)| match asked.try_recv() {
            Ok(Ok(started)) => {
                auditor.acknowledged(store, &started, input);
                false
            }
            Ok(Err(CallError::ExecutionAlreadyExists(arn))) => {
                assert!(store.execution_by_arn(&arn).unwrap().is_some(), "{arn} exists, but not durably");
                false
            }
            other => is_open(&other),
        });
        self.stops.retain_mut(|(arn, asked)| match asked.try_recv() {
            Ok(Ok(at)) => {
                auditor.stopped(store, arn, at);
                false
            }
            other => is_open(&other),
        });
        self.results.retain_mut(|(execution, unique, asked)| match asked.try_recv() {
            Ok(Ok(())) => {
                auditor.accepted(store, *execution, unique.clone());
                false
            }
            other => is_open(&other),
        });
        let tokens = Tokens::new(&KEY);
        let mut work = Vec::new();
        self.polls.retain_mut(|(_, asked)| match asked.try_recv() {
            Ok(Ok(Some(delivery))) => {
                if let Some(task) = delivery.accept() {
                    let (execution, scheduled) = tokens.verify(&task.token).unwrap();
                    auditor.delivered(store, execution, scheduled);
                    work.push(Work { execution, scheduled });
                }
                false
            }
            Ok(_) => false,
            Err(oneshot::error::TryRecvError::Empty) => true,
            Err(oneshot::error::TryRecvError::Closed) => false,
        });
        self.work.extend(work);
        self.hear_of_tasks();
    }
}

/// Whether the answer is still to come. A call that failed or whose server crashed promises nothing.
fn is_open<T>(answer: &Result<Result<T, CallError>, oneshot::error::TryRecvError>) -> bool {
    if let Ok(Err(error)) = answer {
        let is_expected =
            matches!(error, CallError::Unavailable(_) | CallError::TaskTimedOut | CallError::TaskDoesNotExist);
        assert!(is_expected, "{error:?}");
    }
    matches!(answer, Err(oneshot::error::TryRecvError::Empty))
}
