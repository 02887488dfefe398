//! Large executions: Map states over many items, and loops with many events. Twice the size should take twice the time.

use crate::client::{Client, start_request};
use crate::error::BenchError;
use crate::machines;
use crate::report::{Measure, Target, Unit, number};
use crate::scenario::{Run, unsuccessful};
use crate::stats::{Latencies, milliseconds, ratio};

/// How many items, and how often such an execution is run.
const MAPS: [(u32, u32); 3] = [(1_000, 30), (10_000, 6), (40_000, 3)];
/// How many events, and how often such an execution is run.
const LOOPS: [(u32, u32); 2] = [(5_000, 20), (20_000, 6)];
/// How much of the smallest size's rate the larger ones should keep.
const LINEAR: f64 = 0.8;

/// Items a second at each size, then events a second.
pub(super) async fn run(run: &Run<'_>) -> Result<Vec<Measure>, BenchError> {
    let mut client = Client::connect(run.server.port(), &run.tally).await?;
    let mut measures = Vec::new();
    let mut failed = 0;

    let machine_arn = client.create_machine("map", &machines::map()).await?;
    let mut rates = Rates::new("items", "Map of", Some(60_000.0));
    for (items, times) in MAPS {
        let request = start_request(&machine_arn, &machines::items(items));
        measures.extend(rates.measure(&mut client, &request, items, times, &mut failed).await?);
    }

    let machine_arn = client.create_machine("loop", &machines::choice_loop()).await?;
    let mut rates = Rates::new("events", "loop of", None);
    for (events, times) in LOOPS {
        let request = start_request(&machine_arn, &machines::rounds(events / machines::EVENTS_A_ROUND));
        measures.extend(rates.measure(&mut client, &request, events, times, &mut failed).await?);
    }
    measures.push(unsuccessful(failed));
    Ok(measures)
}

/// Rates at growing sizes, each compared with the first.
struct Rates {
    of: &'static str,
    what: &'static str,
    target: Option<f64>,
    first: Option<(u32, f64)>,
}

impl Rates {
    fn new(of: &'static str, what: &'static str, target: Option<f64>) -> Self {
        Self { of, what, target, first: None }
    }

    /// Runs executions of that size, one after the other, after one that does not count.
    async fn measure(
        &mut self,
        client: &mut Client<'_>,
        request: &[u8],
        size: u32,
        times: u32,
        failed: &mut u64,
    ) -> Result<Vec<Measure>, BenchError> {
        let mut latencies = Latencies::default();
        for number in 0..=times {
            let finished = client.run(request).await?;
            *failed += u64::from(!finished.succeeded);
            if number > 0 {
                latencies.record(finished.elapsed);
            }
        }
        let p50 = latencies.percentile(0.5);
        let rate = ratio(f64::from(size), p50.as_secs_f64());
        let what = format!("{} {}", self.what, number(size.into()));
        let mut per_second = Measure::new(format!("{what}: {}", self.of), Unit::PerSecond, rate);
        let time = Measure::new(format!("{what}: p50"), Unit::Milliseconds, milliseconds(p50));
        let Some((first_size, first_rate)) = self.first else {
            self.first = Some((size, rate));
            if let Some(target) = self.target {
                per_second = per_second.expecting(Target::AtLeast(target));
            }
            return Ok(vec![per_second, time]);
        };
        let name = format!("{what}: rate beside that of {}", number(first_size.into()));
        let linear = Measure::new(name, Unit::Ratio, ratio(rate, first_rate)).expecting(Target::AtLeast(LINEAR));
        Ok(vec![per_second, time, linear])
    }
}
