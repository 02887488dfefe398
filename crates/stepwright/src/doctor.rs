//! `stepwright doctor`: says what is wrong with stored data, and what can be done.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use runtime::doctor::{Examined, Finding, Remedy, examine};
use store::sqlite::Sqlite;

use crate::cli::DoctorArguments;
use crate::{FAILED, Failure};

/// Where the data is when nobody says.
const DATA_DIR: &str = "stepwright-data";

/// Looks at all of the data and prints each thing that is wrong.
pub(crate) fn doctor(arguments: &DoctorArguments) -> Result<ExitCode, Failure> {
    let from_environment = || std::env::var_os("STEPWRIGHT_DATA_DIR").filter(|value| !value.is_empty());
    let given = arguments.data_dir.clone().or_else(|| from_environment().map(PathBuf::from));
    let directory = given.unwrap_or_else(|| DATA_DIR.into());
    let store = Arc::new(Sqlite::open_to_examine(&directory)?);
    let mut report = Report { out: io::stdout().lock(), remedies: Vec::new(), failed: None };
    let examined = examine(&store, &mut |finding| report.tell(&finding))?;
    report.end(examined)
}

/// What is printed.
struct Report<W> {
    out: W,
    /// What can be done about what was found.
    remedies: Vec<Remedy>,
    failed: Option<io::Error>,
}

impl<W: Write> Report<W> {
    fn tell(&mut self, finding: &Finding) {
        let what = finding.what.replace('\n', " ");
        self.failed = writeln!(self.out, "{}: {what}", finding.subject).err().or(self.failed.take());
        self.remedies.push(finding.remedy);
    }

    fn end(mut self, examined: Examined) -> Result<ExitCode, Failure> {
        let found = self.remedies.len();
        self.remedies.sort_unstable();
        self.remedies.dedup();
        let Examined { state_machines, activities, executions, events } = examined;
        let verdict = if found == 0 { "all is well".to_owned() } else { format!("{found} found wrong") };
        writeln!(
            self.out,
            "{verdict}: examined {state_machines} state machines, {activities} activities, {executions} executions \
             with {events} events"
        )?;
        for remedy in &self.remedies {
            writeln!(self.out, "{}", advice(*remedy))?;
        }
        self.failed.map_or(Ok(()), Err)?;
        Ok(if found == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
    }
}

/// What can be done.
fn advice(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::Restore => {
            "The file is damaged: restore a backup. Without one, `sqlite3 stepwright.db .recover` on a copy saves what \
             can be read."
        }
        Remedy::StopOrRestore => {
            "Executions with a damaged history cannot go on; all others do. The server leaves them as they are: start \
             their work anew under another name, or restore a backup."
        }
        Remedy::UpdateOrRestore => {
            "State machines whose definition is damaged start nothing: UpdateStateMachine gives them a new one."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_is_a_line_and_each_remedy_is_told_once() {
        let mut report = Report { out: Vec::new(), remedies: Vec::new(), failed: None };
        for (subject, remedy) in [("b", Remedy::StopOrRestore), ("a", Remedy::StopOrRestore), ("file", Remedy::Restore)]
        {
            report.tell(&Finding { subject: subject.into(), what: "is\nwrong".into(), remedy });
        }
        let Report { out, remedies, failed } = &mut report;
        assert_eq!(String::from_utf8(std::mem::take(out)).unwrap(), "b: is wrong\na: is wrong\nfile: is wrong\n");
        assert!(remedies.len() == 3 && failed.is_none());
        assert_eq!(report.end(Examined::default()).unwrap(), ExitCode::from(FAILED));
        let sound = Report { out: Vec::new(), remedies: Vec::new(), failed: None };
        assert_eq!(sound.end(Examined::default()).unwrap(), ExitCode::SUCCESS);
    }
}
