//! Versions and aliases: their operations, and what else takes their ARNs.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::{PASS, ROLE, api, ended, machine, ok, refused};
use crate::Api;

const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:m";

fn other(name: &str) -> String {
    PASS.replace("\"A\"", &format!("\"{name}\""))
}

/// A state machine `m` with so many versions.
async fn published(api: &Api, versions: usize) {
    machine(api, "m", PASS).await;
    for number in 1..=versions {
        let update = json!({"stateMachineArn": MACHINE, "definition": other(&format!("V{number}")), "publish": true});
        let updated = ok(api, "UpdateStateMachine", update).await;
        assert_eq!(updated["stateMachineVersionArn"], format!("{MACHINE}:{number}"));
    }
}

fn routing(weights: &[(u32, u32)]) -> Json {
    let item = |(version, weight): &(u32, u32)| json!({"stateMachineVersionArn": format!("{MACHINE}:{version}"), "weight": weight});
    weights.iter().map(item).collect()
}

async fn alias(api: &Api, name: &str, weights: &[(u32, u32)]) -> String {
    let body = json!({"name": name, "routingConfiguration": routing(weights)});
    ok(api, "CreateStateMachineAlias", body).await["stateMachineAliasArn"].as_str().unwrap().to_owned()
}

fn arns(list: &Json, member: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| item[member].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_is_published_once_and_numbers_are_never_given_twice() {
    let api = api();
    machine(&api, "m", PASS).await;
    let publish = json!({"stateMachineArn": MACHINE, "description": "first"});
    let first = ok(&api, "PublishStateMachineVersion", publish.clone()).await;
    assert_eq!(first["stateMachineVersionArn"], format!("{MACHINE}:1"));
    assert_eq!(ok(&api, "PublishStateMachineVersion", publish.clone()).await, first);

    let update =
        json!({"stateMachineArn": MACHINE, "definition": other("B"), "publish": true, "versionDescription": "second"});
    let second = ok(&api, "UpdateStateMachine", update.clone()).await;
    assert_eq!(second["stateMachineVersionArn"], format!("{MACHINE}:2"));
    assert_eq!(ok(&api, "UpdateStateMachine", update).await, second);
    let listed = ok(&api, "ListStateMachineVersions", json!({"stateMachineArn": MACHINE})).await;
    assert_eq!(
        arns(&listed["stateMachineVersions"], "stateMachineVersionArn"),
        [format!("{MACHINE}:2"), format!("{MACHINE}:1")]
    );

    let delete = json!({"stateMachineVersionArn": format!("{MACHINE}:2")});
    assert_eq!(ok(&api, "DeleteStateMachineVersion", delete.clone()).await, json!({}));
    assert_eq!(ok(&api, "DeleteStateMachineVersion", delete).await, json!({}));
    let third = ok(&api, "PublishStateMachineVersion", publish).await;
    assert_eq!(third["stateMachineVersionArn"], format!("{MACHINE}:3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_machine_is_created_with_its_first_version_again_and_again() {
    let api = api();
    let mut create =
        json!({"name": "m", "definition": PASS, "roleArn": ROLE, "publish": true, "versionDescription": "d"});
    let created = ok(&api, "CreateStateMachine", create.clone()).await;
    assert_eq!(created["stateMachineVersionArn"], format!("{MACHINE}:1"));
    assert_eq!(ok(&api, "CreateStateMachine", create.clone()).await, created);
    create["versionDescription"] = json!("other");
    assert_eq!(refused(&api, "CreateStateMachine", create).await.0, "StateMachineAlreadyExists");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_changes_nothing_publishes_the_first_revision() {
    let api = api();
    machine(&api, "m", PASS).await;
    let update = json!({"stateMachineArn": MACHINE, "definition": PASS, "publish": true});
    let updated = ok(&api, "UpdateStateMachine", update.clone()).await;
    assert_eq!(updated["stateMachineVersionArn"], format!("{MACHINE}:1"));
    assert_eq!(updated.get("revisionId"), None);
    assert_eq!(ok(&api, "UpdateStateMachine", update).await, updated);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_stays_as_it_was_published() {
    let api = api();
    machine(&api, "m", PASS).await;
    ok(&api, "PublishStateMachineVersion", json!({"stateMachineArn": MACHINE, "description": "the first"})).await;
    let update =
        json!({"stateMachineArn": MACHINE, "definition": other("B"), "tracingConfiguration": {"enabled": true}});
    ok(&api, "UpdateStateMachine", update).await;
    alias(&api, "PROD", &[(1, 100)]).await;
    for qualifier in ["1", "PROD"] {
        let arn = format!("{MACHINE}:{qualifier}");
        let described = ok(&api, "DescribeStateMachine", json!({"stateMachineArn": arn})).await;
        assert_eq!(described["stateMachineArn"], format!("{MACHINE}:1"));
        assert_eq!((&described["name"], &described["description"]), (&json!("m"), &json!("the first")));
        assert_eq!((&described["definition"], described.get("revisionId")), (&json!(PASS), None));
        assert_eq!(described["tracingConfiguration"], json!({"enabled": false}));
    }
    let latest = ok(&api, "DescribeStateMachine", json!({"stateMachineArn": MACHINE})).await;
    assert_eq!((&latest["definition"], latest.get("description")), (&json!(other("B")), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_of_a_version_runs_it_and_says_so() {
    let api = api();
    published(&api, 2).await;
    let arn = alias(&api, "PROD", &[(1, 100), (2, 0)]).await;
    let cases = [
        (MACHINE.to_owned(), "V2", None, None),
        (format!("{MACHINE}:1"), "V1", Some(1), None),
        (arn.clone(), "V1", Some(1), Some(&arn)),
    ];
    for (started_with, state, version, alias) in cases {
        let started = ok(&api, "StartExecution", json!({"stateMachineArn": started_with})).await;
        let execution = ended(&api, &started["executionArn"]).await;
        let version = version.map(|number| json!(format!("{MACHINE}:{number}")));
        let alias = alias.map(|alias| json!(alias));
        let history = ok(&api, "GetExecutionHistory", json!({"executionArn": started["executionArn"]})).await;
        let details = &history["events"][0]["executionStartedEventDetails"];
        let listed = ok(&api, "ListExecutions", json!({"stateMachineArn": started_with})).await;
        for shown in [&execution, details, &listed["executions"][0]] {
            assert_eq!(shown.get("stateMachineVersionArn"), version.as_ref(), "{shown}");
            assert_eq!(shown.get("stateMachineAliasArn"), alias.as_ref(), "{shown}");
        }
        assert_eq!(
            (&execution["stateMachineArn"], &listed["executions"][0]["stateMachineArn"]),
            (&json!(MACHINE), &json!(MACHINE))
        );
        assert_eq!(history["events"][1]["stateEnteredEventDetails"]["name"], state);
        let of_execution = json!({"executionArn": started["executionArn"]});
        let described = ok(&api, "DescribeStateMachineForExecution", of_execution).await;
        assert_eq!((&described["stateMachineArn"], &described["definition"]), (&json!(MACHINE), &json!(other(state))));
    }
    let count = |arn: String| {
        let api = &api;
        async move {
            let page = json!({"stateMachineArn": arn, "maxResults": 1000});
            ok(api, "ListExecutions", page).await["executions"].as_array().unwrap().len()
        }
    };
    assert_eq!(
        (count(MACHINE.into()).await, count(format!("{MACHINE}:1")).await, count(format!("{MACHINE}:2")).await),
        (3, 2, 0)
    );
    assert_eq!(count(arn).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_shares_executions_out_by_weight() {
    let api = api();
    published(&api, 2).await;
    let arn = alias(&api, "PROD", &[(1, 50), (2, 50)]).await;
    let mut seen = [0; 2];
    for _ in 0..200 {
        let started = ok(&api, "StartExecution", json!({"stateMachineArn": arn})).await;
        let execution = ok(&api, "DescribeExecution", json!({"executionArn": started["executionArn"]})).await;
        seen[usize::from(execution["stateMachineVersionArn"] == format!("{MACHINE}:2"))] += 1;
    }
    // Chance would miss these bounds once in 10^20 runs or so.
    assert!(seen.iter().all(|count| *count > 30), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_begins_one_execution_whatever_it_is_started_with() {
    let api = api();
    published(&api, 1).await;
    let started = ok(&api, "StartExecution", json!({"stateMachineArn": MACHINE, "name": "e"})).await;
    ended(&api, &started["executionArn"]).await;
    let again = json!({"stateMachineArn": format!("{MACHINE}:1"), "name": "e"});
    assert_eq!(refused(&api, "StartExecution", again).await.0, "ExecutionAlreadyExists");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_is_created_described_updated_listed_and_deleted() {
    let api = api();
    published(&api, 3).await;
    let create = json!({"name": "PROD", "description": "d", "routingConfiguration": routing(&[(1, 30), (2, 70)])});
    let created = ok(&api, "CreateStateMachineAlias", create.clone()).await;
    let arn = format!("{MACHINE}:PROD");
    assert_eq!(created["stateMachineAliasArn"], arn);
    assert_eq!(ok(&api, "CreateStateMachineAlias", create.clone()).await, created);
    for (member, value) in [("description", json!("e")), ("routingConfiguration", routing(&[(1, 100)]))] {
        let mut differs = create.clone();
        differs[member] = value;
        let (code, message) = refused(&api, "CreateStateMachineAlias", differs).await;
        assert_eq!(code, "ConflictException");
        assert!(message.starts_with("Failed to create alias because an alias with the same name"), "{message}");
    }

    let described = ok(&api, "DescribeStateMachineAlias", json!({"stateMachineAliasArn": arn})).await;
    assert_eq!((&described["name"], &described["description"]), (&json!("PROD"), &json!("d")));
    assert_eq!(described["routingConfiguration"], routing(&[(1, 30), (2, 70)]));
    assert_eq!(
        (&described["creationDate"], &described["updateDate"]),
        (&created["creationDate"], &created["creationDate"])
    );

    let update = json!({"stateMachineAliasArn": arn, "routingConfiguration": routing(&[(3, 100)])});
    let updated = ok(&api, "UpdateStateMachineAlias", update).await;
    let described = ok(&api, "DescribeStateMachineAlias", json!({"stateMachineAliasArn": arn})).await;
    assert_eq!((&described["description"], &described["updateDate"]), (&json!("d"), &updated["updateDate"]));
    assert_eq!(described["routingConfiguration"], routing(&[(3, 100)]));

    alias(&api, "beta", &[(2, 100)]).await;
    let listed = |arn: String| {
        let api = &api;
        async move {
            let list = ok(api, "ListStateMachineAliases", json!({"stateMachineArn": arn})).await;
            arns(&list["stateMachineAliases"], "stateMachineAliasArn")
        }
    };
    let beta = format!("{MACHINE}:beta");
    assert_eq!(listed(MACHINE.into()).await, [arn.clone(), beta.clone()]);
    assert_eq!(listed(format!("{MACHINE}:2")).await, ["PROD", "beta"].map(|name| format!("{MACHINE}:{name}"))[1..]);
    assert_eq!(listed(format!("{MACHINE}:1")).await, [""; 0]);

    let delete = json!({"stateMachineAliasArn": arn});
    assert_eq!(ok(&api, "DeleteStateMachineAlias", delete.clone()).await, json!({}));
    assert_eq!(ok(&api, "DeleteStateMachineAlias", delete.clone()).await, json!({}));
    assert_eq!(listed(MACHINE.into()).await, [beta]);
    let missing = "Request references a resource that does not exist.".to_owned();
    assert_eq!(refused(&api, "DescribeStateMachineAlias", delete).await, ("ResourceNotFound".to_owned(), missing));
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_and_aliases_are_listed_in_parts() {
    let api = api();
    published(&api, 5).await;
    for name in ["d", "b", "a", "c", "e"] {
        alias(&api, name, &[(5, 100)]).await;
    }
    let cases = [
        ("ListStateMachineVersions", "stateMachineVersions", "stateMachineVersionArn", ["5", "4", "3", "2", "1"]),
        ("ListStateMachineAliases", "stateMachineAliases", "stateMachineAliasArn", ["d", "b", "a", "c", "e"]),
    ];
    for (operation, list, member, expected) in cases {
        for size in [1, 2, 5, 9] {
            let mut found = Vec::new();
            let mut token = Json::Null;
            loop {
                let body = json!({"stateMachineArn": MACHINE, "maxResults": size, "nextToken": token});
                let part = ok(&api, operation, body).await;
                found.extend(arns(&part[list], member));
                token = part["nextToken"].clone();
                if token.is_null() {
                    break;
                }
            }
            assert_eq!(found, expected.map(|end| format!("{MACHINE}:{end}")), "{operation} in parts of {size}");
        }
        let made_up = json!({"stateMachineArn": MACHINE, "nextToken": "InvalidToken"});
        let expected = ("InvalidToken".to_owned(), "Invalid Token: 'Invalid token'".to_owned());
        assert_eq!(refused(&api, operation, made_up).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_and_aliases_go_with_their_state_machine() {
    let api = api();
    published(&api, 1).await;
    let arn = alias(&api, "PROD", &[(1, 100)]).await;
    ok(&api, "DeleteStateMachine", json!({"stateMachineArn": MACHINE})).await;
    let begun = Instant::now();
    let create = json!({"name": "m", "definition": PASS, "roleArn": ROLE, "publish": true});
    loop {
        let reply = super::raw(&api, "CreateStateMachine", create.to_string().as_bytes()).await;
        if reply.status == 200 {
            break;
        }
        assert_eq!(reply.error, Some("StateMachineDeleting"));
        assert!(begun.elapsed() < Duration::from_secs(20), "still being deleted");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let listed = ok(&api, "ListStateMachineVersions", json!({"stateMachineArn": MACHINE})).await;
    assert_eq!(arns(&listed["stateMachineVersions"], "stateMachineVersionArn"), [format!("{MACHINE}:1")]);
    assert_eq!(refused(&api, "StartExecution", json!({"stateMachineArn": arn})).await.0, "StateMachineDoesNotExist");
}

#[tokio::test(flavor = "multi_thread")]
async fn conflicts_and_missing_resources_are_told_in_the_words_of_aws() {
    let api = api();
    machine(&api, "m", PASS).await;
    let publish = |revision: &str| json!({"stateMachineArn": MACHINE, "revisionId": revision});
    let stale =
        "Failed to publish the State Machine version for revision r. The current State Machine revision is INITIAL.";
    let conflict = |message: &str| ("ConflictException".to_owned(), message.to_owned());
    assert_eq!(refused(&api, "PublishStateMachineVersion", publish("r")).await, conflict(stale));
    ok(&api, "PublishStateMachineVersion", publish("INITIAL")).await;
    let update = json!({"stateMachineArn": MACHINE, "definition": other("B"), "publish": true});
    let revision = ok(&api, "UpdateStateMachine", update).await["revisionId"].take();
    let stale = format!(
        "Failed to publish the State Machine version for revision INITIAL. The current State Machine revision is {}.",
        revision.as_str().unwrap()
    );
    assert_eq!(refused(&api, "PublishStateMachineVersion", publish("INITIAL")).await, conflict(&stale));
    ok(&api, "PublishStateMachineVersion", publish(revision.as_str().unwrap())).await;

    alias(&api, "z", &[(1, 50), (2, 50)]).await;
    alias(&api, "a", &[(2, 0), (1, 100)]).await;
    let in_use = "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [z, a]";
    let delete = json!({"stateMachineVersionArn": format!("{MACHINE}:2")});
    assert_eq!(refused(&api, "DeleteStateMachineVersion", delete).await, conflict(in_use));

    let version = |number: u32| format!("{MACHINE}:{number}");
    let no_machine = |arn: &str| format!("State Machine Does Not Exist: '{arn}'");
    let missing = "Request references a resource that does not exist.".to_owned();
    let no_alias = format!("{MACHINE}:none");
    let cases = [
        ("PublishStateMachineVersion", json!({"stateMachineArn": version(1)}), "StateMachineDoesNotExist", no_machine(&version(1))),
        ("UpdateStateMachine", json!({"stateMachineArn": version(1), "roleArn": ROLE, "publish": true}), "StateMachineDoesNotExist", no_machine(&version(1))),
        ("DescribeStateMachine", json!({"stateMachineArn": version(9)}), "StateMachineDoesNotExist", no_machine(&version(9))),
        ("StartExecution", json!({"stateMachineArn": no_alias}), "StateMachineDoesNotExist", no_machine(&no_alias)),
        ("ListExecutions", json!({"stateMachineArn": version(9)}), "StateMachineDoesNotExist", no_machine(&version(9))),
        ("ListStateMachineVersions", json!({"stateMachineArn": no_alias}), "StateMachineDoesNotExist", no_machine(&no_alias)),
        ("ListStateMachineAliases", json!({"stateMachineArn": format!("{MACHINE}2")}), "StateMachineDoesNotExist", no_machine(&format!("{MACHINE}2"))),
        ("ListStateMachineAliases", json!({"stateMachineArn": version(9)}), "ResourceNotFound", missing.clone()),
        ("CreateStateMachineAlias", json!({"name": "b", "routingConfiguration": routing(&[(9, 100)])}), "ResourceNotFound", missing.clone()),
        ("UpdateStateMachineAlias", json!({"stateMachineAliasArn": no_alias, "description": "d"}), "ResourceNotFound", missing),
        ("TagResource", json!({"resourceArn": version(1), "tags": [{"key": "k", "value": "v"}]}), "ResourceNotFound", format!("Resource not found: '{}'", version(1))),
        ("PublishStateMachineVersion", json!({"stateMachineArn": "invalid_arn"}), "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: invalid_arn'".to_owned()),
        ("UpdateStateMachineAlias", json!({"stateMachineAliasArn": format!("{MACHINE}:a")}), "ValidationException", "Either the description or the routing configuration must be specified".to_owned()),
        ("CreateStateMachineAlias", json!({"name": "b", "routingConfiguration": routing(&[(1, 70), (2, 29)])}), "ValidationException", "Sum of routing configuration weights must equal 100. Received: [70, 29]".to_owned()),
        ("CreateStateMachineAlias", json!({"name": "b", "routingConfiguration": []}), "ValidationException", "1 validation error detected: Value '[]' at 'routingConfiguration' failed to satisfy constraint: Member must have length greater than or equal to 1".to_owned()),
        ("CreateStateMachineAlias", json!({"name": "12", "routingConfiguration": routing(&[(1, 100)])}), "ValidationException", r"1 validation error detected: Value '12' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$".to_owned()),
        ("CreateStateMachineAlias", json!({"name": "b", "routingConfiguration": routing(&[(1, 101)])}), "ValidationException", "1 validation error detected: Value '101' at 'routingConfiguration.1.member.weight' failed to satisfy constraint: Member must have value less than or equal to 100".to_owned()),
        ("CreateStateMachineAlias", json!({"name": "b", "routingConfiguration": routing(&[(1, 50), (2, 25), (3, 25)])}), "ValidationException", format!("1 validation error detected: Value '[RoutingConfigurationListItem(stateMachineVersionArn={MACHINE}:1, weight=50), RoutingConfigurationListItem(stateMachineVersionArn={MACHINE}:2, weight=25), RoutingConfigurationListItem(stateMachineVersionArn={MACHINE}:3, weight=25)]' at 'routingConfiguration' failed to satisfy constraint: Member must have length less than or equal to 2")),
    ];
    for (operation, body, code, message) in cases {
        assert_eq!(refused(&api, operation, body.clone()).await, (code.to_owned(), message), "{operation} {body}");
    }
}
