//! Aliases of state machines: create, update, describe, delete, list.

use std::sync::Arc;

use asl::Text;
use engine::Timestamp;
use store::record::{Alias, AliasId, Expected, Listing, Page, Routing, Write};

use super::versions::page_of;
use crate::Runtime;
use crate::arn;
use crate::calls::{CallError, CreateAlias, CreatedAlias, UpdateAlias};
use crate::directory::{Machine, Named};
use crate::records::NotWritten;

impl Runtime {
    /// CreateStateMachineAlias. The same request again has the same answer.
    pub async fn create_alias(&self, request: CreateAlias) -> Result<CreatedAlias, CallError> {
        let runtime = self.clone();
        self.to_the_end(async move { runtime.persist(|| runtime.add_alias(&request)).await }).await
    }

    /// UpdateStateMachineAlias; answers when.
    pub async fn update_alias(&self, request: UpdateAlias) -> Result<Timestamp, CallError> {
        let runtime = self.clone();
        self.to_the_end(async move { runtime.persist(|| runtime.change_alias(&request)).await }).await
    }

    /// DescribeStateMachineAlias, by ARN.
    pub async fn describe_alias(&self, arn: Text) -> Result<Alias, CallError> {
        Ok(self.existing_alias(&arn).await?.1)
    }

    /// DeleteStateMachineAlias, by ARN; a missing one is success. Its executions go on.
    pub async fn delete_alias(&self, arn: Text) -> Result<(), CallError> {
        arn::check(&arn, "stateMachine")?;
        let runtime = self.clone();
        self.to_the_end(async move { runtime.persist(|| runtime.remove_alias(&arn)).await }).await
    }

    /// ListStateMachineAliases in the order of their creation: all of a state machine, or those that lead to a version,
    /// by its ARN.
    pub async fn list_aliases(&self, arn: Text, page: Page) -> Result<Listing<Alias>, CallError> {
        arn::check(&arn, "stateMachine")?;
        let (machine, named) = match self.find(&arn).await? {
            Some(found) => found,
            None if self.is_missing_version(&arn).await? => return Err(CallError::MissingReference),
            None => return Err(CallError::StateMachineDoesNotExist(arn)),
        };
        let mut aliases: Vec<&Alias> = match named {
            Named::Latest => machine.published.aliases.values().collect(),
            Named::Version(version) => machine.published.aliases_of(version.number),
            Named::Alias(_) => return Err(CallError::StateMachineDoesNotExist(arn)),
        };
        aliases.retain(|alias| page.after.is_none_or(|after| alias.id.0 > after));
        aliases.sort_unstable_by_key(|alias| alias.id);
        Ok(page_of(aliases, page.limit, |alias| alias.id.0))
    }

    async fn is_missing_version(&self, arn: &str) -> Result<bool, CallError> {
        let Some((machine, qualifier)) = arn::split_qualified(arn) else { return Ok(false) };
        Ok(arn::version_number(qualifier).is_some() && self.machine(machine).await?.is_some())
    }

    async fn existing_alias(&self, arn: &Text) -> Result<(Arc<Machine>, Alias), CallError> {
        arn::check(arn, "stateMachine")?;
        match self.find(arn).await? {
            Some((machine, Named::Alias(alias))) => Ok((machine, alias)),
            _ => Err(CallError::MissingReference),
        }
    }

    async fn add_alias(&self, request: &CreateAlias) -> Result<CreatedAlias, NotWritten> {
        let CreateAlias { machine_arn, name, description, routing } = request.clone();
        let machine = self.machine(&machine_arn).await?.ok_or(CallError::MissingReference)?;
        check_target(&machine, &routing)?;
        let arn = arn::qualified(&machine_arn, &name);
        if let Some(alias) = machine.published.aliases.get(&name) {
            let is_same = is_same_routing(&alias.routing, &routing) && alias.description == description;
            let repeated = CreatedAlias { arn, created_at: alias.created_at };
            return if is_same { Ok(repeated) } else { Err(CallError::AliasExists.into()) };
        }
        let most = self.quotas().aliases;
        if machine.published.aliases.len() >= most {
            return Err(CallError::QuotaExceeded(format!("{most} aliases of a state machine")).into());
        }
        let (state_machine, created_at) = (machine.record.id, self.inner.clock.now());
        let id = AliasId(self.new_record_number());
        let (updated_at, revision) = (created_at, Expected::Absent.next());
        let alias = Alias { id, state_machine, name, description, routing, created_at, updated_at, revision };
        self.set_alias(&machine, None, alias).await?;
        Ok(CreatedAlias { arn, created_at })
    }

    async fn change_alias(&self, request: &UpdateAlias) -> Result<Timestamp, NotWritten> {
        let UpdateAlias { arn, description, routing } = request.clone();
        let (machine, alias) = self.existing_alias(&arn).await?;
        let routing = routing.unwrap_or(alias.routing);
        check_target(&machine, &routing)?;
        let updated_at = self.inner.clock.now();
        let seen = alias.revision;
        let alias = Alias { description: description.or(alias.description), routing, updated_at, ..alias };
        self.set_alias(&machine, Some(seen), alias).await?;
        Ok(updated_at)
    }

    async fn set_alias(&self, machine: &Machine, seen: Option<u64>, alias: Alias) -> Result<(), NotWritten> {
        let expected = Expected::of(seen);
        let alias = Alias { revision: expected.next(), ..alias };
        let write = Write::Alias { record: alias.clone(), expected };
        self.write_published(machine, write, |published| drop(published.aliases.insert(alias.name.clone(), alias)))
            .await
    }

    async fn remove_alias(&self, arn: &Text) -> Result<(), NotWritten> {
        let Some((machine, Named::Alias(alias))) = self.find(arn).await? else { return Ok(()) };
        let write = Write::DeleteAlias { id: alias.id, revision: alias.revision };
        self.write_published(&machine, write, |published| drop(published.aliases.remove(&alias.name))).await
    }
}

/// Whether a state machine can be led to in that way.
fn check_target(machine: &Machine, routing: &Routing) -> Result<(), CallError> {
    if machine.is_deleting() {
        return Err(CallError::StateMachineDeleting(machine.record.arn.clone()));
    }
    let exist = routing.routes().all(|route| machine.published.versions.contains_key(&route.version));
    if exist { Ok(()) } else { Err(CallError::MissingReference) }
}

/// Whether two configurations lead to the same versions with the same weights; their order says nothing.
fn is_same_routing(one: &Routing, other: &Routing) -> bool {
    let turned = other.second.map(|second| Routing { first: second, second: Some(other.first) });
    one == other || turned.as_ref() == Some(one)
}
