#!/usr/bin/env python3
"""Writes results.txt: what the API calls of service integrations answer, from botocore's service models.

    python3 make_results.py > results.txt

`results.txt` says what its lines mean.
"""
import gzip
import json
from pathlib import Path

import botocore

# Optimized integration -> (botocore's service, {action: operation}). An operation may be followed by the path of the
# part of its answer that is the task's result, as with jobs that are polled: `.sync` names the call that is polled.
OPTIMIZED = {
    "athena": ("athena", {
        "startQueryExecution": "StartQueryExecution", "startQueryExecution.sync": "GetQueryExecution",
        "stopQueryExecution": "StopQueryExecution", "getQueryExecution": "GetQueryExecution",
        "getQueryResults": "GetQueryResults",
    }),
    "batch": ("batch", {"submitJob": "SubmitJob", "submitJob.sync": "DescribeJobs/jobs"}),
    "bedrock": ("bedrock", {
        "createModelCustomizationJob": "CreateModelCustomizationJob",
        "createModelCustomizationJob.sync": "GetModelCustomizationJob",
    }),
    "codebuild": ("codebuild", {
        "startBuild": "StartBuild", "startBuildBatch": "StartBuildBatch", "retryBuildBatch": "RetryBuildBatch",
        "stopBuild": "StopBuild", "batchDeleteBuilds": "BatchDeleteBuilds", "batchGetReports": "BatchGetReports",
        "stopBuildBatch": "StopBuildBatch", "deleteBuildBatch": "DeleteBuildBatch",
    }),
    "databrew": ("databrew", {"startJobRun": "StartJobRun", "startJobRun.sync": "DescribeJobRun"}),
    "dynamodb": ("dynamodb", {
        "getItem": "GetItem", "putItem": "PutItem", "updateItem": "UpdateItem", "deleteItem": "DeleteItem",
    }),
    "ecs": ("ecs", {"runTask": "RunTask", "runTask.sync": "DescribeTasks/tasks"}),
    "eks": ("eks", {
        name + suffix: operation
        for name, polled in {
            "createCluster": "DescribeCluster", "deleteCluster": "DescribeCluster",
            "createFargateProfile": "DescribeFargateProfile", "deleteFargateProfile": "DescribeFargateProfile",
            "createNodegroup": "DescribeNodegroup", "deleteNodegroup": "DescribeNodegroup",
        }.items()
        for suffix, operation in (("", name[0].upper() + name[1:]), (".sync", polled))
    }),
    "emr-containers": ("emr-containers", {
        "createVirtualCluster": "CreateVirtualCluster", "deleteVirtualCluster": "DeleteVirtualCluster",
        "startJobRun": "StartJobRun", "startJobRun.sync": "DescribeJobRun/jobRun",
    }),
    "emr-serverless": ("emr-serverless", {
        "createApplication": "CreateApplication", "startApplication": "StartApplication",
        "stopApplication": "StopApplication", "deleteApplication": "DeleteApplication",
        "startJobRun": "StartJobRun", "cancelJobRun": "CancelJobRun",
    }),
    "events": ("events", {"putEvents": "PutEvents"}),
    "glue": ("glue", {"startJobRun": "StartJobRun", "startJobRun.sync": "GetJobRun/JobRun"}),
    "lambda": ("lambda", {"invoke": "Invoke"}),
    "sagemaker": ("sagemaker", {
        **{"create" + n: "Create" + n for n in (
            "HyperParameterTuningJob", "LabelingJob", "ProcessingJob", "TrainingJob", "TransformJob", "Endpoint",
            "EndpointConfig", "Model")},
        "updateEndpoint": "UpdateEndpoint",
        **{f"create{n}.sync": "Describe" + n for n in (
            "HyperParameterTuningJob", "LabelingJob", "ProcessingJob", "TrainingJob", "TransformJob")},
    }),
    "sns": ("sns", {"publish": "Publish"}),
    "sqs": ("sqs", {"sendMessage": "SendMessage"}),
    "states": ("stepfunctions", {
        "startExecution": "StartExecution", "startExecution.sync": "DescribeExecution",
        "startExecution.sync:2": "DescribeExecution",
    }),
}
# Members whose JSON text or bytes an optimized integration has already turned into JSON.
PARSED = {("lambda", "invoke"): ["Payload"], ("states", "startExecution.sync:2"): ["Input", "Output"]}
# Services as `aws-sdk:<name>` calls them, with botocore's name: those most called this way.
SDK = {
    "dynamodb": "dynamodb", "eventbridge": "events", "kms": "kms", "lambda": "lambda", "s3": "s3",
    "secretsmanager": "secretsmanager", "sfn": "stepfunctions", "sns": "sns", "sqs": "sqs", "sts": "sts",
}

