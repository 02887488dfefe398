//! The forms of the ARNs a caller can give. Whether the resource exists is the runtime's to say.

use std::fmt::Display;

use asl::Text;
use store::record::VersionNumber;

use crate::error::ApiError;

/// What an ARN may name where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArnKind {
    /// `stateMachine`
    StateMachine,
    /// `execution`
    Execution,
    /// `activity`
    Activity,
}

impl ArnKind {
    /// As an ARN spells it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::StateMachine => "stateMachine",
            Self::Execution => "execution",
            Self::Activity => "activity",
        }
    }
}

/// Refuses what is no ARN of this service (`arn:<partition>:states:<region>:<account>:<type>:<name>`), or one of
/// a type that does not belong here.
pub(crate) fn check(arn: &str, allowed: &[ArnKind]) -> Result<(), ApiError> {
    let invalid = || ApiError::invalid_arn(&format!("Invalid ARN prefix: {arn}"));
    let mut parts = arn.splitn(7, ':');
    if parts.next() != Some("arn") || parts.next().is_none_or(str::is_empty) || parts.next() != Some("states") {
        return Err(invalid());
    }
    let (Some(_region), Some(_account), Some(kind), Some(name)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(invalid());
    };
    if name.is_empty() {
        return Err(invalid());
    }
    if !allowed.iter().any(|allowed| allowed.as_str() == kind) {
        return Err(ApiError::invalid_arn(&format!("Resource type not valid in this context: {kind}")));
    }
    Ok(())
}

/// A state machine's ARN, for calls that do not take the labelled ARN of a Distributed Map's children
/// (`…:stateMachine:<name>/<label>`).
pub(crate) fn check_state_machine(arn: &str) -> Result<(), ApiError> {
    check(arn, &[ArnKind::StateMachine])?;
    if arn.contains('/') {
        let message = format!("This operation does not support labeled state machine ARNs: '{arn}'");
        return Err(ApiError::validation(message).with("reason", Text::from("API_DOES_NOT_SUPPORT_LABELED_ARNS")));
    }
    Ok(())
}

/// A state machine's ARN that an execution is started with, and the profile. Where there are profiles, one may stand
/// behind the ARN (`…#<profile>`), as Step Functions Local has it for test cases.
pub(crate) fn state_machine_to_start(arn: Text, has_profiles: bool) -> Result<(Text, Option<Text>), ApiError> {
    let (machine, profile) = match arn.split_once('#') {
        Some((machine, profile)) if has_profiles => (machine.into(), Some(profile.into())),
        _ => (arn, None),
    };
    check_state_machine(&machine)?;
    Ok((machine, profile))
}

/// A version's ARN: `…:stateMachine:<name>:<number>`.
pub(crate) fn check_version(arn: &str) -> Result<(), ApiError> {
    check_state_machine(arn)?;
    match version(arn) {
        Some(_) => Ok(()),
        None => Err(ApiError::validation(format!("Must provide a state machine version ARN. Received: '{arn}'"))),
    }
}

/// An alias's ARN: `…:stateMachine:<name>:<alias>`.
pub(crate) fn check_alias(arn: &str) -> Result<(), ApiError> {
    check_state_machine(arn)?;
    if qualifier(arn).is_none() || version(arn).is_some() {
        return Err(ApiError::validation(format!("Must provide a state machine alias ARN. Received: '{arn}'")));
    }
    Ok(())
}

/// The state machine's ARN and the version's number, where the ARN is a version's.
pub(crate) fn version(arn: &str) -> Option<(&str, VersionNumber)> {
    let (machine, qualifier) = split(arn);
    let digits = qualifier.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0'))?;
    Some((machine, VersionNumber(digits.parse().ok()?)))
}

/// Whether an ARN names a state machine, or a version or an alias of one.
pub(crate) fn is_state_machine(arn: &str) -> bool {
    arn.split(':').nth(5) == Some(ArnKind::StateMachine.as_str())
}

/// The version or the alias that the ARN of a state machine names.
pub(crate) fn qualifier(arn: &str) -> Option<&str> {
    split(arn).1
}

/// The ARN of the state machine that an ARN names, whatever version or alias of it.
pub(crate) fn unqualified(arn: &str) -> &str {
    split(arn).0
}

/// The ARN of a version or an alias of a state machine.
pub(crate) fn qualified(machine_arn: &str, qualifier: impl Display) -> String {
    format!("{machine_arn}:{qualifier}")
}

