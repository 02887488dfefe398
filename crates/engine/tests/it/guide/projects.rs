//! The sample projects' machines, with activities in the place of services.

use super::{Fails, Gives, Play};

/// A job, then word of how it ended.
fn job_and_notice(job: &str, activity: &str) -> String {
    format!(
        r#"{{"StartAt":"{job}","TimeoutSeconds":3600,"States":{{
        "{job}":{{"Type":"Task","Resource":"@{activity}","Parameters":{{"JobName":"Notified"}},"Next":"Notify Success",
            "Catch":[{{"ErrorEquals":["States.ALL"],"Next":"Notify Failure"}}]}},
        "Notify Success":{{"Type":"Task","Resource":"@publish","Parameters":{{"Message":"succeeded"}},"End":true}},
        "Notify Failure":{{"Type":"Task","Resource":"@publish","Parameters":{{"Message":"failed"}},"End":true}}}}}}"#
    )
}

#[test]
fn a_jobs_end_is_made_known() {
    for (job, activity) in [("Submit Batch Job", "submitJob"), ("Run Fargate Task", "runTask")] {
        let machine = job_and_notice(job, activity);
        for (answer, message, state) in
            [(Gives("{}"), "succeeded", "Notify Success"), (Fails("States.TaskFailed"), "failed", "Notify Failure")]
        {
            Play::start(&machine, "{}")
                .task(activity, r#"{"JobName":"Notified"}"#, answer)
                .task("publish", &format!(r#"{{"Message":"{message}"}}"#), Gives(r#"{"MessageId":"1"}"#))
                .enters(&[job, state])
                .outputs(r#"{"MessageId":"1"}"#);
        }
    }
}

const TRANSFER: &str = r#"{"StartAt":"Seed the DynamoDB Table","TimeoutSeconds":3600,"States":{
    "Seed the DynamoDB Table":{"Type":"Task","Resource":"@Seed","ResultPath":"$.List","Next":"For Loop Condition"},
    "For Loop Condition":{"Type":"Choice","Choices":[
        {"Not":{"Variable":"$.List[0]","StringEquals":"DONE"},"Next":"Read Next Message from DynamoDB"}],"Default":"Succeed"},
    "Read Next Message from DynamoDB":{"Type":"Task","Resource":"@getItem","Parameters":{
        "TableName":"Records","Key":{"MessageId":{"S.$":"$.List[0]"}}},"ResultPath":"$.DynamoDB","Next":"Send Message to SQS"},
    "Send Message to SQS":{"Type":"Task","Resource":"@sendMessage","Parameters":{
        "MessageBody.$":"$.DynamoDB.Item.Message.S","QueueUrl":"https://queue"},"ResultPath":"$.SQS","Next":"Pop Element from List"},
    "Pop Element from List":{"Type":"Pass","Parameters":{"List.$":"$.List[1:]"},"Next":"For Loop Condition"},
    "Succeed":{"Type":"Succeed"}}}"#;

#[test]
fn a_list_is_worked_off_one_by_one() {
    let play = Play::start(TRANSFER, "{}").task("Seed", "{}", Gives(r#"["m1","m2","DONE"]"#));
    ["m1", "m2"]
        .iter()
        .fold(play, |play, message| {
            play.task(
                "getItem",
                &format!(r#"{{"TableName":"Records","Key":{{"MessageId":{{"S":"{message}"}}}}}}"#),
                Gives(&format!(r#"{{"Item":{{"Message":{{"S":"text of {message}"}}}}}}"#)),
            )
            .task(
                "sendMessage",
                &format!(r#"{{"MessageBody":"text of {message}","QueueUrl":"https://queue"}}"#),
                Gives(r#"{"MessageId":"x"}"#),
            )
        })
        .outputs(r#"{"List":["DONE"]}"#);
}

#[test]
fn a_job_is_asked_for_until_it_is_done() {
    let machine = r#"{"StartAt":"Submit Job","States":{
        "Submit Job":{"Type":"Task","Resource":"@SubmitJob","ResultPath":"$.guid","Next":"Wait X Seconds"},
        "Wait X Seconds":{"Type":"Wait","SecondsPath":"$.wait_time","Next":"Get Job Status"},
        "Get Job Status":{"Type":"Task","Resource":"@CheckJob","InputPath":"$.guid","ResultPath":"$.status","Next":"Job Complete?"},
        "Job Complete?":{"Type":"Choice","Choices":[
            {"Variable":"$.status","StringEquals":"FAILED","Next":"Job Failed"},
            {"Variable":"$.status","StringEquals":"SUCCEEDED","Next":"Job Succeeded"}],"Default":"Wait X Seconds"},
        "Job Failed":{"Type":"Fail","Cause":"Job Failed","Error":"DescribeJob returned FAILED"},
        "Job Succeeded":{"Type":"Succeed"}}}"#;
    let input = r#"{"jobName":"my-job","wait_time":60}"#;
    let polled = |last: &str| {
        Play::start(machine, input)
            .task("SubmitJob", input, Gives(r#""id-1""#))
            .task("CheckJob", r#""id-1""#, Gives(r#""RUNNING""#))
            .task("CheckJob", r#""id-1""#, Gives(last))
            .waits(&[60.0, 60.0])
    };
    polled(r#""SUCCEEDED""#).outputs(r#"{"jobName":"my-job","wait_time":60,"guid":"id-1","status":"SUCCEEDED"}"#);
    polled(r#""FAILED""#).fails("DescribeJob returned FAILED", "Job Failed");
}

const MESSAGES: &str = r#"{"StartAt":"Read messages from SQS Queue","States":{
    "Read messages from SQS Queue":{"Type":"Task","Resource":"@Read","OutputPath":"$.Payload",
        "Parameters":{"FunctionName":"Read"},"Next":"Are there messages to process?"},
    "Are there messages to process?":{"Type":"Choice","Choices":[
        {"Variable":"$","StringEquals":"No messages","Next":"Finish"}],"Default":"Process messages"},
    "Process messages":{"Type":"Map","Next":"Finish","ItemsPath":"$",
        "Parameters":{"MessageNumber.$":"$$.Map.Item.Index","MessageDetails.$":"$$.Map.Item.Value"},
        "Iterator":{"StartAt":"Write message to DynamoDB","States":{
            "Write message to DynamoDB":{"Type":"Task","Resource":"@putItem","ResultPath":null,
                "Parameters":{"Item":{"MessageId":{"S.$":"$.MessageDetails.Id"}}},"Next":"Notify"},
            "Notify":{"Type":"Task","Resource":"@publish","InputPath":"$.MessageDetails","End":true}}}},
    "Finish":{"Type":"Succeed"}}}"#;

#[test]
fn each_message_of_a_queue_is_processed() {
    let read = |payload: &str| {
        let result = format!(r#"{{"Payload":{payload},"StatusCode":200}}"#);
        Play::start(MESSAGES, "{}").task("Read", r#"{"FunctionName":"Read"}"#, Gives(&result))
    };
    read(r#""No messages""#)
        .enters(&["Read messages from SQS Queue", "Are there messages to process?", "Finish"])
        .outputs(r#""No messages""#);
    read(r#"[{"Id":"a"},{"Id":"b"}]"#)
        .task("putItem", r#"{"Item":{"MessageId":{"S":"a"}}}"#, Gives("{}"))
        .task("putItem", r#"{"Item":{"MessageId":{"S":"b"}}}"#, Gives("{}"))
        .task("publish", r#"{"Id":"a"}"#, Gives("1"))
        .task("publish", r#"{"Id":"b"}"#, Gives("2"))
        .outputs("[1,2]");
}

#[test]
fn executions_are_started_one_by_one_and_side_by_side() {
    let machine = r#"{"StartAt":"Start new workflow and continue","States":{
        "Start new workflow and continue":{"Type":"Task","Resource":"@start","Parameters":{"Input":{"NeedCallback":false,
            "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$":"$$.Execution.Id"}},"Next":"Start in parallel"},
        "Start in parallel":{"Type":"Parallel","End":true,"Branches":[
            {"StartAt":"Wait for completion","States":{"Wait for completion":{"Type":"Task","Resource":"@startSync",
                "Parameters":{"Input":{"NeedCallback":false}},"OutputPath":"$.Output","End":true}}},
            {"StartAt":"Wait for callback","States":{"Wait for callback":{"Type":"Task","Resource":"@startCallback",
                "Parameters":{"Input":{"NeedCallback":true}},"End":true}}}]}}}"#;
    let id = "arn:aws:states:us-east-1:123456789012:execution:machine:name";
    Play::start(machine, "{}")
        .task(
            "start",
            &format!(r#"{{"Input":{{"NeedCallback":false,"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID":"{id}"}}}}"#),
            Gives(r#"{"ExecutionArn":"arn:other"}"#),
        )
        .task(
            "startSync",
            r#"{"Input":{"NeedCallback":false}}"#,
            Gives(r#"{"Output":"{\"a\":1}","Status":"SUCCEEDED"}"#),
        )
        .task("startCallback", r#"{"Input":{"NeedCallback":true}}"#, Gives(r#""called back""#))
        .outputs(r#"["{\"a\":1}","called back"]"#);
}

#[test]
fn a_model_is_trained_saved_and_used() {
    let machine = r#"{"StartAt":"Generate dataset","States":{
        "Generate dataset":{"Type":"Task","Resource":"@Seed","Next":"Train model"},
        "Train model":{"Type":"Task","Resource":"@createTrainingJob","Parameters":{
            "HyperParameters":{"num_round":"5"},"TrainingJobName.$":"$$.Execution.Name"},"Next":"Save Model"},
        "Save Model":{"Type":"Task","Resource":"@createModel","Parameters":{
            "PrimaryContainer":{"Environment":{},"ModelDataUrl.$":"$.ModelArtifacts.S3ModelArtifacts"},
            "ModelName.$":"$.TrainingJobName"},"Next":"Batch transform"},
        "Batch transform":{"Type":"Task","Resource":"@createTransformJob","Parameters":{
            "ModelName.$":"$$.Execution.Name","TransformJobName.$":"$$.Execution.Name"},"End":true}}}"#;
    Play::start(machine, "{}")
        .task("Seed", "{}", Gives("{}"))
        .task(
            "createTrainingJob",
            r#"{"HyperParameters":{"num_round":"5"},"TrainingJobName":"name"}"#,
            Gives(r#"{"TrainingJobName":"name","ModelArtifacts":{"S3ModelArtifacts":"s3://models/1"}}"#),
        )
        .task(
            "createModel",
            r#"{"PrimaryContainer":{"Environment":{},"ModelDataUrl":"s3://models/1"},"ModelName":"name"}"#,
            Gives("{}"),
        )
        .task("createTransformJob", r#"{"ModelName":"name","TransformJobName":"name"}"#, Gives("{}"))
        .outputs("{}");
}

#[test]
fn each_step_names_what_the_one_before_made() {
    let machine = r#"{"StartAt":"Generate Training Dataset","States":{
        "Generate Training Dataset":{"Type":"Task","Resource":"@Generate","Next":"HyperparameterTuning"},
        "HyperparameterTuning":{"Type":"Task","Resource":"@tune","Parameters":{
            "HyperParameterTuningJobName.$":"$.body.jobName"},"Next":"Extract Model Path"},
        "Extract Model Path":{"Type":"Task","Resource":"@path","Next":"Save Model"},
        "Save Model":{"Type":"Task","Resource":"@createModel","Parameters":{
            "PrimaryContainer":{"ModelDataUrl.$":"$.body.modelDataUrl"},"ModelName.$":"$.body.bestTrainingJobName"},
            "Next":"Extract Model Name"},
        "Extract Model Name":{"Type":"Task","Resource":"@name","Next":"Batch transform"},
        "Batch transform":{"Type":"Task","Resource":"@transform","Parameters":{
            "ModelName.$":"$.body.jobName","TransformJobName.$":"$.body.jobName"},"End":true}}}"#;
    Play::start(machine, "{}")
        .task("Generate", "{}", Gives(r#"{"body":{"jobName":"j"}}"#))
        .task("tune", r#"{"HyperParameterTuningJobName":"j"}"#, Gives(r#"{"best":"t"}"#))
        .task("path", r#"{"best":"t"}"#, Gives(r#"{"body":{"modelDataUrl":"s3://m","bestTrainingJobName":"t"}}"#))
        .task(
            "createModel",
            r#"{"PrimaryContainer":{"ModelDataUrl":"s3://m"},"ModelName":"t"}"#,
            Gives(r#"{"arn":"a"}"#),
        )
        .task("name", r#"{"arn":"a"}"#, Gives(r#"{"body":{"jobName":"t"}}"#))
        .task("transform", r#"{"ModelName":"t","TransformJobName":"t"}"#, Gives("{}"))
        .outputs("{}");
}

#[test]
fn an_empty_answer_is_told_from_a_good_one() {
    let machine = r#"{"StartAt":"CreateLabelingJob","TimeoutSeconds":3600,"States":{
        "CreateLabelingJob":{"Type":"Task","Resource":"@label","Next":"ValidateOutput"},
        "ValidateOutput":{"Type":"Choice","Choices":[
            {"Not":{"Variable":"$.LabelingJobArn","StringEquals":""},"Next":"Succeed"}],"Default":"Fail"},
        "Succeed":{"Type":"Succeed"},
        "Fail":{"Type":"Fail","Error":"InvalidOutput","Cause":"Output is not what was expected."}}}"#;
    let good = r#"{"LabelingJobArn":"arn:job"}"#;
    Play::start(machine, "{}").task("label", "{}", Gives(good)).outputs(good);
    Play::start(machine, "{}")
        .task("label", "{}", Gives(r#"{"LabelingJobArn":""}"#))
        .fails("InvalidOutput", "Output is not what was expected.");
}
