//! ListActivities.

use runtime::Runtime;

use crate::answer::Answer;
use crate::error::ApiError;
use crate::page::{self, Listing};
use crate::request::Request;

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let (size, token) = request.read(page::members)?;
    let listing = Listing::new("ListActivities", &[]);
    let page = page::read(listing, size, token.as_deref())?;

    let part = runtime.list_activities(page).await?;

    let mut answer = Answer::new(64 + 224 * part.items.len());
    answer.list("activities", &part.items, |item, activity| {
        item.text("activityArn", &activity.arn).text("name", &activity.name).time("creationDate", activity.created_at);
    });
    page::write_next(&mut answer, listing, part.next);
    Ok(answer.finish())
}
