//! ListStateMachines.

use asl::Text;

use super::describe_state_machine::machine_type;
use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn::ArnKind;
use crate::listing::{PageMembers, PageRequest};

/// ListStateMachines
pub(crate) struct ListStateMachines;

impl Action for ListStateMachines {
    const NAME: &'static str = "ListStateMachines";
    const IAM_ACTION: &'static str = "states:ListStateMachines";
    type Input = PageRequest<Text>;

    fn input(context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let page = request.read(PageMembers::read)?;
        PageRequest::new(context, Self::NAME, &[], &page)
    }

    fn resources(_page: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Every(ArnKind::StateMachine)]
    }

    async fn perform(context: &CallContext<'_>, page: Self::Input) -> Result<ResponseBody, ApiError> {
        let found = context.runtime.list_state_machines(page.page()).await?;

        Ok(page.answer("stateMachines", found, |item, machine| {
            item.text("stateMachineArn", &machine.arn)
                .text("name", &machine.name)
                .text("type", machine_type(machine.machine_type))
                .time("creationDate", machine.created_at);
        }))
    }
}
