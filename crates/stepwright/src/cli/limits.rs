//! The flags of the quotas: one for each row of their table.

use clap::error::Error;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use runtime::quotas::{Quota, Quotas, TABLE};

use crate::config::Name;

/// What `--limits-...` set, in the order of the table.
#[derive(Debug, Default)]
pub(crate) struct LimitArguments {
    /// The values as text.
    pub(crate) given: [Option<String>; TABLE.len()],
}

impl Args for LimitArguments {
    fn augment_args(command: Command) -> Command {
        let defaults = Quotas::default();
        TABLE.iter().fold(command, |command, quota| command.arg(argument(quota, &defaults)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for LimitArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut arguments = Self::default();
        arguments.update_from_arg_matches(matches)?;
        Ok(arguments)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for (quota, given) in TABLE.iter().zip(&mut self.given) {
            if let Some(text) = matches.get_one::<String>(quota.key) {
                *given = Some(text.clone());
            }
        }
        Ok(())
    }
}

fn argument(quota: &Quota, defaults: &Quotas) -> Arg {
    let name = Name::new(quota.key);
    let help = format!("{} [default: {}] [env: {}]", quota.what, quota.value(defaults), name.variable());
    let flag = name.flag().trim_start_matches('-').to_owned();
    Arg::new(quota.key).long(flag).value_name(quota.unit).help(help).help_heading("Limits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_quota_is_a_flag() {
        for (at, quota) in TABLE.iter().enumerate() {
            let words = ["serve", &Name::new(quota.key).flag(), "12"];
            let matches = LimitArguments::augment_args(Command::new("serve")).try_get_matches_from(words).unwrap();
            let arguments = LimitArguments::from_arg_matches(&matches).unwrap();
            let set: Vec<usize> = (0..TABLE.len()).filter(|at| arguments.given[*at].is_some()).collect();
            assert_eq!((set, arguments.given[at].as_deref()), (vec![at], Some("12")), "{}", quota.key);
        }
    }
}
