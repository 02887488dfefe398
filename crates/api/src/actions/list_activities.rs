//! ListActivities.

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn::ArnKind;
use crate::listing::{PageMembers, PageRequest};

/// ListActivities
pub(crate) struct ListActivities;

impl Action for ListActivities {
    const NAME: &'static str = "ListActivities";
    const IAM_ACTION: &'static str = "states:ListActivities";
    type Input = PageRequest;

    fn input(context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let page = request.read(PageMembers::read)?;
        PageRequest::new(context, Self::NAME, &[], &page)
    }

    fn resources(_page: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Every(ArnKind::Activity)]
    }

    async fn perform(context: &CallContext<'_>, page: Self::Input) -> Result<ResponseBody, ApiError> {
        let found = context.runtime.list_activities(page.page()).await?;

        Ok(page.answer("activities", found, |item, activity| {
            item.text("activityArn", &activity.arn)
                .text("name", &activity.name)
                .time("creationDate", activity.created_at);
        }))
    }
}
