//! The whole table, for a reviewer's eye, and that it fits the models.

use std::fmt::Write as _;
use std::sync::Arc;

use super::*;
use crate::{Service as Model, Shape, ShapeId, load};

/// What the snapshot says of an action's doing.
fn doing(row: Row) -> String {
    match row.action.run {
        Run::Operation(operation) => operation.to_owned(),
        Run::Delete(operation) => format!("{operation}, until it is at its end"),
        run => format!("({run:?})"),
    }
}

fn patterns(row: Row) -> String {
    Pattern::ALL.into_iter().filter(|pattern| row.allows(*pattern)).skip(1).map(Pattern::suffix).collect()
}

fn listed(binds: &[Bind]) -> String {
    let one = |bind: &Bind| {
        let source = match bind.from {
            Origin::Answer(path) => format!("answer.{}", path.join(".")),
            Origin::Parameter(name) => format!("parameters.{name}"),
            Origin::Fixed(text) => format!("{text:?}"),
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
        JobResult::Subject => job.subject.join("."),
        JobResult::Wrapped(name) => format!("{{{name}: {}}}", job.subject.join(".")),
    };
    let done = if job.missing == MissingJob::Done { [job.done, &["(missing)"]].concat() } else { job.done.to_vec() };
    writeln!(text, "    job {}({})", job.describe, listed(job.ask)).unwrap();
    writeln!(text, "        {} done: {} failed: {}", path.join("."), done.join(" "), job.failed.join(" ")).unwrap();
    writeln!(text, "        result: {result}").unwrap();
    if !job.cause_lacks.is_empty() {
        writeln!(text, "        cause: without {}", job.cause_lacks.join(", ")).unwrap();
    }
    if let Some(cancel) = &job.cancel {
        writeln!(text, "        cancel {}({})", cancel.operation, listed(cancel.ask)).unwrap();
    }
}

#[test]
fn the_table() {
    let mut text = String::new();
    for service in SERVICES {
        let Service { name, client, error_prefix, error_service, .. } = service;
        writeln!(text, "{name} = {client}, errors {error_prefix}.* of {error_service}").unwrap();
        for action in service.actions {
            let row = Row { service, action };
            let named = format!("{} {}", action.name, patterns(row));
            writeln!(text, "  {} = {}", named.trim_end(), doing(row)).unwrap();
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

fn model(client: &str) -> Arc<Model> {
    load(client).unwrap().unwrap_or_else(|| panic!("no service {client}"))
}

fn members(client: &str, operation: &str, ask: &[Bind]) {
    let service = model(client);
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

/// The shape at the end of a path; `None` where the model has no such path.
fn at(service: &Model, shape: ShapeId, path: &[&str]) -> Option<ShapeId> {
    path.iter().try_fold(shape, |shape, step| match service.shape(shape) {
        Shape::Structure(structure) => {
            structure.members.iter().find(|member| member.is_called(step)).map(|member| member.shape)
        }
        Shape::List(list) if *step == "0" => Some(list.member),
        _ => None,
    })
}

/// Whether the way that a job's status is found by is one in the model.
fn has_status(client: &str, job: &Job) -> bool {
    let service = model(client);
    let output = service.operation(job.describe).unwrap().output.unwrap();
    let status = at(&service, output, &[job.subject, job.status].concat());
    status.is_some_and(|status| matches!(service.shape(status), Shape::String))
}

#[test]
fn every_row_fits_its_model() {
    for row in rows() {
        let Some(operation) = row.operation() else { continue };
        let client = row.client();
        members(client, operation, &[]);
        if let Some(job) = &row.action.job {
            members(client, job.describe, job.ask);
            assert!(has_status(client, job), "{} {}", row.action.name, job.describe);
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
fn every_result_is_a_part_of_an_output() {
    for row in rows() {
        for pattern in Pattern::ALL.into_iter().filter(|pattern| row.allows(*pattern)) {
            let Some(TaskResult { client, operation, path, wrapped, .. }) = row.result(pattern) else { continue };
            let service = model(client);
            let output = service.operation(operation).unwrap().output;
            let part = output.and_then(|output| at(&service, output, path));
            assert_eq!(part.is_some(), output.is_some(), "{} {pattern:?}", row.action.name);
            assert!(wrapped.is_none() || !path.is_empty(), "{}", row.action.name);
        }
    }
}

#[test]
fn services_and_actions_are_found_by_their_names() {
    assert!(SERVICES.is_sorted_by(|a, b| a.name < b.name));
    for row in rows() {
        let found = find(row.service.name, row.action.name).unwrap();
        assert!(std::ptr::eq(found.action, row.action), "{} {} twice", row.service.name, row.action.name);
    }
    assert!(find("sqs", "nix").is_none() && find("nix", "sendMessage").is_none());
}

#[test]
fn patterns_are_allowed_as_aws_lists_them() {
    use Pattern::*;
    for (service, action, allowed) in [
        ("states", "startExecution", &[RequestResponse, Sync, Sync2, WaitForTaskToken][..]),
        ("ecs", "runTask", &[RequestResponse, Sync, WaitForTaskToken]),
        ("eks", "runJob", &[RequestResponse, Sync, WaitForTaskToken]),
        ("eks", "call", &[RequestResponse, WaitForTaskToken]),
        ("batch", "submitJob", &[RequestResponse, Sync]),
        ("dynamodb", "getItem", &[RequestResponse]),
        ("http", "invoke", &[RequestResponse]),
        ("lambda", "invoke", &[RequestResponse, WaitForTaskToken]),
    ] {
        let row = find(service, action).unwrap();
        let found: Vec<Pattern> = Pattern::ALL.into_iter().filter(|pattern| row.allows(*pattern)).collect();
        assert_eq!(found, allowed, "{service}:{action}");
    }
}
