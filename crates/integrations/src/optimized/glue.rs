//! AWS Glue.

use super::{Behaviour, Members, member};

pub(super) const BEHAVIOURS: &[Behaviour] = &[Behaviour::of("glue", "startJobRun").answer(name_job)];

/// AWS puts the job's name into the answer.
fn name_job(answer: &mut Members, parameters: &Members) {
    if let Some(name) = member(parameters, "JobName") {
        answer.insert("JobName".to_owned(), name.clone());
    }
}
