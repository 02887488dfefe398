//! Many clients start short executions as fast as the server takes them.

use std::rc::Rc;
use std::time::Instant;

use serde_json::Value;

use crate::client::{Client, start_request};
use crate::error::BenchError;
use crate::load::{Until, closed_loop};
use crate::machines;
use crate::report::{Measure, Target, Unit};
use crate::scenario::{Run, WARM_UP, latency_measures, unsuccessful};
use crate::stats::rate;

/// Executions of one Pass state.
pub(super) async fn pass(run: &Run<'_>) -> Result<Vec<Measure>, BenchError> {
    let targets = Targets { executions_per_second: 12_000.0, cpu_microseconds: 50.0 };
    burst(run, &machines::pass(), 1, targets).await
}

/// Executions of ten Pass states with intrinsic functions.
pub(super) async fn chain(run: &Run<'_>) -> Result<Vec<Measure>, BenchError> {
    let targets = Targets { executions_per_second: 6_000.0, cpu_microseconds: 140.0 };
    burst(run, &machines::chain(), machines::CHAIN_STATES, targets).await
}

/// Executions of ten Pass states that compute five fields each with JSONata.
pub(super) async fn chain_jsonata(run: &Run<'_>) -> Result<Vec<Measure>, BenchError> {
    let targets = Targets { executions_per_second: 10_000.0, cpu_microseconds: 90.0 };
    burst(run, &machines::chain_jsonata(), machines::CHAIN_STATES, targets).await
}

#[derive(Clone, Copy)]
struct Targets {
    executions_per_second: f64,
    cpu_microseconds: f64,
}

async fn burst(run: &Run<'_>, machine: &Value, states: u32, targets: Targets) -> Result<Vec<Measure>, BenchError> {
    let port = run.server.port();
    let clients = run.options.clients;
    let mut observer = Client::connect(port, &run.tally).await?;
    let machine_arn = observer.create_machine("burst", machine).await?;
    let request = Rc::new(start_request(&machine_arn, machines::ORDER));
    let warm_up = closed_loop(port, &run.tally, &request, clients, Until::Time(WARM_UP), |_, _| ()).await?;
    observer.settle(&machine_arn).await?;

    let before = run.mark()?;
    let begin = Instant::now();
    let until = Until::Time(run.measured_time());
    let mut load = closed_loop(port, &run.tally, &request, clients, until, |_, _| ()).await?;
    // An execution counts when it is over, not when its start was answered.
    observer.settle(&machine_arn).await?;
    let elapsed = begin.elapsed();
    let after = run.mark()?;

    let started = load.latencies.len() as u64;
    let succeeded = observer.count_executions(&machine_arn, "SUCCEEDED").await?;
    let lost = (started + warm_up.latencies.len() as u64).abs_diff(succeeded);
    let executions = rate(started, elapsed);
    let mut measures = vec![
        Measure::new("executions, start to completion", Unit::PerSecond, executions)
            .expecting(Target::AtLeast(targets.executions_per_second)),
        before.server_cpu(after, "execution", started).expecting(Target::AtMost(targets.cpu_microseconds)),
    ];
    if states > 1 {
        let name = "state transitions";
        let transitions = Measure::new(name, Unit::PerSecond, executions * f64::from(states));
        let target = Target::AtLeast(targets.executions_per_second * f64::from(states));
        measures.insert(1, transitions.expecting(target));
    }
    measures.extend(latency_measures("StartExecution", &mut load.latencies));
    measures.push(unsuccessful(lost));
    measures.push(before.generator_cpu(after));
    Ok(measures)
}
