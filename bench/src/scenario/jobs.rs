//! Very many tasks that wait for their jobs: what they cost, and whether they slow the rest.

use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::batch;
use crate::client::{Client, start_request};
use crate::error::BenchError;
use crate::load::{Until, closed_loop};
use crate::machines;
use crate::report::{Measure, Target, Unit};
use crate::scenario::{Run, WARM_UP, latency_measures, unsuccessful};
use crate::server::Server;
use crate::stats::{Latencies, milliseconds, rate, ratio};

/// How old the jobs are when they are measured for the second time. The older, the more seldom they are looked at.
const AGE: Duration = Duration::from_secs(60);
/// How long the server is watched while nothing but the jobs is there.
const WATCH: Duration = Duration::from_secs(10);
/// How long it may take until all jobs are begun.
const BEGIN: Duration = Duration::from_secs(120);
/// Of the rate without jobs, what is left with them.
const RATE_LEFT: f64 = 0.9;
/// Of the latency without jobs, what it is with them.
const LATENCY_BESIDE: f64 = 1.1;
const MIB: f64 = 1024.0 * 1024.0;

/// Who does the jobs.
pub(super) enum Counterpart {
    /// The server itself: each job is an execution that waits for a day.
    Children,
    /// A counterpart of AWS Batch.
    Batch(Server),
}

/// The server as others see it at one time.
struct Probe {
    per_second: f64,
    p50: f64,
    measures: Vec<Measure>,
}

/// Where the load is put, and where the jobs are.
struct Machines {
    pass_arn: String,
    jobs_arn: String,
    child_arn: Option<String>,
}

impl Counterpart {
    async fn machines(&self, client: &mut Client<'_>) -> Result<Machines, BenchError> {
        let pass_arn = client.create_machine("pass", &machines::pass()).await?;
        let child_arn = match self {
            Self::Children => Some(client.create_machine("child", &machines::wait_a_day()).await?),
            Self::Batch(_) => None,
        };
        let jobs: Value = match &child_arn {
            Some(arn) => machines::child_job(arn),
            None => machines::batch_job(),
        };
        let jobs_arn = client.create_machine("jobs", &jobs).await?;
        Ok(Machines { pass_arn, jobs_arn, child_arn })
    }

    async fn begun(&self, client: &mut Client<'_>, machines: &Machines) -> Result<u64, BenchError> {
        match (self, &machines.child_arn) {
            (Self::Batch(server), _) => Ok(batch::counts(server.port()).await?.submitted),
            (Self::Children, Some(arn)) => client.count_executions(arn, "RUNNING").await,
            (Self::Children, None) => Ok(0),
        }
    }

    /// Looks so far, where the counterpart counts them.
    async fn looks(&self) -> Result<Option<u64>, BenchError> {
        match self {
            Self::Batch(server) => Ok(Some(batch::counts(server.port()).await?.looks)),
            Self::Children => Ok(None),
        }
    }
}

/// Probes the server without jobs, with young ones, and with older ones.
pub(super) async fn run(run: &Run<'_>, counterpart: &Counterpart) -> Result<Vec<Measure>, BenchError> {
    let mut client = Client::connect(run.server.port(), &run.tally).await?;
    let machines = counterpart.machines(&mut client).await?;
    let without = probe(run, counterpart, &machines, "no jobs").await?;
    let resident_before = run.server.process().memory()?.resident;

    let mut measures = open(run, counterpart, &machines, &mut client).await?;
    let begun = Instant::now();
    let young = probe(run, counterpart, &machines, "young jobs").await?;
    tokio::time::sleep(AGE.saturating_sub(begun.elapsed())).await;
    let idle = watch(run, counterpart).await?;
    let old = probe(run, counterpart, &machines, "older jobs").await?;
    let memory = run.server.process().memory()?;
    // The server closes a connection that nothing was sent over for so long.
    let mut client = Client::connect(run.server.port(), &run.tally).await?;
    let jobs = run.options.jobs;
    let running = client.count_executions(&machines.jobs_arn, "RUNNING").await?;

    let beside = [
        Measure::new("young jobs: rate beside that of none", Unit::Ratio, ratio(young.per_second, without.per_second)),
        Measure::new("young jobs: p50 beside that of none", Unit::Ratio, ratio(young.p50, without.p50)),
        Measure::new("older jobs: rate beside that of none", Unit::Ratio, ratio(old.per_second, without.per_second))
            .expecting(Target::AtLeast(RATE_LEFT)),
        Measure::new("older jobs: p50 beside that of none", Unit::Ratio, ratio(old.p50, without.p50))
            .expecting(Target::AtMost(LATENCY_BESIDE)),
    ];
    let grown = memory.resident.saturating_sub(resident_before) as f64;
    measures.extend(without.measures.into_iter().chain(young.measures).chain(idle).chain(old.measures).chain(beside));
    measures.extend([
        Measure::new("resident with the jobs", Unit::Mebibytes, memory.resident as f64 / MIB),
        Measure::new("peak resident", Unit::Mebibytes, memory.peak as f64 / MIB),
        Measure::new("resident since before the jobs", Unit::Mebibytes, grown / MIB),
        unsuccessful(jobs.abs_diff(running)),
    ]);
    Ok(measures)
}

