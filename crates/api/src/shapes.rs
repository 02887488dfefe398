//! The shapes that several operations share, named as in AWS's service model.

use store::record::MachineType;

use crate::shape::{Int, OneOf, TextShape, int, one_of, text};

/// `Arn`
pub(crate) const ARN: TextShape = text(1..=256);
/// `LongArn`
pub(crate) const LONG_ARN: TextShape = text(1..=2000);
/// `Name`. Which characters it may have is a rule of its own ([`crate::name`]).
pub(crate) const NAME: TextShape = text(1..=80);
/// `Definition`
pub(crate) const DEFINITION: TextShape = text(1..=1_048_576).sensitive();
/// `VersionDescription`
pub(crate) const VERSION_DESCRIPTION: TextShape = text(0..=256).sensitive();
/// `SensitiveError`
pub(crate) const ERROR: TextShape = text(0..=256).sensitive();
/// `SensitiveCause`
pub(crate) const CAUSE: TextShape = text(0..=32_768).sensitive();
/// `TaskToken`
pub(crate) const TASK_TOKEN: TextShape = text(1..=2048);
/// `TraceHeader`
pub(crate) const TRACE_HEADER: TextShape = text(0..=256).matching(r"\p{ASCII}*", str::is_ascii);
/// `PageToken`
pub(crate) const PAGE_TOKEN: TextShape = text(1..=1024);
/// `ListExecutionsPageToken`
pub(crate) const LIST_EXECUTIONS_PAGE_TOKEN: TextShape = text(1..=3096);
/// `PageSize`
pub(crate) const PAGE_SIZE: Int = int(0..=1000);

/// `StateMachineType`
pub(crate) const STATE_MACHINE_TYPE: OneOf<MachineType> =
    one_of(&[("EXPRESS", MachineType::Express), ("STANDARD", MachineType::Standard)]);

/// Whether an answer shows definitions and payloads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum IncludedData {
    /// `ALL_DATA`
    #[default]
    All,
    /// `METADATA_ONLY`
    MetadataOnly,
}

/// `IncludedData`
pub(crate) const INCLUDED_DATA: OneOf<IncludedData> =
    one_of(&[("ALL_DATA", IncludedData::All), ("METADATA_ONLY", IncludedData::MetadataOnly)]);
