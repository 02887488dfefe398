//! `decide`: which events a command leads to. It looks and never changes.
//!
//! A [`Decision`] gathers the events of one step: one command, or one state of one frame. The loop in
//! [`Execution::advance`] applies them and goes on with what is ready.

use asl::EvaluationError;
use asl::program::{Program, StateId, StateKind};
use asl::scope::{Chance, Context};
use asl::{Budget, ErrorName, Exhausted, Scope, Text, Value};

use crate::command::{Advance, Command, Fault, Ignored, Turn};
use crate::context;
use crate::cursor::{Cursor, View};
use crate::event::{Event, EventId, EventKind, FrameId, StateType, TaskFamily};
use crate::execution::{Execution, Frame, FramePlace, FreeFrames, MapItem, Status, Visit, Work};
use crate::failure::Failure;
use crate::limits;
use crate::states;
use crate::test_state::probe::{Inspection, Probe};

impl Execution {
    /// Decides and applies until nothing is ready and nothing is due, or a budget of the turn is spent; appends
    /// what happened to `events`.
    ///
    /// # Errors
    /// [`Fault::TooLong`] where the command's own evaluation takes longer than the turn may: nothing happened.
    /// [`Fault::Ignored`] where the command changes nothing (late, early, repeated): a result, not a failure.
    /// [`Fault::Replay`] where our own decision does not apply: the execution is then to be thrown away.
    pub fn advance(&mut self, command: Command, turn: &Turn<'_>, events: &mut Vec<Event>) -> Result<Advance, Fault> {
        let chance = Chance::new(turn.seed);
        let budget = events.len() + turn.budget;
        let (mut weighed, mut bytes) = (events.len(), 0_usize);
        if self.status != Status::Running && !matches!(command, Command::CancelSettled { .. }) {
            return Err(Fault::Ignored(Ignored::ExecutionOver));
        }
        // A copy is a few pointers; without it a turn could not say what is to be sent again.
        if !self.take(events, |decision| decision.command(command.clone()), turn, &chance)? {
            return Err(Fault::TooLong(Box::new(command)));
        }
        while self.status == Status::Running && self.has_work(turn) {
            bytes = bytes.saturating_add(payload_bytes(events, weighed));
            weighed = events.len();
            if events.len() >= budget || bytes >= turn.bytes || (turn.time.is_over)() {
                return Ok(Advance::Unfinished);
            }
            if !self.take(events, |decision| decision.step(), turn, &chance)? {
                return Ok(Advance::TooLong);
            }
        }
        Ok(Advance::Settled)
    }

    fn has_work(&self, turn: &Turn<'_>) -> bool {
        self.is_ready() || self.next_due().is_some_and(|due| due <= turn.now)
    }

    /// One decision and its application; `false` where it takes longer than the turn may, and nothing happened.
    fn take(
        &mut self,
        events: &mut Vec<Event>,
        decide: impl FnOnce(&mut Decision<'_>) -> Result<(), Ignored>,
        turn: &Turn<'_>,
        chance: &Chance,
    ) -> Result<bool, Fault> {
        let from = events.len();
        let mut decision = Decision::new(self, turn, chance, events);
        decide(&mut decision).map_err(Fault::Ignored)?;
        decision.close();
        if decision.is_out_of_patience() {
            events.truncate(from);
            return Ok(false);
        }
        for event in &events[from..] {
            self.apply(event)?;
        }
        Ok(true)
    }
}

/// Bytes of JSON text of the payloads that the events from there on bring. What the event before carries as well is
/// written once, and costs nothing.
fn payload_bytes(events: &[Event], from: usize) -> usize {
    let bytes_of = |at: usize| -> usize {
        let before = at.checked_sub(1).map(|before| &events[before].kind);
        let is_new = |payload: &&Value| {
            !before.is_some_and(|before| before.payloads().any(|earlier| earlier.same_allocation(payload)))
        };
        events[at].kind.payloads().filter(is_new).map(limits::text_bytes).sum()
    };
    (from..events.len()).map(bytes_of).sum()
}

/// The events of one step, as they are decided.
pub(crate) struct Decision<'a> {
    pub(crate) execution: &'a Execution,
    pub(crate) turn: &'a Turn<'a>,
    pub(crate) chance: &'a Chance,
    events: &'a mut Vec<Event>,
    next: EventId,
    free_frames: FreeFrames<'a>,
    /// The history reached its limit; nothing more is added but the failure that says so.
    full: bool,
    /// Where a single state is tested, and only there.
    probe: Option<&'a Probe>,
    budget: Budget,
}

