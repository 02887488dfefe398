//! A variable that an outer scope assigns is not assigned in an inner one.
//!
//! Why: a branch of a Parallel state and an iteration of a Map state read the variables around them, and cannot change
//! them: several run at once. A variable of the same name would hide the outer one. The states of a distributed Map
//! state see nothing of the outer scopes, so they may use every name. What the Catch of a Parallel or Map state assigns
//! is assigned when its branches are over, so it is nothing outside to them.
//!
//! Refused: `"Assign": {"total": 0}` in a branch of a machine that assigns `total` too. Mended: another name in the
//! branch; the branch's output carries the value out.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::diagnostic::Code;
use crate::read::log::Log;
use crate::read::place::SourcePlace;
use crate::value::{Object, Text, Value};

/// The names that the states of a scope assign, and the scope around it.
#[derive(Default)]
pub(crate) struct VariableScope {
    /// How often each is assigned.
    names: HashMap<Text, usize>,
    outer: Option<OuterScope>,
}

/// The scope around the branches of a state. Cloning is a pointer or two.
#[derive(Clone)]
pub(crate) struct OuterScope {
    scope: Rc<VariableScope>,
    /// The names that only the state's own Catch assigns.
    hidden: Rc<HashSet<Text>>,
}

impl OuterScope {
    /// What the branches of a state in that scope have around them.
    pub(crate) fn of(state: &Object, scope: &Rc<VariableScope>) -> Self {
        let mut caught: HashMap<&str, usize> = HashMap::new();
        let catchers = state.get("Catch").and_then(Value::as_array).unwrap_or_default();
        for name in catchers.iter().flat_map(names_of) {
            *caught.entry(plain(name)).or_default() += 1;
        }
        let is_hidden = |(name, count): &(&str, usize)| scope.names.get(*name) == Some(count);
        let hidden = caught.into_iter().filter(is_hidden).map(|(name, _)| Text::from(name)).collect();
        Self { scope: Rc::clone(scope), hidden: Rc::new(hidden) }
    }
}

impl VariableScope {
    /// The scope of those states. What stands in their branches and processors is not theirs.
    pub(crate) fn of(states: &Object, outer: Option<OuterScope>, place: &SourcePlace<'_>) -> Self {
        let mut names = HashMap::new();
        each_name(states, place, &mut |name, _| *names.entry(Text::from(name)).or_default() += 1);
        Self { names, outer }
    }

    /// Refuses what those states, which are the scope's, assign of the scopes around it.
    pub(crate) fn check(&self, states: &Object, place: &SourcePlace<'_>, log: &Log) {
        if self.outer.is_none() {
            return;
        }
        each_name(states, place, &mut |name, place| {
            if self.is_assigned_outside(name) {
                let message = format!("Variable '{name}' is already assigned in an outer scope");
                let help = "Use another name here: inner scopes can read the variables of outer ones, not assign them.";
                log.error(place, Code::SchemaValidationFailed, message, help);
            }
        });
    }

    fn is_assigned_outside(&self, name: &str) -> bool {
        let mut outer = &self.outer;
        while let Some(OuterScope { scope, hidden }) = outer {
            if scope.names.contains_key(name) && !hidden.contains(name) {
                return true;
            }
            outer = &scope.outer;
        }
        false
    }
}

/// Visits every name that the states assign themselves, in their choice rules and in their catchers.
fn each_name(states: &Object, place: &SourcePlace<'_>, visit: &mut impl FnMut(&str, &SourcePlace<'_>)) {
    for (name, state) in states.iter() {
        let place = place.member(name);
        visit_names(state, &place, visit);
        for list in ["Choices", "Catch"] {
            let place = place.member(list);
            let entries = state.get(list).and_then(Value::as_array).unwrap_or_default();
            entries.iter().enumerate().for_each(|(index, entry)| visit_names(entry, &place.item(index), visit));
        }
    }
}

fn visit_names(assigning: &Value, place: &SourcePlace<'_>, visit: &mut impl FnMut(&str, &SourcePlace<'_>)) {
    let place = place.member(ASSIGN);
    names_of(assigning).for_each(|member| visit(plain(member), &place.member(member)));
}

const ASSIGN: &str = "Assign";

/// The names as they are written.
fn names_of(assigning: &Value) -> impl Iterator<Item = &Text> {
    let assign = assigning.get(ASSIGN).and_then(Value::as_object);
    assign.into_iter().flat_map(|assign| assign.iter().map(|(name, _)| name))
}

