//! Handlers of every kind, and what they are told.

use functions::Invocation;
use serde_json::json;

use crate::House;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_handlers_of_every_kind_answer() {
    let cases = [
        ("async.js", "index.js", "exports.handler = async (event) => ({ got: event.x })", json!({"got": 1})),
        ("callback", "index.js", "exports.handler = (event, context, done) => done(null, event.x)", json!(1)),
        (
            "callback-later",
            "index.cjs",
            "exports.handler = (e, c, done) => { let n = 0; done(null, 'first'); setTimeout(() => n++, 5) }",
            json!("first"),
        ),
        (
            "callback-at-once",
            "index.js",
            "exports.handler = (e, c, done) => { c.callbackWaitsForEmptyEventLoop = false; setInterval(() => {}, 1000); \
             done(null, 'at once') }",
            json!("at once"),
        ),
        ("esm", "index.mjs", "const x = await 2; export const handler = async (event) => event.x + x", json!(3)),
        ("nothing", "index.js", "exports.handler = () => 5", json!(null)),
        ("undefined", "index.js", "exports.handler = async () => {}", json!(null)),
        ("never", "index.js", "exports.handler = () => new Promise(() => {})", json!(null)),
        ("succeed", "index.js", "exports.handler = (event, context) => context.succeed('old')", json!("old")),
    ];
    let files: Vec<(String, &str)> =
        cases.iter().map(|(name, file, text, _)| (format!("{}/{file}", name.replace('.', "-")), *text)).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let house = House::new(&files);
    house.write("typed/index.js", "import fs from 'fs'; export const handler = async (e) => typeof fs.statSync");
    house.write("typed/package.json", r#"{"type": "module"}"#);
    for (name, .., expected) in &cases {
        let name = name.replace('.', "-");
        // Twice: the second time the process is warm.
        assert_eq!(house.answer(&name, r#"{"x": 1}"#).await, *expected, "{name}");
        assert_eq!(house.answer(&name, r#"{"x": 1}"#).await, *expected, "{name}");
    }
    assert_eq!(house.answer("typed", "{}").await, json!("function"));
}

#[tokio::test]
async fn python_handlers_answer() {
    let house = House::new(&[
        ("usual/lambda_function.py", "def lambda_handler(event, context):\n  return {'got': event['x'], 'ü': 'ß'}"),
        ("nested/src/app.py", "from src.other import y\ndef run(event, context):\n  return y"),
        ("nested/src/other.py", "y = 7"),
        ("nested/function.json", r#"{"handler": "src/app.run"}"#),
        ("decimal/handler.py", "from decimal import Decimal\ndef handler(e, c): return Decimal('1.5')"),
    ]);
    for _ in 0..2 {
        assert_eq!(house.answer("usual", r#"{"x": "é"}"#).await, json!({"got": "é", "ü": "ß"}));
    }
    assert_eq!(house.answer("nested", "").await, json!(7));
    assert_eq!(house.answer("decimal", "").await, json!(1.5));
}

#[tokio::test]
async fn an_executable_speaks_the_runtime_api_itself() {
    let script = r#"#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while event=$(curl -sS -D "$TMPDIR/head" "$api/next"); do
  id=$(tr -d '\r' < "$TMPDIR/head" | sed -n 's/^lambda-runtime-aws-request-id: //pi')
  echo "handling" >&2
  curl -sS -o /dev/null -d "{\"handler\": \"$_HANDLER\", \"event\": $event}" "$api/$id/response"
done
"#;
    let house = House::with(&[("shell/bootstrap", script)], |options| {
        options.environment.push(("TMPDIR".into(), options.directory.join("shell").display().to_string()));
    });
    for n in 0..3 {
        let answer = house.answer("shell", &format!("{{\"n\": {n}}}")).await;
        assert_eq!(answer, json!({"handler": "bootstrap", "event": {"n": n}}));
    }
}

#[tokio::test]
async fn a_handler_is_told_about_its_invocation() {
    let node = "exports.handler = async (event, c) => [c.functionName, c.functionVersion, c.invokedFunctionArn, \
                c.memoryLimitInMB, c.logGroupName, c.awsRequestId, c.clientContext.custom.a, \
                c.getRemainingTimeInMillis() > 1000 && c.getRemainingTimeInMillis() <= 9000, process.env.GIVEN, \
                process.env.OWN, process.env.AWS_REGION, process.env.AWS_LAMBDA_FUNCTION_NAME, process.cwd() === __dirname, \
                process.env.CARGO_MANIFEST_DIR === undefined, process.env._X_AMZN_TRACE_ID]";
    let python = "import os\ndef handler(event, c):\n  left = c.get_remaining_time_in_millis()\n  return \
                  [c.function_name, c.function_version, c.invoked_function_arn, c.memory_limit_in_mb, c.log_group_name, \
                  c.aws_request_id, c.client_context.custom['a'], 1000 < left <= 9000, os.environ['GIVEN'], \
                  os.environ['OWN'], os.environ['AWS_REGION'], os.environ['AWS_LAMBDA_FUNCTION_NAME'], \
                  os.path.samefile(os.getcwd(), os.path.dirname(__file__)), 'CARGO_MANIFEST_DIR' not in os.environ, \
                  os.environ['_X_AMZN_TRACE_ID']]";
    let json = r#"{"timeout": 9, "memory": 256, "environment": {"OWN": "2"}}"#;
    let files =
        [("node/index.js", node), ("py/handler.py", python), ("node/function.json", json), ("py/function.json", json)];
    let house = House::with(&files, |options| {
        options.environment = vec![("GIVEN".into(), "1".into()), ("OWN".into(), "1".into())];
        options.region = "eu-west-1".into();
    });
    for name in ["node", "py"] {
        let invocation = Invocation {
            function: name.to_owned(),
            client_context: Some("{\n\"custom\": {\"a\": \"ü\"}}".to_owned()),
            trace_header: Some("Root=1-2-3".to_owned()),
            ..Invocation::default()
        };
        let invoked = house.functions.invoke(invocation).await.unwrap();
        let arn = format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}");
        let expected = json!([
            name,
            "$LATEST",
            arn,
            "256",
            format!("/aws/lambda/{name}"),
            invoked.request_id,
            "ü",
            true,
            "1",
            "2",
            "eu-west-1",
            name,
            true,
            true,
            "Root=1-2-3"
        ]);
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&invoked.payload).unwrap(), expected);
    }
}

#[tokio::test]
async fn what_a_function_prints_is_the_log_tail_of_its_invocation() {
    let house = House::new(&[
        (
            "node/index.js",
            "console.log('start'); exports.handler = async (e) => { console.log('out', e); console.error('err') }",
        ),
        (
            "py/handler.py",
            "import logging\nlog = logging.getLogger()\nlog.setLevel('INFO')\ndef handler(e, c):\n  print('out', e)\n  log.info('told')",
        ),
    ]);
    for (payload, expected) in [("1", ["err", "out 1", "start"].as_slice()), ("2", &["err", "out 2"])] {
        let tail = house.invoke("node", payload).await.log_tail;
        // Two streams: how they mingle is not told.
        let mut lines: Vec<&str> = tail.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, expected);
    }
    for n in ["1", "2"] {
        let tail = house.invoke("py", n).await.log_tail;
        let (first, second) = tail.split_once('\n').unwrap();
        assert_eq!(first, format!("out {n}"));
        assert!(second.starts_with("[INFO]\t20") && second.ends_with("Z\ttold\n"), "{second}");
    }
}

#[tokio::test]
async fn large_payloads_go_both_ways() {
    let house = House::new(&[
        ("node/index.js", "exports.handler = async (event) => event + event"),
        ("py/handler.py", "def handler(event, context): return event + event"),
    ]);
    let payload = format!("\"{}\"", "ä".repeat(1_400_000));
    for name in ["node", "py"] {
        let answer = house.answer(name, &payload).await;
        assert_eq!(answer.as_str().unwrap().len(), 5_600_000, "{name}");
    }
}
