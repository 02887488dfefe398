//! Functions that fail, and how callers hear of it.

use functions::{Functions, Invocation, InvokeError, Options};
use serde_json::{Value, json};

use crate::House;

#[tokio::test]
async fn what_a_node_handler_throws_is_worded_as_lambda_words_it() {
    let cases = [
        ("throws", "exports.handler = async () => { throw new TypeError('no') }", "TypeError", "no"),
        ("sync", "exports.handler = () => { null.x }", "TypeError", "Cannot read properties of null (reading 'x')"),
        ("back", "exports.handler = (e, c, done) => done(new RangeError('r'))", "RangeError", "r"),
        ("text", "exports.handler = (e, c, done) => done('words')", "string", "words"),
        ("fail", "exports.handler = (e, c) => c.fail(new Error('f'))", "Error", "f"),
        (
            "own",
            "class Mine extends Error { name = 'Mine' }\nexports.handler = async () => { throw new Mine('m') }",
            "Mine",
            "m",
        ),
        (
            "late",
            "exports.handler = () => new Promise(() => setTimeout(() => { throw new Error('l') }, 1))",
            "Error",
            "l",
        ),
        (
            "reject",
            "exports.handler = () => new Promise(() => { Promise.reject(new Error('u')) })",
            "Runtime.UnhandledPromiseRejection",
            "Error: u",
        ),
        ("module", "require('./missing')", "Runtime.ImportModuleError", "Error: Cannot find module './missing'"),
        ("syntax", "exports.handler = (", "Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected end of input"),
        ("absent", "exports.other = 1", "Runtime.HandlerNotFound", "index.handler is undefined or not exported"),
        ("number", "exports.handler = 1", "Runtime.HandlerNotFound", "index.handler is not a function"),
        ("start", "throw new Error('at start')", "Error", "at start"),
        (
            "circle",
            "exports.handler = async () => { const a = {}; a.a = a; return a }",
            "Error",
            "Unable to stringify response body",
        ),
    ];
    let house = House::new(&[]);
    for (name, text, error_type, message) in cases {
        house.write(&format!("{name}/index.js"), text);
        // Twice: a process that ended must not spoil the next invocation.
        for _ in 0..2 {
            let error = house.failure(name, "{}").await;
            assert_eq!(error["errorType"], error_type, "{error}");
            assert!(error["errorMessage"].as_str().unwrap().starts_with(message), "{error}");
            assert!(error["trace"].is_array(), "{error}");
        }
    }
    let trace = house.failure("throws", "{}").await["trace"].clone();
    assert_eq!(trace[0], "TypeError: no");
    assert!(trace[1].as_str().unwrap().contains("index.js:1:"), "{trace}");
}

#[tokio::test]
async fn what_a_python_handler_raises_is_worded_as_lambda_words_it() {
    let cases = [
        ("raises", "def handler(e, c):\n  raise ValueError('no')", "ValueError", "no"),
        (
            "missing",
            "import nowhere\ndef handler(e, c): pass",
            "Runtime.ImportModuleError",
            "Unable to import module 'handler': No module named 'nowhere'",
        ),
        (
            "syntax",
            "def handler(e, c)\n  pass",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'handler': expected ':' (handler.py, line 1)",
        ),
        ("absent", "handler_of_old = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'handler'"),
        (
            "answer",
            "def handler(e, c): return {1, 2}",
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type set is not JSON serializable",
        ),
    ];
    let house = House::new(&[]);
    for (name, text, error_type, message) in cases {
        house.write(&format!("{name}/handler.py"), text);
        for _ in 0..2 {
            let error = house.failure(name, "{}").await;
            assert_eq!((&error["errorType"], &error["errorMessage"]), (&json!(error_type), &json!(message)), "{error}");
        }
    }
    let invoked = house.invoke("raises", "{}").await;
    let error: Value = serde_json::from_slice(&invoked.payload).unwrap();
    assert_eq!(error["requestId"], *invoked.request_id);
    let stack = error["stackTrace"].as_array().unwrap();
    assert_eq!(stack.len(), 1, "{error}");
    assert!(
        stack[0].as_str().unwrap().ends_with("handler.py\", line 2, in handler\n    raise ValueError('no')\n"),
        "{error}"
    );
}

#[tokio::test]
async fn a_process_that_ends_is_told_with_its_status_and_replaced() {
    let cases = [
        ("{\"code\": 1}", "Runtime exited with error: exit status 1"),
        ("{\"code\": 0}", "Runtime exited without providing a reason"),
        ("{\"signal\": 9}", "Runtime exited with error: signal: killed"),
        ("{\"signal\": 15}", "Runtime exited with error: signal: terminated"),
    ];
    let python = "import os, sys\ndef handler(e, c):\n  print('last words')\n  if 'code' in e: sys.exit(e['code'])\n  \
                  if 'signal' in e: os.kill(os.getpid(), e['signal'])\n  return os.getpid()";
    let house = House::new(&[("f/handler.py", python), ("start/bootstrap", "#!/bin/sh\nexit 3")]);
    for (payload, reason) in cases {
        let warm = house.answer("f", "{}").await;
        let invoked = house.invoke("f", payload).await;
        let expected = json!({
            "errorType": "Runtime.ExitError",
            "errorMessage": format!("RequestId: {} Error: {reason}", invoked.request_id),
        });
        assert_eq!(serde_json::from_slice::<Value>(&invoked.payload).unwrap(), expected);
        assert_eq!(invoked.log_tail, "last words\n");
        assert_ne!(house.answer("f", "{}").await, warm);
    }
    let error = house.failure("start", "{}").await;
    assert!(error["errorMessage"].as_str().unwrap().ends_with("exit status 3"), "{error}");
}

