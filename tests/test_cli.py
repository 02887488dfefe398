"""The command line: what it prints where, and its exit codes."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys

import boto3
import pytest

from harness import BINARY, clean_environment, run_cli, single, wait_until

GOOD = {"StartAt": "Hello", "States": {"Hello": {"Type": "Pass", "Result": {"said": "hello"}, "End": True}}}
BAD = '{\n  "StartAt": "A",\n  "States": {\n    "A": { "Type": "Pass", "Next": "Nowhere" }\n  }\n}\n'


@pytest.fixture
def write(tmp_path):
    def write(name: str, content) -> str:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    return write


# validate


def test_validate_accepts_a_good_definition(write):
    result = run_cli("validate", write("good.json", GOOD))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.endswith("good.json: valid\n")


def test_validate_shows_the_place_of_an_error(write):
    result = run_cli("validate", write("bad.json", BAD))
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    place = next(line for line in lines if "-->" in line)
    assert "bad.json:4:" in place and "/States" in place
    shown = next(number for number, line in enumerate(lines) if '"Nowhere"' in line and "|" in line)
    caret = lines[shown + 1].index("^")
    assert lines[shown][caret:].startswith(('"Nowhere"', '"Next"'))
    assert "\x1b" not in result.stdout


def test_validate_prints_json_for_programs(write):
    result = run_cli("validate", "--format", "json", write("good.json", GOOD), write("bad.json", BAD))
    assert result.returncode == 1
    good, bad = json.loads(result.stdout)
    assert (good["result"], good["diagnostics"]) == ("OK", [])
    assert bad["result"] == "FAIL"
    finding = next(one for one in bad["diagnostics"] if one["code"] == "MISSING_TRANSITION_TARGET")
    assert finding["severity"] == "ERROR" and finding["line"] == 4


def test_validate_reads_stdin_and_refuses_what_is_no_json():
    assert run_cli("validate", "-", stdin=json.dumps(GOOD)).returncode == 0
    result = run_cli("validate", "-", stdin="not a definition")
    assert result.returncode == 1 and "INVALID_JSON_DESCRIPTION" in result.stdout


def test_validate_of_a_missing_file_is_a_usage_error(tmp_path):
    result = run_cli("validate", str(tmp_path / "none.json"))
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1 and "none.json" in result.stderr


def test_validate_points_at_the_same_place_in_json_and_yaml(write):
    yaml = "StartAt: A\nStates:\n  A:\n    Type: Choice\n    Choices:\n      - {Variable: $.a, IsNull: true, Next: No}\n"
    branch = {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "No"}]}
    files = [write("bad.yaml", yaml), write("bad.json", {"StartAt": "A", "States": {"A": branch}})]
    of_yaml, of_json = json.loads(run_cli("validate", "--format", "json", *files).stdout)
    places = [[(one["code"], one["location"], one["pointer"]) for one in of["diagnostics"]] for of in (of_yaml, of_json)]
    assert places[0] == places[1]
    assert ("MISSING_TRANSITION_TARGET", "/States/A/Choices[0]/Next", "/States/A/Choices/0/Next") in places[0]
    finding = next(one for one in of_yaml["diagnostics"] if one["code"] == "MISSING_TRANSITION_TARGET")
    assert (finding["line"], finding["column"]) == (6, 45)


def test_validate_teaches_what_to_do(write):
    path = write("bad.json", BAD)
    lines = [line.strip() for line in run_cli("validate", path).stdout.splitlines()]
    assert any(line.startswith("help: ") for line in lines)
    assert "pointer: /States/A/Next" in lines
    assert lines[-1].startswith(f"{path}: ") and "error" in lines[-1]


@pytest.mark.parametrize(("no_color", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)], ids=["terminal", "NO_COLOR"])
def test_validate_colours_on_a_terminal_only(write, no_color, coloured):
    ours, theirs = os.openpty()
    command = [str(BINARY), "validate", write("bad.json", BAD)]
    process = subprocess.Popen(command, stdout=theirs, env=clean_environment(**no_color))
    os.close(theirs)
    shown = b""
    # Linux ends a terminal whose other end is closed with an error.
    with contextlib.suppress(OSError):
        while piece := os.read(ours, 65536):
            shown += piece
    os.close(ours)
    assert process.wait(timeout=30) == 1
    assert b"MISSING_TRANSITION_TARGET" in shown and (b"\x1b[" in shown) == coloured


def test_validate_shows_warnings_unless_errors_alone_are_asked_for(write):
    path = write("warned.json", single({"Type": "Pass", "Parameters": {"x": "$.y"}, "End": True}))
    shown = run_cli("validate", path)
    assert shown.returncode == 0 and "warning[NO_DOLLAR]" in shown.stdout
    assert shown.stdout.endswith("warned.json: valid, 1 warning\n")
    for severity in ["error", "ERROR"]:
        result = run_cli("validate", "--severity", severity, path)
        assert (result.returncode, result.stdout) == (0, f"{path}: valid\n")


def test_validate_checks_for_the_type_asked_for(write):
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": True}
    task["Parameters"] = {"QueueUrl": "u", "MessageBody.$": "$$.Task.Token"}
    path = write("callback.json", single(task))
    assert [run_cli("validate", "--type", kind, path).returncode for kind in ["standard", "express"]] == [0, 1]


def test_validate_looks_below_directories(write, tmp_path):
    for name in ["sub/c.asl.yml", "b.asl.json", "a.asl.yaml", "other.json", ".git/d.asl.json"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(name, GOOD)
    (tmp_path / "empty").mkdir()
    result = run_cli("validate", ".", cwd=tmp_path)
    assert result.returncode == 0
    assert result.stdout == "./a.asl.yaml: valid\n./b.asl.json: valid\n./sub/c.asl.yml: valid\n"
    result = run_cli("validate", "empty", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "") and "*.asl.json" in result.stderr


def test_validate_goes_on_after_a_file_it_cannot_read(write, tmp_path):
    result = run_cli("validate", str(tmp_path / "none.json"), write("bad.json", BAD))
    assert result.returncode == 2
    assert "none.json" in result.stderr and "MISSING_TRANSITION_TARGET" in result.stdout


def test_validate_annotates_for_github(write, tmp_path):
    write("a,b.json", BAD)
    result = run_cli("validate", "--format", "github", "a,b.json", cwd=tmp_path)
    assert result.returncode == 1 and result.stderr == ""
    commands = result.stdout.splitlines()
    assert all(command.startswith("::error file=a%2Cb.json,line=") for command in commands)
    column = BAD.splitlines()[3].index('"Nowhere"') + 1
    assert any(f",line=4,col={column},title=MISSING_TRANSITION_TARGET::" in command for command in commands)


def test_validate_writes_sarif(write, tmp_path):
    write("bad one.json", BAD)
    result = run_cli("validate", "--format", "sarif", "bad one.json", cwd=tmp_path)
    assert result.returncode == 1
    log = json.loads(result.stdout)
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "stepwright" and run["invocations"] == [{"executionSuccessful": True}]
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"])
    found = next(one for one in run["results"] if one["ruleId"] == "MISSING_TRANSITION_TARGET")
    assert driver["rules"][found["ruleIndex"]]["id"] == found["ruleId"]
    assert found["level"] == "error" and found["message"]["text"]
    [location] = found["locations"]
    column = BAD.splitlines()[3].index('"Nowhere"') + 1
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "bad%20one.json"},
        "region": {"startLine": 4, "startColumn": column, "endLine": 4, "endColumn": column + len('"Nowhere"')},
    }
    assert location["logicalLocations"] == [{"fullyQualifiedName": "/States/A/Next"}]


def test_validate_says_what_was_probably_meant(write):
    definition = {
        "StartAt": "First",
        "States": {
            "First": {"Type": "Pass", "Next": "Secnod"},
            "Second": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMesage", "Next": "Third"},
            "Third": {"Type": "Wait", "Secnods": 1, "Next": "Fourth"},
            "Fourth": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage",
                "Parameters": {"QueueUrl": "q", "MessageBdy": "b"},
                "End": True,
            },
        },
    }
    result = run_cli("validate", write("typos.json", definition))
    assert result.returncode == 1
    for meant in ["Second", "arn:aws:states:::sqs:sendMessage", "Seconds", "MessageBody"]:
        assert f"help: Did you mean {meant}?" in result.stdout
    [checked] = json.loads(run_cli("validate", "--format", "json", write("typos.json", definition)).stdout)
    sources = {one["source"]: one["code"] for one in checked["diagnostics"]}
    assert sources["Stepwright"] == "unknown-parameter" and sources["AWS"].isupper()


def test_advice_makes_nothing_invalid_and_is_no_answer_of_the_api(write, make_server):
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
    definition = single(task | {"Parameters": {"QueueUrl": "q", "MessageBdy": "{% 1 %}"}})
    result = run_cli("validate", write("advised.json", definition))
    assert result.returncode == 0 and result.stdout.endswith("advised.json: valid, 2 warnings\n")
    answer = make_server().start().client().validate_state_machine_definition(
        definition=json.dumps(definition), severity="WARNING"
    )
    assert (answer["result"], answer["diagnostics"]) == ("OK", [])


def test_validate_fills_placeholders(write):
    task = {"Type": "Task", "Resource": "${Charge}", "TimeoutSeconds": 0, "End": True}
    text = json.dumps(single(task)).replace("0,", "${Timeout},")
    path = write("placeholders.asl.json", text)
    arn = "arn:aws:lambda:us-east-1:123456789012:function:charge"
    assert run_cli("validate", path, "--var", f"Charge={arn}", "--var", "Timeout=5").returncode == 0
    values = write("values.yaml", f"Charge: {arn}\nTimeout: 5\n")
    assert run_cli("validate", path, "--vars", values).returncode == 0
    half = run_cli("validate", path, "--var", "Timeout=5")
    assert half.returncode == 1 and "give it with --var Charge=VALUE" in half.stdout
    none = run_cli("validate", path)
    assert none.returncode == 1 and "give it with --var Timeout=VALUE" in none.stdout
    assert run_cli("validate", path, "--var", "Timeout").returncode == 2


TEMPLATE = """
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
Resources:
  Charge: {Type: AWS::Serverless::Function}
  Order:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: order.asl.json
      DefinitionSubstitutions: {ChargeArn: !GetAtt Charge.Arn, Seconds: 3}
  Quick:
    Type: AWS::Serverless::StateMachine
    Properties:
      Type: EXPRESS
      Definition:
        StartAt: Call
        States:
          Call: {Type: Task, Resource: !GetAtt Charge.Arn, Next: Tset}
          Test: {Type: Succeed}
  Written:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionString: !Sub |
        {
          "StartAt": "${Stage}",
          "States": {"dev": {"Type": "Task", "Resource": "${Charge.Arn}", "End": true, "Timeout": 1}}
        }
