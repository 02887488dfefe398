//! Jobs: how one is looked at, when it is over, and how it is given up.

/// What an action begins and `.sync` waits for.
#[derive(Debug)]
pub struct Job {
    /// The operation that says how far it is.
    pub describe: &'static str,
    /// The parameters of that operation.
    pub ask: &'static [Bind],
    /// The way to the job in the answer; empty where the answer is the job.
    pub subject: &'static [&'static str],
    /// The way to the job's status in the job.
    pub status: &'static [&'static str],
    /// The status of a job that went well.
    pub done: &'static [&'static str],
    /// The status of a job that did not.
    pub failed: &'static [&'static str],
    /// What it means that the service knows no such job.
    pub missing: MissingJob,
    /// What the task's result is.
    pub result: JobResult,
    /// Members of the result that the cause of a failure lacks.
    pub cause_lacks: &'static [&'static str],
    /// How it is given up.
    pub cancel: Option<Cancel>,
}

/// What it means that the service knows no such job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingJob {
    /// The task failed.
    Failed,
    /// What was to be deleted is gone.
    Done,
}

/// What the result of a task is that waited for its job. The cause of its failure is the same as text, but for what
/// [`Job::cause_lacks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobResult {
    /// The answer to the operation that describes it.
    Answer,
    /// The answer, and this member of the answer to the request that began the job.
    AnswerWith(&'static str),
    /// The job alone.
    Subject,
    /// The job as a member of that name.
    Wrapped(&'static str),
}

/// How a job is given up.
#[derive(Debug)]
pub struct Cancel {
    /// The operation.
    pub operation: &'static str,
    /// Its parameters.
    pub ask: &'static [Bind],
}

/// A parameter of a request about a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bind {
    /// Its name.
    pub to: &'static str,
    /// Where its value comes from.
    pub from: Origin,
    /// Whether it is a list of one.
    pub list: bool,
}

/// Where the value of a parameter comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The answer to the request that began the job: the way to it, numbers being places in lists.
    Answer(&'static [&'static str]),
    /// The task's parameters.
    Parameter(&'static str),
    /// Always the same.
    Fixed(&'static str),
}

impl Job {
    /// A job whose status is found that way; it went well with a status of `done` and did not with one of `failed`.
    pub(super) const fn new(
        (describe, ask): (&'static str, &'static [Bind]),
        (subject, status): (&'static [&'static str], &'static [&'static str]),
        done: &'static [&'static str],
        failed: &'static [&'static str],
    ) -> Self {
        Self {
            describe,
            ask,
            subject,
            status,
            done,
            failed,
            missing: MissingJob::Failed,
            result: JobResult::Answer,
            cause_lacks: &[],
            cancel: None,
        }
    }

    pub(super) const fn result(mut self, result: JobResult) -> Self {
        self.result = result;
        self
    }

    pub(super) const fn cause_lacks(mut self, members: &'static [&'static str]) -> Self {
        self.cause_lacks = members;
        self
    }

    pub(super) const fn done_when_missing(mut self) -> Self {
        self.missing = MissingJob::Done;
        self
    }

    pub(super) const fn cancel(mut self, operation: &'static str, ask: &'static [Bind]) -> Self {
        self.cancel = Some(Cancel { operation, ask });
        self
    }
}

/// A parameter from the answer.
pub(super) const fn answer(to: &'static str, path: &'static [&'static str]) -> Bind {
    Bind { to, from: Origin::Answer(path), list: false }
}

/// A list of one, from the answer.
pub(super) const fn answers(to: &'static str, path: &'static [&'static str]) -> Bind {
    Bind { to, from: Origin::Answer(path), list: true }
}

/// A parameter that is the task's parameter of the same name.
pub(super) const fn parameter(name: &'static str) -> Bind {
    Bind { to: name, from: Origin::Parameter(name), list: false }
}

/// A parameter that is always the same.
pub(super) const fn fixed(to: &'static str, text: &'static str) -> Bind {
    Bind { to, from: Origin::Fixed(text), list: false }
}
