//! Which workflow variables each state reads.

use super::{
    Catcher, ChoiceRule, DataPath, DistributedMap, Fail, FailText, Figure, Map, MapItems, Parallel, Pass, Program,
    QueryLanguage, State, StateKind, Task, Wait, WaitUntil,
};
use crate::choice::{Comparison, Condition, Operand};
use crate::path::Path;
use crate::template::Template;
use crate::value::{Text, Value};

impl Program {
    /// The states that read workflow variables, in order, each with the names it reads, sorted: what
    /// DescribeStateMachine shows as `variableReferences`.
    pub fn variable_references(&self) -> Vec<(Text, Vec<Text>)> {
        let reading = |state: &State| {
            let mut references = References::default();
            references.state(state);
            references.names.sort_unstable();
            references.names.dedup();
            (state.name.clone(), references.names)
        };
        self.states.iter().map(reading).filter(|(_, names)| !names.is_empty()).collect()
    }
}

#[derive(Default)]
struct References {
    names: Vec<Text>,
}

impl References {
    fn state(&mut self, state: &State) {
        self.data_path(&state.input_path);
        self.data_path(&state.output_path);
        self.templates([&state.output, &state.assign]);
        match &state.kind {
            StateKind::Pass(pass) => self.pass(pass),
            StateKind::Task(task) => self.task(task),
            StateKind::Choice(choice) => choice.rules.iter().for_each(|rule| self.rule(rule)),
            StateKind::Wait(wait) => self.wait(wait),
            StateKind::Succeed => {}
            StateKind::Fail(fail) => self.fail(fail),
            StateKind::Parallel(parallel) => self.parallel(parallel),
            StateKind::Map(map) => self.map(map, state.language),
        }
    }

    fn pass(&mut self, pass: &Pass) {
        self.templates([&pass.parameters]);
    }

    fn task(&mut self, task: &Task) {
        self.templates([&task.arguments, &task.credentials, &task.result_selector]);
        self.figures([&task.timeout_seconds, &task.heartbeat_seconds]);
        self.catchers(&task.catch);
    }

    fn rule(&mut self, rule: &ChoiceRule) {
        self.condition(&rule.condition);
        self.templates([&rule.output, &rule.assign]);
    }

    /// The reader bounds how deep conditions nest.
    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::And(inner) | Condition::Or(inner) => inner.iter().for_each(|inner| self.condition(inner)),
            Condition::Not(inner) => self.condition(inner),
            Condition::Compare { variable, comparison } => {
                self.path(variable);
                if let Comparison::Ordered(_, _, Operand::Path(path)) = comparison {
                    self.path(path);
                }
            }
            Condition::Expression(template) => self.template(template),
        }
    }

    fn wait(&mut self, wait: &Wait) {
        match &wait.until {
            WaitUntil::Seconds(_) | WaitUntil::Timestamp(_) => {}
            WaitUntil::SecondsPath(path) | WaitUntil::TimestampPath(path) => self.path(path),
            WaitUntil::SecondsExpression(template) | WaitUntil::TimestampExpression(template) => {
                self.template(template);
            }
        }
    }

    fn fail(&mut self, fail: &Fail) {
        for text in [&fail.error, &fail.cause].into_iter().flatten() {
            match text {
                FailText::Fixed(_) => {}
                FailText::Path(template) | FailText::Expression(template) => self.template(template),
            }
        }
    }

    fn parallel(&mut self, parallel: &Parallel) {
        self.templates([&parallel.arguments, &parallel.result_selector]);
        self.catchers(&parallel.catch);
    }

    fn map(&mut self, map: &Map, language: QueryLanguage) {
        match &map.items {
            MapItems::Path(path) => path.iter().for_each(|path| self.path(path)),
            MapItems::Items(template) => self.template(template),
        }
        self.templates([&map.item_selector, &map.result_selector]);
        self.figures([&map.max_concurrency, &map.tolerated_failure_count, &map.tolerated_failure_percentage]);
        self.catchers(&map.catch);
        if let Some(distributed) = &map.distributed {
            self.distributed(distributed, language);
        }
    }

    /// These objects are kept as they were written, so they are parsed here again.
    fn distributed(&mut self, distributed: &DistributedMap, language: QueryLanguage) {
        let values = [&distributed.item_reader, &distributed.item_batcher, &distributed.result_writer];
        for value in values.into_iter().flatten() {
            if let Ok(template) = Template::parse(value, language) {
                self.template(&template);
            }
            self.number_paths(value);
        }
    }

    /// `MaxItemsPath`, `MaxItemsPerBatchPath` and their like, which stand in the object or one below.
    fn number_paths(&mut self, value: &Value) {
        let inner = [value, value.get("ReaderConfig").unwrap_or(&Value::Null)];
        let members = inner.into_iter().filter_map(Value::as_object).flat_map(|object| object.iter());
        let paths = members.filter(|(name, _)| name.ends_with("Path")).filter_map(|(_, value)| value.as_str());
        paths.filter_map(|text| Path::parse(text).ok()).for_each(|path| self.path(&path));
    }

    fn catchers(&mut self, catchers: &[Catcher]) {
        catchers.iter().for_each(|catcher| self.templates([&catcher.output, &catcher.assign]));
    }

    fn figures<const N: usize>(&mut self, figures: [&Option<Figure>; N]) {
        for figure in figures.into_iter().flatten() {
            match figure {
                Figure::Fixed(_) => {}
                Figure::Path(path) => self.path(path),
                Figure::Expression(template) => self.template(template),
            }
        }
    }

    fn data_path(&mut self, path: &DataPath) {
        if let DataPath::Select(path) = path {
            self.path(path);
        }
    }

    fn path(&mut self, path: &Path) {
        self.names.extend(path.variable().map(Text::from));
    }

    fn templates<const N: usize>(&mut self, templates: [&Option<Template>; N]) {
        templates.into_iter().flatten().for_each(|template| self.template(template));
    }

    fn template(&mut self, template: &Template) {
        self.names.extend(template.variables().into_iter().map(Text::from));
    }
}

