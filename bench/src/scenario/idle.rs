//! Very many executions that wait: what they cost while nothing happens, and how fast a server with them comes back.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::client::{Client, Tally, start_request};
use crate::error::BenchError;
use crate::load::{Until, closed_loop};
use crate::machines;
use crate::process::Memory;
use crate::report::{Measure, Target, Unit};
use crate::scenario::{Run, latency_measures};
use crate::server::{Server, Setup};
use crate::stats::rate;
use crate::wire::member;

/// How many executions are looked at again after the restart.
const SAMPLES: u64 = 1_000;
/// How long a restarted server may take to answer at all.
const PATIENCE: Duration = Duration::from_secs(300);
const MIB: f64 = 1024.0 * 1024.0;

/// Opens the executions, looks, restarts, looks again.
pub(super) async fn run(run: Run<'_>) -> Result<Vec<Measure>, BenchError> {
    let Filled { mut measures, machine_arn, opened, samples } = fill(&run).await?;
    if run.options.in_memory {
        return Ok(measures);
    }
    measures.push(Measure::new("database size", Unit::Mebibytes, run.place.data_size()? as f64 / MIB));
    let Run { options, place, server, tally, .. } = run;
    let stopped_in = server.stop().await?;

    let begin = Instant::now();
    let mut server = Server::spawn(options, &place, Setup::Plain)?;
    server.wait_for_connections().await?;
    first_answer(server.port(), samples.first()).await?;
    let restarted_in = begin.elapsed();
    let at_first = server.process().memory()?;
    let busy = server.wait_until_quiet().await?;
    let recovered = server.process().memory()?;

    measures.push(Measure::new("SIGTERM to end", Unit::Seconds, stopped_in.as_secs_f64()));
    measures.push(
        Measure::new("restart to first answer", Unit::Seconds, restarted_in.as_secs_f64())
            .expecting(Target::AtMost(5.0)),
    );
    measures.push(Measure::new("first answer to quiet", Unit::Seconds, busy.as_secs_f64()));
    measures.push(Measure::new("resident at the first answer", Unit::Mebibytes, at_first.resident as f64 / MIB));
    measures.extend(memory_measures("after the restart", recovered));
    let lost = not_running(server.port(), &tally, &samples).await?;
    let name = format!("not RUNNING after the restart, of {}", samples.len());
    measures.push(Measure::new(name, Unit::Count, lost as f64).expecting(Target::AtMost(0.0)));
    let mut observer = Client::connect(server.port(), &tally).await?;
    let begin = Instant::now();
    let running = observer.count_executions(&machine_arn, "RUNNING").await?;
    let name = "missing from ListExecutions (RUNNING)";
    measures.push(Measure::new(name, Unit::Count, opened.abs_diff(running) as f64).expecting(Target::AtMost(0.0)));
    measures.push(Measure::new("listing them all", Unit::Seconds, begin.elapsed().as_secs_f64()));
    Ok(measures)
}

/// What there is once the executions are open.
struct Filled {
    measures: Vec<Measure>,
    machine_arn: String,
    opened: u64,
    /// ARNs of some of them.
    samples: Vec<String>,
}

/// Opens the executions.
async fn fill(run: &Run<'_>) -> Result<Filled, BenchError> {
    let port = run.server.port();
    let count = run.options.count;
    let mut observer = Client::connect(port, &run.tally).await?;
    let machine_arn = observer.create_machine("idle", &machines::wait_a_day()).await?;
    let request = Rc::new(start_request(&machine_arn, machines::ORDER));
    let samples: Rc<RefCell<Vec<String>>> = Rc::default();
    let every = (count / SAMPLES).max(1);
    let keep = samples.clone();
    let seen = move |number: u64, body: &[u8]| {
        if number.is_multiple_of(every) {
            keep.borrow_mut().extend(member(body, "executionArn").map(str::to_owned));
        }
    };

    let before = run.mark()?;
    let until = Until::Count(count);
    let mut load = closed_loop(port, &run.tally, &request, run.options.clients, until, seen).await?;
    let after = run.mark()?;
    let opened = load.latencies.len() as u64;
    let full = run.server.process().memory()?;
    run.server.wait_until_quiet().await?;
    let quiet = run.server.process().memory()?;

    let mut measures = vec![
        Measure::new("executions opened", Unit::Count, opened as f64).expecting(Target::AtLeast(count as f64)),
        Measure::new("rate of opening", Unit::PerSecond, rate(opened, load.elapsed)),
        before.server_cpu(after, "execution", opened),
    ];
    measures.extend(latency_measures("StartExecution", &mut load.latencies));
    measures.push(Measure::new("resident after the last", Unit::Mebibytes, full.resident as f64 / MIB));
    measures.extend(memory_measures("when quiet", quiet));
    measures.push(before.generator_cpu(after));
    Ok(Filled { measures, machine_arn, opened, samples: samples.take() })
}

fn memory_measures(when: &str, memory: Memory) -> [Measure; 2] {
    let below_2_gib = Target::AtMost(2048.0);
    [("resident", memory.resident), ("peak resident", memory.peak)].map(|(what, bytes)| {
        Measure::new(format!("{what} {when}"), Unit::Mebibytes, bytes as f64 / MIB).expecting(below_2_gib)
    })
}

/// Asks for an execution until the answer is 200. Earlier refusals are those of a server that starts: not counted.
async fn first_answer(port: u16, execution_arn: Option<&String>) -> Result<(), BenchError> {
    let Some(arn) = execution_arn else {
        return Ok(());
    };
    let begin = Instant::now();
    let starting = Tally::default();
    let mut client = Client::connect(port, &starting).await?;
    loop {
        match client.status(arn).await {
            Ok(_) => return Ok(()),
            Err(BenchError::Refused { .. }) if begin.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn not_running(port: u16, tally: &Tally, execution_arns: &[String]) -> Result<u64, BenchError> {
    let mut client = Client::connect(port, tally).await?;
    let mut count = 0;
    for arn in execution_arns {
        count += u64::from(client.status(arn).await? != "RUNNING");
    }
    Ok(count)
}
