//! Bytes to events. Damaged bytes give an error, never a panic.

use std::collections::VecDeque;

use asl::resource::Integration;
use asl::{Text, Value};

use crate::event::{Event, EventId, EventKind, FrameId, Numbered, StateType, TaskFamily, Timestamp};
use crate::log::{DecodeError, FRAMES_NUMBERED, VERSION, WINDOW, family, tag};

/// Reads one chunk of events.
///
/// # Errors
/// The bytes were written by a newer engine, or are damaged.
pub fn decode(bytes: &[u8]) -> Result<Vec<Event>, DecodeError> {
    let mut reader =
        ChunkReader { bytes, offset: 0, version: 0, at: 0, texts: VecDeque::new(), payloads: VecDeque::new() };
    reader.version = reader.byte()?;
    if reader.version > VERSION {
        return Err(DecodeError::NewerFormat { found: reader.version });
    }
    let mut next = reader.number()?;
    reader.at = reader.signed()?;
    let count = reader.number()?;
    // A count from damaged bytes must not reserve memory: every event takes at least four bytes.
    let mut events = Vec::with_capacity(usize::try_from(count).unwrap_or(usize::MAX).min(bytes.len() / 4));
    for _ in 0..count {
        events.push(reader.event(&mut next)?);
    }
    if reader.offset != bytes.len() {
        return Err(reader.damaged("the end"));
    }
    Ok(events)
}

struct ChunkReader<'a> {
    bytes: &'a [u8],
    offset: usize,
    /// The format the chunk is written in.
    version: u8,
    at: i64,
    /// The latest first.
    texts: VecDeque<Text>,
    payloads: VecDeque<Value>,
}

type Read<T> = Result<T, DecodeError>;

impl<'a> ChunkReader<'a> {
    fn event(&mut self, next: &mut u64) -> Read<Event> {
        let tag = self.byte()?;
        let back = self.number()?;
        self.at = self.at.wrapping_add(self.signed()?);
        let frame = self.frame()?;
        let kind = self.members(tag)?;
        let id = if kind.is_shown() {
            *next = next.wrapping_add(1);
            next.wrapping_sub(1)
        } else {
            next.saturating_sub(1)
        };
        Ok(Event { id: EventId(id), previous: EventId(id.saturating_sub(back)), at: Timestamp(self.at), frame, kind })
    }

    fn members(&mut self, tag: u8) -> Read<EventKind> {
        Ok(match tag {
            tag::EXECUTION_STARTED => EventKind::ExecutionStarted {
                input: self.payload()?,
                input_text: self.optional_text()?,
                role_arn: self.text()?,
            },
            tag::EXECUTION_SUCCEEDED => EventKind::ExecutionSucceeded { output: self.payload()? },
            tag::EXECUTION_FAILED => {
                EventKind::ExecutionFailed { error: self.optional_text()?, cause: self.optional_text()? }
            }
            tag::EXECUTION_ABORTED => {
                EventKind::ExecutionAborted { error: self.optional_text()?, cause: self.optional_text()? }
            }
            tag::EXECUTION_TIMED_OUT => EventKind::ExecutionTimedOut,
            tag::STATE_ENTERED => {
                let state_type = self.state_type()?;
                EventKind::StateEntered {
                    state_type,
                    name: self.text()?,
                    input: self.payload()?,
                    input_text: self.optional_text()?,
                }
            }
            tag::STATE_EXITED => {
                let state_type = self.state_type()?;
                EventKind::StateExited {
                    state_type,
                    name: self.text()?,
                    output: self.payload()?,
                    assigned: self.optional(Self::payload)?,
                    next: self.optional_text()?,
                }
            }
            tag::STATE_ABORTED => EventKind::StateAborted { state_type: self.state_type()? },
            tag::WAIT_SCHEDULED => EventKind::WaitScheduled { due: Timestamp(self.signed()?) },
            tag::TASK_SCHEDULED => EventKind::TaskScheduled {
                family: self.family()?,
                resource: self.text()?,
                parameters: self.payload()?,
                timeout_seconds: self.optional(Self::number)?,
                heartbeat_seconds: self.optional(Self::number)?,
                credentials: self.optional_text()?,
            },
            tag::TASK_STARTED => EventKind::TaskStarted { family: self.family()?, worker: self.optional_text()? },
            tag::TASK_SUBMITTED => EventKind::TaskSubmitted { family: self.family()?, output: self.payload()? },
            tag::TASK_HEARTBEAT => EventKind::TaskHeartbeat,
            tag::TASK_CANCEL_SETTLED => EventKind::TaskCancelSettled { scheduled: EventId(self.number()?) },
            tag::TASK_SUCCEEDED => EventKind::TaskSucceeded { family: self.family()?, output: self.payload()? },
            tag::TASK_FAILED => EventKind::TaskFailed {
                family: self.family()?,
                error: self.optional_text()?,
                cause: self.optional_text()?,
            },
            tag::TASK_TIMED_OUT => EventKind::TaskTimedOut {
                family: self.family()?,
                error: self.text()?,
                cause: self.optional_text()?,
                heartbeat: self.byte()? != 0,
            },
            tag::RETRY_SCHEDULED => {
                let retrier = u32::try_from(self.number()?).map_err(|_| self.damaged("a retrier's place"))?;
                EventKind::RetryScheduled { retrier, due: Timestamp(self.signed()?) }
            }
            tag::PARALLEL_STATE_STARTED => {
                EventKind::ParallelStateStarted { input: self.payload()?, frames: self.numbered(Self::frames)? }
            }
            tag::BRANCH_SUCCEEDED => EventKind::BranchSucceeded { output: self.payload()? },
            tag::PARALLEL_STATE_SUCCEEDED => EventKind::ParallelStateSucceeded,
            tag::PARALLEL_STATE_FAILED => EventKind::ParallelStateFailed,
            tag::MAP_STATE_STARTED => EventKind::MapStateStarted {
                items: self.payload()?,
                max_concurrency: self.number()?,
                tolerated_failures: self.number()?,
            },
            tag::MAP_ITERATION_STARTED => EventKind::MapIterationStarted {
                name: self.text()?,
                index: self.number()?,
                input: self.payload()?,
                child: self.numbered(Self::frame)?,
            },
            tag::MAP_ITERATION_SUCCEEDED => {
                EventKind::MapIterationSucceeded { name: self.text()?, index: self.number()?, output: self.payload()? }
            }
            tag::MAP_ITERATION_FAILED => EventKind::MapIterationFailed { name: self.text()?, index: self.number()? },
            tag::MAP_ITERATION_ABORTED => EventKind::MapIterationAborted { name: self.text()?, index: self.number()? },
            tag::MAP_STATE_SUCCEEDED => EventKind::MapStateSucceeded,
            tag::MAP_STATE_FAILED => EventKind::MapStateFailed,
            tag::EVALUATION_FAILED => EventKind::EvaluationFailed {
                state: self.text()?,
                error: self.text()?,
                cause: self.text()?,
                location: self.optional_text()?,
            },
            _ => return Err(self.damaged("an event's tag")),
        })
    }

