//! Amazon SageMaker.

use super::job::{Bind, Job, parameter};
use super::{Action, Service};

const TRAINING: &[Bind] = &[parameter("TrainingJobName")];
const TRANSFORM: &[Bind] = &[parameter("TransformJobName")];
const TUNING: &[Bind] = &[parameter("HyperParameterTuningJobName")];
const LABELING: &[Bind] = &[parameter("LabelingJobName")];
const PROCESSING: &[Bind] = &[parameter("ProcessingJobName")];

/// A job that is known by its name.
const fn job(
    describe: &'static str,
    name: &'static [Bind],
    status: &'static [&'static str],
    stop: &'static str,
) -> Job {
    Job::new((describe, name), (&[], status), &["Completed"], &["Failed", "Stopped"]).cancel(stop, name)
}

pub(super) const SAGEMAKER: Service = Service {
    name: "sagemaker",
    client: "sagemaker",
    error_prefix: "SageMaker",
    error_service: "AmazonSageMaker",
    takes_task_token: false,
    actions: &[
        Action::new("createEndpoint", "CreateEndpoint"),
        Action::new("createEndpointConfig", "CreateEndpointConfig"),
        Action::new("createHyperParameterTuningJob", "CreateHyperParameterTuningJob").job(job(
            "DescribeHyperParameterTuningJob",
            TUNING,
            &["HyperParameterTuningJobStatus"],
            "StopHyperParameterTuningJob",
        )),
        Action::new("createLabelingJob", "CreateLabelingJob").job(job(
            "DescribeLabelingJob",
            LABELING,
            &["LabelingJobStatus"],
            "StopLabelingJob",
        )),
        Action::new("createModel", "CreateModel"),
        Action::new("createProcessingJob", "CreateProcessingJob").job(job(
            "DescribeProcessingJob",
            PROCESSING,
            &["ProcessingJobStatus"],
            "StopProcessingJob",
        )),
        Action::new("createTrainingJob", "CreateTrainingJob").job(job(
            "DescribeTrainingJob",
            TRAINING,
            &["TrainingJobStatus"],
            "StopTrainingJob",
        )),
        Action::new("createTransformJob", "CreateTransformJob").job(job(
            "DescribeTransformJob",
            TRANSFORM,
            &["TransformJobStatus"],
            "StopTransformJob",
        )),
        Action::new("updateEndpoint", "UpdateEndpoint"),
    ],
};
