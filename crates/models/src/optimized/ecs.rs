//! Amazon ECS and Fargate.

use super::job::{Job, JobResult, answer, answers, fixed, parameter};
use super::{Action, Service};

pub(super) const ECS: Service = Service {
    name: "ecs",
    client: "ecs",
    error_prefix: "ECS",
    error_service: "AmazonECS",
    takes_task_token: true,
    actions: &[Action::new("runTask", "RunTask")
        .only(&[
            "CapacityProviderStrategy",
            "Cluster",
            "EnableExecuteCommand",
            "Group",
            "LaunchType",
            "NetworkConfiguration",
            "Overrides",
            "PlacementConstraints",
            "PlacementStrategy",
            "PlatformVersion",
            "PropagateTags",
            "TaskDefinition",
        ])
        .job(
            Job::new(
                ("DescribeTasks", &[parameter("Cluster"), answers("Tasks", &["Tasks", "0", "TaskArn"])]),
                (&["Tasks", "0"], &["LastStatus"]),
                &["STOPPED"],
                &[],
            )
            .result(JobResult::Subject)
            .cancel(
                "StopTask",
                &[
                    parameter("Cluster"),
                    answer("Task", &["Tasks", "0", "TaskArn"]),
                    fixed("Reason", "The Step Functions task was stopped"),
                ],
            ),
        )],
};
