"""Tasks against real services: every optimized integration and pattern that the counterpart knows, and `aws-sdk`
integrations over every protocol. All that is set is AWS_ENDPOINT_URL.

What moto 5.2 does not answer, and what recorded exchanges in the tests of the crate `integrations` stand in for:

- API Gateway `invoke` and EKS `call` and `runJob`: it serves no such endpoint
- CodeBuild but for `startBuild` and `stopBuild`: build batches, reports, deletion
- DataBrew `startJobRun`, MediaConvert `createJob`
- EMR `cancelStep` and `modifyInstanceFleetByName`; `addStep.sync`: its steps run for ever
- `.sync` of EMR on EKS `startJobRun` and Bedrock `createModelCustomizationJob` to the end: its jobs run for ever, so
  only giving one up is tested here
- Batch: a job that fails or runs for a while; Lambda: a function that fails or is missing (its functions, without
  Docker, always succeed)
- Glue: stopping a run; SageMaker `createLabelingJob`, `updateEndpoint` and stopping its jobs
- containers that fail: its ECS tasks all end well
"""

import hashlib
import json

import pytest

from harness import history
from services import (
    APPLICATION,
    BATCH_JOB,
    CUSTOMIZATION,
    EMR_CLUSTER,
    IMAGE,
    KEY,
    PROCESSING,
    ROLE,
    SELECT,
    STEP,
    TEXT,
    TRAINING,
    TRANSFORM,
    TUNING,
    VARIANT,
    VIRTUAL,
    Case,
    application,
    batch_queue,
    bucket,
    build,
    check_history,
    cluster,
    details,
    differences,
    eks_cluster,
    eks_nodes,
    eks_profile,
    emr_application,
    emr_cluster,
    emr_job,
    endpoint_config,
    fargate_profile,
    glue_job,
    job_run,
    kubernetes,
    model,
    named,
    nodegroup,
    project,
    query,
    queue,
    start,
    subnet,
    succeeded,
    table,
    task,
    topic,
    virtual_cluster,
    virtual_job,
)

