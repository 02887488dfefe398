//! The Kubernetes API against a server that stands in for a cluster.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::http::testing::{Reply, Server, integrations, task, value};

const TOKEN: &str = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

fn parameters(url: &str, rest: &str) -> String {
    format!(r#"{{"ClusterName":"c","CertificateAuthority":"cGVt","Endpoint":"{url}"{rest}}}"#)
}

fn done(answer: TaskAnswer) -> Value {
    match answer {
        TaskAnswer::Done(value) | TaskAnswer::Submitted(value) => value,
    }
}

#[tokio::test]
async fn the_kubernetes_api_is_called_with_a_token() {
    let cluster = Server::start(|_| Some(Reply::json(200, r#"{"kind":"PodList"}"#)));
    let rest = r#","Method":"GET","Path":"/api/v1/namespaces/default/pods","QueryParameters":{"labelSelector":["job-name=j"]}"#;
    let call_task = task("eks", "call", &parameters(&cluster.url, rest));
    let result = done(call_api(&integrations("http://127.0.0.1:9", None), &call_task).await.unwrap());
    assert_eq!(result.get("ResponseBody"), Some(&value(r#"{"kind":"PodList"}"#)));
    assert_eq!(result.get("StatusCode"), Some(&Value::int(200)));

    let seen = &cluster.seen()[0];
    assert_eq!(seen.target, "/api/v1/namespaces/default/pods?labelSelector=job-name%3Dj");
    let token = seen.header("authorization").strip_prefix("Bearer k8s-aws-v1.").unwrap();
    let url = String::from_utf8(URL_SAFE_NO_PAD.decode(token).unwrap()).unwrap();
    assert!(url.starts_with("https://sts.eu-west-1.amazonaws.com/?"), "{url}");
    for part in
        ["Action=GetCallerIdentity", "X-Amz-Expires=60", "X-Amz-SignedHeaders=host%3Bx-k8s-aws-id", "X-Amz-Signature="]
    {
        assert!(url.contains(part), "{part} in {url}");
    }
}

#[tokio::test]
async fn a_refusal_carries_the_answer() {
    let cluster = Server::start(|_| Some(Reply::json(401, r#"{"kind":"Status","code":401}"#)));
    let call_task = task("eks", "call", &parameters(&cluster.url, r#","Method":"GET","Path":"/api""#));
    let failure = call_api(&integrations("http://127.0.0.1:9", None), &call_task).await.unwrap_err();
    assert_eq!(failure.error, "EKS.401");
    assert_eq!(
        failure.cause,
        r#"{"ResponseBody":{"kind":"Status","code":401},"StatusCode":401,"StatusText":"Unauthorized"}"#
    );
}

/// A cluster with one job, which is over when it is said so.
fn cluster_with_job(over: &'static AtomicBool) -> Server {
    Server::start(move |seen| {
        let condition = if over.load(Ordering::SeqCst) { r#"{"type":"Failed","status":"True"}"# } else { "" };
        let job = format!(
            r#"{{"metadata":{{"name":"j","namespace":"n","annotations":{{"states.amazonaws.com/task":"{TOKEN}"}}}},
                "status":{{"conditions":[{condition}]}}}}"#
        );
        let path = seen.target.split('?').next().unwrap_or_default();
        Some(match (seen.method.as_str(), path) {
            ("POST", "/apis/batch/v1/namespaces/n/jobs") => Reply::json(409, "{}"),
            ("GET" | "DELETE", "/apis/batch/v1/namespaces/n/jobs/j") => Reply::json(200, job),
            ("GET", "/api/v1/namespaces/n/pods") => Reply::json(
                200,
                r#"{"items":[{"metadata":{"name":"p"},"spec":{"containers":[{"name":"a"},{"name":"b"}]}}]}"#,
            ),
            ("GET", "/api/v1/namespaces/n/pods/p/log") if seen.target.contains("container=a") => {
                Reply::json(200, r#"{"n":1}"#)
            }
            _ => Reply::json(404, "{}"),
        })
    })
}

#[tokio::test]
async fn a_job_is_followed_to_its_end() {
    static OVER: AtomicBool = AtomicBool::new(false);
    let cluster = cluster_with_job(&OVER);
    let rest = r#","Namespace":"n","Job":{"metadata":{"name":"j"}},"LogOptions":{"RetrieveLogs":true,"LogParameters":{"tailLines":["6"]}}"#;
    let run = task("eks", "runJob.sync", &parameters(&cluster.url, rest));
    let integrations = integrations("http://127.0.0.1:9", None);
    // The job is there already: an earlier request of the same task created it.
    let answer = run_job(&integrations, &run).await.unwrap();
    let TaskAnswer::Submitted(submitted) = answer else { panic!("{answer:?}") };
    assert_eq!(poll(&integrations, &run, &submitted).await, Ok(Progress::Running));

    OVER.store(true, Ordering::SeqCst);
    let Err(PollError::Job(failure)) = poll(&integrations, &run, &submitted).await else { panic!("not failed") };
    assert_eq!(failure.error, "States.TaskFailed");
    let state = value(&failure.cause);
    let containers = member(&state, &["logs", "pods", "p", "containers"]).unwrap();
    assert_eq!(containers.get("a"), Some(&value(r#"{"log":{"n":1}}"#)));
    assert_eq!(member(containers, &["b", "error"]), Some(&Value::from("EKS.404")));
    assert!(cluster.seen().iter().any(|seen| seen.target.ends_with("log?container=a&tailLines=6")));

    cancel(&integrations, &run, &submitted).await.unwrap();
    let last = cluster.seen().pop().unwrap();
    assert_eq!(
        (last.method.as_str(), last.target.as_str()),
        ("DELETE", "/apis/batch/v1/namespaces/n/jobs/j?propagationPolicy=Background")
    );
}

#[tokio::test]
async fn a_cluster_that_is_busy_is_asked_again_later() {
    for (status, later) in [(503, true), (429, true), (404, false)] {
        let cluster = Server::start(move |_| Some(Reply::json(status, "{}")));
        let run = task("eks", "runJob.sync", &parameters(&cluster.url, ""));
        let submitted = value(r#"{"ResponseBody":{"metadata":{"name":"j"}}}"#);
        let error = poll(&integrations("http://127.0.0.1:9", None), &run, &submitted).await.unwrap_err();
        assert_eq!(matches!(error, PollError::Unavailable(_)), later, "{status}");
    }
}

#[test]
fn a_job_gets_what_it_lacks() {
    let cases = [
        (
            r#"{"Job":{"metadata":{"name":"j"},"spec":{}}}"#,
            r#"{"metadata":{"name":"j","annotations":{"states.amazonaws.com/task":"TOKEN"}},"spec":{},"apiVersion":"batch/v1","kind":"Job"}"#,
        ),
        (
            r#"{"Job":"{\"kind\":\"Job\",\"metadata\":{\"generateName\":\"j-\",\"annotations\":{\"a\":\"b\"}}}"}"#,
            r#"{"kind":"Job","metadata":{"generateName":"j-","annotations":{"a":"b","states.amazonaws.com/task":"TOKEN"},"name":"j-6ba7b8109d"},"apiVersion":"batch/v1"}"#,
        ),
    ];
    for (parameters, expected) in cases {
        let job = job(Fields(&value(parameters)), TOKEN).unwrap();
        assert_eq!(job.to_json(), expected.replace("TOKEN", TOKEN));
    }
    for parameters in ["{}", r#"{"Job":1}"#, r#"{"Job":"x"}"#, r#"{"Job":{},"LogOptions":1}"#] {
        assert!(job(Fields(&value(parameters)), TOKEN).is_err(), "{parameters}");
    }
}

#[tokio::test]
async fn parameters_that_cannot_be_used_are_refused() {
    let integrations = integrations("http://127.0.0.1:9", None);
    let cases = [
        (r#"{"ClusterName":"c"}"#, "The field 'CertificateAuthority' is required but was missing"),
        (
            r#"{"ClusterName":"c","CertificateAuthority":"?","Endpoint":"https://e"}"#,
            "'CertificateAuthority' has an invalid format",
        ),
        (
            r#"{"ClusterName":"c","CertificateAuthority":"cGVt","Endpoint":"http://example.com"}"#,
            "must begin with https://",
        ),
        (
            r#"{"ClusterName":"c\n","CertificateAuthority":"cGVt","Endpoint":"https://e"}"#,
            "'ClusterName' has an invalid format",
        ),
    ];
    for (parameters, expected) in cases {
        let failure = call_api(&integrations, &task("eks", "call", parameters)).await.unwrap_err();
        assert_eq!(failure.error, "States.Runtime");
        assert!(failure.cause.contains(expected), "{}", failure.cause);
    }
}
