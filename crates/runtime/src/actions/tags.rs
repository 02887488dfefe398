//! Tags of state machines and activities.

use std::sync::Arc;

use asl::{Text, Value};
use store::record::{Activity, Expected, StateMachine, Write};

use super::machines::merged;
use crate::Runtime;
use crate::calls::{CallError, TagResource, UntagResource};

/// What can have tags.
enum Tagged {
    Machine(StateMachine),
    Activity(Activity),
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
        Ok(self.tagged(&arn)?.tags().clone())
    }

    async fn change_tags(
        &self,
        arn: Text,
        change: impl FnOnce(&Value) -> Value + Send + 'static,
    ) -> Result<(), CallError> {
        let runtime = self.clone();
        self.to_the_end(async move {
            let _changes = runtime.inner.last_ids.lock().await;
            let tagged = runtime.tagged(&arn)?;
            let tags = change(tagged.tags());
            runtime.check_tag_count(&arn, &tags)?;
            match tagged {
                Tagged::Machine(machine) => {
                    let expected = Expected::Revision(machine.revision);
                    let machine = StateMachine { tags, revision: expected.next(), ..machine };
                    runtime.commit(&arn, vec![Write::StateMachine { record: machine.clone(), expected }]).await?;
                    runtime.directory().set_machine(machine);
                }
                Tagged::Activity(activity) => {
                    let expected = Expected::Revision(activity.revision);
                    let activity = Activity { tags, revision: expected.next(), ..activity };
                    runtime.commit(&arn, vec![Write::Activity { record: activity.clone(), expected }]).await?;
                    runtime.directory().set_activity(activity);
                }
            }
            Ok(())
        })
        .await
    }

    /// Refuses more tags than a resource may have.
    pub(super) fn check_tag_count(&self, arn: &Text, tags: &Value) -> Result<(), CallError> {
        let count = tags.as_object().map_or(0, asl::Object::len);
        if count > self.quotas().tags { Err(CallError::TooManyTags(arn.clone())) } else { Ok(()) }
    }

    fn tagged(&self, arn: &Text) -> Result<Tagged, CallError> {
        let machine = self.directory().machine(arn).map(|machine| Tagged::Machine(machine.record.clone()));
        let activity = || self.directory().activity(arn).map(|activity| Tagged::Activity((*activity).clone()));
        machine.or_else(activity).ok_or_else(|| CallError::ResourceNotFound(arn.clone()))
    }
}

impl Tagged {
    fn tags(&self) -> &Value {
        match self {
            Self::Machine(machine) => &machine.tags,
            Self::Activity(activity) => &activity.tags,
        }
    }
}
