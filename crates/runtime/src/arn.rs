//! ARNs: made here, and looked at before they are looked up.

use std::fmt::Display;

use asl::Text;
use store::record::VersionNumber;

use crate::calls::CallError;

/// Makes the ARNs of one region and account.
#[derive(Clone, Debug)]
pub(crate) struct Arns {
    prefix: String,
}

impl Arns {
    /// For a region and an account of 12 digits.
    pub(crate) fn new(region: &str, account: &str) -> Self {
        Self { prefix: format!("arn:aws:states:{region}:{account}:") }
    }

    /// `…:stateMachine:<name>`
    pub(crate) fn state_machine(&self, name: &str) -> Text {
        format!("{}stateMachine:{name}", self.prefix).into()
    }

    /// `…:activity:<name>`
    pub(crate) fn activity(&self, name: &str) -> Text {
        format!("{}activity:{name}", self.prefix).into()
    }

    /// `…:execution:<machine>:<name>`
    pub(crate) fn execution(&self, machine: &str, name: &str) -> Text {
        let mut arn = String::with_capacity(self.prefix.len() + machine.len() + name.len() + 11);
        arn.extend([self.prefix.as_str(), "execution:", machine, ":", name]);
        arn.into()
    }

    /// `…:express:<machine>:<name>:<run>`
    pub(crate) fn express(&self, machine: &str, name: &str, run: &str) -> Text {
        format!("{}express:{machine}:{name}:{run}", self.prefix).into()
    }
}

/// The state machine's name, from its ARN.
pub(crate) fn machine_name(state_machine_arn: &str) -> Text {
    state_machine_arn.rsplit(':').next().unwrap_or_default().into()
}

/// The region in an ARN.
pub(crate) fn region(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap_or_default()
}

/// The name in the ARN of an execution of an EXPRESS state machine.
pub(crate) fn name_of_express(execution_arn: &str) -> Text {
    execution_arn.split(':').nth(7).unwrap_or_default().into()
}

/// The state machine's ARN, from that of one of its executions.
pub(crate) fn machine_of_execution(execution_arn: &str) -> Text {
    let mut parts: Vec<&str> = execution_arn.split(':').collect();
    parts.truncate(7);
    if let Some(kind) = parts.get_mut(5) {
        *kind = "stateMachine";
    }
    parts.join(":").into()
}

/// `<state machine's ARN>:<version or alias>`
pub(crate) fn qualified(state_machine_arn: &str, qualifier: impl Display) -> Text {
    format!("{state_machine_arn}:{qualifier}").into()
}

/// The state machine's ARN and what follows it, where something does.
pub(crate) fn split_qualified(arn: &str) -> Option<(&str, &str)> {
    let (machine, qualifier) = arn.rsplit_once(':')?;
    (machine.bytes().filter(|byte| *byte == b':').count() == 6).then_some((machine, qualifier))
}

/// The number a qualifier is; an alias has no name of digits alone.
pub(crate) fn version_number(qualifier: &str) -> Option<VersionNumber> {
    let is_number = qualifier.bytes().all(|byte| byte.is_ascii_digit()) && !qualifier.starts_with('0');
    let number = is_number.then(|| qualifier.parse().ok()).flatten();
    number.map(VersionNumber)
}

/// Refuses what cannot be the ARN of a resource of that type, in AWS's words.
pub(crate) fn check(arn: &str, resource_type: &str) -> Result<(), CallError> {
    let mut parts = arn.splitn(7, ':');
    let is_prefix = parts.next() == Some("arn")
        && parts.next().is_some_and(|partition| partition.starts_with("aws"))
        && parts.next() == Some("states");
    let found = parts.nth(2).filter(|_| is_prefix);
    let has_name = parts.next().is_some_and(|name| !name.is_empty());
    match found {
        Some(_) if !has_name => Err(CallError::InvalidArn(format!("Invalid ARN prefix: {arn}"))),
        Some(found) if found == resource_type => Ok(()),
        Some(found) => Err(CallError::InvalidArn(format!("Resource type not valid in this context: {found}"))),
        None => Err(CallError::InvalidArn(format!("Invalid ARN prefix: {arn}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_checked_in_the_words_of_aws() {
        let cases = [
            ("arn:aws:states:us-east-1:123456789012:execution:m:e", Ok(())),
            (
                "arn:aws:states:us-east-1:123456789012:express:m:e:1",
                Err("Resource type not valid in this context: express"),
            ),
            ("no arn at all", Err("Invalid ARN prefix: no arn at all")),
            ("arn:aws:s3:::bucket:x:y", Err("Invalid ARN prefix: arn:aws:s3:::bucket:x:y")),
            ("", Err("Invalid ARN prefix: ")),
        ];
        for (arn, expected) in cases {
            let found = check(arn, "execution").map_err(|e| match e {
                CallError::InvalidArn(text) => text,
                other => other.to_string(),
            });
            assert_eq!(found, expected.map_err(str::to_owned), "{arn}");
        }
    }

    #[test]
    fn a_qualified_arn_is_taken_apart() {
        let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:m";
        assert_eq!(&*qualified(machine, 7), "arn:aws:states:us-east-1:123456789012:stateMachine:m:7");
        for (arn, expected) in [
            (qualified(machine, "PROD"), Some((machine, "PROD"))),
            (qualified(machine, ""), Some((machine, ""))),
            (machine.into(), None),
            (qualified(&qualified(machine, 1), 2), None),
            ("".into(), None),
        ] {
            assert_eq!(split_qualified(&arn), expected, "{arn}");
        }
        let numbers = ["1", "42", "0", "01", "-1", "+1", "1a", "", "99999999999999999999"];
        let expected = [Some(1), Some(42), None, None, None, None, None, None, None];
        assert_eq!(numbers.map(version_number), expected.map(|number| number.map(VersionNumber)));
    }

    #[test]
    fn an_execution_names_its_machine() {
        let arns = Arns::new("us-east-1", "123456789012");
        let machine = arns.state_machine("m");
        assert_eq!(machine_of_execution(&arns.execution("m", "e")), machine);
        assert_eq!(&*machine_name(&machine), "m");
    }
}