/// Starts the executions and waits until each has its job.
async fn open(
    run: &Run<'_>,
    counterpart: &Counterpart,
    machines: &Machines,
    client: &mut Client<'_>,
) -> Result<Vec<Measure>, BenchError> {
    let jobs = run.options.jobs;
    let request = Rc::new(start_request(&machines.jobs_arn, machines::ORDER));
    let begin = Instant::now();
    let until = Until::Count(jobs);
    let load = closed_loop(run.server.port(), &run.tally, &request, run.options.clients, until, |_, _| ()).await?;
    while counterpart.begun(client, machines).await? < jobs {
        if begin.elapsed() > BEGIN {
            return Err(BenchError::TooLate { what: "begin every job", seconds: BEGIN.as_secs() });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(vec![
        Measure::new("jobs", Unit::Count, load.latencies.len() as f64).expecting(Target::AtLeast(jobs as f64)),
        Measure::new("jobs begun", Unit::PerSecond, rate(jobs, begin.elapsed())),
    ])
}

/// What the jobs alone make the server do.
async fn watch(run: &Run<'_>, counterpart: &Counterpart) -> Result<Vec<Measure>, BenchError> {
    let (cpu, looks, begin) = (run.server.process().cpu()?, counterpart.looks().await?, Instant::now());
    tokio::time::sleep(WATCH).await;
    let elapsed = begin.elapsed();
    let used = run.server.process().cpu()?.saturating_sub(cpu);
    let share = ratio(used.as_secs_f64(), elapsed.as_secs_f64());
    let mut measures = vec![Measure::new("older jobs: server CPU, of one core", Unit::Ratio, share)];
    measures.extend(looks_measure("older jobs", looks, counterpart.looks().await?, elapsed));
    Ok(measures)
}

fn looks_measure(when: &str, before: Option<u64>, after: Option<u64>, elapsed: Duration) -> Option<Measure> {
    let looks = after?.saturating_sub(before?);
    Some(Measure::new(format!("{when}: looks"), Unit::PerSecond, rate(looks, elapsed)))
}

/// Executions of one Pass state: first from many clients, then one after the other.
async fn probe(run: &Run<'_>, counterpart: &Counterpart, machines: &Machines, when: &str) -> Result<Probe, BenchError> {
    let port = run.server.port();
    let mut client = Client::connect(port, &run.tally).await?;
    let request = Rc::new(start_request(&machines.pass_arn, machines::ORDER));
    let clients = run.options.clients;
    closed_loop(port, &run.tally, &request, clients, Until::Time(WARM_UP), |_, _| ()).await?;
    client.settle(&machines.pass_arn).await?;
    let (looks, begin) = (counterpart.looks().await?, Instant::now());
    let until = Until::Time(run.measured_time());
    let load = closed_loop(port, &run.tally, &request, clients, until, |_, _| ()).await?;
    client.settle(&machines.pass_arn).await?;
    let elapsed = begin.elapsed();
    let looks_after = counterpart.looks().await?;

    let (mut latencies, mut syncs) = (Latencies::default(), Latencies::default());
    let begin = Instant::now();
    while begin.elapsed() < run.measured_time() {
        latencies.record(client.run(&request).await?.elapsed);
        syncs.record(run.meter.borrow_mut().append()?);
    }
    let per_second = rate(load.latencies.len() as u64, elapsed);
    let p50 = milliseconds(latencies.percentile(0.5));
    let mut measures = vec![Measure::new(format!("{when}: executions of one Pass"), Unit::PerSecond, per_second)];
    measures.extend(looks_measure(&format!("{when}, under load"), looks, looks_after, elapsed));
    measures.extend(latency_measures(&format!("{when}: start to seen finished"), &mut latencies));
    let [sync_p50, _] = latency_measures(&format!("{when}: disk, a sync,"), &mut syncs);
    measures.push(sync_p50);
    Ok(Probe { per_second, p50, measures })
}
