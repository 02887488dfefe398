//! `stepwright serve`: opens the data, listens, and stops cleanly when asked.

use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;

use api::OwnServer;
use aws::in_process::InProcess;
use engine::Timestamp;
use functions::Functions;
use integrations::Integrations;
use mocks::{MockSource, Mocked};
use runtime::clock::{Clock, SteadyClock};
use runtime::crash_notes::CrashNotes;
use runtime::quotas::Quotas;
use runtime::task_reports::TaskReports;
use runtime::tasks::Tasks;
use runtime::{Dispatcher, Oversight, Runtime, RuntimeOptions, TaskOptions, VitalFailure};
use store::Store;
use store::memory::MemoryStore;
use store::sqlite::Sqlite;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle};
use tokio::sync::watch;

use crate::cli::{ServeArguments, ServiceArguments};
use crate::config::{Data, ServeConfig};
use crate::failure_log::FailureLog;
use crate::mock_config::{self, MockFile};
use crate::services::{Services, Setup};
use crate::signals::Signals;
use crate::{BROKEN, FAILED, Failure, descriptors, logging};

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} (choose another with --bind and --port)")]
struct ListenError {
    address: SocketAddr,
    source: std::io::Error,
}

/// Serves until a signal asks to stop.
pub(crate) fn serve(arguments: &ServeArguments) -> Result<ExitCode, Failure> {
    let mut config = ServeConfig::load(arguments, &|name| std::env::var_os(name))?;
    logging::start(&config.log);
    bound_connections(&mut config.quotas);
    // Tasks have threads of their own: however many there are, calls do not queue behind them.
    let of_tasks = Builder::new_multi_thread().thread_name("tasks").enable_all().build()?;
    let serving = serve_until_stopped(&config, &arguments.services, of_tasks.handle());
    let of_calls = Builder::new_multi_thread().enable_all().build()?;
    let ended = of_calls.block_on(serving);
    // Whatever is on its way then is done again after the next start; what is computed for nobody is not waited for.
    of_tasks.shutdown_background();
    of_calls.shutdown_background();
    ended
}

/// Connections take descriptors, of which the system gives so many and no more.
fn bound_connections(quotas: &mut Quotas) {
    let asked = quotas.connections;
    quotas.connections = descriptors::connections(asked, descriptors::raise_limit());
    if quotas.connections < asked {
        tracing::warn!(
            asked,
            connections = quotas.connections,
            "fewer connections are served: file descriptors are few"
        );
    }
}

async fn serve_until_stopped(
    config: &ServeConfig,
    arguments: &ServiceArguments,
    of_tasks: &Handle,
) -> Result<ExitCode, Failure> {
    let mut signals = Signals::listen()?;
    // Listening comes first: a second server on the same port leaves the data alone.
    let listener = listen(config.listen).await?;
    let address = listener.local_addr()?;
    let mocks = mock_config::file(config.mock_config.as_deref()).map(MockFile::open).transpose()?.map(Arc::new);
    let store = open_store(&config.data)?;
    let in_process = InProcess::at(reachable(address).to_string().parse()?);
    let Services { integrations, functions } = services(config, arguments, address, in_process.clone())?;
    let source = mocks.clone().map(|mocks| mocks as Arc<dyn MockSource>);
    let clock: Arc<dyn Clock> = Arc::new(SteadyClock::default());
    let tasks = |reports| tasks(config, integrations, source, reports, Arc::clone(&clock), of_tasks.clone());
    let failures = Arc::new(FailureLog::new(Arc::clone(&store)));
    let (clock, options) = (Arc::clone(&clock), runtime_options(config));
    let oversight = Oversight { observers: vec![failures], crash_notes: crash_notes(config, clock.now()) };
    let runtime = Runtime::open_observed(Arc::clone(&store), clock, options, tasks, oversight)?;
    announce(config, address, &store.describe(), functions.as_ref(), mocks.as_deref())?;

    let vital = runtime.clone();
    let (stop, stopped) = watch::channel(false);
    let api = api::Api::new(runtime.clone()).with_functions(functions.clone());
    let api = api.with_allowed_hosts(config.allowed_hosts.clone());
    let api = Arc::new(api);
    in_process.serve(OwnServer::new(&api));
    let serving = api::server::serve(listener, api, until_set(stopped.clone()));
    let draining = async {
        until_set(stopped).await;
        runtime.shut_down().await;
        if let Some(functions) = functions {
            functions.shut_down().await;
        }
    };
    let work = async { tokio::join!(serving, draining) };
    tokio::pin!(work);

    tokio::select! {
        _ = &mut work => return Ok(ExitCode::from(FAILED)),
        failure = vital.failure() => end(&failure),
        signal = signals.next() => tracing::info!(signal, "stopping: finishing what was begun; a second signal exits at once"),
    }
    stop.send_replace(true);
    tokio::select! {
        _ = &mut work => {
            tracing::info!("stopped");
            Ok(ExitCode::SUCCESS)
        }
        failure = vital.failure() => end(&failure),
        // Not `Ok(..)`: leaving the async runtime would wait for what the signal wants to cut short.
        _ = signals.next() => std::process::exit(FAILED.into()),
    }
}

