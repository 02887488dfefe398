"""What the tests of services share: resources of the counterpart, tasks that use them, and what must come of these."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from counterpart import ACCOUNT, REGION
from harness import ended, machine, single

ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/image:1"
S3_INPUT = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in"}}
NUMBERS = count()


class Anything:
    """Equal to whatever is there."""

    def __init__(self, kind: type = object):
        self.kind = kind

    def __eq__(self, other) -> bool:
        return isinstance(other, self.kind)

    def __repr__(self) -> str:
        return f"any {self.kind.__name__}"


TEXT = Anything(str)


def differences(expected, actual, at: str = "$") -> list[str]:
    """Where a value lacks what is expected; it may have more members."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        lost = [f"{at}.{name} is missing" for name in expected if name not in actual]
        kept = [name for name in expected if name in actual]
        return lost + [one for name in kept for one in differences(expected[name], actual[name], f"{at}.{name}")]
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [
            one for i, pair in enumerate(zip(expected, actual, strict=True)) for one in differences(*pair, f"{at}[{i}]")
        ]
    return [] if expected == actual else [f"{at}: expected {expected!r}, found {actual!r}"]


def start(engine, state: dict, name: str = "m") -> str:
    """Starts an execution of a machine with that one state."""
    arn = machine(engine, f"{name}-{next(NUMBERS)}", single({**state, "End": True}))
    return engine.start_execution(stateMachineArn=arn, input='{"who":"Ada"}')["executionArn"]


def task(resource: str, parameters: dict, **more) -> dict:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, **more}


def details(events: list[dict], kind: str) -> list[dict]:
    """The details of all events of a type."""
    return [event[kind[0].lower() + kind[1:] + "EventDetails"] for event in events if event["type"] == kind]


def check_history(events: list[dict], resource: str, *kinds: str) -> None:
    """The task went through those events, and each names the resource as AWS does."""
    service, _, action = resource.removesuffix(":2").rpartition(":")
    action += ":2" if resource.endswith(":2") else ""
    found = [event for event in events if event["type"].startswith("Task") and "State" not in event["type"]]
    assert [event["type"] for event in found] == list(kinds)
    for event in found:
        detail = event[event["type"][0].lower() + event["type"][1:] + "EventDetails"]
        assert (detail["resourceType"], detail["resource"]) == (service, action)
    scheduled = details(found, "TaskScheduled")[0]
    assert scheduled["region"] == REGION


def succeeded(engine, execution: str):
    """The output of an execution that must end well."""
    description = ended(engine, execution)
    assert description["status"] == "SUCCEEDED", (description.get("error"), description.get("cause"))
    return json.loads(description["output"])


@dataclass
class Case:
    """A call that goes well: its parameters, a dictionary or made of what `prepare` gives, and its result."""

    resource: str
    parameters: dict | Callable[[Any], dict]
    result: dict = field(default_factory=dict)
    prepare: Callable[[Any], Any] = lambda aws: None

    def given(self, aws) -> dict:
        made = self.prepare(aws)
        return self.parameters(made) if callable(self.parameters) else self.parameters


def named(case: Case) -> str:
    return case.resource


# What is there before a task calls: each makes a resource and gives what the task's parameters need.


def queue(aws) -> str:
    return aws.client("sqs").create_queue(QueueName="queue")["QueueUrl"]


def topic(aws) -> str:
    """A topic whose messages arrive in a queue."""
    arn = aws.client("sns").create_topic(Name="topic")["TopicArn"]
    queue(aws)
    aws.client("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue")
    return arn


def table(aws) -> str:
    aws.client("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    aws.client("dynamodb").put_item(TableName="orders", Item={"Id": {"S": "one"}, "Total": {"N": "7"}})
    return "orders"


def rule(aws) -> None:
    """A rule that puts every event of a source into a queue."""
    queue(aws)
    aws.client("events").put_rule(Name="rule", EventPattern='{"source":["orders"]}')
    target = {"Id": "queue", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue"}
    aws.client("events").put_targets(Rule="rule", Targets=[target])


def bucket(aws) -> str:
    aws.client("s3").create_bucket(Bucket="bucket")
    aws.client("s3").put_object(Bucket="bucket", Key="in", Body=b'{"n": 1}', ContentType="application/json")
    return "bucket"


def role(aws) -> str:
    trust = '{"Version":"2012-10-17","Statement":[]}'
    return aws.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument=trust)["Role"]["Arn"]


def subnet(aws) -> str:
    return aws.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]