ANSWERED = [
    Case("athena:startQueryExecution", SELECT, {"QueryExecutionId": TEXT}),
    Case("athena:stopQueryExecution", lambda made: {"QueryExecutionId": made}, {}, query),
    Case(
        "athena:getQueryExecution",
        lambda made: {"QueryExecutionId": made},
        {"QueryExecution": {"Query": "select 1", "Status": {"State": "SUCCEEDED"}}},
        query,
    ),
    Case("athena:getQueryResults", lambda made: {"QueryExecutionId": made}, {"ResultSet": {"Rows": []}}, query),
    Case("batch:submitJob", BATCH_JOB, {"JobId": TEXT, "JobName": "job"}, batch_queue),
    Case("bedrock:createModelCustomizationJob", CUSTOMIZATION, {"JobArn": TEXT}, bucket),
    Case("codebuild:startBuild", {"ProjectName": "project"}, {"Build": {"Id": TEXT}}, project),
    Case("codebuild:stopBuild", lambda made: {"Id": made}, {"Build": {"BuildStatus": "STOPPED"}}, build),
    Case("dynamodb:getItem", KEY, {"Item": {"Id": {"S": "one"}, "Total": {"N": "7"}}}, table),
    Case("dynamodb:putItem", {"TableName": "orders", "Item": {"Id": {"S": "two"}}}, {}, table),
    Case(
        "dynamodb:updateItem",
        {
            **KEY,
            "UpdateExpression": "SET Paid = :t",
            "ExpressionAttributeValues": {":t": {"N": "8"}},
            "ReturnValues": "ALL_NEW",
        },
        {"Attributes": {"Paid": {"N": "8"}}},
        table,
    ),
    Case("dynamodb:deleteItem", {**KEY, "ReturnValues": "ALL_OLD"}, {"Attributes": {"Total": {"N": "7"}}}, table),
    Case(
        "ecs:runTask",
        lambda made: made,
        {"Failures": [], "Tasks": [{"TaskArn": TEXT, "LaunchType": "FARGATE"}]},
        cluster,
    ),
    Case("eks:createCluster", eks_cluster, {"Cluster": {"Name": "kubernetes"}}, subnet),
    Case("eks:createNodegroup", eks_nodes, {"Nodegroup": {"NodegroupName": "nodes"}}, kubernetes),
    Case("eks:createFargateProfile", eks_profile, {"FargateProfile": {"FargateProfileName": "f"}}, kubernetes),
    Case("eks:deleteCluster", {"Name": "kubernetes"}, {"Cluster": {"Name": "kubernetes"}}, kubernetes),
    Case("elasticmapreduce:createCluster", EMR_CLUSTER, {"ClusterId": TEXT, "ClusterArn": TEXT}),
    Case("elasticmapreduce:addStep", lambda made: {"ClusterId": made, "Step": STEP}, {"StepId": TEXT}, emr_cluster),
    Case(
        "elasticmapreduce:setClusterTerminationProtection",
        lambda made: {"ClusterId": made, "TerminationProtected": True},
        {},
        emr_cluster,
    ),
    Case("elasticmapreduce:terminateCluster", lambda made: {"ClusterId": made}, {}, emr_cluster),
    Case(
        "elasticmapreduce:modifyInstanceGroupByName",
        lambda made: {"ClusterId": made, "InstanceGroupName": "main", "InstanceGroup": {"InstanceCount": 2}},
        {},
        emr_cluster,
    ),
    Case("emr-containers:createVirtualCluster", VIRTUAL, {"Id": TEXT, "Name": "v"}, kubernetes),
    Case("emr-containers:deleteVirtualCluster", lambda made: {"Id": made}, {"Id": TEXT}, virtual_cluster),
    Case("emr-containers:startJobRun", virtual_job, {"Id": TEXT, "Name": "job"}, virtual_cluster),
    Case("emr-serverless:createApplication", APPLICATION, {"ApplicationId": TEXT, "Name": "a"}),
    Case("emr-serverless:startApplication", emr_application, {}, application),
    Case("emr-serverless:stopApplication", emr_application, {}, application),
    Case("emr-serverless:startJobRun", emr_job, {"JobRunId": TEXT}, application),
    Case("emr-serverless:cancelJobRun", lambda made: made, {"JobRunId": TEXT}, job_run),
    Case(
        "events:putEvents",
        {"Entries": [{"Source": "orders", "DetailType": "made", "Detail": {"n": 1}}]},
        {"FailedEntryCount": 0},
    ),
    Case("glue:startJobRun", lambda made: {"JobName": made}, {"JobName": "job", "JobRunId": TEXT}, glue_job),
    Case(
        "sagemaker:createModel",
        {"ModelName": "model", "PrimaryContainer": {"Image": IMAGE}, "ExecutionRoleArn": ROLE},
        {"ModelArn": TEXT},
    ),
    Case(
        "sagemaker:createEndpointConfig",
        {"EndpointConfigName": "config", "ProductionVariants": [VARIANT]},
        {"EndpointConfigArn": TEXT},
        model,
    ),
    Case(
        "sagemaker:createEndpoint",
        {"EndpointName": "endpoint", "EndpointConfigName": "config"},
        {"EndpointArn": TEXT},
        endpoint_config,
    ),
    Case("sagemaker:createTrainingJob", {**TRAINING, "TrainingJobName": "training"}, {"TrainingJobArn": TEXT}),
    Case("sagemaker:createTransformJob", TRANSFORM, {"TransformJobArn": TEXT}, model),
    Case("sagemaker:createProcessingJob", PROCESSING, {"ProcessingJobArn": TEXT}),
    Case("sagemaker:createHyperParameterTuningJob", TUNING, {"HyperParameterTuningJobArn": TEXT}),
    Case("sns:publish", lambda made: {"TopicArn": made, "Message": {"n": 1}}, {"MessageId": TEXT}, topic),
    Case(
        "sqs:sendMessage",
        lambda made: {"QueueUrl": made, "MessageBody": {"n": 1}},
        {"MessageId": TEXT, "MD5OfMessageBody": hashlib.md5(b'{"n":1}').hexdigest()},
        queue,
    ),
]

