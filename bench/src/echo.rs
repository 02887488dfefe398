//! A bare hyper server that answers every request with its own body: what this machine's HTTP costs without an engine.

use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use tokio::runtime::Builder;

use crate::error::BenchError;
use crate::listen::{BareAnswer, listen};

/// Serves on that port until the process is ended, with as many threads as the machine has cores, as the server does.
pub(crate) fn serve(port: u16) -> Result<(), BenchError> {
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(BenchError::io("start the echo server"))?;
    runtime.block_on(listen(port, "echo", echo)).map_err(BenchError::io(format!("echo on port {port}")))
}

async fn echo(request: Request<Incoming>) -> BareAnswer {
    let body = request.into_body().collect().await?.to_bytes();
    Ok(Response::new(Full::new(body)))
}