impl<'a> Decision<'a> {
    fn new(execution: &'a Execution, turn: &'a Turn<'a>, chance: &'a Chance, events: &'a mut Vec<Event>) -> Self {
        let budget = Budget::with_patience(turn.limits.evaluation, turn.time.evaluation_steps);
        let budget = match turn.time.recall {
            Some(recall) => budget.recalled_by(recall.clone()),
            None => budget,
        };
        Self {
            execution,
            turn,
            chance,
            events,
            next: execution.last_event.next(),
            free_frames: execution.free_frames(),
            full: false,
            probe: None,
            budget,
        }
    }

    /// A decision that is a test: it is watched, and sees the context object it is given.
    pub(crate) fn of_test(
        execution: &'a Execution,
        turn: &'a Turn<'a>,
        chance: &'a Chance,
        events: &'a mut Vec<Event>,
        probe: &'a Probe,
    ) -> Self {
        Self { probe: Some(probe), ..Self::new(execution, turn, chance, events) }
    }

    /// What was decided so far, last of all.
    pub(crate) fn last_kind(&self) -> Option<&EventKind> {
        self.events.last().map(|event| &event.kind)
    }

    /// Whether a single state is tested.
    pub(crate) fn is_test(&self) -> bool {
        self.probe.is_some()
    }

    /// Shows something to who tests the state; does nothing in an execution.
    pub(crate) fn saw(&self, note: impl FnOnce(&mut Inspection)) {
        if let Some(probe) = self.probe {
            probe.note(note);
        }
    }

    /// Whether something could not be evaluated in the time that this turn has.
    fn is_out_of_patience(&self) -> bool {
        self.budget.exhausted() == Some(Exhausted::Patience)
    }

    /// Adds an event; says which number it has, or the last shown one has.
    pub(crate) fn push(&mut self, frame: FrameId, previous: EventId, kind: EventKind) -> EventId {
        if self.full {
            return self.last();
        }
        if kind.is_shown() {
            // The last number the limit allows is kept for an end.
            self.full = self.next.0 >= self.turn.limits.history_events && !kind.is_end();
            if self.full {
                return self.last();
            }
            self.next = self.next.next();
        }
        let id = self.last();
        // The history's time never goes back, whatever the clock does.
        let at = self.turn.now.max(self.execution.last_at);
        self.events.push(Event { id, previous, at, frame, kind });
        id
    }

    /// The number of a frame that the next event begins.
    pub(crate) fn new_frame(&mut self) -> FrameId {
        self.free_frames.next()
    }

    fn last(&self) -> EventId {
        EventId(self.next.0 - 1)
    }

    fn close(&mut self) {
        if !self.full {
            return;
        }
        self.full = false;
        let cause = format!(
            "The execution reached the maximum number of history events ({}).",
            self.turn.limits.history_events
        );
        let kind = EventKind::ExecutionFailed { error: Some(ErrorName::RUNTIME.into()), cause: Some(cause.into()) };
        self.push(FrameId::ROOT, self.last(), kind);
    }

    // Commands

    fn command(&mut self, command: Command) -> Result<(), Ignored> {
        let begun = self.execution.event_count > 0;
        match command {
            Command::Start { input, input_text } if !begun => {
                let role_arn = self.execution.info.role_arn.clone();
                self.push(FrameId::ROOT, EventId::NONE, EventKind::ExecutionStarted { input, input_text, role_arn });
                Ok(())
            }
            Command::Start { .. } => Err(Ignored::AlreadyStarted),
            _ if !begun => Err(Ignored::NothingDue),
            Command::Continue | Command::Tick => self.step(),
            Command::TaskStarted { scheduled, worker } => self.task_started(scheduled, worker),
            Command::TaskSubmitted { scheduled, output } => self.task_submitted(scheduled, output),
            Command::TaskSucceeded { scheduled, output } => {
                let cursor = self.task_cursor(scheduled)?;
                states::task::succeeded(self, cursor, &output);
                Ok(())
            }
            Command::TaskFailed { scheduled, error, cause } => {
                let mut cursor = self.task_cursor(scheduled)?;
                let family = self.task_family(cursor.frame);
                let kind = EventKind::TaskFailed { family, error: error.clone(), cause: cause.clone() };
                cursor.last = self.push(cursor.frame, cursor.last, kind);
                self.fail(cursor, Failure::of_task(error, cause));
                Ok(())
            }
            Command::TaskHeartbeat { scheduled } => {
                let cursor = self.task_cursor(scheduled)?;
                self.push(cursor.frame, cursor.last, EventKind::TaskHeartbeat);
                Ok(())
            }
            Command::CancelSettled { scheduled } => {
                if !self.execution.cancels.contains_key(&scheduled) {
                    return Err(Ignored::CancelAlreadySettled);
                }
                self.push(FrameId::ROOT, scheduled, EventKind::TaskCancelSettled { scheduled });
                Ok(())
            }
            Command::Stop { error, cause } => {
                // AWS writes no abort events of the states that were running, and no previous event.
                self.push(FrameId::ROOT, EventId::NONE, EventKind::ExecutionAborted { error, cause });
                Ok(())
            }
        }
    }