"""


def test_validate_finds_every_state_machine_of_a_template(write, tmp_path):
    order = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 0, "Next": "Charge"}}}
    order["States"]["Charge"] = {"Type": "Task", "Resource": "${ChargeArn}", "End": True}
    write("order.asl.json", json.dumps(order).replace("0,", "${Seconds},"))
    write("template.yaml", TEMPLATE)
    (tmp_path / "app").mkdir()
    # Without a path everything below the working directory is checked, a template's own file only once.
    for arguments in [["template.yaml"], []]:
        result = run_cli("validate", "--format", "json", *arguments, cwd=tmp_path)
        assert result.returncode == 1, result.stderr
        found = {one["stateMachine"]: one for one in json.loads(result.stdout)}
        assert sorted(found) == ["Order", "Quick", "Written"]
        assert (found["Order"]["result"], found["Order"]["file"].endswith("order.asl.json")) == ("OK", True)
        lines = TEMPLATE.splitlines()
        for name, word, meant in [("Quick", "Tset", "Test"), ("Written", '"Timeout"', "TimeoutSeconds")]:
            first = found[name]["diagnostics"][0]
            assert lines[first["line"] - 1][first["column"] - 1 :].startswith(word), first
            assert first["help"] == f"Did you mean {meant}?"
    stage = run_cli("validate", "template.yaml", "--var", "Stage=prod", cwd=tmp_path)
    assert "Missing 'Next' target: prod" in stage.stdout


# run


def test_run_prints_the_output_alone_on_stdout(write):
    result = run_cli("run", write("good.json", GOOD))
    assert result.returncode == 0
    assert json.loads(result.stdout) == {"said": "hello"}
    assert "Hello" in result.stderr and "succeeded" in result.stderr
    assert "\x1b" not in result.stderr
    assert run_cli("run", "--quiet", write("good.json", GOOD)).stderr == ""
    failing = run_cli("run", "--quiet", write("fails.json", single({"Type": "Fail", "Error": "Bad", "Cause": "luck"})))
    assert failing.stderr.startswith("failed in state S after") and "error: Bad\n  cause: luck\n" in failing.stderr


@pytest.mark.parametrize("how", ["text", "file", "stdin"])
def test_run_takes_its_input_from(how, write):
    path = write("echo.json", single({"Type": "Pass", "End": True}))
    given = '{"n": [1, 2]}'
    argument = {"text": given, "file": "@" + write("input.json", given), "stdin": "-"}[how]
    result = run_cli("run", path, "--input", argument, stdin=given)
    assert json.loads(result.stdout) == {"n": [1, 2]}


@pytest.mark.parametrize(
    ("definition", "code", "said"),
    [
        (single({"Type": "Fail", "Error": "Bad", "Cause": "luck"}), 1, "Bad"),
        ({"TimeoutSeconds": 1} | single({"Type": "Wait", "Seconds": 9, "End": True}), 3, "timed out"),
        (json.loads(BAD), 2, "MISSING_TRANSITION_TARGET"),
    ],
    ids=["failed", "timed out", "definition"],
)
def test_run_exits_by_the_outcome(write, definition, code, said):
    result = run_cli("run", write("machine.json", definition))
    assert result.returncode == code, result.stderr
    assert said in result.stderr and result.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [["--input", "{"], ["--wait-time-scale", "0"], ["--name", "a b"], ["--no-such-option"]],
    ids=" ".join,
)
def test_run_refuses_bad_arguments(write, arguments):
    result = run_cli("run", write("good.json", GOOD), *arguments)
    assert result.returncode == 2 and arguments[0] in result.stderr


def test_run_shortens_waits(write):
    path = write("long.json", single({"Type": "Wait", "Seconds": 3000, "End": True}))
    assert run_cli("run", path, "--wait-time-scale", "0.0001").returncode == 0


def test_run_shows_the_place_of_bad_json_and_not_all_of_it(write):
    result = run_cli("run", write("bad.json", '{\n  "StartAt": "A",\n  "States": oops\n}'))
    assert result.returncode == 2
    assert "bad.json:3:" in result.stderr and "[Source:" not in result.stderr
    assert result.stderr.count("StartAt") == 0 and '"States": oops' in result.stderr


FLAKY = """
const fs = require('fs');
exports.handler = async (event) => {
  console.log(`about to greet ${event.name}`);
  fs.appendFileSync(event.file, 'x');
  if (fs.readFileSync(event.file).length < 3) {
    const error = new Error('later'); error.name = 'Busy'; throw error;
  }
  return `Hello, ${event.name}!`;
};
"""


def test_run_shows_what_functions_write_and_when_they_are_tried_again(write, tmp_path):
    (tmp_path / "functions" / "greet").mkdir(parents=True)
    write("functions/greet/index.js", FLAKY)
    retry = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 3, "BackoffRate": 1}]
    greet = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:greet", "End": True}
    inner = {"StartAt": "Greet", "States": {"Greet": greet | {"Retry": retry}}}
    each = {"Type": "Map", "ItemProcessor": inner, "End": True}
    given = json.dumps([{"name": "Ada", "file": str(tmp_path / "count")}])
    path = write("greet.json", single(each))
    command = ["run", path, "--functions", str(tmp_path / "functions"), "--input", given, "--wait-time-scale", "0.01"]
    result = run_cli(*command)
    assert result.returncode == 0 and json.loads(result.stdout) == ["Hello, Ada!"], result.stderr
    lines = [line[14:] for line in result.stderr.splitlines()]
    told = [line for line in lines if "Greet" in line and "+" not in line and "failed" not in line and "Invoke Error" not in line]
    said = "  Greet | about to greet Ada"
    assert told == [
        "  [0] > Greet (Task)",
        said,
        "  [0] ~ Greet retry 1 of 3 in 0.01 s",
        said,
        "  [0] ~ Greet retry 2 of 3 in 0.01 s",
        said,
        '  [0] = Greet "Hello, Ada!"',
    ], result.stderr
    assert sum(line.startswith("  [0] ! Greet failed: Busy: ") for line in lines) == 2


def test_a_function_that_no_folder_holds_is_told_with_those_there_are(write, tmp_path):
    for name in ["greet", "charge"]:
        (tmp_path / "functions" / name).mkdir(parents=True)
        write(f"functions/{name}/index.js", "exports.handler = async () => 1;")
    arn = "arn:aws:lambda:us-east-1:123456789012:function:chagre"
    path = write("typo.json", single({"Type": "Task", "Resource": arn, "End": True}))
    result = run_cli("run", path, "--functions", str(tmp_path / "functions"))
    assert result.returncode == 1
    assert "Lambda.ResourceNotFoundException" in result.stderr and "are: charge, greet." in result.stderr
    nowhere = run_cli("run", path)
    assert nowhere.returncode == 1 and "No folder holds functions: name one with --functions." in nowhere.stderr


def test_run_says_how_a_task_token_is_answered(write, tmp_path):
    (tmp_path / "functions" / "ask").mkdir(parents=True)
    write("functions/ask/index.js", "exports.handler = async () => null;")
    wait = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "End": True}
    wait["Parameters"] = {"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token"}}
    path = write("callback.json", single(wait))
    command = [str(BINARY), "run", path, "--functions", str(tmp_path / "functions")]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment()
    )
    seen = []
    while not seen or "--task-token" not in seen[-1]:
        seen.append(process.stderr.readline())
        assert seen[-1], f"ended early: {seen}"
    begin = next(at for at, line in enumerate(seen) if "send-task-success" in line)
    # The command as it is printed, but for what it answers.
    answer = "".join(seen[begin:]).replace("'{}'", '\'{"by": "Ada"}\'')
    path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
    environment = clean_environment(PATH=path, AWS_CONFIG_FILE="/dev/null")
    subprocess.run(["bash", "-c", answer], check=True, capture_output=True, timeout=60, env=environment)
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, json.loads(stdout)) == (0, {"by": "Ada"}), stderr


def test_run_has_a_worker_ask_it_for_tasks(write):
    activity = "arn:aws:states:us-east-1:123456789012:activity:work"
    path = write("task.json", single({"Type": "Task", "Resource": activity, "End": True}))
    process = subprocess.Popen(
        [str(BINARY), "run", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment()
    )
    while f"waits for a worker of {activity} at " not in (line := process.stderr.readline()):
        assert line, "ended early"
    worker = boto3.client(
        "stepfunctions",
        endpoint_url=line.split(" at ")[1].split()[0],
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
    )
    task = worker.get_activity_task(activityArn=activity)
    worker.send_task_success(taskToken=task["taskToken"], output='"done"')
    assert process.communicate(timeout=30)[0] == '"done"\n'


def test_run_prints_the_history(write):
    result = run_cli("run", "--history", "--quiet", write("good.json", GOOD))
    events = json.loads(result.stdout)["events"]
    assert [event["type"] for event in events] == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    assert [event["id"] for event in events] == [1, 2, 3, 4]
    assert json.loads(events[2]["stateExitedEventDetails"]["output"]) == {"said": "hello"}


def test_run_knows_the_rules_of_express(write):
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": True}
    task["Parameters"] = {"QueueUrl": "u", "MessageBody.$": "$$.Task.Token"}
    path = write("callback.json", single(task))
    refused = run_cli("run", "--type", "EXPRESS", path)
    assert refused.returncode == 2 and "EXPRESS" in refused.stderr.upper()
    assert run_cli("run", "--type", "express", write("good.json", GOOD)).returncode == 0


def test_interrupting_a_run_aborts_it(write):
    path = write("forever.json", single({"Type": "Wait", "Seconds": 3600, "End": True}))
    process = subprocess.Popen(
        [str(BINARY), "run", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment()
    )
    seen = ""
    while "Wait" not in seen:
        line = process.stderr.readline()
        assert line, f"ended early: {seen}"
        seen += line
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout) == (4, "")
    assert "aborted" in stderr


# test

TESTED = """
definition: order.asl.yaml
type: EXPRESS
vars: {Queue: 'https://sqs.us-east-1.amazonaws.com/123456789012/orders'}
mocks:
  Send: {result: {MessageId: 6ba7b810-9dad-11d1-80b4-00c04fd430c8, MD5OfMessageBody: 0cc175b9c0f1b6a831c399e269772661}}