fn plain(member: &str) -> &str {
    member.strip_suffix(".$").unwrap_or(member)
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, refused};

    /// A machine whose Parallel state has two branches of one Pass state each.
    fn branches(outer: &str, parallel: &str, first: &str, second: &str) -> String {
        format!(
            r#"{{"StartAt": "A", "States": {{
            "A": {{"Type": "Pass", "Assign": {outer}, "Next": "P"}},
            "P": {{"Type": "Parallel", {parallel} "End": true, "Branches": [
            {{"StartAt": "B", "States": {{"B": {{"Type": "Pass", "Assign": {first}, "End": true}}}}}},
            {{"StartAt": "C", "States": {{"C": {{"Type": "Pass", "Assign": {second}, "End": true}}}}}}]}}}}}}"#
        )
    }

    fn map(config: &str, inner: &str) -> String {
        format!(
            r#"{{"StartAt": "M", "States": {{
            "M": {{"Type": "Map", "Assign": {{"x": 1}}, "End": true, "ItemProcessor": {{{config} "StartAt": "I",
            "States": {{"I": {inner}}}}}}}}}}}"#
        )
    }

    const TEXT: &str = "SCHEMA_VALIDATION_FAILED: Variable 'x' is already assigned in an outer scope at";

    #[test]
    fn branches_do_not_assign_outer_names() {
        let place = "/States/P/Branches[1]/States/C/Assign";
        refused(&branches(r#"{"x": 1}"#, "", r#"{"y": 1}"#, r#"{"x": 2}"#), &[&format!("{TEXT} {place}/x")]);
        refused(&branches(r#"{"x.$": "$.a"}"#, "", "{}", r#"{"x.$": "$.a"}"#), &[&format!("{TEXT} {place}/x.$")]);
        refused(&branches("{}", r#""Assign": {"x": 1},"#, "{}", r#"{"x": 2}"#), &[&format!("{TEXT} {place}/x")]);
        accepted(&branches(r#"{"x": 1}"#, "", r#"{"y.$": "$x"}"#, r#"{"z": 2}"#));
    }

    #[test]
    fn branches_beside_each_other_share_no_names() {
        accepted(&branches("{}", "", r#"{"x": 1}"#, r#"{"x": 2}"#));
    }

    #[test]
    fn catchers_and_choice_rules_assign_in_their_states_scope() {
        let caught = |branch: &str| {
            format!(
                r#"{{"StartAt": "A", "States": {{
                "A": {{"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "Next": "P",
                "Catch": [{{"ErrorEquals": ["E"], "Next": "P", "Assign": {{"x": 1}}}}]}},
                "P": {{"Type": "Parallel", "End": true, "Branches": [
                {{"StartAt": "B", "States": {{"B": {{"Type": "Pass", "Assign": {branch}, "End": true}}}}}}]}}}}}}"#
            )
        };
        let place = "/States/P/Branches[0]/States/B/Assign/x";
        refused(&caught(r#"{"x": 2}"#), &[&format!("{TEXT} {place}")]);
        accepted(&caught(r#"{"y": 2}"#));

        let choice = |name: &str| {
            map(
                "",
                &format!(
                    r#"{{"Type": "Choice", "Choices": [{{"Variable": "$.a", "IsNull": true, "Next": "J",
                    "Assign": {{"{name}": 1}}}}]}}, "J": {{"Type": "Succeed"}}"#
                ),
            )
        };
        let place = "/States/M/ItemProcessor/States/I/Choices[0]/Assign/x";
        refused(&choice("x"), &[&format!("{TEXT} {place}")]);
        accepted(&choice("y"));
    }

    #[test]
    fn what_only_the_own_catch_assigns_is_not_outside() {
        let catcher = r#""Catch": [{"ErrorEquals": ["E"], "Next": "A", "Assign": {"x": 1}},
            {"ErrorEquals": ["States.ALL"], "Next": "A", "Assign": {"x.$": "$.x"}}],"#;
        accepted(&branches("{}", catcher, r#"{"x": 2}"#, r#"{"x": 3}"#));
        accepted(&branches(r#"{"x": 0}"#, catcher, "{}", "{}"));
        let place = "/States/P/Branches[0]/States/B/Assign/x";
        refused(&branches(r#"{"x": 0}"#, catcher, r#"{"x": 2}"#, "{}"), &[&format!("{TEXT} {place}")]);
        let both = format!(r#"{catcher} "Assign": {{"x": 1}},"#);
        refused(&branches("{}", &both, r#"{"x": 2}"#, "{}"), &[&format!("{TEXT} {place}")]);

        let map = |inner: &str| {
            format!(
                r#"{{"StartAt": "M", "States": {{"N": {{"Type": "Succeed"}},
                "M": {{"Type": "Map", "End": true, "Catch": [{{"ErrorEquals": ["E"], "Next": "N", "Assign": {{"x": 1}}}}],
                "ItemProcessor": {{"StartAt": "I", "States": {{"I": {inner}}}}}}}}}}}"#
            )
        };
        accepted(&map(r#"{"Type": "Pass", "Assign": {"x": 1}, "End": true}"#));
    }

    #[test]
    fn every_scope_around_counts() {
        let inner = |name: &str| {
            map(
                "",
                &format!(
                    r#"{{"Type": "Parallel", "End": true, "Branches": [{{"StartAt": "D", "States": {{
                    "D": {{"Type": "Pass", "Assign": {{"{name}": 1}}, "End": true}}}}}}]}}"#
                ),
            )
        };
        let place = "/States/M/ItemProcessor/States/I/Branches[0]/States/D/Assign/x";
        refused(&inner("x"), &[&format!("{TEXT} {place}")]);
        accepted(&inner("y"));
    }

    #[test]
    fn children_of_a_distributed_map_state_have_all_names_to_themselves() {
        let inner = r#"{"Type": "Pass", "Assign": {"x": 1}, "End": true}"#;
        refused(&map("", inner), &[&format!("{TEXT} /States/M/ItemProcessor/States/I/Assign/x")]);
        accepted(&map(r#""ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},"#, inner));
    }
}