/// Ends the process, for whoever supervises it to start it again. What threads have in hand stays noted.
fn end(failure: &VitalFailure) -> ! {
    tracing::error!(%failure, "ending the process: nothing that was acknowledged is lost");
    logging::flush();
    std::process::exit(BROKEN.into())
}

/// Where the data outlives the process, so do the notes of what it had in hand.
fn crash_notes(config: &ServeConfig, now: Timestamp) -> CrashNotes {
    match &config.data {
        Data::Directory(directory) => CrashNotes::open(directory, now, config.retry_set_aside),
        Data::Memory => CrashNotes::none(),
    }
}

async fn until_set(mut flag: watch::Receiver<bool>) {
    // An error means that the sender is gone: nobody can ask any more, which is as good as having asked.
    let _ = flag.wait_for(|set| *set).await;
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).await.map_err(|source| ListenError { address, source })
}

fn open_store(data: &Data) -> Result<Arc<dyn Store>, Failure> {
    Ok(match data {
        Data::Memory => Arc::new(MemoryStore::new()),
        Data::Directory(directory) => Arc::new(Sqlite::open(directory)?),
    })
}

fn runtime_options(config: &ServeConfig) -> RuntimeOptions {
    RuntimeOptions {
        region: config.region.clone(),
        account: config.account.clone(),
        quotas: config.quotas.clone(),
        shards: 0,
    }
}

/// What does tasks: the services, and before them what stands in for them. Called within the async runtime.
fn tasks(
    config: &ServeConfig,
    integrations: Integrations,
    mocks: Option<Arc<dyn MockSource>>,
    reports: TaskReports,
    clock: Arc<dyn Clock>,
    threads: Handle,
) -> Arc<dyn Tasks> {
    let options = TaskOptions {
        integrations,
        after_crash: config.tasks.after_crash,
        concurrency: config.tasks.concurrency,
        nested_starts: config.quotas.nested_starts,
    };
    let services = Dispatcher::new(options, reports.clone(), clock, threads.clone());
    match mocks {
        None => Arc::new(services),
        Some(source) => Arc::new(Mocked::new(source, reports, services, threads)),
    }
}

fn services(
    config: &ServeConfig,
    arguments: &ServiceArguments,
    address: SocketAddr,
    in_process: InProcess,
) -> Result<Services, Failure> {
    let own_url = format!("http://{}", reachable(address));
    let setup = Setup {
        arguments,
        functions: config.functions.as_deref(),
        region: &config.region,
        account: &config.account,
        assume_role: config.tasks.assume_role,
        open_hosts: &config.tasks.open_hosts,
        http_task: config.quotas.http_task,
        own_url: Some(&own_url),
        in_process: Some(in_process),
    };
    setup.services()
}

/// Says on stdout where it listens, where the data lies, and what to try first.
fn announce(
    config: &ServeConfig,
    address: SocketAddr,
    data: &str,
    functions: Option<&Functions>,
    mocks: Option<&MockFile>,
) -> std::io::Result<()> {
    let url = format!("http://{}", reachable(address));
    let ServeConfig { region, account, .. } = config;
    let functions = functions.map(|functions| format!("  functions {}\n", functions.names().join(", ")));
    let functions = functions.unwrap_or_default();
    let mocks = mocks.map(|mocks| format!("  mocks    {}\n", mocks.path().display())).unwrap_or_default();
    let text = format!(
        "Stepwright {version} is listening on http://{address}\n\
         \x20 data     {data}\n\
         \x20 ARNs     region {region}, account {account}\n\
         {functions}{mocks}\
         Try it from another terminal (any credentials will do):\n\
         \x20 AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any aws stepfunctions list-state-machines \
         --endpoint-url {url} --region {region}\n",
        version = env!("CARGO_PKG_VERSION"),
    );
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// An address to connect to: "every address" is one to listen on only.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_to_try_names_an_address_that_can_be_reached() {
        for (listening, expected) in
            [("0.0.0.0:8083", "127.0.0.1:8083"), ("[::]:1", "[::1]:1"), ("10.0.0.1:2", "10.0.0.1:2")]
        {
            assert_eq!(reachable(listening.parse().unwrap()).to_string(), expected);
        }
    }
}
