//! State machines: create, update, describe, delete, list.

use std::sync::Arc;

use asl::diagnostic::Severity;
use asl::{Program, Text, Value};
use engine::Timestamp;
use store::StoreError;
use store::record::{
    Definition, DefinitionId, Expected, Listing, MachineStatus, MachineType, Page, StateMachine, StateMachineId,
    VersionNumber, Write,
};

use super::versions::next_version;
use crate::Runtime;
use crate::arn;
use crate::calls::{
    CallError, CreateStateMachine, CreatedStateMachine, Publish, StateMachineDescription, UpdateStateMachine,
    UpdatedStateMachine,
};
use crate::chance::random_uuid;
use crate::directory::{Machine, Named, Published, choose, language_type};
use crate::keeper::Errand;
use crate::records::NotWritten;
use crate::shard::Context;

impl Runtime {
    /// CreateStateMachine. The same request again has the same answer; role and tags are not compared.
    pub async fn create_state_machine(&self, request: CreateStateMachine) -> Result<CreatedStateMachine, CallError> {
        let runtime = self.clone();
        self.to_the_end(async move {
            let program = Arc::new(runtime.read_definition(&request.definition, request.machine_type).await?);
            runtime.persist(|| runtime.create(&request, &program)).await
        })
        .await
    }

    /// UpdateStateMachine. Running executions keep the definition and role they began with.
    pub async fn update_state_machine(&self, request: UpdateStateMachine) -> Result<UpdatedStateMachine, CallError> {
        let runtime = self.clone();
        self.to_the_end(async move {
            let machine_type = runtime.existing_machine(&request.arn).await?.record.machine_type;
            let given = match &request.definition {
                Some(text) => Some(Arc::new(runtime.read_definition(text, machine_type).await?)),
                None => None,
            };
            runtime.persist(|| runtime.update(&request, given.as_ref())).await
        })
        .await
    }

    /// DescribeStateMachine, by its ARN or that of a version or an alias. Of an alias with two versions, the one that
    /// an execution would run now is described.
    pub async fn describe_state_machine(&self, arn: Text) -> Result<StateMachineDescription, CallError> {
        arn::check(&arn, "stateMachine")?;
        let found = self.find(&arn).await?;
        let (machine, named) = found.ok_or_else(|| CallError::StateMachineDoesNotExist(arn))?;
        let version = match named {
            Named::Latest => None,
            Named::Version(version) => Some(version),
            Named::Alias(alias) => {
                let number = choose(&alias.routing, self.draw());
                machine.published.versions.get(&number).cloned()
            }
        };
        let definition = version.as_ref().map_or(machine.record.definition, |version| version.definition);
        self.read(move |context| {
            let description = describe(context, Some(machine.record.clone()), definition)?;
            Ok(StateMachineDescription { version, ..description })
        })
        .await
    }

    /// DeleteStateMachine, by ARN; a missing one is success. Its running executions are stopped in the background,
    /// then it is gone.
    pub async fn delete_state_machine(&self, arn: Text) -> Result<(), CallError> {
        arn::check(&arn, "stateMachine")?;
        let runtime = self.clone();
        self.to_the_end(async move { runtime.persist(|| runtime.delete(&arn)).await }).await
    }

    /// ListStateMachines, by name, as AWS lists them. The page goes on after an ARN.
    pub async fn list_state_machines(&self, page: Page<Text>) -> Result<Listing<StateMachine, Text>, CallError> {
        self.read(move |context| Ok(context.store.list_state_machines(&page)?)).await
    }

    pub(super) async fn existing_machine(&self, arn: &Text) -> Result<Arc<Machine>, CallError> {
        arn::check(arn, "stateMachine")?;
        self.machine(arn).await?.ok_or_else(|| CallError::StateMachineDoesNotExist(arn.clone()))
    }