    fn task_started(&mut self, scheduled: EventId, worker: Option<Text>) -> Result<(), Ignored> {
        let (frame, task) = self.execution.find_task(scheduled).ok_or(Ignored::TaskOver)?;
        if task.started {
            return Err(Ignored::TaskAlreadyStarted);
        }
        let last = self.execution.frame(frame).map_or(scheduled, |frame| frame.last);
        self.push(frame, last, EventKind::TaskStarted { family: task.family.clone(), worker });
        Ok(())
    }

    fn task_submitted(&mut self, scheduled: EventId, output: Value) -> Result<(), Ignored> {
        let cursor = self.task_cursor(scheduled)?;
        if self.execution.open_task(scheduled).is_some_and(|task| task.submitted.is_some()) {
            return Err(Ignored::TaskAlreadySubmitted);
        }
        let family = self.task_family(cursor.frame);
        self.push(cursor.frame, cursor.last, EventKind::TaskSubmitted { family, output });
        Ok(())
    }

    /// How the events of a frame's open task are named.
    pub(crate) fn task_family(&self, id: FrameId) -> TaskFamily {
        match self.visit(id).map(|visit| &visit.work) {
            Some(Work::Task(task)) => task.family.clone(),
            _ => TaskFamily::Activity,
        }
    }

