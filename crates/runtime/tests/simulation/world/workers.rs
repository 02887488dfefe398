//! What the services and the workers do with the tasks they get.

use super::*;

impl World {
    /// Takes in what was let out, and tells again what did not become durable.
    pub(super) fn hear_of_tasks(&mut self) {
        let Some(node) = &mut self.running else { return };
        for work in node.services.take_dispatched() {
            self.auditor.dispatched(&*self.memory, work.execution, &work.task);
            node.desk.take(work);
        }
        let mut to_tell = node.desk.hear(&mut self.jobs);
        for work in node.services.take_cancelled() {
            self.auditor.given_up(&*self.memory, work.execution, work.task.scheduled);
            to_tell.extend(node.desk.cancel(work, &mut self.jobs));
        }
        to_tell.into_iter().for_each(|(work, command)| self.tell(work, command));
    }

    /// A service answers a request, or a job ends.
    pub(super) fn serve(&mut self) {
        let open = self.node().desk.open.len();
        if open == 0 {
            return;
        }
        let at = self.random.below(open);
        let work = self.node().desk.open.swap_remove(at);
        let scheduled = work.task.scheduled;
        let unique = Text::from(format!("answer-{}", self.random.next()));
        if has_more(&work) && self.random.percent(80) {
            if is_callback(&work) {
                // Somebody got the token, and is as fast or slow as any worker.
                self.work.push(Work { execution: work.execution, scheduled });
            } else {
                self.jobs.begin(&work);
            }
            return self.tell(work, Command::TaskSubmitted { scheduled, output: Value::String(unique) });
        }
        self.jobs.end(&work);
        let command = if self.random.percent(25) {
            Command::TaskFailed { scheduled, error: Some(unique), cause: None }
        } else {
            Command::TaskSucceeded { scheduled, output: Value::String(unique) }
        };
        self.tell(work, command);
    }

    pub(super) fn tell(&mut self, work: tasks::Work, command: Command) {
        let (reply, asked) = oneshot::channel();
        self.send(work.execution, Input::Task { execution: work.execution, command: command.clone(), reply });
        self.node().desk.tell(work, command, asked);
    }

    pub(super) fn poll_for(&mut self, activity: &'static str) {
        if self.polls.iter().filter(|(of, _)| *of == activity).count() < 3 {
            let asked = self.node().outlets.exchange.poll(activity.into(), Some("w".into())).unwrap();
            self.polls.push((activity, asked));
        }
    }

    pub(super) fn poll(&mut self) {
        let activity = self.random.pick(&ACTIVITIES);
        self.poll_for(activity);
        if self.random.percent(10) && self.faults > 0 {
            // A worker goes away, perhaps with its answer unread.
            let gone = self.random.below(self.polls.len());
            self.polls.swap_remove(gone);
        }
    }

    pub(super) fn act(&mut self) {
        if self.work.is_empty() {
            return;
        }
        let at = self.random.below(self.work.len());
        match self.random.below(10) {
            0 => {
                let work = self.work.swap_remove(at);
                self.lost.push((work.execution, work.scheduled));
            }
            1..3 => {
                let Work { execution, scheduled } = self.work[at];
                let (reply, _) = oneshot::channel();
                self.send(execution, Input::Task { execution, command: Command::TaskHeartbeat { scheduled }, reply });
            }
            // The result goes out, and the worker forgets that it sent it: it will send another one.
            3 => self.finish(at),
            _ => {
                self.finish(at);
                self.work.swap_remove(at);
            }
        }
    }

    pub(super) fn finish_work(&mut self) {
        let last = self.work.len() - 1;
        self.finish(last);
        self.work.swap_remove(last);
    }

    pub(super) fn finish(&mut self, at: usize) {
        let Work { execution, scheduled } = self.work[at];
        // The worker lives on in the audit where its result does not arrive.
        self.lost.push((execution, scheduled));
        let unique = format!("result-{}", self.random.next());
        let text = Text::from(unique.as_str());
        let command = if self.random.percent(25) {
            Command::TaskFailed { scheduled, error: Some(text), cause: None }
        } else {
            Command::TaskSucceeded { scheduled, output: Value::String(text) }
        };
        let (reply, asked) = oneshot::channel();
        self.results.push((execution, unique, asked));
        self.send(execution, Input::Task { execution, command, reply });
    }
}
