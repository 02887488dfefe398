//! State machines: create, update, describe, delete, list.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use asl::diagnostic::Severity;
use asl::{Program, Text, Value};
use store::StoreError;
use store::record::{
    Definition, DefinitionId, Listing, MachineStatus, MachineType, Page, StateMachine, StateMachineId, Write,
};

use super::tags;
use super::variables::variable_references;
use crate::Runtime;
use crate::arn;
use crate::calls::{
    CallError, CreateStateMachine, CreatedStateMachine, StateMachineDescription, UpdateStateMachine,
    UpdatedStateMachine,
};
use crate::chance::random_uuid;
use crate::directory::{Machine, language_type};
use crate::keeper::Errand;
use crate::shard::Context;

impl Runtime {
    /// CreateStateMachine. The same request again has the same answer; role and tags are not compared.
    pub async fn create_state_machine(&self, request: CreateStateMachine) -> Result<CreatedStateMachine, CallError> {
        let runtime = self.clone();
        self.to_the_end(async move { runtime.create(request).await }).await
    }

    /// UpdateStateMachine. Running executions keep the definition and role they began with.
    pub async fn update_state_machine(&self, request: UpdateStateMachine) -> Result<UpdatedStateMachine, CallError> {
        let runtime = self.clone();
        self.to_the_end(async move { runtime.update(request).await }).await
    }

    /// DescribeStateMachine, by ARN.
    pub async fn describe_state_machine(&self, arn: Text) -> Result<StateMachineDescription, CallError> {
        let machine = self.existing_machine(&arn)?;
        let definition = machine.record.definition;
        self.read(move |context| describe(context, Some(machine.record.clone()), definition)).await
    }

    /// DeleteStateMachine, by ARN; a missing one is success. Its running executions are stopped in the background,
    /// then it is gone.
    pub async fn delete_state_machine(&self, arn: Text) -> Result<(), CallError> {
        arn::check(&arn, "stateMachine")?;
        let runtime = self.clone();
        self.to_the_end(async move { runtime.delete(&arn).await }).await
    }

    /// ListStateMachines, newest first.
    pub async fn list_state_machines(&self, page: Page) -> Result<Listing<StateMachine>, CallError> {
        self.read(move |context| Ok(context.store.list_state_machines(&page)?)).await
    }

    fn existing_machine(&self, arn: &Text) -> Result<Arc<Machine>, CallError> {
        arn::check(arn, "stateMachine")?;
        self.directory().machine(arn).ok_or_else(|| CallError::StateMachineDoesNotExist(arn.clone()))
    }

    async fn create(&self, request: CreateStateMachine) -> Result<CreatedStateMachine, CallError> {
        let CreateStateMachine { name, definition: text, role_arn, machine_type, settings, tags } = request;
        let arn = self.inner.context.arns.state_machine(&name);
        tags::check_count(&arn, &tags)?;
        let program = self.read_definition(&text, machine_type).await?;

        let mut last_ids = self.inner.last_ids.lock().await;
        if let Some(machine) = self.directory().machine(&arn) {
            return self.created_before(&machine, text, machine_type, settings).await;
        }
        // A number is used once, also where the write fails.
        last_ids.state_machine = StateMachineId(last_ids.state_machine.0 + 1);
        last_ids.definition = DefinitionId(last_ids.definition.0 + 1);
        let created_at = self.inner.clock.now();
        let definition = Definition {
            id: last_ids.definition,
            state_machine_arn: arn.clone(),
            text,
            role_arn,
            revision_id: None,
            created_at,
            settings: settings.clone(),
        };
        let machine = StateMachine {
            id: last_ids.state_machine,
            arn: arn.clone(),
            name,
            machine_type,
            status: MachineStatus::Active,
            definition: definition.id,
            created_at,
            settings,
            tags,
        };
        self.commit(&arn, vec![Write::Definition(definition.clone()), Write::StateMachine(machine.clone())]).await?;
        self.directory().set_program(&definition, program);
        self.directory().set_machine(machine);
        Ok(CreatedStateMachine { arn, created_at })
    }

    async fn created_before(
        &self,
        machine: &Machine,
        text: Text,
        machine_type: MachineType,
        settings: Value,
    ) -> Result<CreatedStateMachine, CallError> {
        let StateMachine { arn, definition, created_at, .. } = machine.record.clone();
        if machine.is_deleting.load(Ordering::Acquire) {
            return Err(CallError::StateMachineDeleting(arn));
        }
        let in_force = self.read(move |context| stored_definition(context, definition)).await?;
        let is_same =
            in_force.text == text && machine.record.machine_type == machine_type && in_force.settings == settings;
        if is_same {
            Ok(CreatedStateMachine { arn, created_at })
        } else {
            Err(CallError::StateMachineAlreadyExists(arn))
        }
    }

