//! The command line of the generator.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Measures a Stepwright server as a user would see it.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
pub(crate) struct Options {
    /// What to measure
    #[arg(value_enum, default_value = "all")]
    pub(crate) scenarios: Vec<Scenario>,
    /// The server's binary
    #[arg(long, value_name = "FILE", default_value = "target/release/stepwright")]
    pub(crate) server: PathBuf,
    /// Where the data directories of the servers go; they are removed afterwards
    #[arg(long, value_name = "DIR", default_value = "target/bench-data")]
    pub(crate) data_dir: PathBuf,
    /// Keep nothing on disk: measures the server without its storage
    #[arg(long)]
    pub(crate) in_memory: bool,
    /// How often each scenario is run (idle and jobs: once)
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) runs: u32,
    /// How long each run lasts, for the scenarios that last a time
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seconds: u64,
    /// How many clients send requests at once, and how many workers poll
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) clients: u32,
    /// How many executions the idle scenario opens
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: u64,
    /// How many tasks wait for their jobs in the jobs scenarios
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) jobs: u64,
    /// Also write every figure of every run to a file
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Be the echo server on this port instead (the generator starts it itself)
    #[arg(long, value_name = "PORT", hide = true)]
    pub(crate) echo_server: Option<u16>,
    /// Be the counterpart of AWS Batch on this port instead (the generator starts it itself)
    #[arg(long, value_name = "PORT", hide = true)]
    pub(crate) batch_server: Option<u16>,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// Everything below, in this order
    All,
    /// Executions of one Pass state, from many clients
    Pass,
    /// Executions of ten Pass states with intrinsic functions, from many clients
    Chain,
    /// Executions of ten Pass states that compute five fields each with JSONata, from many clients
    ChainJsonata,
    /// Activity tasks, through many workers
    Activity,
    /// One execution after the other that loops 100 times over a Choice state
    ChoiceLoop,
    /// One execution of one Pass state after the other
    Sequential,
    /// Map states with up to 40,000 items, and loops of up to 20,000 events
    Map,
    /// A million executions that wait for a day
    Idle,
    /// Expressions evaluated and definitions read, without a server
    Expressions,
    /// Node and Python functions on this machine: warm, from many clients, and cold
    Functions,
    /// Ten thousand tasks that wait for executions which wait for a day
    Jobs,
    /// Ten thousand tasks that wait for jobs of a counterpart of AWS Batch
    BatchJobs,
    /// The time until the server is there, and the size of its file
    Startup,
}

impl Scenario {
    const EACH: [Self; 13] = [
        Self::Pass,
        Self::Chain,
        Self::ChainJsonata,
        Self::Activity,
        Self::ChoiceLoop,
        Self::Sequential,
        Self::Map,
        Self::Idle,
        Self::Expressions,
        Self::Functions,
        Self::Jobs,
        Self::BatchJobs,
        Self::Startup,
    ];

    /// The name as it is given on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Pass => "pass",
            Self::Chain => "chain",
            Self::ChainJsonata => "chain-jsonata",
            Self::Activity => "activity",
            Self::ChoiceLoop => "choice-loop",
            Self::Sequential => "sequential",
            Self::Map => "map",
            Self::Idle => "idle",
            Self::Expressions => "expressions",
            Self::Functions => "functions",
            Self::Jobs => "jobs",
            Self::BatchJobs => "batch-jobs",
            Self::Startup => "startup",
        }
    }
}

impl Options {
    /// The scenarios asked for, each once, in their usual order.
    pub(crate) fn chosen(&self) -> impl Iterator<Item = Scenario> {
        let all = self.scenarios.contains(&Scenario::All);
        Scenario::EACH.into_iter().filter(move |scenario| all || self.scenarios.contains(scenario))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(arguments: &[&str]) -> Vec<Scenario> {
        Options::try_parse_from(arguments).expect("valid arguments").chosen().collect()
    }

    #[test]
    fn all_is_the_default_and_names_every_scenario() {
        assert_eq!(chosen(&["bench"]), Scenario::EACH);
        assert_eq!(chosen(&["bench", "pass", "all"]), Scenario::EACH);
    }

    #[test]
    fn a_scenario_named_twice_runs_once_and_in_order() {
        assert_eq!(chosen(&["bench", "choice-loop", "pass", "choice-loop"]), [Scenario::Pass, Scenario::ChoiceLoop]);
    }

    #[test]
    fn names_are_those_of_the_command_line() {
        for scenario in Scenario::EACH {
            assert_eq!(chosen(&["bench", scenario.name()]), [scenario]);
        }
    }

    #[test]
    fn nothing_to_do_is_refused() {
        for argument in ["--runs=0", "--seconds=0", "--clients=0", "--count=0", "--jobs=0"] {
            assert!(Options::try_parse_from(["bench", argument]).is_err(), "{argument}");
        }
    }
}
