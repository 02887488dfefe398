//! Calls about versions and aliases.

use asl::Text;
use engine::Timestamp;
use store::record::Routing;

/// `publish: true`, with what goes with it.
#[derive(Clone, Debug)]
pub struct Publish {
    /// `versionDescription`
    pub description: Option<Text>,
}

/// PublishStateMachineVersion.
#[derive(Clone, Debug)]
pub struct PublishVersion {
    /// `stateMachineArn`
    pub arn: Text,
    /// `revisionId`: the one that must be in force; [`INITIAL_REVISION`] for a state machine that was never updated.
    pub revision_id: Option<Text>,
    /// `description`
    pub description: Option<Text>,
}

/// AWS's name for the revision of a state machine that was never updated.
pub const INITIAL_REVISION: &str = "INITIAL";

/// The answer to PublishStateMachineVersion: durable.
#[derive(Clone, Debug)]
pub struct PublishedVersion {
    /// The version's ARN.
    pub arn: Text,
    /// When it was published: the first time, where this call repeated an earlier one.
    pub created_at: Timestamp,
}

/// CreateStateMachineAlias.
#[derive(Clone, Debug)]
pub struct CreateAlias {
    /// The ARN of the state machine that the versions belong to.
    pub machine_arn: Text,
    /// `name`, checked by the caller: it has a character that is no digit
    pub name: Text,
    /// `description`
    pub description: Option<Text>,
    /// `routingConfiguration`, checked by the caller: distinct versions, weights that are 100 together
    pub routing: Routing,
}

/// The answer to CreateStateMachineAlias: durable.
#[derive(Clone, Debug)]
pub struct CreatedAlias {
    /// The alias's ARN.
    pub arn: Text,
    /// When it was created: the first time, where this call repeated an earlier one.
    pub created_at: Timestamp,
}

/// UpdateStateMachineAlias. Absent members stay as they are.
#[derive(Clone, Debug)]
pub struct UpdateAlias {
    /// `stateMachineAliasArn`
    pub arn: Text,
    /// `description`
    pub description: Option<Text>,
    /// `routingConfiguration`, checked as in [`CreateAlias`]
    pub routing: Option<Routing>,
}
