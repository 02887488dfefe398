//! What a definition may name and what can be called are one: both are read from the table.

use asl::read::{MachineType, read};
use asl::resource::Pattern;
use models::optimized::rows;

use super::super::BEHAVIOURS;
use super::{integrations, task, value};
use crate::{Failure, Integrations, PollError};

fn may_be_named(service: &str, resource: &str) -> bool {
    let state = format!(r#"{{"Type": "Task", "Resource": "arn:aws:states:::{service}:{resource}", "End": true}}"#);
    let definition = format!(r#"{{"StartAt": "X", "States": {{"X": {state}}}}}"#);
    read(&definition, MachineType::Standard).program.is_some()
}

/// Whether somebody sends the task's request, whatever becomes of it: nobody listens.
async fn is_sent(integrations: &Integrations, service: &str, resource: &str) -> bool {
    let answer = integrations.call(&task(service, resource, "{}")).await;
    !matches!(answer, Err(Failure { cause, .. }) if cause.ends_with("is not an integration"))
}

/// Whether somebody looks at the task's job.
async fn is_looked_at(integrations: &Integrations, service: &str, resource: &str) -> bool {
    let look = integrations.poll(&task(service, resource, "{}"), &value("{}")).await;
    !matches!(look, Err(PollError::Job(Failure { cause, .. })) if cause.ends_with("has no job to wait for"))
}

#[tokio::test]
async fn every_action_that_a_definition_may_name_can_be_called_and_no_other() {
    let integrations = integrations("http://127.0.0.1:9", None);
    let (mut named, mut unnamed) = (0, 0);
    for row in rows() {
        for pattern in Pattern::ALL {
            let (service, resource) = (row.service.name, format!("{}{}", row.action.name, pattern.suffix()));
            let may_be_named = may_be_named(service, &resource);
            assert_eq!(may_be_named, row.allows(pattern), "{service}:{resource}");
            assert!(is_sent(&integrations, service, &resource).await, "{service}:{resource}");
            let is_looked_at = is_looked_at(&integrations, service, &resource).await;
            match pattern {
                Pattern::RequestResponse => assert!(may_be_named, "{service}:{resource}"),
                Pattern::Sync => assert_eq!(may_be_named, is_looked_at, "{service}:{resource}"),
                Pattern::Sync2 | Pattern::WaitForTaskToken => {}
            }
            *(if may_be_named { &mut named } else { &mut unnamed }) += 1;
        }
    }
    assert!(named > 100 && unnamed > 50, "{named} {unnamed}");
    for (service, resource) in [("nix", "invoke"), ("sqs", "nix"), ("dynamodb", "query")] {
        assert!(!may_be_named(service, resource) && !is_sent(&integrations, service, resource).await, "{service}");
    }
}

#[test]
fn every_behaviour_hangs_on_a_row_of_its_own() {
    let mut names: Vec<_> = BEHAVIOURS.into_iter().flatten().map(|known| (known.service, known.action)).collect();
    for name in &names {
        assert!(rows().any(|row| (row.service.name, row.action.name) == *name), "{name:?}");
    }
    names.sort();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
}
