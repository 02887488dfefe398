//! Where in a definition a diagnostic is, as a JSON pointer.
//!
//! AWS's locations do not say: a state's name may hold `/` and `[`, and some diagnostics have none. So the pointer comes
//! from the diagnostic's place in the text.

use std::collections::HashMap;
use std::ops::Range;

use asl::Value;
use asl::diagnostic::Diagnostic;
use asl::read::positions::{OwnedStep, Positions};
use rehearsal::{Document, Syntax};

/// The pointer of each diagnostic; none where the text is no document of that syntax.
pub(super) fn pointers(source: &str, syntax: Syntax, diagnostics: &[Diagnostic]) -> Vec<Option<String>> {
    let none = || vec![None; diagnostics.len()];
    if diagnostics.is_empty() {
        return none();
    }
    // The diagnostics say already why a text cannot be read.
    let Ok(document) = Document::parse(source, syntax) else { return none() };
    let wanted = diagnostics.iter().filter_map(|one| Some((one.span.clone()?, None))).collect();
    let mut search = Search { positions: Positions::of(document.json()), document: &document, steps: vec![], wanted };
    search.visit(document.value());
    let steps = |span: &Range<usize>| search.wanted.get(span)?.as_deref();
    // What no member or item stands at is about the whole.
    diagnostics.iter().map(|one| Some(written(one.span.as_ref().and_then(steps).unwrap_or_default()))).collect()
}

struct Search<'d> {
    document: &'d Document<'d>,
    positions: Positions,
    /// Where the walk is.
    steps: Vec<OwnedStep>,
    /// The ranges of the source to look for, and what stands there.
    wanted: HashMap<Range<usize>, Option<Vec<OwnedStep>>>,
}

impl Search<'_> {
    /// Recursion: a document that was parsed nests at most [`asl::json::DEPTH_MAX`] levels.
    fn visit(&mut self, value: &Value) {
        self.note();
        if let Some(members) = value.as_object() {
            for (name, member) in members.iter() {
                self.below(OwnedStep::Member(name.to_string()), member);
            }
        }
        for (index, item) in value.as_array().unwrap_or_default().iter().enumerate() {
            self.below(OwnedStep::Item(index), item);
        }
    }

    fn below(&mut self, step: OwnedStep, value: &Value) {
        self.steps.push(step);
        self.visit(value);
        self.steps.pop();
    }

    fn note(&mut self) {
        let span = self.document.origin(self.positions.span(&self.steps));
        match self.wanted.get_mut(&span) {
            None => {}
            // All that a YAML alias brings stands where the alias stands: what they have in common is the alias.
            Some(Some(before)) => {
                let common = before.iter().zip(&self.steps).take_while(|(a, b)| a == b).count();
                before.truncate(common);
            }
            Some(nothing) => *nothing = Some(self.steps.clone()),
        }
    }
}

/// As RFC 6901 writes it.
fn written(steps: &[OwnedStep]) -> String {
    let mut pointer = String::new();
    for step in steps {
        pointer.push('/');
        match step {
            OwnedStep::Member(name) => pointer.push_str(&name.replace('~', "~0").replace('/', "~1")),
            OwnedStep::Item(index) => pointer.push_str(&index.to_string()),
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use asl::diagnostic::Severity;

    use crate::validate::finding::checked;

    fn pointers(name: &str, source: &str) -> Vec<Option<String>> {
        checked(name, source, Severity::Warning).findings.into_iter().map(|finding| finding.pointer).collect()
    }

    #[test]
    fn pointers_name_the_place_or_what_is_above_it() {
        for (source, expected) in [
            (r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}"#, "/States/A/Next"),
            (r#"{"StartAt": "a/~[0]", "States": {"a/~[0]": {"Type": "Pass", "Next": "B"}}}"#, "/States/a~1~0[0]/Next"),
            (
                r#"{"StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": true}]}}}"#,
                "/States/A/Choices/0",
            ),
            (r#"{"StartAt": "A", "States": {"A": {"Type": "Pass"}}}"#, "/States/A"),
            (r#"[1]"#, ""),
        ] {
            let found = pointers("m.json", source);
            assert!(found.contains(&Some(expected.to_owned())), "{source}: {found:?}");
        }
    }

    #[test]
    fn a_diagnostic_without_a_location_has_a_pointer() {
        let source = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}}"#;
        assert_eq!(pointers("m.json", source), [Some("/States".to_owned())]);
    }

    #[test]
    fn yaml_has_the_same_pointers_and_an_alias_is_one_place() {
        let source = "StartAt: A\nStates:\n  A: {Type: Pass, Next: B}\n  B: {Type: Wait, Seconds: -1, End: true}\n";
        assert_eq!(pointers("m.yaml", source), [Some("/States/B/Seconds".to_owned())]);
        let aliased = "Comment: &a {Type: Wait, Seconds: -1, End: true}\nStartAt: A\nStates:\n  A: *a\n";
        let found = pointers("m.yaml", aliased);
        assert!(found.contains(&Some("/States/A".to_owned())), "{found:?}");
    }

    #[test]
    fn a_text_that_is_no_document_has_no_pointers() {
        assert_eq!(pointers("m.json", "{"), [None]);
        assert_eq!(pointers("m.yaml", "a: ["), [None]);
    }
}
