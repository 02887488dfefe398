//! What is found while a definition is read.

use std::cell::{Cell, RefCell};

use super::place::{OwnedStep, SourcePlace};
use super::positions::Positions;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::value::Text;

/// Later findings are counted but not kept, so that a hostile definition cannot fill the memory. AWS shows 100.
const FINDINGS_MAX: usize = 1_000;

/// Names that were probably meant are looked for so often: it takes a look at every name there is, and AWS shows as many
/// findings.
const SUGGESTIONS_MAX: usize = 100;

/// Gathers findings. Shared by everything that reads, so that a reader goes on after a mistake.
///
/// An error refuses a definition that comes in. One that is stored runs all the same, but for the states that a call
/// of [`Log::unreadable`] is about.
#[derive(Default)]
pub(crate) struct Log {
    findings: RefCell<Vec<Finding>>,
    schema_errors: Cell<usize>,
    errors: Cell<usize>,
    suggestions: Cell<usize>,
    /// The last error, with its place.
    last: RefCell<Option<Text>>,
    /// Why the state that is being read cannot be run.
    fault: RefCell<Option<Text>>,
    /// How many steps of a place are not in the source text.
    outside_text: usize,
}

struct Finding {
    diagnostic: Diagnostic,
    steps: Vec<OwnedStep>,
    part: Part,
}

/// What of the place is shown.
#[derive(Clone, Copy)]
enum Part {
    /// What stands there.
    Whole,
    /// The name of the member.
    Name,
    /// From that byte of its text on.
    From(usize),
}

impl Log {
    /// Whether it is to be looked for what was probably meant by a name.
    pub(crate) fn suggests(&self) -> bool {
        self.suggestions.set(self.suggestions.get().saturating_add(1));
        self.suggestions.get() <= SUGGESTIONS_MAX
    }

    /// A log for a text that stands that many steps below the place called root.
    pub(crate) fn below(steps: usize) -> Self {
        Self { outside_text: steps, ..Self::default() }
    }

    /// The definition is refused.
    pub(crate) fn error(&self, place: &SourcePlace<'_>, code: Code, message: impl Into<String>, help: &str) {
        self.add(Severity::Error, code, message.into(), help, Some(place.to_string()), (place.steps(), Part::Whole));
    }

    /// The definition is refused for the member `name` of what stands at the place. AWS's location is the place itself;
    /// the span is that of the member's name.
    pub(crate) fn error_at_member(
        &self,
        place: &SourcePlace<'_>,
        name: &str,
        code: Code,
        message: impl Into<String>,
        help: &str,
    ) {
        let steps = place.member(name).steps();
        self.add(Severity::Error, code, message.into(), help, Some(place.to_string()), (steps, Part::Name));
    }

    /// The definition is refused, and AWS gives no place; ours is for the span only.
    pub(crate) fn error_nowhere(&self, place: &SourcePlace<'_>, code: Code, message: impl Into<String>, help: &str) {
        self.add(Severity::Error, code, message.into(), help, None, (place.steps(), Part::Whole));
    }

    /// The definition is refused for something within a template.
    pub(crate) fn error_within(
        &self,
        place: &SourcePlace<'_>,
        within: Within<'_>,
        code: Code,
        message: impl Into<String>,
        help: &str,
    ) {
        let mut steps = place.steps();
        steps.extend(steps_within(within.location));
        let part = within.offset.map_or(Part::Whole, Part::From);
        let location = format!("{place}{}", within.location);
        self.add(Severity::Error, code, message.into(), help, Some(location), (steps, part));
    }

    /// The definition runs, but probably not as meant.
    pub(crate) fn warning(&self, place: &SourcePlace<'_>, code: Code, message: impl Into<String>, help: &str) {
        self.add(Severity::Warning, code, message.into(), help, Some(place.to_string()), (place.steps(), Part::Whole));
    }

    /// What the last error is about gives whoever runs the definition nothing to go by: an execution that comes to the
    /// state that is being read fails, and says so.
    pub(crate) fn unreadable(&self) {
        let mut fault = self.fault.borrow_mut();
        if fault.is_none() {
            *fault = self.last.borrow().clone().or_else(|| Some(Text::from("The definition cannot be read")));
        }
    }

    /// A value in place of one that could not be read. The state that it is part of cannot be run.
    pub(crate) fn stand_in<T>(&self, value: T) -> T {
        self.unreadable();
        value
    }

