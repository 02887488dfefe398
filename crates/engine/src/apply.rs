//! `apply`: folds one event into the state. It changes and never decides; it evaluates no expression.

use std::collections::BTreeSet;
use std::sync::Arc;

use asl::program::{BranchId, Program, StateId, StateKind};
use asl::scope::Variables;
use asl::value::Object;
use asl::{Text, Value};

use crate::event::{Event, EventId, EventKind, FrameId, Numbered, Timestamp};
use crate::execution::{
    Branches, Execution, Frame, FramePlace, Iterations, MapItem, OpenTask, Parent, ReplayError, Status, Visit, Work,
    item_count,
};

type Applied = Result<(), &'static str>;

impl Execution {
    /// Folds one event in: a decided one, or a stored one on recovery.
    ///
    /// # Errors
    /// The event cannot follow what was applied before; the execution is then to be thrown away.
    pub fn apply(&mut self, event: &Event) -> Result<(), ReplayError> {
        let shown = event.kind.is_shown();
        if shown && event.id != self.last_event.next() {
            return Err(ReplayError { event: event.id, why: "its number is not the next one" });
        }
        if self.status != Status::Running && !matches!(event.kind, EventKind::TaskCancelSettled { .. }) {
            return Err(ReplayError { event: event.id, why: "the execution is over" });
        }
        self.fold(event).map_err(|why| ReplayError { event: event.id, why })?;
        self.event_count += 1;
        self.last_at = event.at;
        if shown {
            self.last_event = event.id;
        }
        Ok(())
    }

    fn fold(&mut self, event: &Event) -> Applied {
        match &event.kind {
            EventKind::ExecutionStarted { input, input_text, .. } => self.started(event, input, input_text.clone()),
            EventKind::ExecutionSucceeded { .. } => {
                self.ended(event, Status::Succeeded);
                Ok(())
            }
            EventKind::ExecutionFailed { .. } => {
                self.ended(event, Status::Failed);
                Ok(())
            }
            EventKind::ExecutionAborted { .. } => {
                self.ended(event, Status::Aborted);
                Ok(())
            }
            EventKind::ExecutionTimedOut => {
                self.ended(event, Status::TimedOut);
                Ok(())
            }
            EventKind::StateEntered { name, input, input_text, .. } => {
                self.state_entered(event, name, input, input_text.clone())
            }
            EventKind::StateExited { output, assigned, next, .. } => {
                self.state_exited(event, output, assigned.as_ref(), next.as_ref())
            }
            EventKind::StateAborted { .. } | EventKind::MapIterationAborted { .. } => Ok(()),
            EventKind::EvaluationFailed { .. } => self.moved(event),
            EventKind::WaitScheduled { due } => self.set_work(event.frame, Work::Waiting { due: *due }),
            EventKind::TaskScheduled { .. } => self.task_scheduled(event),
            EventKind::TaskStarted { .. } => self.task_started(event),
            EventKind::TaskSubmitted { output, .. } => self.task_submitted(event, output),
            EventKind::TaskHeartbeat => self.task_heartbeat(event),
            EventKind::TaskCancelSettled { scheduled } => {
                self.cancels.remove(scheduled).map(drop).ok_or("no such cancellation is outstanding")
            }
            EventKind::TaskSucceeded { .. } | EventKind::TaskFailed { .. } => {
                self.end_task(event.frame)?;
                self.moved(event)
            }
            EventKind::TaskTimedOut { heartbeat, .. } => {
                let task = self.end_task(event.frame)?;
                let scheduled = task.scheduled;
                self.give_job_up(task);
                self.set_work(event.frame, Work::TimedOut { heartbeat: *heartbeat, scheduled })?;
                self.ready.insert(event.frame);
                self.moved(event)
            }
            EventKind::RetryScheduled { retrier, due } => self.retry_scheduled(event, *retrier as usize, *due),
            EventKind::ParallelStateStarted { input, frames } => self.parallel_started(event, input, frames),
            EventKind::BranchSucceeded { output } => self.branch_succeeded(event, output),
            EventKind::MapStateStarted { items, max_concurrency, .. } => {
                self.map_started(event, items, *max_concurrency)
            }
            EventKind::MapIterationStarted { index, input, child, .. } => {
                self.iteration_started(event, *index, input, child)
            }
            EventKind::MapIterationSucceeded { output, .. } => self.iteration_succeeded(event, output),
            EventKind::MapIterationFailed { .. } => Ok(()),
            EventKind::ParallelStateSucceeded | EventKind::MapStateSucceeded => self.container_ended(event.frame),
            EventKind::ParallelStateFailed | EventKind::MapStateFailed => {
                self.container_ended(event.frame)?;
                self.moved(event)
            }
        }
    }

