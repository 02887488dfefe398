"""The command line: what it prints where, and its exit codes."""

import contextlib
import json
import os
import signal
import subprocess

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


# run


def test_run_prints_the_output_alone_on_stdout(write):
    result = run_cli("run", write("good.json", GOOD))
    assert result.returncode == 0
    assert json.loads(result.stdout) == {"said": "hello"}
    assert "Hello" in result.stderr and "succeeded" in result.stderr
    assert "\x1b" not in result.stderr
    assert run_cli("run", "--quiet", write("good.json", GOOD)).stderr == ""


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


def test_run_says_that_it_has_no_workers(write):
    activity = "arn:aws:states:us-east-1:123456789012:activity:work"
    result = run_cli("run", write("task.json", single({"Type": "Task", "Resource": activity, "End": True})))
    assert result.returncode == 1
    assert "stepwright serve" in result.stderr


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
    assert run_cli("--version").stdout.startswith("stepwright ")
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
