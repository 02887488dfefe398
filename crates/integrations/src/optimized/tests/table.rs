//! The whole table, for a reviewer's eye, and that it fits the models.

use std::fmt::Write as _;

use aws::model::{self, Shape};

use super::super::bind::{Bind, Source};
use super::super::job::{Job, JobResult, Missing};
use super::super::{Action, Fields, Row, Run, SERVICES};
use crate::failure::Words;

fn rows() -> impl Iterator<Item = Row> {
    SERVICES.into_iter().flat_map(|service| service.actions.iter().map(move |action| Row { service, action }))
}

fn operation(action: &Action) -> &'static str {
    match action.run {
        Run::Operation(operation) | Run::Delete(operation) => operation,
        Run::StartExecution => "StartExecution",
        Run::InvokeModel => "InvokeModel",
        Run::Elsewhere => "(elsewhere)",
    }
}

fn listed(binds: &[Bind]) -> String {
    let one = |bind: &Bind| {
        let source = match bind.from {
            Source::Answer(path) => format!("answer.{}", path.join(".")),
            Source::Parameter(name) => format!("parameters.{name}"),
            Source::Fixed(text) => format!("{text:?}"),
        };
        let source = if bind.list { format!("[{source}]") } else { source };
        format!("{}: {source}", bind.to)
    };
    binds.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn describe(job: &Job, text: &mut String) {
    let path: Vec<&str> = job.subject.iter().chain(job.status).copied().collect();
    let result = match job.result {
        JobResult::Answer => "the answer".to_owned(),
        JobResult::AnswerWith(name) => format!("the answer with {name}"),
        JobResult::AnswerWithout(names) => format!("the answer without {}", names.join(", ")),
        JobResult::Subject => job.subject.join("."),
        JobResult::Wrapped(name) => format!("{{{name}: {}}}", job.subject.join(".")),
    };
    let done = if job.missing == Missing::Done { [job.done, &["(missing)"]].concat() } else { job.done.to_vec() };
    writeln!(text, "    job {}({})", job.describe, listed(job.ask)).unwrap();
    writeln!(text, "        {} done: {} failed: {}", path.join("."), done.join(" "), job.failed.join(" ")).unwrap();
    writeln!(text, "        result: {result}").unwrap();
    if let Some(cancel) = &job.cancel {
        writeln!(text, "        cancel {}({})", cancel.operation, listed(cancel.ask)).unwrap();
    }
}

#[test]
fn the_table() {
    let mut text = String::new();
    for service in SERVICES {
        let Words::Optimized { prefix, service: word } = service.words else { panic!("{}", service.name) };
        writeln!(text, "{} = {}, errors {prefix}.* of {word}", service.name, service.client).unwrap();
        for action in service.actions {
            writeln!(text, "  {} = {}", action.name, operation(action)).unwrap();
            if let Fields::Only(fields) = action.fields {
                writeln!(text, "    takes {}", fields.join(" ")).unwrap();
            }
            if let Some(job) = &action.job {
                describe(job, &mut text);
            }
        }
    }
    insta::assert_snapshot!(text);
}

fn members(client: &str, operation: &str, ask: &[Bind]) {
    let service = model::load(client).unwrap().unwrap_or_else(|| panic!("no service {client}"));
    let operation = service.operation(operation).unwrap_or_else(|| panic!("{client} has no {operation}"));
    let Some(Shape::Structure(input)) = operation.input.map(|input| service.shape(input)) else { return };
    for bind in ask {
        let member = input.members.iter().find(|member| member.is_called(bind.to));
        let member = member.unwrap_or_else(|| panic!("{} has no {}", operation.name, bind.to));
        assert_eq!(matches!(service.shape(member.shape), Shape::List(_)), bind.list, "{} {}", operation.name, bind.to);
    }
    for required in input.members.iter().filter(|member| member.required && !ask.is_empty()) {
        assert!(ask.iter().any(|bind| required.is_called(bind.to)), "{} wants {}", operation.name, required.name);
    }
}

/// Whether the way that a job's status is found by is one in the model.
fn has_path(client: &str, job: &Job) -> bool {
    let service = model::load(client).unwrap().unwrap();
    let mut shape = service.operation(job.describe).unwrap().output.unwrap();
    for step in job.subject.iter().chain(job.status) {
        shape = match service.shape(shape) {
            Shape::Structure(structure) => match structure.members.iter().find(|member| member.is_called(step)) {
                Some(member) => member.shape,
                None => return false,
            },
            Shape::List(list) if *step == "0" => list.member,
            _ => return false,
        };
    }
    matches!(service.shape(shape), Shape::String)
}

#[test]
fn every_row_fits_its_model() {
    for row in rows().filter(|row| !matches!(row.action.run, Run::Elsewhere)) {
        let client = row.client();
        members(client, operation(row.action), &[]);
        if let Some(job) = &row.action.job {
            members(client, job.describe, job.ask);
            assert!(has_path(client, job), "{} {}", row.action.name, job.describe);
            if let Some(cancel) = &job.cancel {
                members(client, cancel.operation, cancel.ask);
            }
        }
        if let Some(lookup) = &row.action.lookup {
            members(client, lookup.operation, &[]);
        }
    }
}

#[test]
fn names_are_unique() {
    let mut names: Vec<String> = rows().map(|row| format!("{}:{}", row.service.name, row.action.name)).collect();
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}