    /// Runs `read`, which reads a state, and says why the state cannot be run, where it cannot.
    pub(crate) fn fault_of<T>(&self, read: impl FnOnce() -> T) -> (T, Option<Text>) {
        let around = self.fault.take();
        let read = read();
        (read, self.fault.replace(around))
    }

    /// How many errors there are but for transitions to states that do not exist: those leave the graph readable.
    pub(crate) fn schema_errors(&self) -> usize {
        self.schema_errors.get()
    }

    /// The findings, with their places in `text`.
    pub(crate) fn into_diagnostics(self, text: &str) -> Vec<Diagnostic> {
        let findings = self.findings.into_inner();
        if findings.is_empty() {
            return Vec::new();
        }
        let positions = Positions::of(text);
        let finish = |finding: Finding| {
            let steps = finding.steps.get(self.outside_text..).unwrap_or_default();
            let span = match finding.part {
                Part::Whole => positions.span(steps),
                Part::Name => positions.name_span(steps),
                Part::From(offset) => positions.span_from(steps, offset, text),
            };
            Diagnostic { span: Some(span), pointer: Some(positions.pointer(steps)), ..finding.diagnostic }
        };
        findings.into_iter().map(finish).collect()
    }

    fn add(
        &self,
        severity: Severity,
        code: Code,
        message: String,
        help: &str,
        location: Option<String>,
        (steps, part): (Vec<OwnedStep>, Part),
    ) {
        if severity == Severity::Error {
            *self.last.borrow_mut() = Some(format!("{message} at {}", location.as_deref().unwrap_or("/")).into());
            self.errors.set(self.errors.get() + 1);
            if code != Code::MissingTransitionTarget {
                self.schema_errors.set(self.schema_errors.get() + 1);
            }
        }
        let mut findings = self.findings.borrow_mut();
        // An error is never lost to warnings: without one the definition would pass.
        if findings.len() >= FINDINGS_MAX && (severity == Severity::Warning || self.errors.get() > FINDINGS_MAX) {
            return;
        }
        let help = Some(help.to_owned());
        let diagnostic = Diagnostic { severity, code, message, location, pointer: None, span: None, help };
        findings.push(Finding { diagnostic, steps, part });
    }
}

/// A place within a template.
#[derive(Clone, Copy)]
pub(crate) struct Within<'a> {
    /// `/a/b[0]`, relative to the template; empty for the template itself.
    pub(crate) location: &'a str,
    /// Where in the text that stands there, in bytes, if it is about a part of it.
    pub(crate) offset: Option<usize>,
}

impl<'a> Within<'a> {
    /// All that stands there.
    pub(crate) fn whole(location: &'a str) -> Self {
        Self { location, offset: None }
    }
}

/// The steps of a template's relative location. Names that contain `/` or `[` lead astray, which costs no more
/// than a wider span.
fn steps_within(location: &str) -> Vec<OwnedStep> {
    let mut steps = Vec::new();
    for part in location.split('/').skip(1) {
        let mut pieces = part.split('[');
        steps.push(OwnedStep::Member(pieces.next().unwrap_or_default().to_owned()));
        steps.extend(pieces.filter_map(|piece| piece.strip_suffix(']')?.parse().ok().map(OwnedStep::Item)));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_findings_is_bounded() {
        let log = Log::default();
        for _ in 0..5_000 {
            log.error(&SourcePlace::ROOT, Code::SchemaValidationFailed, "wrong", "mend it");
        }
        assert_eq!(log.schema_errors(), 5_000);
        assert_eq!(log.into_diagnostics("{}").len(), FINDINGS_MAX);
    }

    #[test]
    fn a_fault_belongs_to_the_innermost_state_that_is_read() {
        let log = Log::default();
        let error = |text: &str| log.error(&SourcePlace::ROOT, Code::SchemaValidationFailed, text, "mend it");
        let ((_, inner), outer) = log.fault_of(|| {
            let inner = log.fault_of(|| {
                error("first");
                log.unreadable();
                error("second");
                log.unreadable();
            });
            error("only judged");
            inner
        });
        assert_eq!((inner.as_deref(), outer.as_deref()), (Some("first at /"), None));
    }

    #[test]
    fn locations_within_a_template_become_steps() {
        let member = |name: &str| OwnedStep::Member(name.to_owned());
        assert_eq!(steps_within(""), []);
        assert_eq!(steps_within("/a/b[0]"), [member("a"), member("b"), OwnedStep::Item(0)]);
    }
}