# The result of `.sync`: the job, or the answer to the request that describes it.
FINISHED = [
    Case(
        "athena:startQueryExecution.sync",
        SELECT,
        {"QueryExecution": {"Query": "select 1", "Status": {"State": "SUCCEEDED"}}},
    ),
    Case("batch:submitJob.sync", BATCH_JOB, {"JobName": "job", "Status": "SUCCEEDED", "JobQueue": TEXT}, batch_queue),
    Case("codebuild:startBuild.sync", {"ProjectName": "project"}, {"Build": {"BuildStatus": "SUCCEEDED"}}, project),
    Case("eks:createCluster.sync", eks_cluster, {"Cluster": {"Status": "ACTIVE"}}, subnet),
    Case("eks:createNodegroup.sync", eks_nodes, {"Nodegroup": {"Status": "ACTIVE"}}, kubernetes),
    Case("eks:createFargateProfile.sync", eks_profile, {"FargateProfile": {"Status": "ACTIVE"}}, kubernetes),
    Case("eks:deleteCluster.sync", {"Name": "kubernetes"}, {"Cluster": {"Name": "kubernetes"}}, kubernetes),
    Case(
        "eks:deleteNodegroup.sync",
        {"ClusterName": "kubernetes", "NodegroupName": "nodes"},
        {"Nodegroup": {}},
        nodegroup,
    ),
    Case(
        "eks:deleteFargateProfile.sync",
        {"ClusterName": "kubernetes", "FargateProfileName": "f"},
        {"FargateProfile": {}},
        fargate_profile,
    ),
    Case(
        "elasticmapreduce:createCluster.sync",
        EMR_CLUSTER,
        {"ClusterId": TEXT, "Cluster": {"Status": {"State": "WAITING"}}},
    ),
    Case(
        "elasticmapreduce:terminateCluster.sync",
        lambda made: {"ClusterId": made},
        {"Cluster": {"Status": {"State": "TERMINATED"}}},
        emr_cluster,
    ),
    Case("emr-containers:deleteVirtualCluster.sync", lambda made: {"Id": made}, {}, virtual_cluster),
    Case("emr-serverless:createApplication.sync", APPLICATION, {"State": "STARTED", "Name": "a"}),
    Case("emr-serverless:startApplication.sync", emr_application, {"State": "STARTED"}, application),
    Case("emr-serverless:stopApplication.sync", emr_application, {"State": "STOPPED"}, application),
    Case("emr-serverless:startJobRun.sync", emr_job, {"State": "SUCCESS"}, application),
    Case("emr-serverless:cancelJobRun.sync", lambda made: made, {"State": "CANCELLED"}, job_run),
    Case("ecs:runTask.sync", lambda made: made, {"LastStatus": "STOPPED", "TaskArn": TEXT}, cluster),
    Case(
        "glue:startJobRun.sync",
        lambda made: {"JobName": made},
        {"JobName": "job", "JobRunState": "SUCCEEDED"},
        glue_job,
    ),
    Case(
        "sagemaker:createTrainingJob.sync",
        {**TRAINING, "TrainingJobName": "training"},
        {"TrainingJobStatus": "Completed"},
    ),
    Case("sagemaker:createTransformJob.sync", TRANSFORM, {"TransformJobStatus": "Completed"}, model),
    Case("sagemaker:createProcessingJob.sync", PROCESSING, {"ProcessingJobStatus": "Completed"}),
    Case("sagemaker:createHyperParameterTuningJob.sync", TUNING, {"HyperParameterTuningJobStatus": "Completed"}),
]


@pytest.mark.parametrize("case", ANSWERED, ids=named)
def test_a_task_gives_the_services_answer(engine, counterpart, case):
    execution = start(engine, task(case.resource, case.given(counterpart)))
    output = succeeded(engine, execution)
    assert differences(case.result, output) == []
    assert output["SdkHttpMetadata"]["HttpStatusCode"] in (200, 201)
    assert output["SdkHttpMetadata"]["AllHttpHeaders"] and output["SdkHttpMetadata"]["HttpHeaders"]
    assert "RequestId" in output["SdkResponseMetadata"]
    check_history(history(engine, execution), case.resource, "TaskScheduled", "TaskStarted", "TaskSucceeded")


@pytest.mark.parametrize("case", FINISHED, ids=named)
def test_a_task_waits_for_its_job(engine, counterpart, case):
    execution = start(engine, task(case.resource, case.given(counterpart)))
    output = succeeded(engine, execution)
    assert differences(case.result, output) == []
    assert "SdkHttpMetadata" not in output
    events = history(engine, execution)
    check_history(events, case.resource, "TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded")
    submitted = json.loads(details(events, "TaskSubmitted")[0]["output"])
    assert submitted["SdkHttpMetadata"]["HttpStatusCode"] in (200, 201)
