//! ListStateMachines.

use runtime::Runtime;

use super::describe_state_machine::machine_type;
use crate::answer::Answer;
use crate::error::ApiError;
use crate::page::{self, Listing};
use crate::request::Request;

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let (size, token) = request.read(page::members)?;
    let listing = Listing::new("ListStateMachines", &[]);
    let page = page::read(listing, size, token.as_deref())?;

    let part = runtime.list_state_machines(page).await?;

    let mut answer = Answer::new(64 + 256 * part.items.len());
    answer.list("stateMachines", &part.items, |item, machine| {
        item.text("stateMachineArn", &machine.arn)
            .text("name", &machine.name)
            .text("type", machine_type(machine.machine_type))
            .time("creationDate", machine.created_at);
    });
    page::write_next(&mut answer, listing, part.next);
    Ok(answer.finish())
}