    async fn create(
        &self,
        request: &CreateStateMachine,
        program: &Arc<Program>,
    ) -> Result<CreatedStateMachine, NotWritten> {
        let CreateStateMachine { name, definition: text, role_arn, machine_type, settings, tags, publish } =
            request.clone();
        let arn = self.inner.context.arns.state_machine(&name);
        self.check_tag_count(&arn, &tags)?;
        if let Some(machine) = self.machine(&arn).await? {
            return Ok(self.created_before(&machine, text, machine_type, settings, publish).await?);
        }
        let created_at = self.inner.clock.now();
        let definition = Definition {
            id: DefinitionId(self.new_record_number()),
            state_machine_arn: arn.clone(),
            text,
            role_arn,
            revision_id: None,
            created_at,
            settings: settings.clone(),
        };
        let mut machine = StateMachine {
            id: StateMachineId(self.new_record_number()),
            arn: arn.clone(),
            name,
            machine_type,
            status: MachineStatus::Active,
            definition: definition.id,
            created_at,
            settings,
            tags,
            last_version: VersionNumber(0),
            revision: Expected::Absent.next(),
        };
        let version = publish.map(|publish| next_version(&mut machine, publish.description, created_at));
        let mut writes = vec![Write::Definition(definition.clone())];
        writes.extend(version.clone().map(Write::Version));
        let version_arn = version.as_ref().map(|version| arn::qualified(&arn, version.number.0));
        let published = Published::default().with_version(version);
        self.write_machine(None, machine, Arc::new(published), writes).await?;
        self.directory().set_program(&definition, Arc::clone(program));
        Ok(CreatedStateMachine { arn, created_at, version_arn })
    }

    async fn created_before(
        &self,
        machine: &Machine,
        text: Text,
        machine_type: MachineType,
        settings: Value,
        publish: Option<Publish>,
    ) -> Result<CreatedStateMachine, CallError> {
        let StateMachine { arn, definition, created_at, .. } = machine.record.clone();
        if machine.is_deleting() {
            return Err(CallError::StateMachineDeleting(arn));
        }
        let in_force = self.read(move |context| stored_definition(context, definition)).await?;
        let is_same =
            in_force.text == text && machine.record.machine_type == machine_type && in_force.settings == settings;
        let Some(published) = published_before(machine, publish).filter(|_| is_same) else {
            return Err(CallError::StateMachineAlreadyExists(arn));
        };
        let version_arn = published.map(|number| arn::qualified(&arn, number.0));
        Ok(CreatedStateMachine { arn, created_at, version_arn })
    }

    /// `given` is the program of the definition, where one was given.
    async fn update(
        &self,
        request: &UpdateStateMachine,
        given: Option<&Arc<Program>>,
    ) -> Result<UpdatedStateMachine, NotWritten> {
        let UpdateStateMachine { arn, definition: text, role_arn, settings, publish } = request.clone();
        let machine = self.existing_machine(&arn).await?;
        if machine.is_deleting() {
            return Err(CallError::StateMachineDeleting(arn).into());
        }
        let id = machine.record.definition;
        let in_force = self.read(move |context| stored_definition(context, id)).await?;
        let now = self.inner.clock.now();
        // An update that changes nothing makes no revision. A role given to a machine that was never updated makes its
        // first one, the same role too.
        let gives_first_role = role_arn.is_some() && in_force.revision_id.is_none();
        let updated = Definition {
            id: DefinitionId(self.new_record_number()),
            state_machine_arn: arn,
            text: text.unwrap_or_else(|| in_force.text.clone()),
            role_arn: role_arn.unwrap_or_else(|| in_force.role_arn.clone()),
            revision_id: Some(random_uuid(self.draw()).into()),
            created_at: now,
            settings: merged(&in_force.settings, &settings),
        };
        let is_same = updated.text == in_force.text
            && updated.role_arn == in_force.role_arn
            && updated.settings == in_force.settings;
        let is_new = !is_same || gives_first_role;
        let definition = if is_new { updated } else { in_force };
        self.put_in_force(&machine, definition, is_new.then_some(given), publish, now).await
    }