cases:
  - name: the order is sent
    input: {id: o-1}
    expect:
      sent: {Send: {QueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/orders', MessageBody: {order: o-1}}}
      sentContains: {Send: [{MessageBody: {order: o-1}}]}
"""
SENT = """
StartAt: Send
States:
  Send:
    Type: Task
    Resource: arn:aws:states:::sqs:sendMessage
    Parameters:
      QueueUrl: ${Queue}
      MessageBody: {order.$: $.id}
    End: true
"""


def test_test_finds_its_files_and_looks_at_what_is_sent(write, tmp_path):
    write("order.asl.yaml", SENT)
    write("order.test.yaml", TESTED)
    result = run_cli("test", cwd=tmp_path)
    assert result.returncode == 0 and "1 passed, 0 failed" in result.stdout, result.stdout
    write("order.test.yaml", TESTED.replace("MessageBody: {order: o-1}}}", "MessageBody: {order: o-2}}}"))
    result = run_cli("test", cwd=tmp_path)
    assert result.returncode == 1 and 'sent by "Send", invocation 1' in result.stdout
    assert '-     "order": "o-2"' in result.stdout and '+     "order": "o-1"' in result.stdout


def test_a_misspelt_parameter_and_a_result_that_cannot_be_fail_a_test(write, tmp_path):
    write("order.test.yaml", TESTED)
    write("order.asl.yaml", SENT.replace("MessageBody", "MessageBdy"))
    result = run_cli("test", cwd=tmp_path)
    assert result.returncode == 1 and 'The field "MessageBdy" is not supported by Step Functions' in result.stdout
    write("order.asl.yaml", SENT)
    write("order.test.yaml", TESTED.replace("MessageId: 6ba7b810-9dad-11d1-80b4-00c04fd430c8", "MessageId: [7]"))
    result = run_cli("test", cwd=tmp_path)
    assert result.returncode == 2 and "order.test.yaml:6:" in result.stdout
    assert "sqs:sendMessage does not answer so" in result.stdout


def test_test_knows_the_rules_of_express(write, tmp_path):
    write("order.asl.yaml", SENT.replace("sendMessage", "sendMessage.waitForTaskToken"))
    write("order.test.yaml", TESTED)
    result = run_cli("test", cwd=tmp_path)
    assert result.returncode == 2 and "express" in result.stdout.lower()
    write("order.asl.yaml", "StartAt: W\nStates:\n  W: {Type: Wait, Seconds: 301, End: true}\n")
    write("order.test.yaml", "definition: order.asl.yaml\ntype: EXPRESS\ncases: [{name: w, expect: {status: TIMED_OUT}}]\n")
    assert run_cli("test", cwd=tmp_path).returncode == 0


# The rest


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "elvish", "powershell"])
def test_completions_name_the_commands(shell):
    result = run_cli("completions", shell)
    assert result.returncode == 0
    assert "validate" in result.stdout and "serve" in result.stdout


def test_bash_accepts_its_completions():
    script = run_cli("completions", "bash").stdout
    assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0


def test_help_and_version_succeed_and_nonsense_does_not():
    assert "Examples:" in run_cli("--help").stdout
    for command in ["serve", "validate", "run", "completions"]:
        assert "Examples:" in run_cli(command, "--help").stdout
    version = run_cli("--version").stdout
    assert re.fullmatch(r"stepwright \d+\.\d+\.\d+\n", version)
    for arguments in [["run", "--version"], ["serve", "-version"], ["-version"], ["serve", "-v"]]:
        assert run_cli(*arguments).stdout == version, arguments


def test_help_breaks_lines_where_they_are_full():
    for command in ["serve", "validate", "run", "test", "doctor"]:
        lines = run_cli(command, "--help").stdout.splitlines()
        for line, after in zip(lines, lines[1:]):
            # The next word would have had no room.
            is_prose = len(line) > 0 and not line.startswith(" ") and len(after) > 0 and not after.startswith(" ")
            if is_prose and not line.endswith(":") and not line.startswith(("Usage", "Examples")):
                assert len(line) + 1 + len(after.split()[0]) > 100, (command, line, after)


def test_nonsense_does_not_pass_for_a_command():
    assert run_cli("conquer").returncode == 2
    assert run_cli().returncode == 2


# serve's configuration, as far as it shows from outside


def test_the_configuration_is_merged_and_shown(make_server, tmp_path):
    config = tmp_path / "stepwright.toml"
    config.write_text('region = "eu-west-1"\naccount = "000000000001"\n[limits]\npayload-bytes = 100\n')
    server = make_server("--config", str(config), environment={"STEPWRIGHT_ACCOUNT": "000000000002"}).start()
    arn = server.client().create_activity(name="a")["activityArn"]
    assert arn == "arn:aws:states:eu-west-1:000000000002:activity:a"
    code = server.stop()
    assert code == 0
    assert "--endpoint-url" in server.announcement and str(tmp_path / "data") in server.announcement


def test_step_functions_locals_spellings_work(make_server):
    server = make_server(
        "-account", "000000000003", "-waitTimeScale", "0.5", "-lambdaEndpoint", "http://127.0.0.1:1",
        environment={"AWS_DEFAULT_REGION": "eu-north-1"},
    ).start()  # fmt: skip
    sfn = server.client()
    arn = sfn.create_activity(name="a")["activityArn"]
    assert arn == "arn:aws:states:eu-north-1:000000000003:activity:a"
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}}
    definition = json.dumps({"StartAt": "T", "States": {"T": {**task, "End": True}}})
    role = "arn:aws:iam::000000000003:role/r"
    arn = sfn.create_state_machine(name="m", definition=definition, roleArn=role)["stateMachineArn"]
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]

    def ended():
        description = sfn.describe_execution(executionArn=execution)
        return None if description["status"] == "RUNNING" else description

    failed = wait_until(ended, "the execution's end")
    assert failed["error"] == "Lambda.SdkClientException"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--port", "http"], "--port"), (["--account", "12"], "12 digits"), (["--config", "/none"], "/none")],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_bad_configuration_is_one_clear_line(arguments, said):
    result = run_cli("serve", "--in-memory", *arguments)
    assert result.returncode == 2
    assert said in result.stderr and result.stderr.count("\n") == 1
