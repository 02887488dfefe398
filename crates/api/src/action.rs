//! What an operation of the API is.

use std::time::Duration;

use crate::call_context::CallContext;
use crate::error::ApiError;
use crate::request::Request;
use crate::resource::Resource;
use crate::response_body::ResponseBody;
use runtime::quotas::Quotas;

/// An operation. The dispatcher reads all it knows of one from here.
pub(crate) trait Action {
    /// Its name, as in `X-Amz-Target`.
    const NAME: &'static str;

    /// What an IAM policy calls it (Service Authorization Reference, AWS Step Functions).
    const IAM_ACTION: &'static str;

    /// What a request asks for: its members, read and found good.
    type Input: Send;

    /// How long a caller waits at most. `None` for operations that answer as soon as they can.
    fn answered_within(_quotas: &Quotas) -> Option<Duration> {
        None
    }

    /// Reads the members, and refuses what breaks a constraint of the model or a rule about members.
    fn input(context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError>;

    /// What the caller must be allowed to do this with.
    fn resources(input: &Self::Input) -> Vec<Resource<'_>>;

    /// Does it.
    fn perform(
        context: &CallContext<'_>,
        input: Self::Input,
    ) -> impl Future<Output = Result<ResponseBody, ApiError>> + Send;
}
