//! A bare hyper server on a port of this machine: what the generator's own counterparts have in common.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::report::note;

/// What a request is answered with.
pub(crate) type BareAnswer = Result<Response<Full<Bytes>>, hyper::Error>;

/// Answers every request on that port until the process is ended. `name` stands before what goes wrong.
pub(crate) async fn listen<F>(
    port: u16,
    name: &'static str,
    answer: impl Fn(Request<Incoming>) -> F + Clone + Send + 'static,
) -> io::Result<()>
where
    F: Future<Output = BareAnswer> + Send + 'static,
{
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer.clone()));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                note(&format!("{name}: a connection ended: {error}"));
            }
        });
    }
}
