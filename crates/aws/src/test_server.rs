//! Servers for tests: they record what they are asked and answer as they are told, wrongly too.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// The authority behind [`Server::start_tls`].
pub(crate) const CA: &str = include_str!("testdata/ca.pem");

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// `GET /path?query`
    pub(crate) line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What a server does with a request.
pub(crate) enum Reply {
    /// Answers it with a status, headers and a body.
    Answer(u16, &'static str, String),
    /// Writes this and closes the connection.
    Raw(Vec<u8>),
    /// Never answers.
    Hang,
}

impl Reply {
    pub(crate) fn ok(body: impl Into<String>) -> Self {
        Self::Answer(200, "", body.into())
    }

    pub(crate) fn status(status: u16, body: impl Into<String>) -> Self {
        Self::Answer(status, "", body.into())
    }
}

type Plan = Arc<dyn Fn(usize, &Seen) -> Reply + Send + Sync>;

/// A server on a port of its own; it ends with its test's runtime.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    state: Arc<ServerState>,
}

struct ServerState {
    plan: Plan,
    seen: Mutex<Vec<Seen>>,
    busy: AtomicUsize,
    most_busy: AtomicUsize,
}

impl Server {
    /// Answers by plan: it is given the number of the request, from 0, and the request.
    pub(crate) async fn start(plan: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_with(Arc::new(plan), None).await
    }

    /// The same over TLS, with a certificate of [`CA`].
    pub(crate) async fn start_tls(plan: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        let chain =
            CertificateDer::pem_slice_iter(include_bytes!("testdata/server.pem")).collect::<Result<Vec<_>, _>>();
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("testdata/server.key")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.unwrap().with_no_client_auth().with_single_cert(chain.unwrap(), key).unwrap();
        Self::start_with(Arc::new(plan), Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn start_with(plan: Plan, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (busy, most_busy) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let state = Arc::new(ServerState { plan, seen: Mutex::default(), busy, most_busy });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Head and body are two writes; the second must not wait for the first one's acknowledgement.
                stream.set_nodelay(true).unwrap();
                let (state, tls) = (Arc::clone(&shared), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => state.serve(stream).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => state.serve(stream).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    /// The most requests that were unanswered at once.
    pub(crate) fn most_busy(&self) -> usize {
        self.state.most_busy.load(Ordering::SeqCst)
    }
}

impl ServerState {
    /// Serves a connection until it ends; `None` is its end.
    async fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin) -> Option<()> {
        let mut stream = BufReader::new(stream);
        while self.turn(&mut stream).await.is_some() {}
        None
    }

    async fn turn(&self, stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>) -> Option<()> {
        let seen = read(stream).await?;
        let number = {
            let mut all = self.seen.lock().unwrap();
            all.push(seen.clone());
            all.len() - 1
        };
        self.most_busy.fetch_max(self.busy.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let reply = (self.plan)(number, &seen);
        // So that requests overlap where the client lets them.
        tokio::task::yield_now().await;
        self.busy.fetch_sub(1, Ordering::SeqCst);
        match reply {
            Reply::Answer(status, headers, body) => {
                let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n", body.len());
                stream.write_all(head.as_bytes()).await.ok()?;
                if !seen.line.starts_with("HEAD ") {
                    stream.write_all(body.as_bytes()).await.ok()?;
                }
                stream.flush().await.ok()
            }
            Reply::Raw(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                stream.shutdown().await.ok()?;
                None
            }
            Reply::Hang => std::future::pending().await,
        }
    }
}

async fn read(stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>) -> Option<Seen> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if line.trim_end().is_empty() {
            break;
        }
        head.push(line.trim_end().to_owned());
    }
    let line = head.first()?.trim_end_matches(" HTTP/1.1").to_owned();
    let pair = |line: &String| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    let headers: Vec<_> = head.iter().skip(1).filter_map(pair).collect();
    let mut seen = Seen { line, headers, body: String::new() };
    let length = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    seen.body = String::from_utf8_lossy(&body).into_owned();
    Some(seen)
}
