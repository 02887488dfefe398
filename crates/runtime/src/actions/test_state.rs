//! TestState: evaluates one state. Nothing is stored, and no execution comes of it.

use std::sync::Arc;

use asl::Text;
use asl::scope::Chance;
use engine::test_state::{Outcome, StateTest, TestStateError, test_state};
use engine::{ExecutionInfo, Turn};

use crate::Runtime;
use crate::calls::CallError;

impl Runtime {
    /// TestState. `role_arn` is empty where none was given.
    ///
    /// # Errors
    /// The outer one where the runtime cannot answer, the inner one where the test is not valid.
    pub async fn test_state(
        &self,
        test: StateTest,
        role_arn: Text,
    ) -> Result<Result<Outcome, TestStateError>, CallError> {
        self.check_open()?;
        let info = Arc::new(self.tested_execution(role_arn));
        let (now, seed) = (self.inner.clock.now(), self.draw());
        // An expression may compute for long.
        self.read(move |context| {
            let turn = Turn { now, seed, limits: &context.limits, resources: &*context.directory, budget: usize::MAX };
            Ok(test_state(&test, info, &turn))
        })
        .await
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
