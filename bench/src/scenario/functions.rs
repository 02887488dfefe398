//! Functions on this machine: what a Task state adds to an execution, how many invocations there are in a second, and
//! what a cold start costs beside the language's own.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::client::{Client, start_request};
use crate::error::BenchError;
use crate::functions::{COLD, LANGUAGES, Language};
use crate::load::{Until, closed_loop};
use crate::machines;
use crate::report::{Measure, Target, Unit};
use crate::scenario::{Run, WARM_UP, latency_measures, unsuccessful};
use crate::stats::{Latencies, median, milliseconds, rate};
use crate::wire::{self, count_members};

/// What a Task may add at the median, in milliseconds.
const TASK_ADDS: f64 = 2.0;
/// Invocations a second, of a trivial handler.
const PER_SECOND: u64 = 1_000;
/// What a cold start may take beside the language's own, in milliseconds.
const COLD_ADDS: f64 = 50.0;

/// Cold starts, then one execution at a time, then many clients.
pub(super) async fn run(run: &Run<'_>) -> Result<Vec<Measure>, BenchError> {
    let mut measures = Vec::new();
    for language in &LANGUAGES {
        measures.extend(cold_starts(run, language).await?);
    }
    let mut failed = 0;
    measures.extend(one_by_one(run, &mut failed).await?);
    for language in &LANGUAGES {
        measures.extend(invocations(run, language, &mut failed).await?);
        measures.extend(tasks(run, language, &mut failed).await?);
    }
    measures.push(unsuccessful(failed));
    Ok(measures)
}

/// First invocations, each beside a start of the language alone.
async fn cold_starts(run: &Run<'_>, language: &Language) -> Result<[Measure; 3], BenchError> {
    let mut client = Client::connect(run.server.port(), &run.tally).await?;
    let (mut cold, mut bare, mut added) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..COLD {
        let function = language.cold(number);
        let alone = language.bare_start(&run.place.functions().join(&function))?;
        let request = wire::invoke_request(&function, machines::ORDER);
        let begin = Instant::now();
        let correct = is_correct(client.send(&request).await?.body);
        let elapsed = begin.elapsed();
        if !correct {
            return Err(BenchError::WrongAnswer { function });
        }
        cold.push(milliseconds(elapsed));
        bare.push(milliseconds(alone));
        added.push(milliseconds(elapsed) - milliseconds(alone));
    }
    let name = language.name;
    let measure =
        |what: &str, values: &[f64]| Measure::new(format!("{name}: {what}"), Unit::Milliseconds, median(values));
    Ok([
        measure("first invocation", &cold),
        measure("the language's own start and end", &bare),
        measure("a cold start adds", &added).expecting(Target::AtMost(COLD_ADDS)),
    ])
}

/// In turn: an execution of one Pass state, and one of one Task for each language. So all meet the same machine.
async fn one_by_one(run: &Run<'_>, failed: &mut u64) -> Result<Vec<Measure>, BenchError> {
    let mut client = Client::connect(run.server.port(), &run.tally).await?;
    let pass = client.create_machine("pass", &machines::pass()).await?;
    let mut requests = vec![start_request(&pass, machines::ORDER)];
    for language in &LANGUAGES {
        let arn =
            client.create_machine(&format!("one-{}", language.program), &machines::invoke(language.program)).await?;
        requests.push(start_request(&arn, machines::ORDER));
    }
    let mut latencies: Vec<Latencies> = requests.iter().map(|_| Latencies::default()).collect();
    let mut syncs = Latencies::default();
    let begin = Instant::now();
    while begin.elapsed() < WARM_UP + run.measured_time() {
        let measured = begin.elapsed() > WARM_UP;
        for (request, latencies) in requests.iter().zip(&mut latencies) {
            let finished = client.run(request).await?;
            *failed += u64::from(!finished.succeeded);
            if measured {
                latencies.record(finished.elapsed);
            }
        }
        syncs.record(run.meter.borrow_mut().append()?);
    }

    let [pass, tasks @ ..] = latencies.as_mut_slice() else { return Ok(Vec::new()) };
    let pass_p50 = milliseconds(pass.percentile(0.5));
    let [sync_p50, _] = latency_measures("disk: a sync between two executions,", &mut syncs);
    let mut measures = vec![Measure::new("one Pass state, p50", Unit::Milliseconds, pass_p50), sync_p50];
    for (language, latencies) in LANGUAGES.iter().zip(tasks) {
        let p50 = milliseconds(latencies.percentile(0.5));
        measures.extend(latency_measures(&format!("{}: one Task,", language.name), latencies));
        let name = format!("{}: a Task adds to a Pass, p50", language.name);
        measures.push(Measure::new(name, Unit::Milliseconds, p50 - pass_p50).expecting(Target::AtMost(TASK_ADDS)));
    }
    Ok(measures)
}

