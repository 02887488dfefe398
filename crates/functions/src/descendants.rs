//! Ends what a function's process has started, also what has left its process group or its session.
//!
//! Three traces lead to a descendant: its line of parents, its process group, and a variable that every process gets and
//! hands on to what it starts. On Linux all of them are in `/proc`. Whatever loses its parent becomes ours (a
//! subreaper's), so that it can be found and buried. A process that left its group, emptied its environment and lost its
//! parent before its function ended leaves no trace; it ends when the functions are shut down.

use std::collections::HashSet;
use std::fs;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpgrp, getpid, kill_process, kill_process_group, waitid};

use crate::identity;

/// The variable that says of which functions, and of which of their processes, a process is.
pub(crate) const VARIABLE: &str = "STEPWRIGHT_FUNCTION_PROCESS";

/// How often what is left is looked for: whoever was just being started is found the next time.
const PASSES: usize = 10;

/// What the processes of one set of functions have in common, and each of them for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark(String);

impl Mark {
    /// That of all processes of a set of functions.
    pub(crate) fn new() -> Self {
        Self(identity::token())
    }

    /// That of a further process of these functions.
    pub(crate) fn of_process(&self) -> Self {
        Self(format!("{}-{}", self.0, identity::token()))
    }

    /// The variable's value.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an environment, as `/proc` shows it, has a mark that begins with this one.
    fn is_in(&self, environment: &[u8]) -> bool {
        let wanted = format!("{VARIABLE}={}", self.0);
        environment.split(|byte| *byte == 0).any(|variable| variable.starts_with(wanted.as_bytes()))
    }
}

/// A process as `/proc` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    pid: Pid,
    parent: i32,
    group: i32,
    is_zombie: bool,
}

impl Entry {
    /// From `/proc/PID/stat`: `PID (NAME) STATE PARENT GROUP ...`. The name may hold anything.
    fn parse(stat: &str) -> Option<Self> {
        let pid = stat.split(' ').next()?.parse().ok().and_then(Pid::from_raw)?;
        let mut fields = stat.rsplit_once(") ")?.1.split(' ');
        let is_zombie = matches!(fields.next()?, "Z" | "X");
        let (parent, group) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        Some(Self { pid, parent, group, is_zombie })
    }
}

/// Makes us the parent of what loses its own among our descendants.
pub(crate) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_child_subreaper(Some(getpid())) {
        tracing::debug!(target: "functions", %error, "orphans are not adopted");
    }
}

/// Ends a function's process and what it has started. Blocks for some milliseconds.
pub(crate) fn end(process: Pid, mark: &Mark) {
    // Before anybody is killed: then the line of parents is whole.
    let family = family(process, &entries());
    // Fails when nothing is left.
    let _ = kill_process_group(process, Signal::KILL);
    family.iter().for_each(|pid| kill(*pid));
    kill_marked(mark);
    bury(&family);
}

/// Ends what is left of the processes with a mark, and what we have adopted.
pub(crate) fn end_all(mark: &Mark) {
    kill_marked(mark);
    let adopted: Vec<Pid> = entries().iter().filter(|entry| is_adopted(entry)).map(|entry| entry.pid).collect();
    adopted.iter().for_each(|pid| kill(*pid));
    bury(&adopted);
}

fn kill_marked(mark: &Mark) {
    for _ in 0..PASSES {
        let marked: Vec<Pid> = entries().iter().filter(|entry| has(mark, entry)).map(|entry| entry.pid).collect();
        marked.iter().for_each(|pid| kill(*pid));
        bury(&marked);
        if marked.is_empty() {
            return;
        }
    }
}

fn has(mark: &Mark, entry: &Entry) -> bool {
    let environment = || fs::read(format!("/proc/{}/environ", entry.pid.as_raw_pid()));
    !entry.is_zombie && entry.pid != getpid() && environment().is_ok_and(|environment| mark.is_in(&environment))
}

/// Whether a process is our child, and none that somebody here waits for: those are leaders of groups that we made, or
/// in our own.
fn is_adopted(entry: &Entry) -> bool {
    let ours = [getpgrp().as_raw_pid(), entry.pid.as_raw_pid()];
    entry.parent == getpid().as_raw_pid() && !ours.contains(&entry.group)
}

/// The descendants of a process.
fn family(process: Pid, entries: &[Entry]) -> Vec<Pid> {
    let mut members: HashSet<i32> = HashSet::from([process.as_raw_pid()]);
    let mut found = Vec::new();
    loop {
        let is_new = |entry: &&Entry| {
            let pid = entry.pid.as_raw_pid();
            let belongs = members.contains(&entry.parent) || entry.group == process.as_raw_pid();
            belongs && !members.contains(&pid) && !entry.is_zombie
        };
        let new: Vec<Pid> = entries.iter().filter(is_new).map(|entry| entry.pid).collect();
        if new.is_empty() {
            return found;
        }
        members.extend(new.iter().map(|pid| pid.as_raw_pid()));
        found.extend(new);
    }
}

fn kill(pid: Pid) {
    // Fails where it has ended meanwhile.
    let _ = kill_process(pid, Signal::KILL);
}

/// Takes the exit status of those that were adopted, so that nothing of them is left.
fn bury(processes: &[Pid]) {
    for pid in processes {
        // Fails where it is another's child: then that one's parent, or the system, sees to it.
        let _ = waitid(WaitId::Pid(*pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
    }
}

/// All processes. None where there is no `/proc`.
fn entries() -> Vec<Entry> {
    let Ok(folders) = fs::read_dir("/proc") else { return Vec::new() };
    let names = folders.flatten().map(|folder| folder.file_name());
    let pids = names.filter_map(|name| name.to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| Entry::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(pid: i32, parent: i32, group: i32) -> Entry {
        Entry { pid: Pid::from_raw(pid).unwrap(), parent, group, is_zombie: false }
    }

    #[test]
    fn an_entry_is_read_whatever_its_name_is() {
        let found = Entry::parse("12 (a) b) (c) S 7 9 9 0 -1 4194304").unwrap();
        assert_eq!(found, entry(12, 7, 9));
        assert!(Entry::parse("12 (sh) Z 7 9 9").unwrap().is_zombie);
        for bad in ["", "x (sh) S 1 1", "12 sh S 1 1", "12 (sh) S one 1"] {
            assert_eq!(Entry::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_family_is_all_that_descends_or_is_in_the_group() {
        let entries = [entry(2, 1, 2), entry(5, 4, 5), entry(4, 3, 4), entry(3, 2, 2), entry(6, 1, 2), entry(9, 1, 9)];
        let mut found: Vec<i32> =
            family(Pid::from_raw(2).unwrap(), &entries).iter().map(|pid| pid.as_raw_pid()).collect();
        found.sort_unstable();
        assert_eq!(found, [3, 4, 5, 6]);
    }

    #[test]
    fn a_mark_is_that_of_its_functions_or_of_one_process() {
        let functions = Mark::new();
        let process = functions.of_process();
        let environment = format!("A=b\0{VARIABLE}={}\0C=d\0", process.as_str()).into_bytes();
        assert!(functions.is_in(&environment) && process.is_in(&environment));
        assert!(!functions.of_process().is_in(&environment) && !Mark::new().is_in(&environment));
    }
}