    /// Writes what an update changes. `new` is there where the definition is; its program, where that was read.
    async fn put_in_force(
        &self,
        machine: &Machine,
        definition: Definition,
        new: Option<Option<&Arc<Program>>>,
        publish: Option<Publish>,
        now: Timestamp,
    ) -> Result<UpdatedStateMachine, NotWritten> {
        let arn = &machine.record.arn;
        let mut record =
            StateMachine { definition: definition.id, settings: definition.settings.clone(), ..machine.record.clone() };
        let published =
            publish.map(|publish| self.to_publish(machine, &mut record, publish.description, now)).transpose()?;
        let new_version = published.as_ref().filter(|published| published.is_new).map(|new| new.version.clone());

        let mut writes = Vec::new();
        writes.extend(new.is_some().then(|| Write::Definition(definition.clone())));
        writes.extend(new_version.clone().map(Write::Version));
        if !writes.is_empty() {
            let versions = match new_version {
                Some(version) => Arc::new(Published::clone(&machine.published).with_version(Some(version))),
                None => Arc::clone(&machine.published),
            };
            self.write_machine(Some(machine), record, versions, writes).await?;
            if let Some(program) = new.flatten() {
                self.directory().set_program(&definition, Arc::clone(program));
            }
        }
        let version_arn = published.map(|published| arn::qualified(arn, published.version.number.0));
        Ok(UpdatedStateMachine { updated_at: definition.created_at, revision_id: definition.revision_id, version_arn })
    }

    async fn delete(&self, arn: &Text) -> Result<(), NotWritten> {
        let Some(machine) = self.machine(arn).await? else { return Ok(()) };
        if machine.record.status == MachineStatus::Deleting {
            return Ok(());
        }
        // From here on no shard begins an execution of it.
        machine.begin_deletion();
        let record = StateMachine { status: MachineStatus::Deleting, ..machine.record.clone() };
        let written = self.write_machine(Some(&machine), record, Arc::clone(&machine.published), Vec::new()).await;
        // Where nobody knows whether the write happened, the directory has read it again.
        match self.directory().machine(arn).filter(|now| now.record.id == machine.record.id) {
            Some(now) if now.record.status == MachineStatus::Deleting => self.inner.errands.push(Errand::Delete(now)),
            _ => machine.give_up_deletion(),
        }
        written
    }

    async fn read_definition(&self, text: &Text, machine_type: MachineType) -> Result<Program, CallError> {
        let text = text.clone();
        self.compute(move || {
            let reading = asl::read::read(&text, language_type(machine_type));
            let is_refused = reading.diagnostics.iter().any(|found| found.severity == Severity::Error);
            reading.program.filter(|_| !is_refused).ok_or(CallError::InvalidDefinition(reading.diagnostics))
        })
        .await
    }
}

/// Whether a repeated CreateStateMachine may stand beside what was published since; where it publishes, the version
/// that it published. One that does not publish fits beside any.
fn published_before(machine: &Machine, publish: Option<Publish>) -> Option<Option<VersionNumber>> {
    let Some(Publish { description }) = publish else { return Some(None) };
    let version = machine.published.version_of(machine.record.definition)?;
    (version.description == description).then_some(Some(version.number))
}

/// A state machine with one of its definitions.
pub(super) fn describe(
    context: &Context,
    machine: Option<StateMachine>,
    definition: DefinitionId,
) -> Result<StateMachineDescription, CallError> {
    let stored = stored_definition(context, definition)?;
    let variable_references = match context.directory.revision(definition) {
        Ok(revision) => variable_references(&revision.program),
        // The text is shown all the same: what cannot be read must at least be seen.
        Err(StoreError::Damaged(_)) => Value::empty_object(),
        Err(error) => return Err(error.into()),
    };
    Ok(StateMachineDescription { machine, definition: stored, version: None, variable_references })
}

/// An object of arrays: the variables that each state reads.
fn variable_references(program: &Program) -> Value {
    let names = |names: Vec<Text>| Value::array(names.into_iter().map(Value::String).collect());
    Value::object(program.variable_references().into_iter().map(|(state, read)| (state, names(read))))
}

/// A definition that must exist.
pub(super) fn stored_definition(context: &Context, id: DefinitionId) -> Result<Definition, CallError> {
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
