//! Amazon SageMaker.

use super::bind::{Bind, parameter};
use super::job::Job;
use super::{Action, Service};
use crate::failure::Words;

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

pub(super) const SERVICE: Service = Service {
    name: "sagemaker",
    client: "sagemaker",
    words: Words::Optimized { prefix: "SageMaker", service: "AmazonSageMaker" },
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
