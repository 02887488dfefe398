//! How fast the disk makes small writes durable: what bounds every durable engine on this machine.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::stats::{Latencies, ratio};

const BLOCK: [u8; 4096] = [0x5a; 4096];
/// Blocks in the file, which is written whole first: an append then changes no length, as in a reused log.
const BLOCKS: usize = 8192;

/// What the meter says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Disk {
    /// Appends with their syncs a second, one after the other.
    pub(crate) syncs_per_second: f64,
    /// The median of one.
    pub(crate) sync_p50: Duration,
}

/// A file of its own, to append to.
pub(crate) struct Meter {
    file: File,
    path: PathBuf,
    latencies: Latencies,
    total: Duration,
}

impl Meter {
    /// Writes the file, in that directory. It is left to the directory's owner to remove it.
    pub(crate) fn open(directory: &Path) -> Result<Self, BenchError> {
        let path = directory.join("sync-meter");
        let file = preallocate(&path).map_err(failed(&path))?;
        Ok(Self { file, path, latencies: Latencies::default(), total: Duration::ZERO })
    }

    /// Appends 4 KiB and syncs; how long that took.
    pub(crate) fn append(&mut self) -> Result<Duration, BenchError> {
        let rewind = self.latencies.len().is_multiple_of(BLOCKS);
        let duration = append(&mut self.file, rewind).map_err(failed(&self.path))?;
        self.latencies.record(duration);
        self.total += duration;
        Ok(duration)
    }

    /// Appends over and over for that time.
    pub(crate) fn append_for(&mut self, time: Duration) -> Result<(), BenchError> {
        let begin = Instant::now();
        while begin.elapsed() < time {
            self.append()?;
        }
        Ok(())
    }

    /// Over all appends so far.
    pub(crate) fn reading(&mut self) -> Disk {
        let syncs_per_second = ratio(self.latencies.len() as f64, self.total.as_secs_f64());
        Disk { syncs_per_second, sync_p50: self.latencies.percentile(0.5) }
    }
}

fn preallocate(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(path)?;
    for _ in 0..BLOCKS {
        file.write_all(&BLOCK)?;
    }
    file.sync_all()?;
    Ok(file)
}

fn append(file: &mut File, rewind: bool) -> io::Result<Duration> {
    if rewind {
        file.seek(SeekFrom::Start(0))?;
    }
    let begin = Instant::now();
    file.write_all(&BLOCK)?;
    file.sync_data()?;
    Ok(begin.elapsed())
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> BenchError {
    BenchError::io(format!("measure the disk with {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_meter_reads_what_was_appended() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut meter = Meter::open(directory.path()).expect("a meter");
        let one = meter.append().expect("an append");
        assert_eq!(meter.reading().sync_p50, one);
        meter.append_for(Duration::from_millis(10)).expect("appends");
        let reading = meter.reading();
        assert!(reading.syncs_per_second > 0.0 && reading.sync_p50 > Duration::ZERO, "{reading:?}");
    }

    #[test]
    fn the_file_does_not_grow() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut meter = Meter::open(directory.path()).expect("a meter");
        let length = || meter_length(directory.path());
        let before = length();
        meter.append_for(Duration::from_millis(10)).expect("appends");
        assert_eq!(length(), before);
    }

    fn meter_length(directory: &Path) -> u64 {
        std::fs::metadata(directory.join("sync-meter")).expect("the file").len()
    }
}
