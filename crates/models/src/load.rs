//! The models that are part of the binary, each unpacked when it is first asked for.

use std::sync::{Arc, OnceLock};

use crate::constraint::Constraints;
use crate::packed::Packed;
use crate::service::Service;

static FILE: &[u8] = include_bytes!("../models.bin");
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
    /// One for each entry of the file.
    services: Vec<Unpacked<Service>>,
    /// One for each entry of the file.
    constraints: Vec<Unpacked<Constraints>>,
    actions: OnceLock<Result<String, ModelError>>,
}

type Unpacked<T> = OnceLock<Result<Arc<T>, ModelError>>;

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
    let unpack = || models.packed.service(&models.packed.entries()[place]).map(Arc::new);
    models.services[place].get_or_init(unpack).clone().map(Some)
}

/// What the results of a service must be beyond their types. The service is named as for [`load`], and the shapes are
/// those of its model.
///
/// # Errors
/// A damaged file or model. Later calls give the same error.
pub fn constraints(name: &str) -> Result<Option<Arc<Constraints>>, ModelError> {
    let models = models()?;
    let Some(place) = models.packed.find(name) else { return Ok(None) };
    let unpack = || models.packed.constraints(&models.packed.entries()[place]).map(Arc::new);
    models.constraints[place].get_or_init(unpack).clone().map(Some)
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

/// The list of [`crate::actions`].
pub(crate) fn actions() -> Result<&'static str, ModelError> {
    let models = models()?;
    models.actions.get_or_init(|| models.packed.actions()).as_deref().map_err(Clone::clone)
}

fn models() -> Result<&'static Models, ModelError> {
    let open = || {
        let packed = Packed::open(FILE)?;
        let services = packed.entries().iter().map(|_| OnceLock::new()).collect();
        let constraints = packed.entries().iter().map(|_| OnceLock::new()).collect();
        Ok(Models { packed, services, constraints, actions: OnceLock::new() })
    };
    MODELS.get_or_init(open).as_ref().map_err(Clone::clone)
}
