//! A counterpart of AWS Batch whose jobs never end: it takes every job, says of each that it runs, and counts the looks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::runtime::Builder;

use crate::error::BenchError;
use crate::http::Connection;
use crate::listen::{BareAnswer, listen};
use crate::wire::member;

/// Where the counts are asked for; no operation of AWS Batch has that path.
const COUNTS: &str = "/counts";

/// What the counterpart was asked so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Jobs submitted.
    pub(crate) submitted: u64,
    /// Requests that asked how jobs are.
    pub(crate) looks: u64,
}

#[derive(Default)]
struct Service {
    submitted: AtomicU64,
    looks: AtomicU64,
}

/// Serves on that port until the process is ended. One thread: it shares the machine with the server.
pub(crate) fn serve(port: u16) -> Result<(), BenchError> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(BenchError::io("start the jobs"))?;
    let service = Arc::new(Service::default());
    let answer = move |request| Arc::clone(&service).answer(request);
    runtime.block_on(listen(port, "jobs", answer)).map_err(BenchError::io(format!("take jobs on port {port}")))
}

/// Asks the counterpart on that port what it was asked so far.
pub(crate) async fn counts(port: u16) -> Result<Counts, BenchError> {
    let mut connection = Connection::open(port).await?;
    let request = format!("GET {COUNTS} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    let body = connection.exchange(request.as_bytes()).await?.body;
    let count = |name: &'static str| -> Result<u64, BenchError> {
        member(body, name).and_then(|text| text.parse().ok()).ok_or_else(|| BenchError::Missing {
            operation: COUNTS,
            member: name,
            body: String::from_utf8_lossy(body).into_owned(),
        })
    };
    Ok(Counts { submitted: count("submitted")?, looks: count("looks")? })
}

impl Service {
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> BareAnswer {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let (status, answer) = self.answer_to(head.uri.path(), &body);
        let mut response = Response::new(Full::new(Bytes::from(answer.to_string())));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
        Ok(response)
    }

    fn answer_to(&self, path: &str, body: &[u8]) -> (StatusCode, Value) {
        match path {
            "/v1/submitjob" => {
                let number = self.submitted.fetch_add(1, Ordering::Relaxed);
                (StatusCode::OK, json!({"jobName": "bench", "jobId": format!("job-{number}")}))
            }
            "/v1/describejobs" => {
                self.looks.fetch_add(1, Ordering::Relaxed);
                describe(body)
            }
            COUNTS => {
                let text = |count: &AtomicU64| count.load(Ordering::Relaxed).to_string();
                (StatusCode::OK, json!({"submitted": text(&self.submitted), "looks": text(&self.looks)}))
            }
            _ => (StatusCode::NOT_FOUND, json!({"message": format!("no operation has the path {path}")})),
        }
    }
}

fn describe(body: &[u8]) -> (StatusCode, Value) {
    let Ok(request) = serde_json::from_slice::<Value>(body) else {
        return (StatusCode::BAD_REQUEST, json!({"message": "not JSON"}));
    };
    let Some(ids) = request["jobs"].as_array() else {
        return (StatusCode::BAD_REQUEST, json!({"message": "jobs are missing"}));
    };
    let job = |id: &Value| {
        json!({"jobId": id, "jobName": "bench", "jobQueue": "bench", "jobDefinition": "bench", "startedAt": 1,
               "status": "RUNNING"})
    };
    (StatusCode::OK, json!({"jobs": ids.iter().map(job).collect::<Vec<_>>()}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_run_for_ever_and_looks_are_counted() {
        let service = Service::default();
        let (status, job) = service.answer_to("/v1/submitjob", b"{}");
        assert_eq!((status, &job["jobId"]), (StatusCode::OK, &json!("job-0")));
        for _ in 0..2 {
            let (status, answer) = service.answer_to("/v1/describejobs", br#"{"jobs":["job-0"]}"#);
            assert_eq!(status, StatusCode::OK);
            assert_eq!(
                (&answer["jobs"][0]["jobId"], &answer["jobs"][0]["status"]),
                (&json!("job-0"), &json!("RUNNING"))
            );
        }
        assert_eq!(service.answer_to(COUNTS, b"").1, json!({"submitted": "1", "looks": "2"}));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let cases: [(&str, &[u8], StatusCode); 3] = [
            ("/v1/canceljob", b"{}", StatusCode::NOT_FOUND),
            ("/v1/describejobs", b"{", StatusCode::BAD_REQUEST),
            ("/v1/describejobs", b"{}", StatusCode::BAD_REQUEST),
        ];
        for (path, body, expected) in cases {
            assert_eq!(Service::default().answer_to(path, body).0, expected, "{path}");
        }
    }
}