    fn frame(&mut self) -> Read<FrameId> {
        u32::try_from(self.number()?).map(FrameId).map_err(|_| self.damaged("a frame number"))
    }

    fn frames(&mut self) -> Read<Vec<FrameId>> {
        // A count from damaged bytes must not reserve memory.
        (0..self.number()?).map(|_| self.frame()).collect()
    }

    /// The numbers of frames that an event begins: not in the bytes before format 2.
    fn numbered<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<Numbered<T>> {
        let written = if self.version < FRAMES_NUMBERED { None } else { self.optional(read)? };
        Ok(written.map_or(Numbered::ByOldRule, Numbered::Written))
    }

    fn family(&mut self) -> Read<TaskFamily> {
        match self.byte()? {
            family::ACTIVITY => Ok(TaskFamily::Activity),
            family::LAMBDA_FUNCTION => Ok(TaskFamily::LambdaFunction),
            family::INTEGRATION => {
                let integration = Integration::parse(self.text()?, self.text()?);
                integration.map(TaskFamily::Integration).ok_or_else(|| self.damaged("an integration's resource"))
            }
            _ => Err(self.damaged("a task family")),
        }
    }

    fn state_type(&mut self) -> Read<StateType> {
        Ok(match self.byte()? {
            1 => StateType::Pass,
            2 => StateType::Task,
            3 => StateType::Choice,
            4 => StateType::Wait,
            5 => StateType::Succeed,
            6 => StateType::Fail,
            7 => StateType::Parallel,
            8 => StateType::Map,
            _ => return Err(self.damaged("a state's type")),
        })
    }

    fn text(&mut self) -> Read<Text> {
        let back = self.number()?;
        if back > 0 {
            return self.earlier(back, |reader| &reader.texts);
        }
        let bytes = self.take()?;
        let text: Text = std::str::from_utf8(bytes).map_err(|_| self.damaged("UTF-8"))?.into();
        remember(&mut self.texts, &text);
        Ok(text)
    }

    fn payload(&mut self) -> Read<Value> {
        let back = self.number()?;
        if back > 0 {
            return self.earlier(back, |reader| &reader.payloads);
        }
        let value = asl::json::parse(self.take()?).map_err(|_| self.damaged("JSON"))?;
        if matches!(value, Value::String(_) | Value::Array(_) | Value::Object(_)) {
            remember(&mut self.payloads, &value);
        }
        Ok(value)
    }

    fn earlier<T: Clone>(&self, back: u64, window: impl Fn(&Self) -> &VecDeque<T>) -> Read<T> {
        let at = usize::try_from(back - 1).unwrap_or(usize::MAX);
        window(self).get(at).cloned().ok_or_else(|| self.damaged("a reference to what was read"))
    }

    fn optional_text(&mut self) -> Read<Option<Text>> {
        self.optional(Self::text)
    }

    fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<Option<T>> {
        match self.byte()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(self.damaged("0 or 1")),
        }
    }

    fn take(&mut self) -> Read<&'a [u8]> {
        let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        let end = self.offset.checked_add(length).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| self.damaged("more bytes"))?;
        let from = std::mem::replace(&mut self.offset, end);
        Ok(&self.bytes[from..end])
    }

    fn byte(&mut self) -> Read<u8> {
        let byte = *self.bytes.get(self.offset).ok_or_else(|| self.damaged("more bytes"))?;
        self.offset += 1;
        Ok(byte)
    }

    fn signed(&mut self) -> Read<i64> {
        let value = self.number()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn number(&mut self) -> Read<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.damaged("a number of at most 64 bits"))
    }

    fn damaged(&self, why: &'static str) -> DecodeError {
        DecodeError::Damaged { offset: self.offset, why }
    }
}

fn remember<T: Clone>(window: &mut VecDeque<T>, item: &T) {
    if window.len() == WINDOW {
        window.pop_back();
    }
    window.push_front(item.clone());
}
