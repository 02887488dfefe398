//! One execution at a time, from its start until it is seen finished.

use std::time::Instant;

use serde_json::Value;

use crate::client::{Client, start_request};
use crate::error::BenchError;
use crate::machines;
use crate::report::{Measure, Target, Unit};
use crate::scenario::{Run, WARM_UP, latency_measures, unsuccessful};
use crate::stats::{Latencies, milliseconds, ratio};

/// Rounds of the loop.
const ROUNDS: u32 = 100;

/// 100 rounds of a Pass and a Choice state.
pub(super) async fn choice_loop(run: &Run<'_>) -> Result<Vec<Measure>, BenchError> {
    let target = |_: &mut Latencies| 3.0;
    one_by_one(run, &machines::choice_loop(), &machines::rounds(ROUNDS), target).await
}

/// One Pass state. Two syncs of the disk and half a millisecond are what it may cost.
pub(super) async fn sequential(run: &Run<'_>) -> Result<Vec<Measure>, BenchError> {
    let target = |syncs: &mut Latencies| 2.0 * milliseconds(syncs.percentile(0.5)) + 0.5;
    one_by_one(run, &machines::pass(), machines::ORDER, target).await
}

/// Runs execution after execution. Between two of them the disk is measured, so that the target, which may follow
/// from what one sync takes, is of the same moment.
async fn one_by_one(
    run: &Run<'_>,
    machine: &Value,
    input: &str,
    p50_target: impl FnOnce(&mut Latencies) -> f64,
) -> Result<Vec<Measure>, BenchError> {
    let mut client = Client::connect(run.server.port(), &run.tally).await?;
    let machine_arn = client.create_machine("single", machine).await?;
    let request = start_request(&machine_arn, input);
    let begin = Instant::now();
    while begin.elapsed() < WARM_UP {
        client.run(&request).await?;
    }

    let before = run.mark()?;
    let (mut latencies, mut syncs) = (Latencies::default(), Latencies::default());
    let (mut failed, mut describes) = (0, 0);
    let begin = Instant::now();
    while begin.elapsed() < run.measured_time() {
        let finished = client.run(&request).await?;
        latencies.record(finished.elapsed);
        describes += finished.describes;
        failed += u64::from(!finished.succeeded);
        syncs.record(run.meter.borrow_mut().append()?);
    }
    let after = run.mark()?;

    let executions = latencies.len() as u64;
    let [p50, p99] = latency_measures("start to seen finished", &mut latencies);
    let [sync_p50, sync_p99] = latency_measures("disk: a sync between two executions,", &mut syncs);
    Ok(vec![
        p50.expecting(Target::AtMost(p50_target(&mut syncs))),
        p99,
        sync_p50,
        sync_p99,
        Measure::new("executions", Unit::Count, executions as f64),
        Measure::new("DescribeExecution calls for one", Unit::Ratio, ratio(describes as f64, executions as f64)),
        before.server_cpu(after, "execution", executions),
        unsuccessful(failed),
    ])
}
