//! Which workflow variables each state of a definition reads, for `variableReferences`.

use std::collections::BTreeSet;

use asl::choice::{Comparison, Condition, Operand};
use asl::path::Path;
use asl::program::{Catcher, DataPath, FailText, Figure, MapItems, Program, State, StateKind, WaitUntil};
use asl::template::Template;
use asl::{Text, Value};

/// An object of arrays: variables by state, in alphabetical order; states without any are left out.
pub(super) fn variable_references(program: &Program) -> Value {
    let with_variables = |state: &State| {
        let mut found = Found::default();
        found.state(state);
        let names: Vec<_> = found.names.into_iter().map(Value::String).collect();
        (!names.is_empty()).then(|| (state.name.clone(), Value::array(names)))
    };
    Value::object(program.states.iter().filter_map(with_variables))
}

#[derive(Default)]
struct Found {
    names: BTreeSet<Text>,
}

impl Found {
    fn state(&mut self, state: &State) {
        for path in [&state.input_path, &state.output_path] {
            if let DataPath::Select(path) = path {
                self.path(path);
            }
        }
        self.templates(&state.output);
        self.templates(&state.assign);
        self.kind(&state.kind);
    }

    fn kind(&mut self, kind: &StateKind) {
        match kind {
            StateKind::Pass(pass) => self.templates(&pass.parameters),
            StateKind::Task(task) => {
                self.templates([&task.arguments, &task.credentials, &task.result_selector].into_iter().flatten());
                self.figures([&task.timeout_seconds, &task.heartbeat_seconds]);
                self.catchers(&task.catch);
            }
            StateKind::Choice(choice) => {
                for rule in &choice.rules {
                    self.condition(&rule.condition);
                    self.templates(rule.output.iter().chain(&rule.assign));
                }
            }
            StateKind::Wait(wait) => match &wait.until {
                WaitUntil::SecondsPath(path) | WaitUntil::TimestampPath(path) => self.path(path),
                WaitUntil::SecondsExpression(text) | WaitUntil::TimestampExpression(text) => self.templates([text]),
                WaitUntil::Seconds(_) | WaitUntil::Timestamp(_) => {}
            },
            StateKind::Succeed => {}
            StateKind::Fail(fail) => {
                for text in fail.error.iter().chain(&fail.cause) {
                    match text {
                        FailText::Path(template) | FailText::Expression(template) => self.templates([template]),
                        FailText::Fixed(_) => {}
                    }
                }
            }
            StateKind::Parallel(parallel) => {
                self.templates(parallel.arguments.iter().chain(&parallel.result_selector));
                self.catchers(&parallel.catch);
            }
            StateKind::Map(map) => {
                match &map.items {
                    MapItems::Path(path) => path.iter().for_each(|path| self.path(path)),
                    MapItems::Items(template) => self.templates([template]),
                }
                self.templates(map.item_selector.iter().chain(&map.result_selector));
                self.figures([&map.max_concurrency, &map.tolerated_failure_count, &map.tolerated_failure_percentage]);
                self.catchers(&map.catch);
            }
        }
    }

    fn templates<'a>(&mut self, templates: impl IntoIterator<Item = &'a Template>) {
        for template in templates {
            self.names.extend(template.variables().into_iter().map(Text::from));
        }
    }

    fn path(&mut self, path: &Path) {
        self.names.extend(path.variable().map(Text::from));
    }

    fn figures<const N: usize>(&mut self, figures: [&Option<Figure>; N]) {
        for figure in figures.into_iter().flatten() {
            match figure {
                Figure::Path(path) => self.path(path),
                Figure::Expression(template) => self.templates([template]),
                Figure::Fixed(_) => {}
            }
        }
    }

    fn catchers(&mut self, catchers: &[Catcher]) {
        catchers.iter().for_each(|catcher| self.templates(catcher.output.iter().chain(&catcher.assign)));
    }

    fn condition(&mut self, condition: &Condition) {
        let mut open = vec![condition];
        while let Some(condition) = open.pop() {
            match condition {
                Condition::And(all) | Condition::Or(all) => open.extend(all),
                Condition::Not(inner) => open.push(inner),
                Condition::Compare { variable, comparison } => {
                    self.path(variable);
                    if let Comparison::Ordered(_, _, Operand::Path(path)) = comparison {
                        self.path(path);
                    }
                }
                Condition::Expression(template) => self.templates([template]),
            }
        }
    }
}
