//! DeleteStateMachine. A missing state machine is success.

use runtime::Runtime;

use crate::answer::Answer;
use crate::arn;
use crate::error::ApiError;
use crate::request::Request;
use crate::shapes::ARN;

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let arn = request.read(|members| members.required("stateMachineArn", &ARN))?;
    arn::check_state_machine(&arn)?;
    runtime.delete_state_machine(arn).await?;
    Ok(Answer::empty())
}
