//! Opens connections. Where the process or the system has no file descriptor left, it waits until one is given back:
//! that is no fault of the request, and passes.

use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::reach::Resolver;

/// The first pause, and what each later one is longer by, up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(20);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_millis(500);

type BoxError = Box<dyn Error + Send + Sync>;

/// Opens TCP connections.
#[derive(Clone)]
pub(crate) struct Connector(HttpConnector<Resolver>);

impl Connector {
    /// One that opens them so.
    pub(crate) fn new(connector: HttpConnector<Resolver>) -> Self {
        Self(connector)
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let mut connector = self.0.clone();
        Box::pin(with_patience(move || connector.call(uri.clone())))
    }
}

/// Tries until it is not for want of a file descriptor that it fails. Whoever waits bounds how long.
async fn with_patience<T, E, F>(mut attempt: impl FnMut() -> F) -> Result<T, BoxError>
where
    F: Future<Output = Result<T, E>>,
    E: Into<BoxError>,
{
    let mut pause = PAUSE;
    loop {
        match attempt().await.map_err(Into::into) {
            Err(error) if is_exhausted(&*error) => {
                tracing::debug!(error = &*error as &dyn Error, "no file descriptor is left for a connection: waiting");
                tokio::time::sleep(pause).await;
                pause = (pause + PAUSE).min(PAUSE_MAX);
            }
            other => return other,
        }
    }
}

/// Whether an error says that there is no file descriptor left.
fn is_exhausted(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(cause) = next {
        let code = cause.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error);
        if code.is_some_and(|code| [EMFILE, ENFILE].contains(&code)) {
            return true;
        }
        next = cause.source();
    }
    false
}

/// Too many open files in the process, and in the system: the same numbers on Linux, the BSDs and macOS.
const EMFILE: i32 = 24;
const ENFILE: i32 = 23;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("tcp open error")]
    struct Wrapped(#[source] io::Error);

    #[tokio::test]
    async fn a_lack_of_descriptors_is_waited_out_and_nothing_else_is() {
        let mut attempts = 0;
        let connected = with_patience(|| {
            attempts += 1;
            let code = if attempts % 2 == 0 { EMFILE } else { ENFILE };
            std::future::ready(if attempts < 4 { Err(Wrapped(io::Error::from_raw_os_error(code))) } else { Ok(()) })
        });
        connected.await.unwrap();
        assert_eq!(attempts, 4);

        let mut attempts = 0;
        let refused = with_patience(|| {
            attempts += 1;
            std::future::ready(Err::<(), _>(Wrapped(io::ErrorKind::ConnectionRefused.into())))
        });
        refused.await.unwrap_err();
        assert_eq!(attempts, 1);
    }
}