    // The execution

    fn started(&mut self, event: &Event, input: &Value, input_text: Option<Text>) -> Applied {
        if self.event_count != 0 {
            return Err("the execution has begun already");
        }
        self.input = input.clone();
        self.started_at = event.at;
        let state = self.program.branch(Program::ROOT).start_at;
        let root = Frame {
            parent: None,
            variables: Variables::default(),
            last: EventId::NONE,
            item: None,
            place: FramePlace::Before { state, input: input.clone(), input_text },
            timer: None,
        };
        self.make_frame(FrameId::ROOT, root)
    }

    fn ended(&mut self, event: &Event, status: Status) {
        self.status = status;
        self.stopped_at = Some(event.at);
        if status == Status::Succeeded {
            self.frames = Vec::new();
            self.free.clear();
        } else {
            // A redrive begins from them.
            self.halt(FrameId::ROOT);
        }
        self.ready.clear();
        self.timers.clear();
        self.tasks.clear();
        self.to_hand_out.clear();
    }

    // States

    fn state_entered(&mut self, event: &Event, name: &Text, input: &Value, input_text: Option<Text>) -> Applied {
        let named = match self.frame(event.frame).map(|frame| &frame.place) {
            Some(FramePlace::Before { state, .. }) => *state,
            _ => return Err("the frame does not stand before a state"),
        };
        if self.program.state(named).name != *name {
            return Err("the frame does not stand before that state");
        }
        let attempts = retrier_count(&self.program, named);
        // Nobody else asks for it later.
        let is_parallel = matches!(self.program.state(named).kind, StateKind::Parallel(_));
        let input_text = input_text.filter(|_| is_parallel);
        let frame = self.frame_mut(event.frame)?;
        frame.place = FramePlace::Inside(Visit {
            state: named,
            input: input.clone(),
            input_text,
            entered: event.id,
            entered_previous: event.previous,
            entered_at: event.at,
            retries: 0,
            attempts: vec![0; attempts],
            work: Work::Idle,
        });
        frame.last = event.id;
        self.ready.remove(&event.frame);
        Ok(())
    }

    fn state_exited(
        &mut self,
        event: &Event,
        output: &Value,
        assigned: Option<&Value>,
        next: Option<&Text>,
    ) -> Applied {
        let next = match next {
            Some(name) => {
                let left = self.visit(event.frame)?.state;
                Some(self.program.state_beside(left, name).ok_or("no state of that name stands beside this one")?)
            }
            None => None,
        };
        self.set_work(event.frame, Work::Idle)?;
        let frame = self.frame_mut(event.frame)?;
        frame.last = event.id;
        if let Some(assigned) = assigned {
            frame.variables = with_assigned(&frame.variables, assigned);
        }
        match next {
            Some(state) => {
                frame.place = FramePlace::Before { state, input: output.clone(), input_text: None };
                self.ready.insert(event.frame);
            }
            None => {
                frame.place = FramePlace::Ended;
                self.ready.remove(&event.frame);
            }
        }
        Ok(())
    }

    fn retry_scheduled(&mut self, event: &Event, retrier: usize, due: Timestamp) -> Applied {
        self.set_work(event.frame, Work::Backoff { due })?;
        self.frame_mut(event.frame)?.last = event.previous;
        let visit = self.visit_mut(event.frame)?;
        visit.retries += 1;
        *visit.attempts.get_mut(retrier).ok_or("the state has no such retrier")? += 1;
        Ok(())
    }

    // Tasks

    fn task_scheduled(&mut self, event: &Event) -> Applied {
        let EventKind::TaskScheduled { family, resource, parameters, timeout_seconds, heartbeat_seconds, credentials } =
            &event.kind
        else {
            return Err("the event schedules no task");
        };
        let task = OpenTask {
            state: self.program.state(self.visit(event.frame)?.state).name.clone(),
            parameters: parameters.clone(),
            credentials: credentials.clone(),
            timeout_seconds: *timeout_seconds,
            // Nobody sends heartbeats of a task that ends with the service's answer or its job: AWS shows the figure
            // and does not act on it.
            heartbeat_seconds: heartbeat_seconds.filter(|_| family.has_heartbeat()),
            // Nobody may ever take it: the timeout counts from here, and anew once somebody does.
            timeout_due: after(event.at, *timeout_seconds),
            ..OpenTask::new(event.id, event.at, family.clone(), resource.clone())
        };
        self.tasks.insert(task.scheduled, event.frame);
        self.set_work(event.frame, Work::Task(task))?;
        self.note_hand_out(event.frame)?;
        self.moved(event)
    }

