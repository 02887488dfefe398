//! A bare hyper server that answers every request with its own body: what this machine's HTTP costs without an engine.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

use crate::error::BenchError;
use crate::report::note;

/// Serves on that port until the process is ended, with as many threads as the machine has cores, as the server does.
pub(crate) fn serve(port: u16) -> Result<(), BenchError> {
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(BenchError::io("start the echo server"))?;
    runtime.block_on(accept(port)).map_err(BenchError::io(format!("echo on port {port}")))
}

async fn accept(port: u16) -> io::Result<()> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(converse(stream));
    }
}

async fn converse(stream: TcpStream) {
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(echo)).await {
        note(&format!("echo: a connection ended: {error}"));
    }
}

async fn echo(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let body = request.into_body().collect().await?.to_bytes();
    Ok(Response::new(Full::new(body)))
}