/// Invocations over Lambda's own API: from one client, then from many.
async fn invocations(run: &Run<'_>, language: &Language, failed: &mut u64) -> Result<Vec<Measure>, BenchError> {
    let request = Rc::new(wire::invoke_request(language.program, machines::ORDER));
    let wrong = Rc::new(Cell::new(0));
    let seen = wrong.clone();
    let seen = move |_: u64, body: &[u8]| seen.set(seen.get() + u64::from(!is_correct(body)));
    let load = |clients, time: Duration| {
        closed_loop(run.server.port(), &run.tally, &request, clients, Until::Time(time), seen.clone())
    };
    let mut single = load(1, WARM_UP).await?;
    load(run.options.clients, WARM_UP).await?;
    let before = run.mark()?;
    let mut many = load(run.options.clients, run.measured_time()).await?;
    let after = run.mark()?;
    *failed += wrong.get();

    let invocations = many.latencies.len() as u64;
    let name = language.name;
    let [single_p50, _] = latency_measures(&format!("{name}: Invoke, one client,"), &mut single.latencies);
    let [p50, p99] = latency_measures(&format!("{name}: Invoke, many clients,"), &mut many.latencies);
    let per_second = rate(invocations, many.elapsed);
    Ok(vec![
        single_p50,
        Measure::new(format!("{name}: invocations"), Unit::PerSecond, per_second)
            .expecting(Target::AtLeast(PER_SECOND as f64)),
        p50,
        p99,
        before.server_cpu(after, &format!("invocation ({name})"), invocations),
    ])
}

/// Executions of one Task, started as fast as the server takes them.
async fn tasks(run: &Run<'_>, language: &Language, failed: &mut u64) -> Result<[Measure; 2], BenchError> {
    let mut observer = Client::connect(run.server.port(), &run.tally).await?;
    let name = format!("many-{}", language.program);
    let machine_arn = observer.create_machine(&name, &machines::invoke(language.program)).await?;
    let request = Rc::new(start_request(&machine_arn, machines::ORDER));
    let before = run.mark()?;
    let begin = Instant::now();
    let until = Until::Count(PER_SECOND * run.options.seconds);
    let load = closed_loop(run.server.port(), &run.tally, &request, run.options.clients, until, |_, _| ()).await?;
    observer.settle(&machine_arn).await?;
    let elapsed = begin.elapsed();
    let after = run.mark()?;

    let started = load.latencies.len() as u64;
    *failed += started.abs_diff(observer.count_executions(&machine_arn, "SUCCEEDED").await?);
    let what = format!("{}: executions of one Task", language.name);
    Ok([
        Measure::new(what, Unit::PerSecond, rate(started, elapsed)).expecting(Target::AtLeast(PER_SECOND as f64)),
        before.server_cpu(after, &format!("execution ({})", language.name), started),
    ])
}

/// Whether that is what the handlers return.
fn is_correct(body: &[u8]) -> bool {
    count_members(body, "ok") == 1
}