    fn task_started(&mut self, event: &Event) -> Applied {
        let task = self.task_mut(event.frame)?;
        task.started = true;
        task.timeout_due = after(event.at, task.timeout_seconds);
        task.heartbeat_due = after(event.at, task.heartbeat_seconds);
        self.note_hand_out(event.frame)?;
        self.rearm(event.frame)?;
        self.moved(event)
    }

    fn task_submitted(&mut self, event: &Event, output: &Value) -> Applied {
        self.task_mut(event.frame)?.submitted = Some(output.clone());
        self.note_hand_out(event.frame)?;
        self.moved(event)
    }

    fn task_heartbeat(&mut self, event: &Event) -> Applied {
        let task = self.task_mut(event.frame)?;
        task.heartbeat_due = after(event.at, task.heartbeat_seconds);
        self.rearm(event.frame)
    }

    /// Notes whether somebody is still to be given a frame's task.
    fn note_hand_out(&mut self, id: FrameId) -> Applied {
        let task = self.task_mut(id)?;
        let (scheduled, is_to_hand_out) = (task.scheduled, task.is_to_hand_out());
        if is_to_hand_out {
            self.to_hand_out.insert(scheduled);
        } else {
            self.to_hand_out.remove(&scheduled);
        }
        Ok(())
    }

