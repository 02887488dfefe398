//! What a process uses, as Linux tells it under `/proc`.

use std::time::Duration;

use crate::error::BenchError;

/// One tick of `/proc/<pid>/stat`: `USER_HZ` is 100 on every Linux that Rust's standard library runs on.
const TICK: Duration = Duration::from_millis(10);

/// Memory of a process, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Resident now (`VmRSS`).
    pub(crate) resident: u64,
    /// The most that was ever resident (`VmHWM`).
    pub(crate) peak: u64,
}

/// A process to look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(u32);

impl Process {
    /// The process of that id.
    pub(crate) fn of(id: u32) -> Self {
        Self(id)
    }

    /// The generator itself.
    pub(crate) fn this() -> Self {
        Self(std::process::id())
    }

    /// CPU time so far, user and system, of all its threads, to 10 ms.
    pub(crate) fn cpu(self) -> Result<Duration, BenchError> {
        let path = format!("/proc/{}/stat", self.0);
        let text = read(&path)?;
        parse_cpu(&text).ok_or(BenchError::Unreadable { what: "CPU time", path })
    }

    /// Its memory.
    pub(crate) fn memory(self) -> Result<Memory, BenchError> {
        let path = format!("/proc/{}/status", self.0);
        let text = read(&path)?;
        parse_memory(&text).ok_or(BenchError::Unreadable { what: "memory", path })
    }
}

/// How many processes ran or waited to run on this machine, on average over the last minute.
pub(crate) fn load_average() -> Result<f64, BenchError> {
    let path = "/proc/loadavg".to_owned();
    let text = read(&path)?;
    let first = text.split_ascii_whitespace().next().and_then(|number| number.parse().ok());
    first.ok_or(BenchError::Unreadable { what: "the load average", path })
}

fn read(path: &str) -> Result<String, BenchError> {
    std::fs::read_to_string(path).map_err(BenchError::io(format!("read {path}")))
}

fn parse_cpu(stat: &str) -> Option<Duration> {
    // The command's name, in parentheses, may itself hold spaces and parentheses.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(TICK * user.checked_add(system)?)
}

fn parse_memory(status: &str) -> Option<Memory> {
    let kibibytes = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    };
    Some(Memory { resident: kibibytes("VmRSS:")?, peak: kibibytes("VmHWM:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_is_user_and_system_time() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 7 8 20 0 4 0 100 1 2 3";
        assert_eq!(parse_cpu(stat), Some(Duration::from_secs(3)));
        assert_eq!(parse_cpu("42 (a) S 1"), None);
    }

    #[test]
    fn memory_is_read_in_bytes() {
        let status = "Name:\ta\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(parse_memory(status), Some(Memory { resident: 1 << 20, peak: 2 << 20 }));
        assert_eq!(parse_memory("VmRSS:\t1024 kB\n"), None);
    }

    #[test]
    fn this_process_can_be_read() {
        let memory = Process::this().memory().expect("memory");
        assert!(memory.resident > 0 && memory.peak >= memory.resident, "{memory:?}");
        Process::this().cpu().expect("CPU time");
        assert!(load_average().expect("a load average") >= 0.0);
    }
}
