//! CreateActivity. Idempotent by name; the tags of a repeated call are ignored.

use runtime::Runtime;
use runtime::calls::CreateActivity;

use crate::answer::Answer;
use crate::error::ApiError;
use crate::request::Request;
use crate::shapes::NAME;
use crate::{name, settings, tags};

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let (name, tags, encryption) = request.read(|members| {
        (
            members.required("name", &NAME),
            members.optional("tags", &tags::tag_list()).unwrap_or_default(),
            settings::read_encryption_member(members),
        )
    })?;
    name::check(&name)?;
    let tags = tags::to_object(tags)?;
    if tags::count(&tags) > tags::COUNT_MAX {
        let options = runtime.options();
        let arn = format!("arn:aws:states:{}:{}:activity:{name}", options.region, options.account);
        return Err(ApiError::too_many_tags(arn.into()));
    }
    let settings = settings::encryption_only(encryption)?;

    let activity = runtime.create_activity(CreateActivity { name, tags, settings }).await?;

    let mut answer = Answer::new(160);
    answer.text("activityArn", &activity.arn).time("creationDate", activity.created_at);
    Ok(answer.finish())
}
