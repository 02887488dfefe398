//! A look at the files before SQLite opens them: whether all of the database is there.
//!
//! SQLite reads a page that the file has not as zeros where its log says that the file is longer, and gives the log of
//! another database as readily as its own. A server that opens such data answers for a while. This look takes the time of
//! reading the log, which recovery takes as well, however long the database is.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::StoreError;

const HEADER_BYTES: usize = 100;
const MAGIC: &[u8] = b"SQLite format 3\0";
/// The page that holds the byte which locks are taken on; nothing is ever written there.
const LOCK_BYTE: u64 = 0x4000_0000;

/// What is wrong with the files.
#[derive(Debug, thiserror::Error)]
pub(super) enum Flaw {
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// There is a log and no database.
    #[error("it is empty or missing, and there is a log of it beside it")]
    OnlyLog,
    /// Neither SQLite's, nor anything.
    #[error("it is no SQLite database")]
    NoDatabase,
    /// Pages are missing.
    #[error(
        "it is truncated: of its {expected} pages of {page_bytes} bytes it has {there}, and the log has not all of the \
         others"
    )]
    Truncated {
        /// Bytes of a page.
        page_bytes: u64,
        /// Pages there must be.
        expected: u64,
        /// Pages there are.
        there: u64,
    },
    /// The log is another database's.
    #[error("the log beside it (-wal) is not its own: {0}")]
    ForeignLog(&'static str),
}

impl Flaw {
    /// Told with what to do.
    pub(super) fn told(&self, file: &Path) -> StoreError {
        StoreError::Damaged(format!(
            "{}: {self}; restore it from a backup, or see what is left with `stepwright doctor --data-dir {}`",
            file.display(),
            file.parent().unwrap_or(file).display()
        ))
    }
}

/// Looks at a database and its log. A file that is not there yet, or empty, is a new one.
pub(super) fn check(file: &Path) -> Result<(), Flaw> {
    let log = Log::read(&log_of(file))?;
    let Some(database) = Header::read(file)? else {
        return if log.is_some_and(|log| log.committed > 0) { Err(Flaw::OnlyLog) } else { Ok(()) };
    };
    let (expected, in_log) = match &log {
        Some(log) if log.committed > 0 => {
            database.check_log(log)?;
            (log.committed, Some(&log.pages))
        }
        _ => (database.pages, None),
    };
    let there = database.file_bytes / database.page_bytes;
    let lock_page = LOCK_BYTE / database.page_bytes + 1;
    let is_missing = |page: u64| page != lock_page && in_log.is_none_or(|pages| !pages.contains(&page));
    if (there + 1..=expected).any(is_missing) {
        return Err(Flaw::Truncated { page_bytes: database.page_bytes, expected, there });
    }
    Ok(())
}

/// The log beside a database.
fn log_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// What the first page says, as it is in the file or in the log.
#[derive(Clone, Copy, Debug)]
struct FirstPage {
    application_id: u32,
    changes: u32,
}

impl FirstPage {
    fn of(page: &[u8]) -> Self {
        Self { application_id: number(page, 68), changes: number(page, 24) }
    }
}

struct Header {
    page_bytes: u64,
    /// Pages by the header.
    pages: u64,
    file_bytes: u64,
    first: FirstPage,
}

impl Header {
    /// `None` of a file that is missing or empty.
    fn read(path: &Path) -> Result<Option<Self>, Flaw> {
        let Some(mut file) = open(path)? else { return Ok(None) };
        let file_bytes = file.metadata()?.len();
        if file_bytes == 0 {
            return Ok(None);
        }
        let mut page = [0; HEADER_BYTES];
        file.read_exact(&mut page).map_err(|_| Flaw::NoDatabase)?;
        let page_bytes = match u16::from_be_bytes([page[16], page[17]]) {
            1 => 65_536,
            bytes => u64::from(bytes),
        };
        if !page.starts_with(MAGIC) || page_bytes < 512 || !page_bytes.is_power_of_two() {
            return Err(Flaw::NoDatabase);
        }
        let (pages, first) = (u64::from(number(&page, 28)), FirstPage::of(&page));
        // Only where the two are equal does the header say how many pages there are.
        let pages = if first.changes == number(&page, 92) { pages } else { 0 };
        Ok(Some(Self { page_bytes, pages, file_bytes, first }))
    }

