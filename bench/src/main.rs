//! A load generator: measures a Stepwright server as a user would see it, over HTTP, on durable storage.
//!
//! It starts its own servers on free ports with data directories of their own, runs each scenario several
//! times, and prints medians beside the targets. It reports; a missed target is no failure.
//! `docs/performance.md` says what each scenario measures.

mod batch;
mod client;
mod definitions;
mod disk;
mod echo;
mod error;
mod functions;
mod http;
mod listen;
mod load;
mod machines;
mod options;
mod process;
mod report;
mod scenario;
mod server;
mod stats;
mod wire;

use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::error::BenchError;
use crate::options::Options;
use crate::report::{Report, note};

fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match (options.echo_server, options.batch_server) {
        (Some(port), _) => echo::serve(port).map(|()| true),
        (None, Some(port)) => batch::serve(port).map(|()| true),
        (None, None) => generate(&options),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            note(&error::chain(&error));
            ExitCode::FAILURE
        }
    }
}

/// Runs what was asked for and prints the report. False where a scenario could not be run to its end.
fn generate(options: &Options) -> Result<bool, BenchError> {
    // One thread: the generator shares the machine with the server and must leave it the other cores.
    let runtime = Builder::new_current_thread().enable_all().build().map_err(BenchError::io("start the generator"))?;
    let mut report = Report::new(options);
    let mut complete = true;
    for scenario in options.chosen() {
        match LocalSet::new().block_on(&runtime, scenario::run(scenario, options)) {
            Ok(section) => {
                report::print(&section);
                report.push(section);
            }
            Err(error) => {
                complete = false;
                note(&format!("{}: not measured: {}", scenario.name(), error::chain(&error)));
            }
        }
    }
    if let Some(path) = &options.json {
        report.write(path)?;
    }
    Ok(complete)
}
