//! ListStateMachineAliases: of a state machine, or of one of its versions, in the order of their creation.

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
    let listing = Listing::new("ListStateMachineAliases", &[&arn]);
    let page = page::read(listing, size, token.as_deref())?;

    let part = runtime.list_aliases(arn.clone(), page).await?;

    let machine_arn = arn::unqualified(&arn);
    let mut answer = Answer::new(64 + 200 * part.items.len());
    answer.list("stateMachineAliases", &part.items, |item, alias| {
        let alias_arn = arn::qualified(machine_arn, &alias.name);
        item.text("stateMachineAliasArn", &alias_arn).time("creationDate", alias.created_at);
    });
    page::write_next(&mut answer, listing, part.next);
    Ok(answer.finish())
}