HEADER = """\
# What the API calls of service integrations answer, for the checks of mocked results.
# Made by make_results.py from the service models of botocore {version} (Apache License 2.0). Not edited by hand.
#
# [service]                          what follows belongs to it
# >action type                       an action's result
# (name member:type !member:type     a structure; ! marks required members
# =name word|word                    the words a string may be
# A type is [type, a list; {{type, a map; $ or $min,max, a string with the bounds of its length; # or #min,max, a
# number with its bounds; ? a truth value; @ a time; * anything; or a name.
"""


def load(service):
    folder = Path(botocore.__file__).parent / "data" / service
    newest = sorted(p for p in folder.iterdir() if p.is_dir())[-1]
    return json.loads(gzip.open(newest / "service-2.json.gz").read())


class Section:
    def __init__(self, model, name):
        self.shapes, self.operations, self.name = model["shapes"], model["operations"], name
        self.lines, self.written = {}, set()

    def action(self, action, operation):
        operation, _, part = operation.partition("/")
        output = self.operations[operation].get("output", {}).get("shape")
        if output is None:
            return self.lines.setdefault(f">{action} *", None)
        if part:
            output = self.shapes[output]["members"][part]["shape"]
            if self.shapes[output]["type"] == "list":
                output = self.shapes[output]["member"]["shape"]
        parsed = PARSED.get((self.name, action))
        if not parsed:
            return self.lines.setdefault(f">{action} {self.type(output)}", None)
        name = f"{output}.{action}"
        self.structure(name, self.shapes[output], parsed)
        return self.lines.setdefault(f">{action} {name}", None)

    def type(self, name):
        shape = self.shapes[name]
        kind = shape["type"]
        if shape.get("document"):
            return "*"
        if kind == "list":
            return "[" + self.type(shape["member"]["shape"])
        if kind == "map":
            return "{" + self.type(shape["value"]["shape"])
        if kind == "boolean":
            return "?"
        if kind == "timestamp":
            return "@"
        if kind in ("integer", "long", "float", "double"):
            return "#" + bounds(shape)
        if kind in ("string", "blob"):
            if "enum" not in shape:
                return "$" + bounds(shape)
            assert not any("|" in word for word in shape["enum"])
            self.lines[f"={name} {'|'.join(shape['enum'])}"] = None
            return name
        assert kind == "structure", kind
        if not shape["members"]:
            return "*"
        if name not in self.written:
            self.written.add(name)
            self.structure(name, shape, ())
        return name

    def structure(self, name, shape, parsed):
        members = []
        for member, of in shape["members"].items():
            shown = member[0].upper() + member[1:]
            mark = "!" if member in shape.get("required", ()) else ""
            members.append(f"{mark}{shown}:{'*' if shown in parsed else self.type(of['shape'])}")
        self.lines[f"({name} {' '.join(members)}"] = None


def bounds(shape):
    low, high = shape.get("min"), shape.get("max")
    return "" if low is None and high is None else f"{'' if low is None else low},{'' if high is None else high}"


def main():
    print(HEADER.format(version=botocore.__version__), end="")
    for name, (service, actions) in OPTIMIZED.items():
        section = Section(load(service), name)
        for action, operation in actions.items():
            section.action(action, operation)
        print(f"[{name}]", *section.lines, sep="\n")
    for name, service in SDK.items():
        model = load(service)
        section = Section(model, "aws-sdk:" + name)
        for operation in model["operations"]:
            section.action(operation[0].lower() + operation[1:], operation)
        print(f"[aws-sdk:{name}]", *section.lines, sep="\n")


main()