#[cfg(test)]
mod tests {
    use crate::read::{MachineType, read};

    fn references(definition: &str) -> Vec<(String, String)> {
        let program = read(definition, MachineType::Standard).program.expect("the definition is accepted");
        program.variable_references().iter().map(|(state, names)| (state.to_string(), names.join(" "))).collect()
    }

    #[test]
    fn the_variables_of_each_state_are_named_once_and_sorted() {
        let definition = r#"{"StartAt": "A", "States": {
            "A": {"Type": "Pass", "Assign": {"x": 1, "y.$": "$.y"}, "Next": "B"},
            "B": {"Type": "Pass", "Parameters": {"b.$": "$y.z", "a.$": "States.Format('{}', $x)", "c.$": "$x"}, "Next": "C"},
            "C": {"Type": "Choice", "Choices": [
                {"And": [{"Variable": "$x", "NumericEqualsPath": "$limit"}], "Next": "D"}], "Default": "D"},
            "D": {"Type": "Map", "ItemsPath": "$items", "MaxConcurrencyPath": "$n", "End": true,
                  "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                                    "StartAt": "E", "States": {"E": {"Type": "Succeed"}}},
                  "ItemBatcher": {"MaxItemsPerBatchPath": "$batch", "BatchInput": {"k.$": "$k"}}}}}"#;
        let expected = [("B", "x y"), ("C", "limit x"), ("D", "batch items k n")];
        assert_eq!(references(definition), expected.map(|(state, names)| (state.to_owned(), names.to_owned())));
    }

    #[test]
    fn the_variables_of_a_reader_a_batcher_and_a_writer_are_named() {
        let map = |language: &str, fields: &str| {
            format!(
                r#"{{"QueryLanguage": "{language}", "StartAt": "M", "States": {{"M": {{"Type": "Map", "End": true, {fields},
                "ItemProcessor": {{"ProcessorConfig": {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}},
                    "StartAt": "E", "States": {{"E": {{"Type": "Succeed"}}}}}}}}}}}}"#
            )
        };
        let resource = |action: &str| format!(r#""Resource": "arn:aws:states:::s3:{action}""#);
        let (get, put) = (resource("getObject"), resource("putObject"));
        let paths = map(
            "JSONPath",
            &format!(
                r#""ItemReader": {{{get}, "ReaderConfig": {{"InputType": "JSON", "MaxItemsPath": "$max.items"}},
                    "Parameters": {{"Bucket.$": "$bucket", "Key.$": "States.Format('{{}}', $key)"}}}},
                "ItemBatcher": {{"MaxItemsPerBatchPath": "$batch", "MaxInputBytesPerBatchPath": "$bytes"}},
                "ResultWriter": {{{put}, "Parameters": {{"Bucket.$": "$out", "Prefix": "$prefix"}}}},
                "ToleratedFailurePercentagePath": "$share""#
            ),
        );
        assert_eq!(references(&paths), [("M".to_owned(), "batch bucket bytes key max out share".to_owned())]);
        let expressions = map(
            "JSONata",
            &format!(
                r#""ItemReader": {{{get}, "ReaderConfig": {{"InputType": "JSON", "MaxItems": "{{% $limit.items %}}"}},
                    "Arguments": {{"Bucket": "{{% $bucket %}}", "Key": "k"}}}},
                "ItemBatcher": {{"MaxItemsPerBatch": "{{% $batch %}}"}}"#
            ),
        );
        assert_eq!(references(&expressions), [("M".to_owned(), "batch bucket limit".to_owned())]);
    }

    #[test]
    fn states_without_variables_are_left_out() {
        let definition = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "InputPath": "$.a", "End": true}}}"#;
        assert_eq!(references(definition), []);
    }
}
