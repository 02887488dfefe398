//! TestState: evaluates one state. Nothing is stored, and no execution comes of it.

use std::sync::Arc;
use std::time::Duration;

use asl::scope::Chance;
use asl::{ErrorName, Text};
use engine::test_state::{FieldValidation, Mock, StateTest, TestStateError, Tested, test_state};
use engine::{ExecutionInfo, OpenTask, Turn, TurnTime};
use integrations::http::{HttpTrace, Traced};
use integrations::{Failure, TaskAnswer};
use store::record::ExecutionId;

use crate::Runtime;
use crate::calls::{CallError, TestedState};
use crate::shard::TaskResources;
use crate::tasks::Work;

impl Runtime {
    /// TestState. `role_arn` is empty where none was given. A task takes no longer than `within`.
    ///
    /// # Errors
    /// The outer one where the runtime cannot answer, the inner one where the test is not valid.
    pub async fn test_state(
        &self,
        test: StateTest,
        role_arn: Text,
        within: Duration,
    ) -> Result<Result<TestedState, TestStateError>, CallError> {
        self.check_open()?;
        self.check_memory()?;
        let info = Arc::new(self.tested_execution(role_arn));
        let (now, seed, test) = (self.inner.clock.now(), self.draw(), Arc::new(test));
        let run = |answer: Option<Mock>| {
            let (info, test) = (Arc::clone(&info), Arc::clone(&test));
            // An expression may compute for long.
            self.compute_with(move |context| {
                let resources = TaskResources { context, execution: ExecutionId(0) };
                let turn = Turn {
                    now,
                    seed,
                    limits: &context.quotas.execution,
                    resources: &resources,
                    budget: usize::MAX,
                    bytes: usize::MAX,
                    time: TurnTime::UNBOUNDED,
                };
                Ok(test_state(&test, info, &turn, answer.as_ref()))
            })
        };
        let task = match run(None).await? {
            Ok(Tested::Task(task)) => *task,
            Ok(Tested::Over(outcome)) => return Ok(Ok(TestedState { outcome: *outcome, exchange: None })),
            Err(error) => return Ok(Err(error)),
        };
        let (answer, exchange) = self.do_tested_task(task, &info, within).await;
        match run(Some(answer)).await? {
            Ok(Tested::Over(outcome)) => Ok(Ok(TestedState { outcome: *outcome, exchange })),
            Ok(Tested::Task(_)) => Err(CallError::Internal("the tested task has no end".into())),
            Err(error) => Ok(Err(error)),
        }
    }

    /// Does the state's task, for at most that long: what came of it, and what went over the wire.
    async fn do_tested_task(
        &self,
        task: OpenTask,
        info: &Arc<ExecutionInfo>,
        within: Duration,
    ) -> (Mock, Option<HttpTrace>) {
        let work =
            Work { execution: ExecutionId(0), task, info: Arc::clone(info), is_interrupted: false, invocation: None };
        let done = self.inner.context.tasks.do_once(work);
        let Ok(Traced { outcome, trace }) = tokio::time::timeout(within, done).await else {
            return (Mock::Error { error: ErrorName::TIMEOUT.into(), cause: None }, None);
        };
        let answer = match outcome {
            Ok(TaskAnswer::Done(value) | TaskAnswer::Submitted(value)) => {
                Mock::Result { value, validation: FieldValidation::None }
            }
            Err(Failure { error, cause }) => Mock::Error { error: error.into(), cause: Some(cause.into()) },
        };
        (answer, trace)
    }

    /// What the tested state sees of its execution. As AWS has it, the execution's ARN is one of the Express kind.
    fn tested_execution(&self, role_arn: Text) -> ExecutionInfo {
        let names = Chance::new(self.draw());
        let (machine, execution) = (names.uuid(), names.uuid());
        let arns = format!("arn:aws:states:{}:{}", self.options().region, self.options().account);
        ExecutionInfo {
            arn: format!("{arns}:express:{machine}:{execution}").into(),
            name: execution,
            state_machine_arn: format!("{arns}:stateMachine:{machine}").into(),
            state_machine_name: machine,
            role_arn,
        }
    }
}
