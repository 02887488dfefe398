//! Credentials that a program prints: `credential_process`.

use std::process::Stdio;
use std::time::Duration;

use aws_credential_types::Credentials;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use super::document::{TokenName, read};
use super::failed;
use crate::CallError;

/// How long the program may take: some ask the user.
const TIMEOUT: Duration = Duration::from_secs(60);
/// More than any document is long.
const MAX_OUTPUT_BYTES: u64 = 64 * 1024;

/// Runs a command line and reads what it prints.
///
/// # Errors
/// A program that cannot be run, fails, takes too long or prints something else. The text holds nothing that it printed.
pub(super) async fn run(source: &str, command: &str) -> Result<Credentials, CallError> {
    let source = format!("credential_process of {source}");
    match tokio::time::timeout(TIMEOUT, output(command)).await {
        Ok(Ok(output)) => credentials(&output).map_err(|problem| failed(&source, problem)),
        Ok(Err(problem)) => Err(failed(&source, problem)),
        Err(_) => Err(failed(&source, format_args!("it takes longer than {} s", TIMEOUT.as_secs()))),
    }
}

async fn output(command: &str) -> Result<Vec<u8>, String> {
    let mut child = shell(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("it cannot be run: {error}"))?;
    let Some(stdout) = child.stdout.take() else { return Err("it has no output".to_owned()) };
    let mut output = Vec::new();
    let read = stdout.take(MAX_OUTPUT_BYTES).read_to_end(&mut output).await;
    read.map_err(|error| format!("its output cannot be read: {error}"))?;
    let status = child.wait().await.map_err(|error| format!("its end is unknown: {error}"))?;
    if status.success() { Ok(output) } else { Err(format!("it ended with {status}")) }
}

fn shell(command: &str) -> Command {
    let (program, option) = if cfg!(windows) { ("cmd.exe", "/C") } else { ("sh", "-c") };
    let mut shell = Command::new(program);
    shell.arg(option).arg(command);
    shell
}

fn credentials(output: &[u8]) -> Result<Credentials, String> {
    let document: Value = serde_json::from_slice(output).map_err(|_| "its output is not JSON".to_owned())?;
    if document.get("Version").and_then(Value::as_u64) != Some(1) {
        return Err("its output has no Version 1".to_owned());
    }
    read(&document, TokenName::SessionToken, "process")
}
