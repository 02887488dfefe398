//! A closed loop: so many clients, each with one request in flight at a time.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::client::{Client, Tally};
use crate::error::BenchError;
use crate::stats::Latencies;

/// When the clients stop.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// After that time.
    Time(Duration),
    /// After that many requests, over all clients.
    Count(u64),
}

/// What a closed loop did.
#[derive(Debug)]
pub(crate) struct Load {
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
    /// How long each request took that was answered with 200.
    pub(crate) latencies: Latencies,
}

/// Sends the same request over and over from that many clients. `seen` gets each answer's number and body.
pub(crate) async fn closed_loop(
    port: u16,
    tally: &Rc<Tally>,
    request: &Rc<Vec<u8>>,
    clients: u32,
    until: Until,
    seen: impl Fn(u64, &[u8]) + Clone + 'static,
) -> Result<Load, BenchError> {
    let permits = Rc::new(Permits::new(until));
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let (tally, request, permits, seen) = (tally.clone(), request.clone(), permits.clone(), seen.clone());
        tasks.spawn_local(async move {
            let mut client = Client::connect(port, &tally).await?;
            let mut latencies = Latencies::default();
            while let Some(number) = permits.next() {
                let before = Instant::now();
                let response = client.send(&request).await?;
                if response.status == 200 {
                    latencies.record(before.elapsed());
                    seen(number, response.body);
                }
            }
            Ok::<_, BenchError>(latencies)
        });
    }
    let mut latencies = Latencies::default();
    while let Some(client) = tasks.join_next().await {
        latencies.merge(client??);
    }
    Ok(Load { elapsed: begin.elapsed(), latencies })
}

/// Says who may send another request.
struct Permits {
    until: Until,
    begin: Instant,
    given: Cell<u64>,
}

impl Permits {
    fn new(until: Until) -> Self {
        Self { until, begin: Instant::now(), given: Cell::new(0) }
    }

    /// The number of the next request, from 0.
    fn next(&self) -> Option<u64> {
        let number = self.given.get();
        let allowed = match self.until {
            Until::Time(time) => self.begin.elapsed() < time,
            Until::Count(count) => number < count,
        };
        if !allowed {
            return None;
        }
        self.given.set(number + 1);
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_permits_as_asked_for() {
        let permits = Permits::new(Until::Count(2));
        assert_eq!([permits.next(), permits.next(), permits.next()], [Some(0), Some(1), None]);
    }

    #[test]
    fn no_permit_when_the_time_is_over() {
        assert_eq!(Permits::new(Until::Time(Duration::ZERO)).next(), None);
        assert_eq!(Permits::new(Until::Time(Duration::from_secs(3600))).next(), Some(0));
    }
}
