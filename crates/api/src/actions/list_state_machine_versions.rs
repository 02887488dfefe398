//! ListStateMachineVersions: newest first.

use runtime::Runtime;

use crate::answer::Answer;
use crate::arn;
use crate::error::ApiError;
use crate::page::{self, Listing};
use crate::request::Request;
use crate::shapes::ARN;

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let (arn, (size, token)) =
        request.read(|members| (members.required("stateMachineArn", &ARN), page::members(members)))?;
    arn::check_state_machine(&arn)?;
    let listing = Listing::new("ListStateMachineVersions", &[&arn]);
    let page = page::read(listing, size, token.as_deref())?;

    let part = runtime.list_versions(arn.clone(), page).await?;

    let mut answer = Answer::new(64 + 160 * part.items.len());
    answer.list("stateMachineVersions", &part.items, |item, version| {
        let version_arn = arn::qualified(&arn, version.number.0);
        item.text("stateMachineVersionArn", &version_arn).time("creationDate", version.created_at);
    });
    page::write_next(&mut answer, listing, part.next);
    Ok(answer.finish())
}
