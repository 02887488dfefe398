//! How much memory the process takes, and whether that is more than it may.
//!
//! Where it is, new executions are refused until it is less, and what can be read again leaves memory. What was accepted
//! goes on: nothing is lost.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Of the machine's memory, so much is the server's where nothing else is said.
const SHARE: (u64, u64) = (3, 4);

/// Once refused, new work is taken again when so much of the bound is free.
const FREE_AGAIN: u64 = 20;

/// The bound, and how it stands.
#[derive(Debug)]
pub(crate) struct Memory {
    most: u64,
    taken: AtomicU64,
    is_scarce: AtomicBool,
}

impl Memory {
    /// At most so many bytes; 0 for three quarters of what the machine, or the cgroup that the process is in, has.
    pub(crate) fn at_most(bytes: u64) -> Self {
        let most = match bytes {
            0 => available().map_or(u64::MAX, |bytes| bytes / SHARE.1 * SHARE.0),
            bytes => bytes,
        };
        Self { most, taken: AtomicU64::new(0), is_scarce: AtomicBool::new(false) }
    }

    /// Whether it takes more than it may, or did so lately and has not given back enough.
    pub(crate) fn is_scarce(&self) -> bool {
        self.is_scarce.load(Ordering::Relaxed)
    }

    /// Bytes that it took when it last looked.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Looks.
    pub(crate) fn look(&self) {
        if let Some(bytes) = resident() {
            self.took(bytes);
        }
    }

    fn took(&self, bytes: u64) {
        self.taken.store(bytes, Ordering::Relaxed);
        let was_scarce = self.is_scarce();
        let enough = self.most - self.most / FREE_AGAIN;
        let is_scarce = bytes > if was_scarce { enough } else { self.most };
        if is_scarce == was_scarce {
            return;
        }
        self.is_scarce.store(is_scarce, Ordering::Relaxed);
        if is_scarce {
            tracing::warn!(bytes, most = self.most, "more memory is taken than may be: new executions are refused");
        } else {
            tracing::info!(bytes, "new executions are taken again");
        }
    }
}

/// Bytes of this process in memory, where the system says so.
fn resident() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

/// Bytes that the machine has, or its part that this process may use.
fn available() -> Option<u64> {
    let machine = kibibytes(&fs::read_to_string("/proc/meminfo").ok()?, "MemTotal:")?;
    Some(cgroup().map_or(machine, |part| part.min(machine)))
}

/// The bound of the control group, of either version; none where there is none.
fn cgroup() -> Option<u64> {
    let group = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own =
        group.lines().find_map(|line| line.strip_prefix("0::")).map(|path| format!("/sys/fs/cgroup{path}/memory.max"));
    let files = own
        .into_iter()
        .chain(["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"].map(Into::into));
    files.filter_map(|file| fs::read_to_string(file).ok()?.trim().parse().ok()).min()
}

/// The number of kibibytes behind a name, in bytes.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_scarce_from_the_bound_until_a_twentieth_is_free() {
        let memory = Memory::at_most(1_000);
        let seen = [900, 1_000, 1_001, 990, 951, 950, 1_000, 1_200].map(|bytes| {
            memory.took(bytes);
            memory.is_scarce()
        });
        assert_eq!(seen, [false, false, true, true, true, false, false, true]);
        assert_eq!(memory.taken(), 1_200);
    }

    #[test]
    fn the_system_says_how_much_there_is_and_how_much_is_taken() {
        let memory = Memory::at_most(0);
        memory.look();
        assert!((1 << 20..memory.most).contains(&memory.taken()), "{memory:?}");
        assert_eq!(kibibytes("A:\t 1 kB\nVmRSS:\t  12 kB\n", "VmRSS:"), Some(12_288));
        assert_eq!(kibibytes("VmRSS: many", "VmRSS:"), None);
    }
}
