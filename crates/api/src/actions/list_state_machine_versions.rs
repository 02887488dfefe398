//! ListStateMachineVersions: newest first.

use asl::Text;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn;
use crate::listing::{PageMembers, PageRequest};
use crate::shapes::ARN;

/// ListStateMachineVersions
pub(crate) struct ListStateMachineVersions;

impl Action for ListStateMachineVersions {
    const NAME: &'static str = "ListStateMachineVersions";
    const IAM_ACTION: &'static str = "states:ListStateMachineVersions";
    type Input = (Text, PageRequest);

    fn input(context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let (arn, page) =
            request.read(|members| (members.required("stateMachineArn", &ARN), PageMembers::read(members)))?;
        arn::check_state_machine(&arn)?;
        let page = PageRequest::new(context, Self::NAME, &[&arn], &page)?;
        Ok((arn, page))
    }

    fn resources((arn, _): &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "stateMachineArn", arn }]
    }

    async fn perform(context: &CallContext<'_>, (arn, page): Self::Input) -> Result<ResponseBody, ApiError> {
        let found = context.runtime.list_versions(arn.clone(), page.page()).await?;

        Ok(page.answer("stateMachineVersions", found, move |item, version| {
            let version_arn = arn::qualified(&arn, version.number.0);
            item.text("stateMachineVersionArn", &version_arn).time("creationDate", version.created_at);
        }))
    }
}
