//! Versions of state machines: publish, delete, list.

use std::sync::Arc;

use asl::Text;
use engine::Timestamp;
use store::record::{Listing, Page, StateMachine, Version, VersionNumber, Write};

use crate::Runtime;
use crate::arn;
use crate::calls::{CallError, INITIAL_REVISION, PublishVersion, PublishedVersion};
use crate::directory::{Machine, Named, Published};
use crate::records::NotWritten;

/// A version for the definition in force: one that is there, or one to write with its state machine.
pub(super) struct ToPublish {
    /// The version.
    pub(super) version: Version,
    /// Whether it is to be written.
    pub(super) is_new: bool,
}

impl Runtime {
    /// PublishStateMachineVersion. A revision is published once: again, it answers the version that is there.
    pub async fn publish_version(&self, request: PublishVersion) -> Result<PublishedVersion, CallError> {
        let runtime = self.clone();
        self.to_the_end(async move { runtime.persist(|| runtime.publish(&request)).await }).await
    }

    /// DeleteStateMachineVersion, by ARN; a missing one is success. Its executions go on. Refused while an alias leads
    /// to it.
    pub async fn delete_version(&self, arn: Text) -> Result<(), CallError> {
        arn::check(&arn, "stateMachine")?;
        let runtime = self.clone();
        self.to_the_end(async move { runtime.persist(|| runtime.unpublish(&arn)).await }).await
    }

    /// ListStateMachineVersions by the state machine's ARN, newest first.
    pub async fn list_versions(&self, arn: Text, page: Page) -> Result<Listing<Version>, CallError> {
        let machine = self.existing_machine(&arn).await?;
        let versions = machine.published.versions.values().rev();
        let below = versions.filter(|version| page.after.is_none_or(|after| version.number.0 < after));
        Ok(page_of(below, page.limit, |version| version.number.0))
    }

    async fn publish(&self, request: &PublishVersion) -> Result<PublishedVersion, NotWritten> {
        let PublishVersion { arn, revision_id, description } = request.clone();
        let machine = self.existing_machine(&arn).await?;
        if machine.is_deleting() {
            return Err(CallError::StateMachineDeleting(arn).into());
        }
        if let Some(wanted) = revision_id {
            self.check_revision(&machine, wanted).await?;
        }
        let mut record = machine.record.clone();
        let published = self.to_publish(&machine, &mut record, description, self.inner.clock.now())?;
        let ToPublish { version, is_new } = published;
        if is_new {
            let versions = Published::clone(&machine.published).with_version(Some(version.clone()));
            let writes = vec![Write::Version(version.clone())];
            self.write_machine(Some(&machine), record, Arc::new(versions), writes).await?;
        }
        Ok(PublishedVersion { arn: arn::qualified(&arn, version.number.0), created_at: version.created_at })
    }

    async fn check_revision(&self, machine: &Arc<Machine>, wanted: Text) -> Result<(), CallError> {
        let definition = machine.record.definition;
        let in_force = self.read(move |context| super::machines::stored_definition(context, definition)).await?;
        let current = in_force.revision_id.unwrap_or_else(|| INITIAL_REVISION.into());
        if wanted == current { Ok(()) } else { Err(CallError::RevisionConflict { wanted, current }) }
    }

    async fn unpublish(&self, arn: &Text) -> Result<(), NotWritten> {
        let Some((machine, Named::Version(version))) = self.find(arn).await? else { return Ok(()) };
        let aliases = machine.published.aliases_of(version.number);
        if !aliases.is_empty() {
            let names = aliases.into_iter().map(|alias| alias.name.clone()).collect();
            return Err(CallError::VersionInUse(names).into());
        }
        let write = Write::DeleteVersion(version.state_machine, version.number);
        self.write_published(&machine, write, |published| drop(published.versions.remove(&version.number))).await
    }

    /// The version for the definition that `record` has in force; a new one takes its number there.
    pub(super) fn to_publish(
        &self,
        machine: &Machine,
        record: &mut StateMachine,
        description: Option<Text>,
        now: Timestamp,
    ) -> Result<ToPublish, CallError> {
        if let Some(version) = machine.published.version_of(record.definition) {
            return Ok(ToPublish { version: version.clone(), is_new: false });
        }
        let most = self.quotas().versions;
        if machine.published.versions.len() >= most {
            return Err(CallError::QuotaExceeded(format!("{most} versions of a state machine")));
        }
        let version = next_version(record, description, now);
        Ok(ToPublish { version, is_new: true })
    }
}

/// The next version of a state machine that is about to be written: no number is given twice.
pub(super) fn next_version(record: &mut StateMachine, description: Option<Text>, now: Timestamp) -> Version {
    record.last_version = VersionNumber(record.last_version.0 + 1);
    Version {
        state_machine: record.id,
        number: record.last_version,
        definition: record.definition,
        description,
        created_at: now,
    }
}

/// One page of what is found, which is in the order of the listing and begins after the page's position.
pub(super) fn page_of<'a, T: Clone + 'a>(
    found: impl IntoIterator<Item = &'a T>,
    limit: usize,
    position: impl Fn(&T) -> i64,
) -> Listing<T> {
    let mut found = found.into_iter();
    let items: Vec<T> = found.by_ref().take(limit).cloned().collect();
    let next = items.last().map(position).filter(|_| found.next().is_some());
    Listing { items, next }
}
