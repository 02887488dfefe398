//! Tags of state machines and activities.

use std::sync::Arc;

use asl::{Text, Value};
use store::record::{Activity, StateMachine};

use super::machines::merged;
use crate::Runtime;
use crate::calls::{CallError, TagResource, UntagResource};
use crate::directory::Machine;
use crate::records::NotWritten;

/// What can have tags.
enum Tagged {
    Machine(Arc<Machine>),
    Activity(Arc<Activity>),
}

impl Runtime {
    /// TagResource: adds or replaces tags.
    pub async fn tag_resource(&self, request: TagResource) -> Result<(), CallError> {
        let TagResource { arn, tags } = request;
        self.change_tags(arn, move |old| merged(old, &tags)).await
    }

    /// UntagResource. Missing keys are no error.
    pub async fn untag_resource(&self, request: UntagResource) -> Result<(), CallError> {
        let UntagResource { arn, keys } = request;
        let without_keys = move |old: &Value| {
            let mut tags = old.as_object().cloned().unwrap_or_default();
            for key in &keys {
                tags.remove(key);
            }
            Value::Object(Arc::new(tags))
        };
        self.change_tags(arn, without_keys).await
    }

    /// ListTagsForResource, by ARN: an object of strings.
    pub async fn list_tags_for_resource(&self, arn: Text) -> Result<Value, CallError> {
        Ok(self.tagged(&arn).await?.tags().clone())
    }

    async fn change_tags(
        &self,
        arn: Text,
        change: impl Fn(&Value) -> Value + Send + Sync + 'static,
    ) -> Result<(), CallError> {
        let runtime = self.clone();
        self.to_the_end(async move { runtime.persist(|| runtime.set_tags(&arn, &change)).await }).await
    }

    async fn set_tags(&self, arn: &Text, change: &(impl Fn(&Value) -> Value + Sync)) -> Result<(), NotWritten> {
        let tagged = self.tagged(arn).await?;
        let tags = change(tagged.tags());
        self.check_tag_count(arn, &tags)?;
        match tagged {
            Tagged::Machine(seen) => {
                let record = StateMachine { tags, ..seen.record.clone() };
                self.write_machine(Some(&seen), record, Arc::clone(&seen.published), Vec::new()).await
            }
            Tagged::Activity(seen) => {
                let record = Activity { tags, ..Activity::clone(&seen) };
                self.write_activity(Some(&seen), record).await.map(drop)
            }
        }
    }

    /// Refuses more tags than a resource may have.
    pub(super) fn check_tag_count(&self, arn: &Text, tags: &Value) -> Result<(), CallError> {
        let count = tags.as_object().map_or(0, asl::Object::len);
        if count > self.quotas().tags { Err(CallError::TooManyTags(arn.clone())) } else { Ok(()) }
    }

    async fn tagged(&self, arn: &Text) -> Result<Tagged, CallError> {
        if let Some(machine) = self.machine(arn).await? {
            return Ok(Tagged::Machine(machine));
        }
        let activity = self.activity(arn).await?.map(Tagged::Activity);
        activity.ok_or_else(|| CallError::ResourceNotFound(arn.clone()))
    }
}

impl Tagged {
    fn tags(&self) -> &Value {
        match self {
            Self::Machine(machine) => &machine.record.tags,
            Self::Activity(activity) => &activity.tags,
        }
    }
}