    /// Takes a frame's task away: it is over.
    fn end_task(&mut self, id: FrameId) -> Result<OpenTask, &'static str> {
        let visit = self.visit_mut(id)?;
        let Work::Task(task) = std::mem::replace(&mut visit.work, Work::Idle) else {
            return Err("the state has no open task");
        };
        self.forget_task(&task);
        self.rearm(id)?;
        Ok(task)
    }

    fn forget_task(&mut self, task: &OpenTask) {
        self.tasks.remove(&task.scheduled);
        self.to_hand_out.remove(&task.scheduled);
    }

    /// A task's end is not its own. Nobody needs to know, unless a job runs for it.
    fn give_job_up(&mut self, task: OpenTask) {
        if task.may_have_job() {
            self.cancels.insert(task.scheduled, task);
        }
    }

    // Parallel

    fn parallel_started(&mut self, event: &Event, input: &Value, frames: &Numbered<Vec<FrameId>>) -> Applied {
        let program = Arc::clone(&self.program);
        let StateKind::Parallel(parallel) = &program.state(self.visit_mut(event.frame)?.state).kind else {
            return Err("the state is not a Parallel state");
        };
        self.set_work(event.frame, Work::Idle)?;
        self.moved(event)?;
        let visit = self.visit(event.frame)?;
        // Branches that get the state's own input show it as it was given.
        let is_whole = |_: &Text| input.same_allocation(&visit.input) || *input == visit.input;
        let input_text = visit.input_text.clone().filter(is_whole);
        let frame = self.frame(event.frame).ok_or("there is no such frame")?;
        let (variables, item) = (frame.variables.clone(), frame.item.clone());
        let numbers = match frames {
            Numbered::Written(numbers) => numbers.clone(),
            Numbered::ByOldRule => {
                let mut free = self.free_frames();
                parallel.branches.iter().map(|_| free.next()).collect()
            }
        };
        if numbers.len() != parallel.branches.len() {
            return Err("there is not one frame for each branch");
        }
        for (index, (number, branch)) in numbers.iter().zip(&parallel.branches).enumerate() {
            let child = Frame {
                parent: Some(Parent { frame: event.frame, index }),
                variables: variables.clone(),
                last: event.id,
                item: item.clone(),
                place: before(&program, *branch, input, input_text.clone()),
                timer: None,
            };
            self.make_frame(*number, child)?;
        }
        let outputs = vec![Value::Null; parallel.branches.len()];
        let running = numbers.into_iter().collect();
        self.set_work(event.frame, Work::Parallel(Branches { running, outputs }))
    }

    fn branch_succeeded(&mut self, event: &Event, output: &Value) -> Applied {
        let (parent, last) = self.drop_child(event.frame)?;
        self.frame_mut(parent.frame)?.last = last;
        let Work::Parallel(branches) = &mut self.visit_mut(parent.frame)?.work else {
            return Err("the frame's parent runs no branches");
        };
        branches.running.remove(&event.frame);
        *branches.outputs.get_mut(parent.index).ok_or("the Parallel state has no such branch")? = output.clone();
        if branches.running.is_empty() {
            self.ready.insert(parent.frame);
        }
        Ok(())
    }

    // Map

    fn map_started(&mut self, event: &Event, items: &Value, max_concurrency: u64) -> Applied {
        let iterations = Iterations {
            items: items.clone(),
            max_concurrency: usize::try_from(max_concurrency).unwrap_or(usize::MAX),
            next: 0,
            running: BTreeSet::new(),
            outputs: vec![Value::Null; item_count(items)],
            slot: event.id,
        };
        self.set_work(event.frame, Work::Map(iterations))?;
        self.ready.insert(event.frame);
        self.moved(event)
    }

    fn iteration_started(&mut self, event: &Event, index: u64, input: &Value, child: &Numbered<FrameId>) -> Applied {
        let number = match child {
            Numbered::Written(number) => *number,
            Numbered::ByOldRule => self.free_frames().next(),
        };
        let program = Arc::clone(&self.program);
        let index = usize::try_from(index).map_err(|_| "the index is out of range")?;
        let frame = self.frame_mut(event.frame)?;
        let variables = frame.variables.clone();
        let visit = self.visit_mut(event.frame)?;
        let StateKind::Map(map) = &program.state(visit.state).kind else {
            return Err("the state is not a Map state");
        };
        let Work::Map(iterations) = &mut visit.work else {
            return Err("the Map state has not started");
        };
        if index != iterations.next || index >= iterations.length() {
            return Err("the iteration is not the next one");
        }
        let item: MapItem = iterations.item(index);
        let child = Frame {
            parent: Some(Parent { frame: event.frame, index }),
            variables,
            last: event.id,
            item: Some(item),
            place: before(&program, map.processor, input, None),
            timer: None,
        };
        self.make_frame(number, child)?;
        let iterations = self.iterations_mut(event.frame)?;
        iterations.next += 1;
        iterations.running.insert(number);
        if !iterations.is_ready() {
            self.ready.remove(&event.frame);
        }
        Ok(())
    }

    fn iteration_succeeded(&mut self, event: &Event, output: &Value) -> Applied {
        let (parent, _) = self.drop_child(event.frame)?;
        self.frame_mut(parent.frame)?.last = event.id;
        let iterations = self.iterations_mut(parent.frame)?;
        iterations.running.remove(&event.frame);
        iterations.slot = event.previous;
        *iterations.outputs.get_mut(parent.index).ok_or("the Map state has no such item")? = output.clone();
        if iterations.is_ready() {
            self.ready.insert(parent.frame);
        }
        Ok(())
    }

    // Frames

    /// A Parallel or Map state does nothing more. What its frames gave, and those that gave nothing, are kept until the
    /// state is left or begins again: a redrive goes on from them.
    fn container_ended(&mut self, id: FrameId) -> Applied {
        let children = self.visit_mut(id)?.work.children();
        self.ready.remove(&id);
        children.into_iter().for_each(|child| self.halt(child));
        Ok(())
    }

    /// Ends whatever goes on in a frame and below it; where the frames stand is kept.
    fn halt(&mut self, id: FrameId) {
        let Some(frame) = self.frames.get_mut(id.0 as usize).and_then(Option::as_deref_mut) else { return };
        if let Some(timer) = frame.timer.take() {
            self.timers.remove(&(timer, id));
        }
        self.ready.remove(&id);
        let FramePlace::Inside(visit) = &mut frame.place else { return };
        match &mut visit.work {
            work @ (Work::Task(_) | Work::TimedOut { .. }) => {
                let work = std::mem::replace(work, Work::Idle);
                self.drop_work(work);
            }
            work => work.children().into_iter().for_each(|child| self.halt(child)),
        }
    }

    /// Makes a frame of that number.
    fn make_frame(&mut self, id: FrameId, frame: Frame) -> Applied {
        let at = id.0 as usize;
        if at == self.frames.len() {
            self.frames.push(None);
        }
        // Every number was once the first that was never used; a damaged one must not reserve memory.
        let slot = self.frames.get_mut(at).ok_or("the number of the frame leaves others out")?;
        if slot.is_some() {
            return Err("the number of the frame is in use");
        }
        *slot = Some(Box::new(frame));
        self.free.remove(&id);
        self.ready.insert(id);
        Ok(())
    }

    /// Removes a branch or iteration that ended; says where it belonged and what its last event was.
    fn drop_child(&mut self, id: FrameId) -> Result<(Parent, EventId), &'static str> {
        let frame = self.frame(id).ok_or("there is no such frame")?;
        if !matches!(frame.place, FramePlace::Ended) {
            return Err("the frame has not ended");
        }
        let found = (frame.parent.ok_or("the frame has no parent")?, frame.last);
        self.drop_frame(id);
        Ok(found)
    }

    /// Removes a frame and everything below it.
    fn drop_frame(&mut self, id: FrameId) {
        let Some(frame) = self.frames.get_mut(id.0 as usize).and_then(Option::take) else { return };
        if let Some(timer) = frame.timer {
            self.timers.remove(&(timer, id));
        }
        self.ready.remove(&id);
        self.free.insert(id);
        if let FramePlace::Inside(visit) = frame.place {
            self.drop_work(visit.work);
        }
    }

    fn drop_work(&mut self, work: Work) {
        match work {
            Work::Task(task) => {
                self.forget_task(&task);
                self.give_job_up(task);
            }
            Work::Parallel(Branches { running, .. }) | Work::Map(Iterations { running, .. }) => {
                running.into_iter().for_each(|child| self.drop_frame(child));
            }
            Work::Idle | Work::Waiting { .. } | Work::TimedOut { .. } | Work::Backoff { .. } => {}
        }
    }

    /// Puts a frame's state to other work; what it did before is over, and its children are given up.
    fn set_work(&mut self, id: FrameId, work: Work) -> Applied {
        let before = std::mem::replace(&mut self.visit_mut(id)?.work, work);
        self.drop_work(before);
        self.ready.remove(&id);
        self.rearm(id)
    }

    /// Sets a frame's timer to what its work waits for.
    fn rearm(&mut self, id: FrameId) -> Applied {
        let timer = match &self.visit_mut(id)?.work {
            Work::Waiting { due } | Work::Backoff { due } => Some(*due),
            Work::Task(task) => task.due(),
            Work::Idle | Work::TimedOut { .. } | Work::Parallel(_) | Work::Map(_) => None,
        };
        let earlier = std::mem::replace(&mut self.frame_mut(id)?.timer, timer);
        if let Some(due) = earlier {
            self.timers.remove(&(due, id));
        }
        if let Some(due) = timer {
            self.timers.insert((due, id));
        }
        Ok(())
    }

    fn moved(&mut self, event: &Event) -> Applied {
        self.frame_mut(event.frame)?.last = event.id;
        Ok(())
    }

    fn frame_mut(&mut self, id: FrameId) -> Result<&mut Frame, &'static str> {
        self.frames.get_mut(id.0 as usize).and_then(|slot| slot.as_deref_mut()).ok_or("there is no such frame")
    }

    fn visit(&self, id: FrameId) -> Result<&Visit, &'static str> {
        match &self.frame(id).ok_or("there is no such frame")?.place {
            FramePlace::Inside(visit) => Ok(visit),
            FramePlace::Before { .. } | FramePlace::Ended => Err("the frame is in no state"),
        }
    }

    fn visit_mut(&mut self, id: FrameId) -> Result<&mut Visit, &'static str> {
        match &mut self.frame_mut(id)?.place {
            FramePlace::Inside(visit) => Ok(visit),
            FramePlace::Before { .. } | FramePlace::Ended => Err("the frame is in no state"),
        }
    }

    fn task_mut(&mut self, id: FrameId) -> Result<&mut OpenTask, &'static str> {
        match &mut self.visit_mut(id)?.work {
            Work::Task(task) => Ok(task),
            _ => Err("the state has no open task"),
        }
    }

    fn iterations_mut(&mut self, id: FrameId) -> Result<&mut Iterations, &'static str> {
        match &mut self.visit_mut(id)?.work {
            Work::Map(iterations) => Ok(iterations),
            _ => Err("the Map state has not started"),
        }
    }
}

fn before(program: &Program, branch: BranchId, input: &Value, input_text: Option<Text>) -> FramePlace {
    FramePlace::Before { state: program.branch(branch).start_at, input: input.clone(), input_text }
}

fn after(at: Timestamp, seconds: Option<u64>) -> Option<Timestamp> {
    seconds.map(|seconds| at.plus_seconds(seconds as f64))
}

fn retrier_count(program: &Program, state: StateId) -> usize {
    match &program.state(state).kind {
        StateKind::Task(task) => task.retry.len(),
        StateKind::Parallel(parallel) => parallel.retry.len(),
        StateKind::Map(map) => map.retry.len(),
        StateKind::Pass(_) | StateKind::Choice(_) | StateKind::Wait(_) | StateKind::Succeed | StateKind::Fail(_) => 0,
    }
}

fn with_assigned(variables: &Variables, assigned: &Value) -> Variables {
    let mut all = Object::clone(variables);
    for (name, value) in assigned.as_object().into_iter().flat_map(Object::iter) {
        all.insert(name.clone(), value.clone());
    }
    Arc::new(all)
}