#[tokio::test]
async fn a_process_killed_in_mid_invocation_or_between_two_is_replaced() {
    let code = "const fs = require('fs'); exports.handler = async (e) => { if (!e.sleep) return process.pid; \
                fs.writeFileSync('.asleep', ''); await new Promise((r) => setTimeout(r, 60000)) }";
    let house = House::new(&[("f/index.js", code), ("f/function.json", r#"{"timeout": 60}"#)]);
    for _ in 0..5 {
        let pid = house.answer("f", "{}").await;
        kill(&pid);
        // Nothing is awaited meanwhile: we learn of its death when the next invocation is under way.
        while !crate::has_ended(&pid) {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert_ne!(house.answer("f", "{}").await, pid);
    }
    let pid = house.answer("f", "{}").await;
    let asleep = house.folder.path().join("f/.asleep");
    let (error, ()) = tokio::join!(house.failure("f", r#"{"sleep": true}"#), async {
        while !asleep.exists() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        kill(&pid);
    });
    assert!(error["errorMessage"].as_str().unwrap().ends_with("signal: killed"), "{error}");
}

fn kill(pid: &Value) {
    assert!(std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
}

#[tokio::test]
async fn a_function_that_takes_too_long_is_ended_even_when_it_is_busy() {
    let house = House::new(&[
        ("busy/index.js", "exports.handler = async (e) => { if (e.spin) for (;;); return process.pid }"),
        ("start/handler.py", "import time\ntime.sleep(60)\ndef handler(e, c): pass"),
    ]);
    for name in ["busy", "start"] {
        house.write(&format!("{name}/function.json"), r#"{"timeout": 1}"#);
    }
    let pid = house.answer("busy", "{}").await;
    let begun = std::time::Instant::now();
    let invoked = house.invoke("busy", r#"{"spin": true}"#).await;
    let took = begun.elapsed().as_secs_f64();
    let expected = json!({
        "errorType": "Sandbox.Timedout",
        "errorMessage": format!("RequestId: {} Error: Task timed out after 1.00 seconds", invoked.request_id),
    });
    assert_eq!(serde_json::from_slice::<Value>(&invoked.payload).unwrap(), expected);
    assert!((1.0..10.0).contains(&took), "{took}");
    assert_ne!(house.answer("busy", "{}").await, pid);
}

#[tokio::test]
async fn a_start_that_takes_too_long_is_ended() {
    let files = [
        ("f/handler.py", "import time\ntime.sleep(60)\ndef handler(e, c): pass"),
        ("f/function.json", r#"{"timeout": 1}"#),
    ];
    // The time that is told is the time that it was given.
    for (init_time, told) in [(100, "1.00 seconds"), (1_500, "1.50 seconds")] {
        let init_time = std::time::Duration::from_millis(init_time);
        let house = House::with(&files, |options| options.init_time = init_time);
        let failure = house.failure("f", "{}").await;
        assert_eq!(failure["errorType"], "Sandbox.Timedout");
        assert!(failure["errorMessage"].as_str().unwrap().ends_with(told), "{failure}");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_fails_and_the_process_goes_on() {
    let house = House::new(&[
        ("node/index.js", "exports.handler = async (n) => n ? 'x'.repeat(n) : process.pid"),
        ("py/handler.py", "import os\ndef handler(n, c): return 'x' * n if n else os.getpid()"),
    ]);
    for name in ["node", "py"] {
        let pid = house.answer(name, "0").await;
        let expected = json!({
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        });
        assert_eq!(house.failure(name, "6291555").await, expected);
        assert_eq!(house.answer(name, "6291554").await.as_str().unwrap().len(), 6_291_554);
        assert_eq!(house.answer(name, "0").await, pid, "{name}");
    }
}

#[tokio::test]
async fn what_cannot_be_run_is_an_error_that_says_why() {
    let mut options = Options::new("");
    let house = House::with(
        &[
            ("node/index.js", ""),
            ("py/handler.py", ""),
            ("bad/index.js", ""),
            ("bad/function.json", "{\"timeuot\": 3}"),
            ("script/bootstrap", "#!/no/such/interpreter\n"),
        ],
        |given| {
            given.node = "no-such-node".into();
            given.python = "/no/such/python".into();
            options = given.clone();
        },
    );
    let cases = [
        ("node", "no-such-node is not installed or not in PATH: function node needs it to run"),
        ("py", "/no/such/python is not installed or not in PATH: function py needs it to run"),
        (
            "bad",
            "unknown field `timeuot`, expected one of `runtime`, `handler`, `timeout`, `memory`, `environment` at line 1 column 10",
        ),
        ("script", "function script could not be started: No such file or directory"),
        ("none", "Function not found: arn:aws:lambda:us-east-1:123456789012:function:none"),
    ];
    for (name, text) in cases {
        // Twice: a place must not stay taken.
        for _ in 0..2 {
            let error = invoke_error(&house.functions, name, "{}".into()).await;
            assert!(error.to_string().contains(text), "{error}");
        }
    }
    let error = invoke_error(&house.functions, "node", vec![b' '; functions::MAX_REQUEST_BYTES + 1].into()).await;
    assert_eq!(error.to_string(), "Request must be smaller than 6291456 bytes for the InvokeFunction operation");
}

async fn invoke_error(functions: &Functions, name: &str, payload: bytes::Bytes) -> InvokeError {
    let invocation = Invocation { function: name.to_owned(), payload, ..Invocation::default() };
    functions.invoke(invocation).await.unwrap_err()
}
