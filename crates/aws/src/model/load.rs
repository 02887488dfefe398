//! The models that are part of the binary, each unpacked when it is first asked for.

use std::sync::{Arc, OnceLock};

use super::Service;
use super::packed::Packed;

static FILE: &[u8] = include_bytes!("models.bin");
static MODELS: OnceLock<Result<Models, ModelError>> = OnceLock::new();

/// Why there is no model though there should be one: the file that is part of the binary is damaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The file as a whole.
    #[error("the file of service models is damaged: {0}")]
    File(String),
    /// One model in it.
    #[error("the model of {service} is damaged: {problem}")]
    Service {
        /// The service.
        service: String,
        /// What is wrong.
        problem: String,
    },
}

struct Models {
    packed: Packed<'static>,
    unpacked: Vec<OnceLock<Result<Arc<Service>, ModelError>>>,
}

/// The model of the service that the SDK integrations call so (`sfn`); failing that, that botocore calls so
/// (`stepfunctions`). `None` where there is no such service.
///
/// The first call for a service unpacks its model, later ones give the same.
///
/// # Errors
/// A damaged file or model. Later calls give the same error.
pub fn load(name: &str) -> Result<Option<Arc<Service>>, ModelError> {
    let models = models()?;
    let Some(place) = models.packed.find(name) else { return Ok(None) };
    let unpack = || models.packed.unpack(&models.packed.entries()[place]).map(Arc::new);
    models.unpacked[place].get_or_init(unpack).clone().map(Some)
}

/// The names of all services as the SDK integrations have them, sorted.
///
/// # Errors
/// A damaged file.
pub fn names() -> Result<impl Iterator<Item = &'static str>, ModelError> {
    Ok(models()?.packed.entries().iter().map(|entry| entry.name))
}

/// What the models were made from: `botocore 1.2.3`.
///
/// # Errors
/// A damaged file.
pub fn origin() -> Result<&'static str, ModelError> {
    Ok(models()?.packed.origin())
}

fn models() -> Result<&'static Models, ModelError> {
    let open = || {
        let packed = Packed::open(FILE)?;
        let unpacked = packed.entries().iter().map(|_| OnceLock::new()).collect();
        Ok(Models { packed, unpacked })
    };
    MODELS.get_or_init(open).as_ref().map_err(Clone::clone)
}
