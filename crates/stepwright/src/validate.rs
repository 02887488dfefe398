//! `stepwright validate`: reads definitions and shows what is wrong with them, where, and what to do about it.
//!
//! One submodule per way to print. They print what [`finding`] has gathered and decide nothing.

mod files;
mod finding;
mod github;
mod json;
mod rules;
mod sarif;
mod template;
mod text;

use std::collections::HashSet;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use asl::diagnostic::Severity;
use asl::read::MachineType;
use document::Syntax;
use document::placeholders::Values;

use crate::check::Subject;
use crate::cli::{self, ValidateArguments, ValidateFormat};
use crate::definition::{read_text, shown_name};
use crate::excerpt::Colour;
use crate::placeholder_values;
use crate::{FAILED, Failure, USAGE, chain, say};
use finding::Checked;
use template::Templated;

impl From<cli::MachineType> for MachineType {
    fn from(machine_type: cli::MachineType) -> Self {
        match machine_type {
            cli::MachineType::Standard => Self::Standard,
            cli::MachineType::Express => Self::Express,
        }
    }
}

impl From<cli::Severity> for Severity {
    fn from(severity: cli::Severity) -> Self {
        match severity {
            cli::Severity::Error => Self::Error,
            cli::Severity::Warning => Self::Warning,
        }
    }
}

/// Checks every definition and prints what was found. One that cannot be read keeps none of the others from being
/// checked.
pub(crate) fn validate(arguments: &ValidateArguments) -> Result<ExitCode, Failure> {
    let values = placeholder_values::values(&arguments.placeholders)?;
    let here = [PathBuf::from(".")];
    let found = files::find(if arguments.files.is_empty() { &here } else { &arguments.files });
    let mut round = Round { arguments, values, is_complete: true, checked: Vec::new(), in_templates: HashSet::new() };
    found.problems.iter().for_each(|problem| round.complain(problem));
    // Templates come first: they say what the placeholders of their definitions stand for.
    let (templates, others): (Vec<_>, Vec<_>) = found.files.iter().partition(|file| files::may_be_template(file));
    templates.into_iter().for_each(|file| round.template_or_definition(file));
    others.into_iter().for_each(|file| round.definition(file));
    let Round { is_complete, mut checked, .. } = round;
    checked.sort_by_key(|one| found.place(one.path.as_deref()));
    std::io::stdout().write_all(printed(&checked, is_complete, arguments.format).as_bytes())?;
    Ok(match (is_complete, checked.iter().all(Checked::is_valid)) {
        (false, _) => ExitCode::from(USAGE),
        (true, false) => ExitCode::from(FAILED),
        (true, true) => ExitCode::SUCCESS,
    })
}

/// What has been checked so far.
struct Round<'a> {
    arguments: &'a ValidateArguments,
    values: Values,
    is_complete: bool,
    checked: Vec<Checked>,
    /// The files that were checked as definitions of a template.
    in_templates: HashSet<PathBuf>,
}

impl Round<'_> {
    fn complain(&mut self, error: &(dyn std::error::Error + 'static)) {
        self.is_complete = false;
        say(&format!("stepwright: {}", chain(error)));
    }

    fn template_or_definition(&mut self, file: &Path) {
        let source = match read_text(file) {
            Ok(source) => source,
            Err(error) => return self.complain(&error),
        };
        let Some((definitions, problems)) = template::definitions(file, &source, &self.values) else {
            return self.check(file, source);
        };
        problems.iter().for_each(|problem| self.complain(problem));
        for Templated { path, state_machine, subject } in definitions {
            self.in_templates.extend(path.canonicalize());
            let least = self.arguments.severity.into();
            self.checked.push(Checked::new(Some(path), Some(state_machine), subject, least));
        }
    }

    /// A definition in a file of its own, unless it was checked as a template has it.
    fn definition(&mut self, file: &Path) {
        let is_checked = file.canonicalize().is_ok_and(|path| self.in_templates.contains(&path));
        match read_text(file) {
            _ if is_checked => {}
            Ok(source) => self.check(file, source),
            Err(error) => self.complain(&error),
        }
    }

    fn check(&mut self, file: &Path, source: String) {
        let (name, syntax) = (shown_name(file), Syntax::of_path(file));
        let subject = Subject::of_file(name, source, syntax, self.arguments.machine_type.into(), &self.values);
        let path = (file != Path::new("-")).then(|| file.to_owned());
        self.checked.push(Checked::new(path, None, subject, self.arguments.severity.into()));
    }
}

fn printed(checked: &[Checked], is_complete: bool, format: ValidateFormat) -> String {
    match format {
        ValidateFormat::Text => text::print(checked, Colour::for_terminal(std::io::stdout().is_terminal())),
        ValidateFormat::Json => format!("{:#}\n", json::print(checked)),
        ValidateFormat::Github => github::print(checked),
        ValidateFormat::Sarif => format!("{:#}\n", sarif::print(checked, is_complete)),
    }
}
