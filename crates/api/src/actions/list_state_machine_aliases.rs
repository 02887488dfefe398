//! ListStateMachineAliases: of a state machine, or of one of its versions, in the order of their creation.

use asl::Text;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn;
use crate::listing::{PageMembers, PageRequest};
use crate::shapes::ARN;

/// ListStateMachineAliases
pub(crate) struct ListStateMachineAliases;

impl Action for ListStateMachineAliases {
    const NAME: &'static str = "ListStateMachineAliases";
    const IAM_ACTION: &'static str = "states:ListStateMachineAliases";
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
        let found = context.runtime.list_aliases(arn.clone(), page.page()).await?;

        Ok(page.answer("stateMachineAliases", found, move |item, alias| {
            let alias_arn = arn::qualified(arn::unqualified(&arn), &alias.name);
            item.text("stateMachineAliasArn", &alias_arn).time("creationDate", alias.created_at);
        }))
    }
}