    async fn update(&self, request: UpdateStateMachine) -> Result<UpdatedStateMachine, CallError> {
        let UpdateStateMachine { arn, definition: text, role_arn, settings } = request;
        let machine_type = self.existing_machine(&arn)?.record.machine_type;
        let given = match &text {
            Some(text) => Some(self.read_definition(text, machine_type).await?),
            None => None,
        };

        let mut last_ids = self.inner.last_ids.lock().await;
        let machine = self.existing_machine(&arn)?;
        if machine.is_deleting.load(Ordering::Acquire) {
            return Err(CallError::StateMachineDeleting(arn));
        }
        let id = machine.record.definition;
        let in_force = self.read(move |context| stored_definition(context, id)).await?;
        let updated_at = self.inner.clock.now();
        let revision_id = Text::from(random_uuid(self.draw()));
        let definition = Definition {
            id: DefinitionId(last_ids.definition.0 + 1),
            state_machine_arn: arn.clone(),
            text: text.unwrap_or_else(|| in_force.text.clone()),
            role_arn: role_arn.unwrap_or_else(|| in_force.role_arn.clone()),
            revision_id: Some(revision_id.clone()),
            created_at: updated_at,
            settings: merged(&in_force.settings, &settings),
        };
        // An update that changes nothing makes no revision; but a machine that was never updated gets its first.
        let is_same = definition.text == in_force.text
            && definition.role_arn == in_force.role_arn
            && definition.settings == in_force.settings;
        if let (true, Some(revision_id)) = (is_same, in_force.revision_id) {
            return Ok(UpdatedStateMachine { updated_at: in_force.created_at, revision_id });
        }
        last_ids.definition = definition.id;
        let machine =
            StateMachine { definition: definition.id, settings: definition.settings.clone(), ..machine.record.clone() };
        self.commit(&arn, vec![Write::Definition(definition.clone()), Write::StateMachine(machine.clone())]).await?;
        if let Some(program) = given {
            self.directory().set_program(&definition, program);
        }
        self.directory().set_machine(machine);
        Ok(UpdatedStateMachine { updated_at, revision_id })
    }

    async fn delete(&self, arn: &Text) -> Result<(), CallError> {
        let _changes = self.inner.last_ids.lock().await;
        let Some(machine) = self.directory().machine(arn) else { return Ok(()) };
        // From here on no shard begins an execution of it.
        if machine.is_deleting.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let record = StateMachine { status: MachineStatus::Deleting, ..machine.record.clone() };
        let written = self.commit(arn, vec![Write::StateMachine(record.clone())]).await;
        if written.is_ok() {
            self.directory().set_machine(record);
        }
        // Where nobody knows whether the write happened, the directory has read it again.
        match self.directory().machine(arn) {
            Some(now) if now.record.status == MachineStatus::Deleting => self.inner.errands.push(Errand::Delete(now)),
            _ => machine.is_deleting.store(false, Ordering::Release),
        }
        written
    }

    async fn read_definition(&self, text: &Text, machine_type: MachineType) -> Result<Program, CallError> {
        let text = text.clone();
        self.read(move |_| {
            let reading = asl::read::read(&text, language_type(machine_type));
            let is_refused = reading.diagnostics.iter().any(|found| found.severity == Severity::Error);
            reading.program.filter(|_| !is_refused).ok_or(CallError::InvalidDefinition(reading.diagnostics))
        })
        .await
    }
}

/// A state machine with one of its definitions.
pub(super) fn describe(
    context: &Context,
    machine: Option<StateMachine>,
    definition: DefinitionId,
) -> Result<StateMachineDescription, CallError> {
    let revision = context.directory.revision(definition)?;
    let definition = stored_definition(context, definition)?;
    Ok(StateMachineDescription { machine, definition, variable_references: variable_references(&revision.program) })
}

fn stored_definition(context: &Context, id: DefinitionId) -> Result<Definition, CallError> {
    let found = context.store.definition(id)?;
    Ok(found.ok_or_else(|| StoreError::Damaged(format!("definition {} is missing", id.0)))?)
}

/// The members of `new` over those of `old`, where both are objects.
pub(super) fn merged(old: &Value, new: &Value) -> Value {
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let mut all = members(old);
    for (name, value) in members(new).iter() {
        all.insert(name.clone(), value.clone());
    }
    Value::Object(Arc::new(all))
}
