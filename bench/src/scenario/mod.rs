//! The scenarios: each run starts a server of its own, loads it, checks what it did and gives figures. One needs no
//! server: it measures the language itself. One only starts and stops it.

mod activity;
mod burst;
mod expressions;
mod functions;
mod idle;
mod jobs;
mod map;
mod single;
mod startup;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::client::Tally;
use crate::disk::Meter;
use crate::error::BenchError;
use crate::load::{Until, closed_loop};
use crate::options::{Options, Scenario};
use crate::process::{Process, load_average};
use crate::report::{Measure, Section, Target, Unit, note};
use crate::scenario::jobs::Counterpart;
use crate::server::{Server, ServerPlace, Setup};
use crate::stats::{Latencies, microseconds_each, milliseconds, rate};
use crate::wire;

/// How long the echo server is measured before each run, and the disk before it and after it together.
const REFERENCE_TIME: Duration = Duration::from_secs(1);
/// How long the load lasts before anything is measured.
const WARM_UP: Duration = Duration::from_secs(1);

/// Runs a scenario as often as asked and puts the runs together.
pub(crate) async fn run(scenario: Scenario, options: &Options) -> Result<Section, BenchError> {
    let runs = match scenario {
        Scenario::Idle | Scenario::Jobs | Scenario::BatchJobs => 1,
        _ => options.runs,
    };
    let mut measured = Vec::new();
    for number in 1..=runs {
        note(&format!("{}: run {number} of {runs} ...", scenario.name()));
        let load = Measure::new("load average of the machine before", Unit::Ratio, load_average()?);
        let mut measures = match scenario {
            Scenario::Expressions => expressions::run(),
            Scenario::Startup => startup::run(options).await?,
            _ => run_once(scenario, options).await?,
        };
        measures.push(load);
        measured.push(measures);
    }
    if scenario == Scenario::Expressions {
        return Ok(Section::over(scenario.name(), about(scenario, options), &measured));
    }
    let storage = if options.in_memory { "in memory" } else { "durable" };
    let about = format!("{}; {storage}", about(scenario, options));
    Ok(Section::over(scenario.name(), about, &measured))
}

async fn run_once(scenario: Scenario, options: &Options) -> Result<Vec<Measure>, BenchError> {
    let place = ServerPlace::new(options)?;
    let meter = Rc::new(RefCell::new(Meter::open(place.path())?));
    // A shared disk changes from second to second: half of the reading is taken before the load, half after it.
    meter.borrow_mut().append_for(REFERENCE_TIME / 2)?;
    let echo = measure_echo(options, &place).await?;
    let (setup, counterpart) = set_up(scenario, &place).await?;
    let server = Server::start(options, &place, setup).await?;
    let tally = Rc::new(Tally::default());
    let run = Run { options, place, server, tally: tally.clone(), meter: meter.clone() };
    let mut measures = match scenario {
        Scenario::All | Scenario::Expressions | Scenario::Startup => Vec::new(),
        Scenario::Pass => burst::pass(&run).await?,
        Scenario::Chain => burst::chain(&run).await?,
        Scenario::ChainJsonata => burst::chain_jsonata(&run).await?,
        Scenario::Activity => activity::run(&run).await?,
        Scenario::ChoiceLoop => single::choice_loop(&run).await?,
        Scenario::Sequential => single::sequential(&run).await?,
        Scenario::Map => map::run(&run).await?,
        Scenario::Idle => idle::run(run).await?,
        Scenario::Functions => functions::run(&run).await?,
        Scenario::Jobs | Scenario::BatchJobs => jobs::run(&run, &counterpart).await?,
    };
    meter.borrow_mut().append_for(REFERENCE_TIME / 2)?;
    let disk = meter.borrow_mut().reading();
    if let Some(refusal) = tally.first_refusal() {
        note(&format!("{}: the first answer other than 200: {refusal}", scenario.name()));
    }
    measures.push(
        Measure::new("answers other than 200", Unit::Count, tally.refused() as f64).expecting(Target::AtMost(0.0)),
    );
    measures.push(Measure::new("disk: 4 KiB append + fdatasync", Unit::PerSecond, disk.syncs_per_second));
    measures.push(Measure::new("disk: p50 of one", Unit::Milliseconds, milliseconds(disk.sync_p50)));
    measures.push(Measure::new("bare hyper echo, same clients", Unit::PerSecond, echo));
    Ok(measures)
}