    fn check_log(&self, log: &Log) -> Result<(), Flaw> {
        if log.page_bytes != self.page_bytes {
            return Err(Flaw::ForeignLog("its pages have another length"));
        }
        let Some((first, last)) = log.first_pages else { return Ok(()) };
        if self.first.application_id != 0 && last.application_id != self.first.application_id {
            return Err(Flaw::ForeignLog("it is of a database of another program"));
        }
        // The counter grows by one at most from one version of the first page to the next, and the file has one of the
        // versions in the log, or the one before.
        let oldest = first.changes.wrapping_sub(1);
        let span = last.changes.wrapping_sub(oldest);
        if self.first.changes.wrapping_sub(oldest) > span {
            return Err(Flaw::ForeignLog("it goes on from another version of the database"));
        }
        Ok(())
    }
}

/// What the log has that was committed.
#[derive(Default)]
struct Log {
    page_bytes: u64,
    /// Pages of the database after the last commit; 0 where nothing was committed.
    committed: u64,
    pages: HashSet<u64>,
    /// The first page, as it is there first and last.
    first_pages: Option<(FirstPage, FirstPage)>,
}

const LOG_HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// Its lowest bit says in which order the checksums take their bytes.
const LOG_MAGIC: u32 = 0x377f_0682;

impl Log {
    /// Reads the log as SQLite's recovery does: up to the last commit before the first frame that does not fit. `None`
    /// where there is none.
    fn read(path: &Path) -> Result<Option<Self>, Flaw> {
        let Some(file) = open(path)? else { return Ok(None) };
        let mut file = BufReader::with_capacity(1 << 20, file);
        let mut header = [0; LOG_HEADER_BYTES];
        if !filled(&mut file, &mut header)? || number(&header, 0) & !1 != LOG_MAGIC {
            return Ok(None);
        }
        let is_big_endian = number(&header, 0) & 1 == 1;
        let mut sum = Checksum { is_big_endian, sums: (0, 0) };
        sum.add(&header[..24]);
        let page_bytes = number(&header, 8);
        if !sum.is(&header[24..]) || !page_bytes.is_power_of_two() || !(512..=65_536).contains(&page_bytes) {
            return Ok(None);
        }
        let mut log = Self { page_bytes: page_bytes.into(), ..Self::default() };
        let mut uncommitted = Uncommitted::default();
        let mut frame = [0; FRAME_HEADER_BYTES];
        let mut page = vec![0; page_bytes as usize];
        while filled(&mut file, &mut frame)? && filled(&mut file, &mut page)? {
            sum.add(&frame[..8]);
            sum.add(&page);
            if frame[8..16] != header[16..24] || !sum.is(&frame[16..]) {
                break;
            }
            uncommitted.take(u64::from(number(&frame, 0)), &page);
            if let committed @ 1.. = number(&frame, 4) {
                log.commit(committed.into(), std::mem::take(&mut uncommitted));
            }
        }
        Ok(Some(log))
    }

    fn commit(&mut self, pages: u64, commit: Uncommitted) {
        self.committed = pages;
        self.pages.extend(commit.pages);
        if let Some(last) = commit.first_page {
            self.first_pages = Some((self.first_pages.map_or(last, |(first, _)| first), last));
        }
    }
}

/// The frames since the last commit.
#[derive(Default)]
struct Uncommitted {
    pages: Vec<u64>,
    first_page: Option<FirstPage>,
}

impl Uncommitted {
    fn take(&mut self, number: u64, page: &[u8]) {
        self.pages.push(number);
        if number == 1 {
            self.first_page = Some(FirstPage::of(page));
        }
    }
}

/// SQLite's: two sums over words of 32 bits, each of which takes in the other.
struct Checksum {
    is_big_endian: bool,
    sums: (u32, u32),
}

impl Checksum {
    fn add(&mut self, bytes: &[u8]) {
        let word = |bytes: &[u8]| match <[u8; 4]>::try_from(bytes) {
            Ok(bytes) if self.is_big_endian => u32::from_be_bytes(bytes),
            Ok(bytes) => u32::from_le_bytes(bytes),
            Err(_) => 0,
        };
        let (mut first, mut second) = self.sums;
        for pair in bytes.chunks_exact(8) {
            first = first.wrapping_add(word(&pair[..4])).wrapping_add(second);
            second = second.wrapping_add(word(&pair[4..])).wrapping_add(first);
        }
        self.sums = (first, second);
    }

    fn is(&self, bytes: &[u8]) -> bool {
        (number(bytes, 0), number(bytes, 4)) == self.sums
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes)
}

fn open(path: &Path) -> Result<Option<File>, Flaw> {
    match File::open(path) {
        Ok(file) if file.metadata()?.is_file() => Ok(Some(file)),
        // Whatever it is, opening it says.
        Ok(_) => Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Fills the buffer; `false` where the file ends before.
fn filled(file: &mut impl Read, buffer: &mut [u8]) -> Result<bool, Flaw> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error.into()),
    }
}
