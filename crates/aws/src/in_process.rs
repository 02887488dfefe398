//! A server in this very process: requests to it take no socket.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::Uri;
use http::uri::{Authority, Scheme};

/// An answer in the making; `None` where the server answers such requests only on its socket.
pub type Answering = Pin<Box<dyn Future<Output = Option<http::Response<Bytes>>> + Send>>;

/// Answers requests without a socket.
pub trait Server: Send + Sync {
    /// The answer, as it would be on the socket.
    fn answer(&self, request: http::Request<Bytes>) -> Answering;
}

/// Where a server in this process is found. Cloning is a pointer.
#[derive(Clone)]
pub struct InProcess {
    authority: Authority,
    server: Arc<OnceLock<Box<dyn Server>>>,
}

impl InProcess {
    /// A server at that authority of an `http` URL, `127.0.0.1:8083`. Until there is one, requests take the socket.
    pub fn at(authority: Authority) -> Self {
        Self { authority, server: Arc::default() }
    }

    /// From here on this server answers. The first one stays.
    pub fn serve(&self, server: impl Server + 'static) {
        // Whoever asks twice has asked for the same.
        let _ = self.server.set(Box::new(server));
    }

    /// The server that a request goes to, where it is this one.
    pub(crate) fn server_of(&self, uri: &Uri) -> Option<&dyn Server> {
        let is_here = uri.scheme() == Some(&Scheme::HTTP) && uri.authority() == Some(&self.authority);
        self.server.get().filter(|_| is_here).map(|server| &**server)
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("InProcess").field(&self.authority).finish()
    }
}