/// What the server of a scenario needs, and who does the jobs it begins.
async fn set_up(scenario: Scenario, place: &ServerPlace) -> Result<(Setup, Counterpart), BenchError> {
    Ok(match scenario {
        Scenario::Map => (Setup::RaisedLimits, Counterpart::Children),
        Scenario::Functions => {
            crate::functions::write(&place.functions())?;
            (Setup::Functions, Counterpart::Children)
        }
        Scenario::BatchJobs => {
            let batch = Server::start_batch(place).await?;
            (Setup::Batch(batch.port()), Counterpart::Batch(batch))
        }
        _ => (Setup::Plain, Counterpart::Children),
    })
}

fn about(scenario: Scenario, options: &Options) -> String {
    let Options { clients, seconds, count, jobs, .. } = options;
    match scenario {
        Scenario::All => String::new(),
        Scenario::Pass => format!("executions of one Pass state, {clients} clients, {seconds} s"),
        Scenario::Chain => format!("executions of 10 Pass states with intrinsics, {clients} clients, {seconds} s"),
        Scenario::ChainJsonata => format!("executions of 10 Pass states in JSONata, {clients} clients, {seconds} s"),
        Scenario::Activity => {
            format!("activity tasks, {clients} workers, at most {} open, {seconds} s", activity::BACKLOG)
        }
        Scenario::ChoiceLoop => format!("100 rounds of Pass and Choice, one execution at a time, {seconds} s"),
        Scenario::Sequential => format!("one Pass state, one execution at a time, {seconds} s"),
        Scenario::Map => "inline Map with a Pass state; loops of Pass and Choice; limits raised".to_owned(),
        Scenario::Idle => format!("{count} executions that wait for a day"),
        Scenario::Expressions => expressions::about(),
        Scenario::Functions => {
            format!("trivial handlers; one execution at a time, then {clients} clients, {seconds} s each")
        }
        Scenario::Jobs => format!("{jobs} tasks that wait for executions; {clients} clients, {seconds} s"),
        Scenario::BatchJobs => format!("{jobs} tasks that wait for AWS Batch; {clients} clients, {seconds} s"),
        Scenario::Startup => startup::about(),
    }
}

/// One run of a scenario: its server and what is known so far.
struct Run<'o> {
    options: &'o Options,
    place: ServerPlace,
    server: Server,
    tally: Rc<Tally>,
    meter: Rc<RefCell<Meter>>,
}

/// CPU time and requests at one moment, to subtract from those of a later one.
#[derive(Clone, Copy)]
struct Mark {
    server: Duration,
    generator: Duration,
    requests: u64,
}

impl Run<'_> {
    /// What has been used so far.
    fn mark(&self) -> Result<Mark, BenchError> {
        Ok(Mark {
            server: self.server.process().cpu()?,
            generator: Process::this().cpu()?,
            requests: self.tally.requests(),
        })
    }

    fn measured_time(&self) -> Duration {
        Duration::from_secs(self.options.seconds)
    }
}

impl Mark {
    /// The server's CPU time since, for each of those units.
    fn server_cpu(self, later: Self, unit: &str, units: u64) -> Measure {
        let used = later.server.saturating_sub(self.server);
        Measure::new(format!("server CPU per {unit}"), Unit::Microseconds, microseconds_each(used, units))
    }

    /// The generator's CPU time since, for each request: whether the generator itself is in the way.
    fn generator_cpu(self, later: Self) -> Measure {
        let used = later.generator.saturating_sub(self.generator);
        let requests = later.requests - self.requests;
        Measure::new("generator CPU per request", Unit::Microseconds, microseconds_each(used, requests))
    }
}

/// The median and the 99th percentile.
fn latency_measures(of: &str, latencies: &mut Latencies) -> [Measure; 2] {
    [(0.5, "p50"), (0.99, "p99")].map(|(share, name)| {
        let value = milliseconds(latencies.percentile(share));
        Measure::new(format!("{of} {name}"), Unit::Milliseconds, value)
    })
}

/// Executions that should have succeeded and did not.
fn unsuccessful(count: u64) -> Measure {
    Measure::new("executions that did not succeed", Unit::Count, count as f64).expecting(Target::AtMost(0.0))
}

async fn measure_echo(options: &Options, place: &ServerPlace) -> Result<f64, BenchError> {
    let server = Server::start_echo(place).await?;
    let request = Rc::new(wire::request("Echo", r#"{"echo":"a body as small as most"}"#));
    let until = Until::Time(REFERENCE_TIME);
    let load = closed_loop(server.port(), &Rc::default(), &request, options.clients, until, |_, _| ()).await?;
    Ok(rate(load.latencies.len() as u64, load.elapsed))
}
