//! `cargo xtask models`: makes the service models that the crate `models` packs into the binary from botocore's data.
//! Nothing else in the workspace is made from it.

mod actions;
mod botocore;
mod compact;
mod endpoint;
mod names;

use std::fs;
use std::path::{Path, PathBuf};

use models::ModelError;
use models::packed::{self, Source};

use botocore::Botocore;

/// Below the workspace.
const MODELS: &str = "crates/models/models.bin";

/// Older copies of services that botocore has under two names: both have one `serviceId`.
const SAME: &[&str] = &["sms-voice"];

/// A dictionary larger than this gains less than it costs itself.
const DICTIONARY_BYTES_MAX: usize = 64 << 10;

/// Why there are no new models.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ModelsError {
    /// A file or folder that cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that is no JSON.
    #[error("{}: {source}", path.display())]
    Json {
        /// Which.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// botocore that is not there.
    #[error("python3 knows no botocore ({0}): install it or give the path of its data folder")]
    NoBotocore(String),
    /// A model that is not as models are.
    #[error("{service}: {problem}")]
    Model {
        /// botocore's name of the service.
        service: String,
        /// What is wrong.
        problem: String,
    },
    /// Models that cannot be packed.
    #[error(transparent)]
    Pack(#[from] ModelError),
    /// A dictionary that cannot be made.
    #[error("the dictionary: {0}")]
    Dictionary(std::io::Error),
}

/// What was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    services: usize,
    operations: usize,
    bytes: usize,
}

impl std::fmt::Display for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} services, {} operations, {} bytes of models", self.services, self.operations, self.bytes)
    }
}

/// Makes the file from the botocore whose data folder is given, or else from the one that python3 imports.
pub(crate) fn make(data: Option<&Path>) -> Result<Made, ModelsError> {
    let botocore = data.map_or_else(Botocore::installed, Botocore::at)?;
    let sources = sources(&botocore)?;
    let packed = packed::pack(&botocore.origin(), &dictionary(&sources)?, &sources, &actions::text(&sources))?;
    write(MODELS, &packed)?;
    let operations = sources.iter().map(|source| source.service.operations.len()).sum();
    Ok(Made { services: sources.len(), operations, bytes: packed.len() })
}

fn sources(botocore: &Botocore) -> Result<Vec<Source>, ModelsError> {
    let source = |folder: String| {
        let problem = |problem: String| ModelsError::Model { service: folder.clone(), problem };
        let (mut service, constraints) = compact::service(&botocore.model(&folder)?).map_err(problem)?;
        endpoint::place(&mut service, &botocore.endpoint_rules(&folder)?);
        Ok(Source { folder, service, constraints })
    };
    let folders = botocore.services()?.into_iter().filter(|folder| !SAME.contains(&folder.as_str()));
    folders.map(source).collect()
}

/// What the models have in common, as zstd finds it.
fn dictionary(sources: &[Source]) -> Result<Vec<u8>, ModelsError> {
    let samples: Result<Vec<_>, _> = sources.iter().map(|source| packed::encode(&source.service)).collect();
    zstd::dict::from_samples(&samples?, DICTIONARY_BYTES_MAX).map_err(ModelsError::Dictionary)
}

fn write(path: &str, bytes: &[u8]) -> Result<(), ModelsError> {
    let path = crate::root().join(path);
    let failed = |source| ModelsError::File { path: path.clone(), source };
    path.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
    fs::write(&path, bytes).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packed_models_are_those_of_the_botocore_they_name() {
        let packed = fs::read(crate::root().join(MODELS)).unwrap();
        let packed = packed::Packed::open(&packed).unwrap();
        let botocore = match Botocore::installed() {
            Ok(botocore) if botocore.origin() == packed.origin() => botocore,
            other => {
                crate::say(&format!("skipped: {} is not installed ({other:?})", packed.origin()));
                return;
            }
        };
        let sources = sources(&botocore).unwrap();
        assert_eq!(packed.entries().len(), sources.len());
        for Source { folder, service, constraints } in &sources {
            let entry = &packed.entries()[packed.find(&service.metadata.name).unwrap()];
            assert_eq!(entry.folder, folder);
            let stored = packed.service(entry).unwrap();
            assert!(
                packed::encode(&stored).unwrap() == packed::encode(service).unwrap(),
                "{folder}: run cargo xtask models"
            );
            assert!(packed.constraints(entry).unwrap() == *constraints, "{folder}: run cargo xtask models");
        }
        assert!(packed.actions().unwrap() == actions::text(&sources), "run cargo xtask models");
    }
}
