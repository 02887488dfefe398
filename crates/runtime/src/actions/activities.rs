//! Activities: create, describe, delete, list, and the workers' long poll.

use asl::Text;
use store::record::{Activity, ActivityId, Expected, Listing, Page, Write};

use crate::Runtime;
use crate::arn;
use crate::calls::{ActivityTask, CallError, CreateActivity, GetActivityTask};
use crate::metrics::Throttled;
use crate::records::NotWritten;

impl Runtime {
    /// CreateActivity; idempotent by name. Tags of a repeated call are not applied.
    pub async fn create_activity(&self, request: CreateActivity) -> Result<Activity, CallError> {
        let runtime = self.clone();
        self.to_the_end(async move { runtime.persist(|| runtime.create_new_activity(&request)).await }).await
    }

    /// DescribeActivity, by ARN.
    pub async fn describe_activity(&self, arn: Text) -> Result<Activity, CallError> {
        arn::check(&arn, "activity")?;
        let found = self.activity(&arn).await?;
        found.map(|activity| (*activity).clone()).ok_or(CallError::ActivityDoesNotExist(arn))
    }

    /// DeleteActivity, by ARN; a missing one is success.
    pub async fn delete_activity(&self, arn: Text) -> Result<(), CallError> {
        arn::check(&arn, "activity")?;
        let runtime = self.clone();
        self.to_the_end(async move { runtime.persist(|| runtime.remove_activity(&arn)).await }).await
    }

    /// ListActivities, newest first.
    pub async fn list_activities(&self, page: Page) -> Result<Listing<Activity>, CallError> {
        self.read(move |context| Ok(context.store.list_activities(&page)?)).await
    }

    /// GetActivityTask: waits for a task as long as asked for; `None` when there was none. Dropping the future gives the place
    /// up, and loses no task.
    pub async fn get_activity_task(&self, request: GetActivityTask) -> Result<Option<ActivityTask>, CallError> {
        self.check_open()?;
        let GetActivityTask { arn, worker, wait } = request;
        arn::check(&arn, "activity")?;
        if self.activity(&arn).await?.is_none() {
            return Err(CallError::ActivityDoesNotExist(arn));
        }
        let mut answer = self.inner.exchange.poll(arn, worker).map_err(|error| match error {
            CallError::ActivityWorkerLimitExceeded => self.throttle(Throttled::ActivityPoll, error),
            other => other,
        })?;
        let answered = match tokio::time::timeout(wait, &mut answer).await {
            Ok(answered) => answered.ok(),
            // An answer may have come in the last moment.
            Err(_) => {
                answer.close();
                answer.try_recv().ok()
            }
        };
        let delivery = answered.transpose()?.flatten();
        Ok(delivery.and_then(crate::activities::Delivery::accept))
    }

    async fn create_new_activity(&self, request: &CreateActivity) -> Result<Activity, NotWritten> {
        let CreateActivity { name, tags, settings } = request.clone();
        let arn = self.inner.context.arns.activity(&name);
        self.check_tag_count(&arn, &tags)?;
        if let Some(activity) = self.activity(&arn).await? {
            let is_same = activity.settings == settings;
            return if is_same { Ok((*activity).clone()) } else { Err(CallError::ActivityAlreadyExists.into()) };
        }
        let (id, created_at) = (ActivityId(self.new_record_number()), self.inner.clock.now());
        let revision = Expected::Absent.next();
        let activity = Activity { id, arn, name, created_at, settings, tags, revision };
        self.write_activity(None, activity).await
    }

    async fn remove_activity(&self, arn: &Text) -> Result<(), NotWritten> {
        let Some(activity) = self.activity(arn).await? else { return Ok(()) };
        let write = Write::DeleteActivity { id: activity.id, revision: activity.revision };
        self.write_records(arn, vec![write]).await?;
        self.directory().drop_activity(&activity);
        self.inner.exchange.deleted(arn);
        Ok(())
    }
}
