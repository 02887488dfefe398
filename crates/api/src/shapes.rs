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
/// No quota: the model's constraint of the member.
pub(crate) const DEFINITION: TextShape = text(1..=1_048_576).sensitive();
/// `VersionDescription`
pub(crate) const VERSION_DESCRIPTION: TextShape = text(0..=256).sensitive();
/// `RevisionId`
pub(crate) const REVISION_ID: TextShape = text(0..=usize::MAX);
/// `CharacterRestrictedName`: an alias's, which is no number.
pub(crate) const ALIAS_NAME: TextShape =
    text(1..=80).matching(r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$", is_character_restricted);
/// `AliasDescription`
pub(crate) const ALIAS_DESCRIPTION: TextShape = text(0..=256).sensitive();
/// `SensitiveError`
pub(crate) const ERROR: TextShape = text(0..=256).sensitive();
/// `SensitiveCause`
pub(crate) const CAUSE: TextShape = text(0..=32_768).sensitive();
/// `TaskToken`
pub(crate) const TASK_TOKEN: TextShape = text(1..=2048);
/// Characters of a `TraceHeader` at most.
/// No quota: the model's constraint of the member.
pub(crate) const TRACE_HEADER_LENGTH_MAX: usize = 256;
/// `TraceHeader`
pub(crate) const TRACE_HEADER: TextShape = text(0..=TRACE_HEADER_LENGTH_MAX).matching(r"\p{ASCII}*", str::is_ascii);
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

fn is_character_restricted(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    name.bytes().all(is_allowed) && name.bytes().any(|byte| !byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_alias_is_no_number_and_has_plain_characters() {
        for good in ["PROD", "a", "1a", "-", "1.0", "_9"] {
            assert!(is_character_restricted(good), "{good}");
        }
        for bad in ["", "1", "42", "a b", "a:b", "\u{e4}", "a/b", "a\n"] {
            assert!(!is_character_restricted(bad), "{bad}");
        }
    }
}