def batch_queue(aws) -> None:
    batch = aws.client("batch")
    environment = batch.create_compute_environment(
        computeEnvironmentName="environment", type="UNMANAGED", state="ENABLED", serviceRole=role(aws)
    )["computeEnvironmentArn"]
    order = [{"order": 1, "computeEnvironment": environment}]
    batch.create_job_queue(jobQueueName="jobs", state="ENABLED", priority=1, computeEnvironmentOrder=order)
    container = {"image": "busybox", "vcpus": 1, "memory": 128, "command": ["true"]}
    batch.register_job_definition(jobDefinitionName="job", type="container", containerProperties=container)


def cluster(aws) -> dict:
    """An ECS cluster and a task definition for Fargate; gives the parameters of a task."""
    ecs = aws.client("ecs")
    ecs.create_cluster(clusterName="cluster")
    ecs.register_task_definition(
        family="family",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "main", "image": IMAGE, "cpu": 256, "memory": 512}],
    )
    groups = [aws.client("ec2").describe_security_groups()["SecurityGroups"][0]["GroupId"]]
    return {
        "Cluster": "cluster",
        "TaskDefinition": "family",
        "LaunchType": "FARGATE",
        "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": [subnet(aws)], "SecurityGroups": groups}},
    }


def project(aws) -> str:
    aws.client("codebuild").create_project(
        name="project",
        source={"type": "S3", "location": "bucket/source"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": IMAGE, "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole=role(aws),
    )
    return "project"


def build(aws) -> str:
    return aws.client("codebuild").start_build(projectName=project(aws))["build"]["id"]


def glue_job(aws) -> str:
    command = {"Name": "glueetl", "ScriptLocation": "s3://bucket/script"}
    return aws.client("glue").create_job(Name="job", Role=ROLE, Command=command)["Name"]


def query(aws) -> str:
    started = aws.client("athena").start_query_execution(
        QueryString="select 1", ResultConfiguration={"OutputLocation": "s3://bucket/out/"}
    )
    return started["QueryExecutionId"]


def kubernetes(aws) -> str:
    """An EKS cluster; gives a subnet."""
    where = subnet(aws)
    aws.client("eks").create_cluster(name="kubernetes", roleArn=ROLE, resourcesVpcConfig={"subnetIds": [where]})
    return where


def nodegroup(aws) -> None:
    subnets = [kubernetes(aws)]
    aws.client("eks").create_nodegroup(clusterName="kubernetes", nodegroupName="nodes", subnets=subnets, nodeRole=ROLE)


def fargate_profile(aws) -> None:
    kubernetes(aws)
    aws.client("eks").create_fargate_profile(
        clusterName="kubernetes", fargateProfileName="f", podExecutionRoleArn=ROLE, selectors=[{"namespace": "n"}]
    )


def emr_cluster(aws) -> str:
    group = {"Name": "main", "InstanceRole": "MASTER", "InstanceType": "m5.large", "InstanceCount": 1}
    instances = {"InstanceGroups": [group], "KeepJobFlowAliveWhenNoSteps": True}
    started = aws.client("emr").run_job_flow(Name="c", Instances=instances, JobFlowRole="r", ServiceRole="r")
    return started["JobFlowId"]


def virtual_cluster(aws) -> str:
    kubernetes(aws)
    provider = {"type": "EKS", "id": "kubernetes", "info": {"eksInfo": {"namespace": "n"}}}
    return aws.client("emr-containers").create_virtual_cluster(name="v", containerProvider=provider)["id"]


def application(aws) -> str:
    made = aws.client("emr-serverless").create_application(name="a", releaseLabel="emr-6.6.0", type="SPARK")
    return made["applicationId"]


def job_run(aws) -> dict:
    made = application(aws)
    driver = {"sparkSubmit": {"entryPoint": "s3://bucket/job"}}
    run = aws.client("emr-serverless").start_job_run(applicationId=made, executionRoleArn=ROLE, jobDriver=driver)
    return {"ApplicationId": made, "JobRunId": run["jobRunId"]}


def model(aws) -> str:
    container = {"Image": IMAGE, "ModelDataUrl": "s3://bucket/model"}
    aws.client("sagemaker").create_model(ModelName="model", PrimaryContainer=container, ExecutionRoleArn=ROLE)
    return "model"


def function(aws) -> str:
    """A function of the counterpart's: it gives its input back."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as files:
        files.writestr("index.py", "")
    made = aws.client("lambda").create_function(
        FunctionName="echo",
        Runtime="python3.12",
        Role=role(aws),
        Handler="index.h",
        Code={"ZipFile": package.getvalue()},
    )
    return made["FunctionArn"]


VARIANT = {"VariantName": "v", "ModelName": "model", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}


def endpoint_config(aws) -> str:
    model(aws)
    aws.client("sagemaker").create_endpoint_config(EndpointConfigName="config", ProductionVariants=[VARIANT])
    return "config"


TRAINING = {
    "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
    "RoleArn": ROLE,
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}
TRANSFORM = {
    "TransformJobName": "transform",
    "ModelName": "model",
    "TransformInput": {"DataSource": S3_INPUT},
    "TransformOutput": {"S3OutputPath": "s3://bucket/out"},
    "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
}
PROCESSING = {
    "ProcessingJobName": "processing",
    "AppSpecification": {"ImageUri": IMAGE},
    "RoleArn": ROLE,
    "ProcessingResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}},
}
TUNING = {
    "HyperParameterTuningJobName": "tuning",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Random",
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1},
    },
    "TrainingJobDefinition": TRAINING,
}
SPARK = {"SparkSubmitJobDriver": {"EntryPoint": "s3://bucket/job"}}
EMR_GROUP = {"Name": "main", "InstanceRole": "MASTER", "InstanceType": "m5.large", "InstanceCount": 1}
EMR_CLUSTER = {
    "Name": "c",
    "Instances": {"InstanceGroups": [EMR_GROUP], "KeepJobFlowAliveWhenNoSteps": True},
    "JobFlowRole": "r",
    "ServiceRole": "r",
}
CUSTOMIZATION = {
    "JobName": "customization",
    "CustomModelName": "custom",
    "RoleArn": ROLE,
    "BaseModelIdentifier": "anthropic.claude-v2",
    "TrainingDataConfig": {"S3Uri": "s3://bucket/in"},
    "OutputDataConfig": {"S3Uri": "s3://bucket/out"},
    "HyperParameters": {"epochs": "1"},
}


def eks_cluster(where: str) -> dict:
    return {"Name": "kubernetes", "RoleArn": ROLE, "ResourcesVpcConfig": {"SubnetIds": [where]}}


def eks_nodes(where: str) -> dict:
    return {"ClusterName": "kubernetes", "NodegroupName": "nodes", "Subnets": [where], "NodeRole": ROLE}


def eks_profile(where: str) -> dict:
    return {
        "ClusterName": "kubernetes",
        "FargateProfileName": "f",
        "PodExecutionRoleArn": ROLE,
        "Selectors": [{"Namespace": "n"}],
        "Subnets": [where],
    }


def emr_application(made: str) -> dict:
    return {"ApplicationId": made}


def emr_job(made: str) -> dict:
    return {
        "ApplicationId": made,
        "ExecutionRoleArn": ROLE,
        "JobDriver": {"SparkSubmit": {"EntryPoint": "s3://bucket/job"}},
    }


def virtual_job(made: str) -> dict:
    return {
        "VirtualClusterId": made,
        "Name": "job",
        "ExecutionRoleArn": ROLE,
        "ReleaseLabel": "emr-6.3.0-latest",
        "JobDriver": SPARK,
    }


BATCH_JOB = {"JobName": "job", "JobQueue": "jobs", "JobDefinition": "job"}
SELECT = {"QueryString": "select 1", "ResultConfiguration": {"OutputLocation": "s3://bucket/out/"}}
VIRTUAL = {
    "Name": "v",
    "ContainerProvider": {"Type": "EKS", "Id": "kubernetes", "Info": {"EksInfo": {"Namespace": "n"}}},
}
APPLICATION = {"Name": "a", "ReleaseLabel": "emr-6.6.0", "Type": "SPARK"}
KEY = {"TableName": "orders", "Key": {"Id": {"S": "one"}}}
STEP = {"Name": "s", "HadoopJarStep": {"Jar": "s3://bucket/jar"}}
