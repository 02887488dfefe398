//! Recorded histories: what each version of the log wrote of every kind of machine is folded for ever.
//!
//! A folder of `recorded/` is one execution: its definition, the steps that led it, and the chunks that each version
//! wrote, one for each turn, every one after its length (four bytes, the least first). A file that is there is never
//! made again. `RECORD_HISTORIES=1` adds those of the present version where there are none.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use asl::Program;
use engine::{
    Advance, Command, Event, EventId, EventKind, Execution, Fault, Limits, Outstanding, Timestamp, Turn, TurnTime,
    history, log,
};

use crate::run::{AllButMissing, info, json, program};

/// An execution that was recorded.
struct Recording {
    name: String,
    folder: PathBuf,
    program: Arc<Program>,
    steps: Vec<String>,
}

impl Recording {
    fn read(folder: PathBuf) -> Self {
        let steps = fs::read_to_string(folder.join("steps")).unwrap();
        Self {
            name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            program: program(&fs::read_to_string(folder.join("definition.asl.json")).unwrap()),
            steps: steps.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect(),
            folder,
        }
    }

    fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/recorded");
        let mut folders: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        folders.into_iter().map(Self::read).collect()
    }

    fn file(&self, version: u8) -> PathBuf {
        self.folder.join(format!("v{version}.bin"))
    }

    /// The chunks that a version of the log wrote, where it wrote any.
    fn chunks(&self, version: u8) -> Option<Vec<Vec<u8>>> {
        let mut bytes = VecDeque::from(fs::read(self.file(version)).ok()?);
        let mut chunks = Vec::new();
        while !bytes.is_empty() {
            let length: Vec<u8> = bytes.drain(..4).collect();
            let length = u32::from_le_bytes(length.try_into().unwrap()) as usize;
            chunks.push(bytes.drain(..length).collect());
        }
        Some(chunks)
    }

    /// Every version's chunks.
    fn versions(&self) -> impl Iterator<Item = (u8, Vec<Vec<u8>>)> {
        (1..=log::VERSION).filter_map(|version| Some((version, self.chunks(version)?)))
    }

    fn begin(&self) -> Course<'_> {
        Course {
            recording: self,
            execution: Execution::new(Arc::clone(&self.program), info()),
            now: Timestamp(1_700_000_000_000),
            limits: Limits::default(),
            budget: 1_000_000,
            events: Vec::new(),
            steps: self.steps.iter().enumerate(),
        }
    }
}

/// A recorded execution on its way.
struct Course<'a> {
    recording: &'a Recording,
    execution: Execution,
    now: Timestamp,
    limits: Limits,
    budget: usize,
    events: Vec<Event>,
    steps: std::iter::Enumerate<std::slice::Iter<'a, String>>,
}

impl Course<'_> {
    /// Takes the steps up to and with the next command, which is told, with its number.
    fn next_command(&mut self) -> Option<(usize, Command)> {
        loop {
            let (number, step) = self.steps.next()?;
            let (word, rest) = step.split_once(' ').unwrap_or((step, ""));
            let (at, content) = rest.split_once(' ').unwrap_or((rest, ""));
            let figure = || at.parse::<usize>().unwrap();
            let task = || {
                let open = open_tasks(&self.execution).get(figure()).copied();
                open.unwrap_or_else(|| panic!("{}, step {number}: no such task\n{}", self.recording.name, self.shown()))
            };
            let command = match word {
                "budget" => {
                    self.budget = figure();
                    continue;
                }
                "history" => {
                    self.limits.history_events = figure() as u64;
                    continue;
                }
                "wait" => {
                    self.now.0 += figure() as i64;
                    continue;
                }
                "start" => {
                    let input = json(rest);
                    let input_text = (input.to_json() != rest).then(|| rest.into());
                    Command::Start { input, input_text }
                }
                "tick" => {
                    self.now = self.execution.next_due().unwrap();
                    Command::Tick
                }
                "continue" => Command::Continue,
                "take" => Command::TaskStarted { scheduled: task(), worker: Some("worker".into()) },
                "submit" => Command::TaskSubmitted { scheduled: task(), output: json(content) },
                "succeed" => Command::TaskSucceeded { scheduled: task(), output: json(content) },
                "fail" => Command::TaskFailed {
                    scheduled: task(),
                    error: Some(content.into()),
                    cause: Some("because".into()),
                },
                "cancel" => {
                    Command::CancelSettled { scheduled: self.execution.cancels().nth(figure()).unwrap().scheduled }
                }
                "heartbeat" => Command::TaskHeartbeat { scheduled: task() },
                "stop" => Command::Stop { error: Some("Stopped".into()), cause: None },
                other => panic!("{}: no such step: {other}", self.recording.name),
            };
            return Some((number, command));
        }
    }

    fn send(&mut self, number: usize, command: Command) -> Result<Advance, Fault> {
        let turn = Turn {
            now: self.now,
            seed: number as u128,
            limits: &self.limits,
            resources: &AllButMissing,
            budget: self.budget,
            bytes: usize::MAX,
            time: TurnTime::UNBOUNDED,
        };
        self.execution.advance(command, &turn, &mut self.events)
    }

    /// Takes the next step and does it; what happened is one chunk.
    fn live(&mut self) -> Option<Vec<u8>> {
        let (number, command) = self.next_command()?;
        let from = self.events.len();
        let sent = self.send(number, command);
        let name = &self.recording.name;
        assert!(sent.is_ok() && from < self.events.len(), "{name}, step {number}: {sent:?}");
        let mut bytes = Vec::new();
        log::encode(&self.events[from..], &mut bytes);
        Some(bytes)
    }

    /// Takes the next step and folds what happened then.
    fn fold(&mut self, chunk: &[u8]) {
        self.next_command().unwrap();
        self.replay(&log::decode(chunk).unwrap());
    }

    fn replay(&mut self, events: &[Event]) {
        for event in events {
            self.execution.apply(event).unwrap_or_else(|error| panic!("{}: {error}", self.recording.name));
        }
        self.events.extend_from_slice(events);
    }

    /// What the execution waits for, in short.
    fn waits(&self) -> String {
        let waits = |outstanding: &Outstanding| match outstanding {
            Outstanding::Task(task) => format!("task {} of {}", task.scheduled, task.state),
            Outstanding::Timer { due } => format!("until {}", due.0),
            Outstanding::Ready => "for its turn".to_owned(),
            Outstanding::Cancel(task) => format!("the cancellation of {}", task.scheduled),
        };
        let all: Vec<_> = self.execution.outstanding().iter().map(waits).collect();
        format!("{}, {} events: {}", self.execution.status().as_str(), self.events.len(), all.join(", "))
    }

    fn shown(&self) -> String {
        let lines = self.events.iter().filter_map(|event| history::project(event, true, "us-east-1"));
        let line = |shown: history::HistoryEvent| {
            let details = shown.details.map(|(_, details)| details.to_json()).unwrap_or_default();
            format!("{} < {} {} {details}", shown.id, shown.previous, shown.event_type)
        };
        lines.map(line).collect::<Vec<_>>().join("\n")
    }
}

