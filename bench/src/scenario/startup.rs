//! How soon the server is there, and how large its file is.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::options::Options;
use crate::report::{Measure, Target, Unit};
use crate::server::{Server, ServerPlace, Setup};
use crate::stats::{Latencies, milliseconds};

/// How often a program is run in one run.
const TIMES: u32 = 20;
const MIB: f64 = 1024.0 * 1024.0;
/// The compacted models of AWS's services, which become a part of the binary.
const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/models/models.bin");
/// What the models may add to the binary, in MiB.
const MODELS_ADD: f64 = 15.0;

/// What is measured.
pub(super) fn about() -> String {
    format!("the binary: {TIMES} starts each, medians; its size")
}

/// Measures once.
pub(super) async fn run(options: &Options) -> Result<Vec<Measure>, BenchError> {
    let (mut nothing, mut version, mut listening) = (Latencies::default(), Latencies::default(), Latencies::default());
    for _ in 0..TIMES {
        nothing.record(run_to_end(Path::new("true"), &[])?);
        version.record(run_to_end(&options.server, &["--version"])?);
        listening.record(until_listening(options).await?);
    }
    let p50 = |name: &str, mut latencies: Latencies| {
        Measure::new(name, Unit::Milliseconds, milliseconds(latencies.percentile(0.5)))
    };
    let size = |path: &Path| -> Result<f64, BenchError> {
        let metadata = fs::metadata(path).map_err(BenchError::io(format!("size up {}", path.display())))?;
        Ok(metadata.len() as f64 / MIB)
    };
    Ok(vec![
        p50("a program that does nothing (true)", nothing),
        p50("stepwright --version", version),
        p50("start to taking connections, new data", listening),
        Measure::new("size of the binary, with line tables", Unit::Mebibytes, size(&options.server)?),
        Measure::new("of it the models of AWS's services", Unit::Mebibytes, size(Path::new(MODELS))?)
            .expecting(Target::AtMost(MODELS_ADD)),
    ])
}

fn run_to_end(program: &Path, arguments: &[&str]) -> Result<Duration, BenchError> {
    let attempt = || format!("run {}", program.display());
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let begin = Instant::now();
    let status = command.status().map_err(BenchError::io(attempt()))?;
    let elapsed = begin.elapsed();
    if !status.success() {
        return Err(BenchError::Failed { program: program.display().to_string(), status });
    }
    Ok(elapsed)
}

async fn until_listening(options: &Options) -> Result<Duration, BenchError> {
    let place = ServerPlace::new(options)?;
    let begin = Instant::now();
    let server = Server::start(options, &place, Setup::Plain).await?;
    let elapsed = begin.elapsed();
    server.stop().await?;
    Ok(elapsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_fails_is_an_error() {
        run_to_end(Path::new("true"), &[]).expect("a duration");
        assert!(matches!(run_to_end(Path::new("false"), &[]), Err(BenchError::Failed { .. })));
        assert!(matches!(run_to_end(Path::new("no-such-program-here"), &[]), Err(BenchError::Io { .. })));
    }

    #[test]
    fn the_models_are_where_they_are_sized_up() {
        assert!(Path::new(MODELS).is_file(), "{MODELS}");
    }
}
