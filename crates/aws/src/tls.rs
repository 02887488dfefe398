//! TLS: which certificates are trusted, read when the first https request needs it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;

use crate::broken::Broken;
use crate::connector::Connector;
use crate::environment::Environment;

/// How many sets of certificates given with requests are remembered, with their connections.
const REMEMBERED_ROOTS: usize = 256;

type Connections = Client<HttpsConnector<Connector>, Full<Bytes>>;

/// The connections by what they trust.
pub(crate) struct Tls {
    environment: Environment,
    system: OnceCell<Connections>,
    by_root: Mutex<HashMap<String, Connections>>,
}

impl Tls {
    pub(crate) fn new(environment: &Environment) -> Self {
        Self { environment: environment.clone(), system: OnceCell::new(), by_root: Mutex::default() }
    }

    /// Connections that trust these certificates only, or, without any, what the system and `AWS_CA_BUNDLE` trust.
    pub(crate) async fn connections(
        &self,
        root_ca: Option<&str>,
        connect: impl FnOnce(ClientConfig) -> Connections,
    ) -> Result<Connections, Broken> {
        let Some(root_ca) = root_ca else {
            let made = self.system.get_or_try_init(|| async { Ok(connect(config(self.system_roots().await?)?)) }).await;
            return made.cloned();
        };
        let mut by_root = self.by_root.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = by_root.get(root_ca) {
            return Ok(known.clone());
        }
        let mut roots = RootCertStore::empty();
        add_pem(&mut roots, root_ca.as_bytes(), "the given certificate authority")?;
        let made = connect(config(roots)?);
        if by_root.len() >= REMEMBERED_ROOTS {
            by_root.clear();
        }
        by_root.insert(root_ca.to_owned(), made.clone());
        Ok(made)
    }

    /// Wraps a connector into TLS.
    pub(crate) fn connector(&self, config: ClientConfig, connector: Connector) -> HttpsConnector<Connector> {
        HttpsConnectorBuilder::new().with_tls_config(config).https_only().enable_http1().wrap_connector(connector)
    }

    async fn system_roots(&self) -> Result<RootCertStore, Broken> {
        let bundle = self.environment.get("AWS_CA_BUNDLE");
        let read = move || read_system_roots(bundle.as_deref());
        tokio::task::spawn_blocking(read).await.map_err(|error| Broken::lasting(error.to_string()))?
    }
}

/// Blocks while it reads.
fn read_system_roots(bundle: Option<&str>) -> Result<RootCertStore, Broken> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(native.certs);
    if let Some(path) = bundle {
        let unreadable = |error| Broken::lasting(format!("cannot read AWS_CA_BUNDLE {path}: {error}"));
        add_pem(&mut roots, &std::fs::read(Path::new(path)).map_err(unreadable)?, path)?;
    }
    if roots.is_empty() {
        let why = native.errors.first().map_or_else(|| "none was found".to_owned(), ToString::to_string);
        return Err(Broken::lasting(format!(
            "the system trusts no certificates: {why}; AWS_CA_BUNDLE can name a file"
        )));
    }
    Ok(roots)
}

fn add_pem(roots: &mut RootCertStore, pem: &[u8], place: &str) -> Result<(), Broken> {
    let wrong = |problem: String| Broken::lasting(format!("{place} holds no certificates in PEM: {problem}"));
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.map_err(|error| wrong(error.to_string()))?;
    if certificates.is_empty() {
        return Err(wrong("no section CERTIFICATE".to_owned()));
    }
    for certificate in certificates {
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    Ok(())
}

fn config(roots: RootCertStore) -> Result<ClientConfig, Broken> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| Broken::lasting(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
