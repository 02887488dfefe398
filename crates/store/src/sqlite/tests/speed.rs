//! How fast it writes: a measurement, not a test.

use super::*;

#[test]
#[ignore = "a measurement: run it in release"]
fn writes_each_second() {
    let temporary = Temporary::new();
    let json = |id: i64, size: usize| -> Vec<u8> {
        (0..)
            .flat_map(|at| {
                format!("{{\"orderId\":\"{}\",\"item\":{at},\"total\":{}}},", id * 7_919, id % 97).into_bytes()
            })
            .take(size)
            .collect()
    };
    with_writer(&temporary, |connection| connection.execute_batch("PRAGMA synchronous = OFF")).expect("set");
    for (size, over) in [(300, true), (500, true), (1_500, true), (300, false), (1_500, false)] {
        let writes: Vec<Write> = (0..60_000)
            .map(|at| {
                let id = temporary.last_execution_id(&PartitionSet::All).expect("a number").0 + 1 + at;
                let mut record = execution(id, 1 + id % 3, &format!("0197{id:08x}-7000-8000-9000-aabbccddeeff"));
                record.summary = if over { ended(engine::Status::Succeeded) } else { running(Some(id)) };
                Write::Begin {
                    execution: record,
                    chunk: Chunk { events: json(id, size), ..chunk(0, 5) },
                    machine_revision: None,
                }
            })
            .collect();
        let ids: Vec<i64> = writes
            .iter()
            .filter_map(|write| match write {
                Write::Begin { execution, .. } => Some(execution.id.0),
                _ => None,
            })
            .collect();
        measure(&temporary, &format!("begin, {size} bytes, over: {over}"), &writes);
        if over {
            continue;
        }
        let appends = |first: u64, summary: Option<Summary>| -> Vec<Write> {
            let chunk = |id| Chunk { events: json(id, size), ..chunk(first, 5) };
            ids.iter().map(|id| Write::Append { execution: ExecutionId(*id), chunk: chunk(*id), summary }).collect()
        };
        measure(&temporary, &format!("append, {size} bytes, no summary"), &appends(5, None));
        let end = Some(ended(engine::Status::Succeeded));
        measure(&temporary, &format!("append, {size} bytes, the end"), &appends(10, end));
    }
}

#[allow(clippy::print_stderr, reason = "a measurement is to be seen")]
fn measure(store: &Sqlite, what: &str, writes: &[Write]) {
    let (begun, begun_cpu) = (Instant::now(), cpu_micros());
    for batch in writes.chunks(64) {
        try_commit(store, batch).expect("committed");
    }
    let each = |micros: f64| micros / writes.len() as f64;
    let (wall, cpu) = (each(begun.elapsed().as_secs_f64() * 1e6), each(cpu_micros() - begun_cpu));
    eprintln!("{what}: {cpu:.1} us of CPU and {wall:.1} us a write, {:.0} writes a second", 1e6 / wall);
}

/// What this thread has used of a processor, on Linux; elsewhere 0.
fn cpu_micros() -> f64 {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0) / 1e3
}