fn open_tasks(execution: &Execution) -> Vec<EventId> {
    let number = |outstanding| match outstanding {
        Outstanding::Task(task) => Some(task.scheduled),
        Outstanding::Timer { .. } | Outstanding::Ready | Outstanding::Cancel(_) => None,
    };
    execution.outstanding().into_iter().filter_map(number).collect()
}

/// Every chunk that was ever written is read, and amounts to the state and the history of the snapshot.
#[test]
fn each_recorded_history_is_folded() {
    for recording in Recording::all() {
        for (version, chunks) in recording.versions() {
            let mut course = recording.begin();
            let mut waits = String::new();
            for (turn, chunk) in chunks.iter().enumerate() {
                course.fold(chunk);
                waits += &format!("{turn}: {}\n", course.waits());
            }
            let text = format!("{waits}\n{}\n\n{:#?}", course.shown(), course.execution);
            insta::with_settings!({
                snapshot_path => &recording.folder,
                prepend_module_to_snapshot => false,
                omit_expression => true,
            }, { insta::assert_snapshot!(format!("v{version}"), text) });
        }
    }
}

/// What an execution amounts to, as far as versions must agree on it: its history without the aborts of states, of which
/// later versions write more, and what it waits for. Events are numbered as they are without those.
fn agreed(course: &Course<'_>) -> (Vec<String>, Vec<String>) {
    let is_agreed = |event: &&Event| !matches!(event.kind, EventKind::StateAborted { .. });
    let shown: Vec<&Event> = course.events.iter().filter(|event| event.kind.is_shown()).filter(is_agreed).collect();
    let number = |id: EventId| shown.iter().take_while(|event| event.id <= id).count();
    let line = |event: &&Event| {
        let mut line = format!("{} < {}", number(event.id), number(event.previous));
        if let Some(shown) = history::project(event, true, "us-east-1") {
            let details = shown.details.map(|(_, details)| details.to_json()).unwrap_or_default();
            let mut parts = details.split("at the event id #");
            line += &format!(" {} {}", shown.event_type, parts.next().unwrap_or_default());
            for part in parts {
                let digits = part.chars().take_while(char::is_ascii_digit).count();
                line += &format!("at {}{}", number(EventId(part[..digits].parse().unwrap())), &part[digits..]);
            }
        }
        line
    };
    let waits = |outstanding: Outstanding| match outstanding {
        Outstanding::Task(task) => format!("task {} of {}", number(task.scheduled), task.state),
        Outstanding::Cancel(task) => format!("the cancellation of {} {:?}", number(task.scheduled), task.submitted),
        other => format!("{other:?}"),
    };
    (shown.iter().map(line).collect(), course.execution.outstanding().into_iter().map(waits).collect())
}

/// After an upgrade: wherever the earlier version stopped, this one goes on, and history shows what it would have.
#[test]
fn each_recorded_history_goes_on_from_wherever_it_was() {
    for recording in Recording::all() {
        for (version, chunks) in recording.versions() {
            let mut whole = recording.begin();
            chunks.iter().for_each(|chunk| whole.fold(chunk));
            for upgraded in 0..chunks.len() {
                let mut course = recording.begin();
                chunks[..upgraded].iter().for_each(|chunk| course.fold(chunk));
                while course.live().is_some() {}
                let what = format!("{}, version {version}, after turn {upgraded}", recording.name);
                assert_eq!(agreed(&course), agreed(&whole), "{what}");
                let mut both = recording.begin();
                both.replay(&course.events);
                assert_eq!(both.execution, course.execution, "{what}");
            }
        }
    }
}

/// Adds the present version's chunks where they are missing.
#[test]
fn the_present_version_is_recorded() {
    for recording in Recording::all() {
        let file = recording.file(log::VERSION);
        if std::env::var_os("RECORD_HISTORIES").is_some() && !file.exists() {
            let mut course = recording.begin();
            let mut bytes = Vec::new();
            while let Some(chunk) = course.live() {
                bytes.extend(u32::try_from(chunk.len()).unwrap().to_le_bytes());
                bytes.extend(chunk);
            }
            fs::write(&file, bytes).unwrap();
        }
        assert!(file.exists(), "{} is not recorded: run this test with RECORD_HISTORIES=1", recording.name);
    }
}
