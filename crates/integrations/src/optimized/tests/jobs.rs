//! Jobs: how they are looked at, what their end is, and how they are given up.

use super::{Step, compare, integrations, play, polled, refused, step, task, value};

/// A task, its service's answer, a look at its job, and what that says.
struct Look {
    service: &'static str,
    resource: &'static str,
    parameters: &'static str,
    submitted: &'static str,
    steps: &'static [Step],
    told: &'static str,
}

const ECS: Look = Look {
    service: "ecs",
    resource: "runTask.sync",
    parameters: r#"{"Cluster":"c","TaskDefinition":"t"}"#,
    submitted: r#"{"Tasks":[{"TaskArn":"a"}],"Failures":[]}"#,
    steps: &[],
    told: "",
};
const STATES: Look = Look {
    service: "states",
    resource: "startExecution.sync",
    parameters: "{}",
    submitted: r#"{"ExecutionArn":"e"}"#,
    steps: &[],
    told: "",
};
const GLUE: Look = Look {
    service: "glue",
    resource: "startJobRun.sync",
    parameters: r#"{"JobName":"j"}"#,
    submitted: r#"{"JobName":"j","JobRunId":"r"}"#,
    steps: &[],
    told: "",
};

const LOOKS: &[Look] = &[
    Look {
        steps: &[step(
            "POST / AmazonEC2ContainerServiceV20141113.DescribeTasks",
            r#"{"cluster":"c","tasks":["a"]}"#,
            r#"{"tasks":[{"taskArn":"a","lastStatus":"PROVISIONING"}]}"#,
        )],
        told: "running",
        ..ECS
    },
    Look {
        steps: &[step(
            "POST / AmazonEC2ContainerServiceV20141113.DescribeTasks",
            "",
            r#"{"tasks":[{"taskArn":"a","createdAt":1600000000.5,"lastStatus":"STOPPED","containers":[{"exitCode":0}]}]}"#,
        )],
        told: r#"done {"Containers":[{"ExitCode":0}],"CreatedAt":1600000000500,"LastStatus":"STOPPED","TaskArn":"a"}"#,
        ..ECS
    },
    Look {
        steps: &[step(
            "POST / AmazonEC2ContainerServiceV20141113.DescribeTasks",
            "",
            r#"{"tasks":[{"lastStatus":"STOPPED","containers":[{"exitCode":0},{"exitCode":1}]}]}"#,
        )],
        told: r#"failed States.TaskFailed: {"Containers":[{"ExitCode":0},{"ExitCode":1}],"LastStatus":"STOPPED"}"#,
        ..ECS
    },
    Look {
        steps: &[step("POST / AmazonEC2ContainerServiceV20141113.DescribeTasks", "", r#"{"tasks":[]}"#)],
        told: "unavailable States.TaskFailed: DescribeTasks does not list the job",
        ..ECS
    },
    Look {
        steps: &[step(
            "POST / AWSStepFunctions.DescribeExecution",
            r#"{"executionArn":"e"}"#,
            r#"{"executionArn":"e","status":"SUCCEEDED","startDate":1600000000,"output":"{\"a\":1.0}","input":"[]"}"#,
        )],
        told: r#"done {"ExecutionArn":"e","Input":"[]","Output":"{\"a\":1.0}","StartDate":1600000000000,"Status":"SUCCEEDED"}"#,
        ..STATES
    },
    Look {
        steps: &[step(
            "POST / AWSStepFunctions.DescribeExecution",
            "",
            r#"{"executionArn":"e","status":"SUCCEEDED","redriveCount":2,"redriveDate":1600000000,"redriveStatus":"NOT_REDRIVABLE","redriveStatusReason":"It succeeded"}"#,
        )],
        told: r#"done {"ExecutionArn":"e","RedriveCount":2,"RedriveDate":1600000000000,"RedriveStatus":"NOT_REDRIVABLE","RedriveStatusReason":"It succeeded","Status":"SUCCEEDED"}"#,
        ..STATES
    },
    Look {
        resource: "startExecution.sync:2",
        steps: &[step(
            "POST / AWSStepFunctions.DescribeExecution",
            "",
            r#"{"status":"SUCCEEDED","output":"{\"a\":1.0}","input":"[]"}"#,
        )],
        told: r#"done {"Input":[],"Output":{"a":1.0},"Status":"SUCCEEDED"}"#,
        ..STATES
    },
    Look {
        steps: &[step(
            "POST / AWSStepFunctions.DescribeExecution",
            "",
            r#"{"status":"FAILED","error":"E","cause":"C","redriveCount":0,"redriveStatus":"REDRIVABLE"}"#,
        )],
        told: r#"failed States.TaskFailed: {"Cause":"C","Error":"E","Status":"FAILED"}"#,
        ..STATES
    },
    Look {
        steps: &[refused(
            "POST / AWSStepFunctions.DescribeExecution",
            400,
            r#"{"__type":"ThrottlingException","message":"Slow"}"#,
        )],
        told: "unavailable StepFunctions.AWSStepFunctionsException: Slow (Service: AWSStepFunctions; \
               Status Code: 400; Error Code: ThrottlingException; Request ID: r1; Proxy: null)",
        ..STATES
    },
    Look {
        steps: &[refused(
            "POST / AWSStepFunctions.DescribeExecution",
            400,
            r#"{"__type":"ExecutionDoesNotExist","message":"Gone"}"#,
        )],
        told: "failed StepFunctions.ExecutionDoesNotExistException: Gone (Service: AWSStepFunctions; \
               Status Code: 400; Error Code: ExecutionDoesNotExist; Request ID: r1; Proxy: null)",
        ..STATES
    },
    Look {
        steps: &[step(
            "POST / AWSGlue.GetJobRun",
            r#"{"JobName":"j","RunId":"r"}"#,
            r#"{"JobRun":{"Id":"r","JobRunState":"SUCCEEDED"}}"#,
        )],
        told: r#"done {"Id":"r","JobRunState":"SUCCEEDED"}"#,
        ..GLUE
    },
    Look {
        steps: &[step("POST / AWSGlue.GetJobRun", "", r#"{"JobRun":{"JobRunState":"TIMEOUT"}}"#)],
        told: r#"failed States.TaskFailed: {"JobRunState":"TIMEOUT"}"#,
        ..GLUE
    },
    Look {
        service: "batch",
        resource: "submitJob.sync",
        parameters: "{}",
        submitted: r#"{"JobId":"i"}"#,
        steps: &[step("POST /v1/describejobs", r#"{"jobs":["i"]}"#, r#"{"jobs":[{"jobId":"i","status":"FAILED"}]}"#)],
        told: r#"failed States.TaskFailed: {"JobId":"i","Status":"FAILED"}"#,
    },
    Look {
        service: "athena",
        resource: "startQueryExecution.sync",
        parameters: "{}",
        submitted: r#"{"QueryExecutionId":"q"}"#,
        steps: &[step(
            "POST / AmazonAthena.GetQueryExecution",
            r#"{"QueryExecutionId":"q"}"#,
            r#"{"QueryExecution":{"Status":{"State":"SUCCEEDED"}}}"#,
        )],
        told: r#"done {"QueryExecution":{"Status":{"State":"SUCCEEDED"}}}"#,
    },
    Look {
        service: "sagemaker",
        resource: "createTrainingJob.sync",
        parameters: r#"{"TrainingJobName":"t"}"#,
        submitted: r#"{"TrainingJobArn":"a"}"#,
        steps: &[step(
            "POST / SageMaker.DescribeTrainingJob",
            r#"{"TrainingJobName":"t"}"#,
            r#"{"TrainingJobStatus":"Stopped"}"#,
        )],
        told: r#"failed States.TaskFailed: {"TrainingJobStatus":"Stopped"}"#,
    },
    Look {
        service: "elasticmapreduce",
        resource: "createCluster.sync",
        parameters: "{}",
        submitted: r#"{"ClusterId":"j"}"#,
        steps: &[step(
            "POST / ElasticMapReduce.DescribeCluster",
            r#"{"ClusterId":"j"}"#,
            r#"{"Cluster":{"Status":{"State":"WAITING"}}}"#,
        )],
        told: r#"done {"Cluster":{"Status":{"State":"WAITING"}},"ClusterId":"j"}"#,
    },
    Look {
        service: "elasticmapreduce",
        resource: "addStep.sync",
        parameters: r#"{"ClusterId":"j"}"#,
        submitted: r#"{"StepId":"s"}"#,
        steps: &[step(
            "POST / ElasticMapReduce.DescribeStep",
            r#"{"ClusterId":"j","StepId":"s"}"#,
            r#"{"Step":{"Status":{"State":"PENDING"}}}"#,
        )],
        told: "running",
    },
    Look {
        service: "codebuild",
        resource: "startBuild.sync",
        parameters: "{}",
        submitted: r#"{"Build":{"Id":"b"}}"#,
        steps: &[step(
            "POST / CodeBuild_20161006.BatchGetBuilds",
            r#"{"ids":["b"]}"#,
            r#"{"builds":[{"id":"b","buildStatus":"SUCCEEDED"}]}"#,
        )],
        told: r#"done {"Build":{"BuildStatus":"SUCCEEDED","Id":"b"}}"#,
    },
    Look {
        service: "databrew",
        resource: "startJobRun.sync",
        parameters: r#"{"Name":"n"}"#,
        submitted: r#"{"RunId":"r"}"#,
        steps: &[step("GET /jobs/n/jobRun/r", "", r#"{"JobName":"n","State":"SUCCEEDED"}"#)],
        told: r#"done {"JobName":"n","State":"SUCCEEDED"}"#,
    },
    Look {
        service: "eks",
        resource: "createCluster.sync",
        parameters: r#"{"Name":"c"}"#,
        submitted: "{}",
        steps: &[step("GET /clusters/c", "", r#"{"cluster":{"name":"c","status":"ACTIVE"}}"#)],
        told: r#"done {"Cluster":{"Name":"c","Status":"ACTIVE"}}"#,
    },
    Look {
        service: "eks",
        resource: "deleteNodegroup.sync",
        parameters: r#"{"ClusterName":"c","NodegroupName":"n"}"#,
        submitted: r#"{"Nodegroup":{"Status":"DELETING"},"SdkHttpMetadata":{}}"#,
        steps: &[refused(
            "GET /clusters/c/node-groups/n",
            404,
            r#"{"__type":"ResourceNotFoundException","message":"No"}"#,
        )],
        told: r#"done {"Nodegroup":{"Status":"DELETING"}}"#,
    },
    Look {
        service: "emr-containers",
        resource: "startJobRun.sync",
        parameters: r#"{"VirtualClusterId":"v"}"#,
        submitted: r#"{"Id":"i"}"#,
        steps: &[step("GET /virtualclusters/v/jobruns/i", "", r#"{"jobRun":{"id":"i","state":"COMPLETED"}}"#)],
        told: r#"done {"Id":"i","State":"COMPLETED"}"#,
    },
    Look {
        service: "emr-serverless",
        resource: "createApplication.sync",
        parameters: "{}",
        submitted: r#"{"ApplicationId":"a"}"#,
        steps: &[step("GET /applications/a", "", r#"{"application":{"applicationId":"a","state":"CREATED"}}"#)],
        told: r#"done {"ApplicationId":"a","State":"CREATED"}"#,
    },
    Look {
        service: "bedrock",
        resource: "createModelCustomizationJob.sync",
        parameters: "{}",
        submitted: r#"{"JobArn":"j"}"#,
        steps: &[step("GET /model-customization-jobs/j", "", r#"{"status":"Failed"}"#)],
        told: r#"failed States.TaskFailed: {"Status":"Failed"}"#,
    },
    Look {
        service: "mediaconvert",
        resource: "createJob.sync",
        parameters: "{}",
        submitted: r#"{"Job":{"Id":"i"}}"#,
        steps: &[step("GET /2017-08-29/jobs/i", "", r#"{"job":{"id":"i","status":"COMPLETE"}}"#)],
        told: r#"done {"Job":{"Id":"i","Status":"COMPLETE"}}"#,
    },
];

#[tokio::test]
async fn a_look_at_a_job_says_how_far_it_is() {
    for look in LOOKS {
        let task = task(look.service, look.resource, look.parameters);
        assert_eq!(polled(&task, &value(look.submitted), look.steps).await, look.told, "{}", task.resource);
    }
}

#[tokio::test]
async fn a_job_out_of_reach_may_still_run() {
    let task = task(GLUE.service, GLUE.resource, GLUE.parameters);
    let server = play(&[]);
    let looked = integrations(&server.url, None).poll(&task, &value(GLUE.submitted)).await;
    assert!(super::told_of_job(looked).starts_with("unavailable Glue.SdkClientException"));
}

#[tokio::test]
async fn what_has_no_job_cannot_be_looked_at() {
    for (service, resource) in [("sqs", "sendMessage.sync"), ("nix", "nix.sync"), ("aws-sdk:s3", "getObject.sync")] {
        let told = polled(&task(service, resource, "{}"), &value("{}"), &[]).await;
        assert!(told.starts_with("failed States.Runtime"), "{told}");
    }
}

#[tokio::test]
async fn a_job_is_given_up_where_there_is_a_way() {
    const CASES: &[(&str, &str, &str, &str, &[Step])] = &[
        (
            "ecs",
            "runTask.sync",
            r#"{"Cluster":"c"}"#,
            r#"{"Tasks":[{"TaskArn":"a"}]}"#,
            &[step(
                "POST / AmazonEC2ContainerServiceV20141113.StopTask",
                r#"{"cluster":"c","task":"a","reason":"The Step Functions task was stopped"}"#,
                "{}",
            )],
        ),
        (
            "states",
            "startExecution.sync:2",
            "{}",
            r#"{"ExecutionArn":"e"}"#,
            &[step("POST / AWSStepFunctions.StopExecution", r#"{"executionArn":"e"}"#, r#"{"stopDate":1}"#)],
        ),
        (
            "glue",
            "startJobRun.sync",
            r#"{"JobName":"j"}"#,
            r#"{"JobRunId":"r"}"#,
            &[step("POST / AWSGlue.BatchStopJobRun", r#"{"JobName":"j","JobRunIds":["r"]}"#, "{}")],
        ),
        ("elasticmapreduce", "createCluster.sync", "{}", r#"{"ClusterId":"j"}"#, &[]),
        ("sqs", "sendMessage.waitForTaskToken", "{}", "{}", &[]),
    ];
    for &(service, resource, parameters, submitted, steps) in CASES {
        let task = task(service, resource, parameters);
        let server = play(steps);
        integrations(&server.url, None).cancel(&task, &value(submitted)).await.unwrap();
        compare(&server.seen(), steps, &task.resource);
    }
    let task = task("aws-sdk:s3", "getObject", "{}");
    integrations("http://127.0.0.1:9", None).cancel(&task, &value("{}")).await.unwrap();
}