    fn task_cursor(&self, scheduled: EventId) -> Result<Cursor<'a>, Ignored> {
        let (frame, _) = self.execution.find_task(scheduled).ok_or(Ignored::TaskOver)?;
        self.cursor(frame).ok_or(Ignored::TaskOver)
    }

    // Going on

    /// Goes on with one thing: the execution's own timeout, a timer that is due, or a frame that is ready.
    fn step(&mut self) -> Result<(), Ignored> {
        let execution = self.execution;
        if execution.deadline().is_some_and(|due| due <= self.turn.now) {
            self.push(FrameId::ROOT, EventId::NONE, EventKind::ExecutionTimedOut);
            return Ok(());
        }
        if let Some((due, id)) = execution.timers.first()
            && *due <= self.turn.now
        {
            return self.timer(*id);
        }
        let id = *execution.ready.first().ok_or(Ignored::NothingDue)?;
        let frame = execution.frame(id).ok_or(Ignored::NothingDue)?;
        match &frame.place {
            FramePlace::Before { state, input, input_text } => {
                self.enter(id, frame, *state, input.clone(), input_text.clone())
            }
            FramePlace::Inside(visit) => self.gather(id, visit),
            FramePlace::Ended => return Err(Ignored::NothingDue),
        }
        Ok(())
    }

    fn timer(&mut self, id: FrameId) -> Result<(), Ignored> {
        let cursor = self.cursor(id).ok_or(Ignored::NothingDue)?;
        match &self.visit(id).ok_or(Ignored::NothingDue)?.work {
            Work::Waiting { .. } => states::wait::over(self, cursor),
            Work::Backoff { .. } => self.begin(cursor),
            Work::Task(task) => {
                let heartbeat = task.timeout_due.is_none_or(|due| due > self.turn.now);
                states::task::timed_out(self, &cursor, heartbeat);
            }
            Work::Idle | Work::TimedOut { .. } | Work::Parallel(_) | Work::Map(_) => return Err(Ignored::NothingDue),
        }
        Ok(())
    }

    /// A state that can go on: a Parallel or Map state, or one whose task timed out.
    fn gather(&mut self, id: FrameId, visit: &'a Visit) {
        let Some(cursor) = self.cursor(id) else { return };
        if let Some(fault) = cursor.fault() {
            return self.raise(cursor, fault);
        }
        match &visit.work {
            Work::Parallel(branches) => states::parallel::finish(self, cursor, &Value::array(branches.outputs.clone())),
            Work::Map(iterations) => states::map::proceed(self, cursor, iterations),
            Work::TimedOut { heartbeat, .. } => self.fail(cursor, Failure::timeout(*heartbeat)),
            Work::Idle | Work::Waiting { .. } | Work::Task(_) | Work::Backoff { .. } => {}
        }
    }

    fn enter(&mut self, id: FrameId, frame: &'a Frame, state: StateId, input: Value, input_text: Option<Text>) {
        let execution = self.execution;
        let state = execution.program.state(state);
        let state_type = StateType::of(&state.kind);
        let entered = self.push(
            id,
            frame.last,
            EventKind::StateEntered { name: state.name.clone(), state_type, input: input.clone(), input_text },
        );
        self.begin(Cursor {
            frame: id,
            state,
            input,
            entered,
            entered_previous: frame.last,
            entered_at: self.turn.now,
            retries: 0,
            attempts: &[],
            last: entered,
            variables: &frame.variables,
            item: frame.item.as_ref(),
        });
    }

    /// Begins the work of the state the cursor is in, for the first time or again.
    pub(crate) fn begin(&mut self, cursor: Cursor<'a>) {
        if let Some(fault) = cursor.fault() {
            return self.raise(cursor, fault);
        }
        match &cursor.state.kind {
            StateKind::Pass(pass) => states::pass::run(self, cursor, pass),
            StateKind::Task(task) => states::task::schedule(self, cursor, task),
            StateKind::Choice(choice) => states::choice::run(self, cursor, choice),
            StateKind::Wait(wait) => states::wait::begin(self, cursor, wait),
            StateKind::Succeed => states::succeed::run(self, cursor),
            StateKind::Fail(fail) => states::fail::run(self, cursor, fail),
            StateKind::Parallel(parallel) => states::parallel::begin(self, cursor, parallel),
            StateKind::Map(map) => states::map::begin(self, cursor, map),
        }
    }

    // Looking

    pub(crate) fn visit(&self, id: FrameId) -> Option<&'a Visit> {
        match &self.execution.frame(id)?.place {
            FramePlace::Inside(visit) => Some(visit),
            FramePlace::Before { .. } | FramePlace::Ended => None,
        }
    }

    /// Where a frame stands that is in a state.
    pub(crate) fn cursor(&self, id: FrameId) -> Option<Cursor<'a>> {
        let frame = self.execution.frame(id)?;
        let visit = self.visit(id)?;
        let program: &'a Program = &self.execution.program;
        Some(Cursor {
            frame: id,
            state: program.state(visit.state),
            input: visit.input.clone(),
            entered: visit.entered,
            entered_previous: visit.entered_previous,
            entered_at: visit.entered_at,
            retries: visit.retries,
            attempts: &visit.attempts,
            last: frame.last,
            variables: &frame.variables,
            item: frame.item.as_ref(),
        })
    }

    /// Evaluates something of a state.
    pub(crate) fn evaluate<T>(
        &self,
        cursor: &Cursor<'_>,
        view: View<'_>,
        evaluate: impl FnOnce(&Scope<'_>) -> Result<T, EvaluationError>,
    ) -> Result<T, EvaluationError> {
        self.evaluate_item(cursor, cursor.item, view, evaluate)
    }

    /// The token of the task that the cursor's state has open or is about to schedule, where it has one.
    fn task_token(&self, cursor: &Cursor<'_>) -> Option<Text> {
        let StateKind::Task(task) = &cursor.state.kind else { return None };
        if !task.resource.waits_for_more() {
            return None;
        }
        let scheduled = match self.visit(cursor.frame).map(|visit| &visit.work) {
            Some(Work::Task(open)) => open.scheduled,
            Some(Work::TimedOut { scheduled, .. }) => *scheduled,
            // Nothing comes between the evaluation of a task's fields and its scheduling.
            _ => self.next,
        };
        Some(self.turn.resources.task_token(scheduled))
    }

    /// As [`Decision::evaluate`], for an item of a Map state.
    pub(crate) fn evaluate_item<T>(
        &self,
        cursor: &Cursor<'_>,
        item: Option<&MapItem>,
        view: View<'_>,
        evaluate: impl FnOnce(&Scope<'_>) -> Result<T, EvaluationError>,
    ) -> Result<T, EvaluationError> {
        let make = || match self.probe {
            Some(probe) => context::with_item(probe.context.clone(), item),
            None => context::object(self.execution, cursor, item, self.task_token(cursor)),
        };
        evaluate(&Scope {
            input: view.input,
            state_input: &cursor.input,
            result: view.result,
            error_output: view.error_output,
            context: &Context::new(&make),
            variables: cursor.variables,
            chance: self.chance,
            now: self.turn.now.0,
            budget: &self.budget,
        })
    }
}

impl StateType {
    /// The type of a state.
    pub(crate) fn of(kind: &StateKind) -> Self {
        match kind {
            StateKind::Pass(_) => Self::Pass,
            StateKind::Task(_) => Self::Task,
            StateKind::Choice(_) => Self::Choice,
            StateKind::Wait(_) => Self::Wait,
            StateKind::Succeed => Self::Succeed,
            StateKind::Fail(_) => Self::Fail,
            StateKind::Parallel(_) => Self::Parallel,
            StateKind::Map(_) => Self::Map,
        }
    }
}