fn split(arn: &str) -> (&str, Option<&str>) {
    match arn.match_indices(':').nth(6) {
        Some((at, _)) => (&arn[..at], Some(&arn[at + 1..])),
        None => (arn, None),
    }
}

/// A role's ARN: `arn:<partition>:iam::<account>:role/<name>`.
pub(crate) fn check_role(arn: &str) -> Result<(), ApiError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let well_formed = matches!(parts[..], ["arn", partition, "iam", "", account, resource]
        if !partition.is_empty()
            && account.len() == 12
            && account.bytes().all(|b| b.is_ascii_digit())
            && resource.strip_prefix("role/").is_some_and(|name| !name.is_empty()));
    if !well_formed {
        return Err(ApiError::new("InvalidArn", format!("Invalid Role Arn: '{arn}'")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_told_apart_by_type() {
        let execution = "arn:aws:states:us-east-1:000000000000:execution:m:e";
        let express = "arn:aws:states:us-east-1:000000000000:express:m:e:u";
        assert!(check(execution, &[ArnKind::Execution]).is_ok());
        assert!(check("arn:aws-cn:states:r:0:activity:a", &[ArnKind::StateMachine, ArnKind::Activity]).is_ok());
        let cases = [
            ("invalid", "Invalid Arn: 'Invalid ARN prefix: invalid'"),
            ("", "Invalid Arn: 'Invalid ARN prefix: '"),
            ("arn:aws:lambda:r:0:execution:m", "Invalid Arn: 'Invalid ARN prefix: arn:aws:lambda:r:0:execution:m'"),
            ("arn:aws:states:r:0:execution", "Invalid Arn: 'Invalid ARN prefix: arn:aws:states:r:0:execution'"),
            ("arn:aws:states:r:0:execution:", "Invalid Arn: 'Invalid ARN prefix: arn:aws:states:r:0:execution:'"),
            (express, "Invalid Arn: 'Resource type not valid in this context: express'"),
        ];
        for (arn, message) in cases {
            let error = check(arn, &[ArnKind::Execution]).unwrap_err();
            assert_eq!((error.code, error.message.as_str()), ("InvalidArn", message));
        }
    }

    #[test]
    fn labelled_state_machines_are_refused_with_a_reason() {
        let error = check_state_machine("arn:aws:states:r:0:stateMachine:m/label").unwrap_err();
        assert_eq!(error.code, "ValidationException");
        assert!(error.body().contains(r#""reason":"API_DOES_NOT_SUPPORT_LABELED_ARNS""#));
    }

    #[test]
    fn a_profile_may_have_any_name_where_there_are_profiles() {
        let machine = "arn:aws:states:r:0:stateMachine:m";
        let arn = Text::from(format!("{machine}#case 1/2"));
        let found = state_machine_to_start(arn.clone(), true).unwrap();
        assert_eq!(found, (machine.into(), Some("case 1/2".into())));
        assert_eq!(state_machine_to_start(machine.into(), true).unwrap(), (machine.into(), None));
        assert!(state_machine_to_start(arn, false).is_err());
        assert!(state_machine_to_start("arn:aws:states:r:0:stateMachine:#case".into(), true).is_err());
    }

    #[test]
    fn versions_and_aliases_are_told_apart() {
        let machine = "arn:aws:states:r:0:stateMachine:m";
        assert_eq!(version(&qualified(machine, 12)), Some((machine, VersionNumber(12))));
        assert_eq!(unqualified(&qualified(machine, "PROD")), machine);
        assert_eq!(unqualified(machine), machine);
        // Qualifier, whether it is a version's, whether it is an alias's.
        let cases = [("", false, false), (":1", true, false), (":PROD", false, true), (":01", false, true)];
        for (qualifier, is_version, is_alias) in cases {
            let arn = format!("{machine}{qualifier}");
            assert_eq!((check_version(&arn).is_ok(), check_alias(&arn).is_ok()), (is_version, is_alias), "{arn}");
        }
        assert_eq!(check_alias("x").unwrap_err().code, "InvalidArn");
    }

    #[test]
    fn roles_are_iam_roles() {
        assert!(check_role("arn:aws:iam::123456789012:role/service-role/x").is_ok());
        for bad in [
            "x",
            "arn:aws:iam::1:role/x",
            "arn:aws:iam::123456789012:user/x",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam:us-east-1:123456789012:role/x",
        ] {
            assert_eq!(check_role(bad).unwrap_err().message, format!("Invalid Role Arn: '{bad}'"));
        }
    }
}
