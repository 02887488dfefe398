//! Where in a definition the reader is.

use std::fmt;

/// A place in a definition. Places are links on the stack: walking down a good definition allocates nothing.
#[derive(Clone, Copy)]
pub(crate) struct SourcePlace<'a> {
    parent: Option<&'a SourcePlace<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Member(&'a str),
    Item(usize),
}

/// One step of a path that outlives the reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnedStep {
    /// A member of an object.
    Member(String),
    /// An item of an array.
    Item(usize),
}

impl<'a> SourcePlace<'a> {
    /// The definition itself.
    pub(crate) const ROOT: SourcePlace<'static> = SourcePlace { parent: None, step: Step::Root };

    /// The member of that name.
    pub(crate) fn member(&'a self, name: &'a str) -> Self {
        Self { parent: Some(self), step: Step::Member(name) }
    }

    /// The item of that index.
    pub(crate) fn item(&'a self, index: usize) -> Self {
        Self { parent: Some(self), step: Step::Item(index) }
    }

    /// The steps from the root.
    pub(crate) fn steps(&self) -> Vec<OwnedStep> {
        let mut steps = Vec::new();
        let mut place = Some(self);
        while let Some(here) = place {
            match here.step {
                Step::Root => {}
                Step::Member(name) => steps.push(OwnedStep::Member(name.to_owned())),
                Step::Item(index) => steps.push(OwnedStep::Item(index)),
            }
            place = here.parent;
        }
        steps.reverse();
        steps
    }
}

/// As AWS writes a location: `/` for the definition, `/States/C/Choices[0]/Next`.
impl fmt::Display for SourcePlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = self.steps();
        if steps.is_empty() {
            return f.write_str("/");
        }
        steps.iter().try_for_each(|step| match step {
            OwnedStep::Member(name) => write!(f, "/{name}"),
            OwnedStep::Item(index) => write!(f, "[{index}]"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_written_as_aws_writes_them() {
        let root = SourcePlace::ROOT;
        let states = root.member("States");
        let state = states.member("C");
        let choices = state.member("Choices");
        let rule = choices.item(0);
        assert_eq!(root.to_string(), "/");
        assert_eq!(rule.member("Next").to_string(), "/States/C/Choices[0]/Next");
    }
}
