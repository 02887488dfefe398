//! The programs that are kept in memory: those used last, as far as what they take fits a bound.
//!
//! A program says what it takes (`Program::memory_bytes`): no more than ten times its text, but where the text is
//! nothing but tiny parts. One that was put out is read again when it is next needed; executions that run hold theirs in any
//! case.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use store::record::DefinitionId;

use super::Revision;

/// Programs by their definitions.
pub(super) struct Programs {
    by_definition: HashMap<DefinitionId, Used>,
    /// The definitions by when they were last used.
    by_use: BTreeMap<u64, DefinitionId>,
    uses: u64,
    /// Bytes that they take.
    bytes: usize,
    bytes_max: usize,
}

struct Used {
    revision: Arc<Revision>,
    last_use: u64,
}

impl Programs {
    /// Of so many bytes at most.
    pub(super) fn of(bytes_max: usize) -> Self {
        Self { by_definition: HashMap::new(), by_use: BTreeMap::new(), uses: 0, bytes: 0, bytes_max }
    }

    pub(super) fn get(&mut self, id: DefinitionId) -> Option<Arc<Revision>> {
        let used = self.by_definition.get_mut(&id)?;
        // The one used last is asked for again and again: it needs no new place.
        if used.last_use != self.uses {
            self.uses += 1;
            self.by_use.remove(&used.last_use);
            self.by_use.insert(self.uses, id);
            used.last_use = self.uses;
        }
        Some(Arc::clone(&used.revision))
    }

    /// Keeps a program, and puts others out for it. One that is alone too large is not kept.
    pub(super) fn insert(&mut self, revision: Arc<Revision>) {
        let id = revision.definition;
        self.remove(id);
        if revision.memory_bytes > self.bytes_max {
            return;
        }
        while self.bytes + revision.memory_bytes > self.bytes_max {
            let Some(oldest) = self.by_use.first_key_value().map(|(_, oldest)| *oldest) else { break };
            self.remove(oldest);
        }
        self.uses += 1;
        self.bytes += revision.memory_bytes;
        self.by_use.insert(self.uses, id);
        self.by_definition.insert(id, Used { revision, last_use: self.uses });
    }

    /// Puts one out: what it describes is gone or has another definition.
    pub(super) fn remove(&mut self, id: DefinitionId) {
        if let Some(Used { revision, last_use }) = self.by_definition.remove(&id) {
            self.by_use.remove(&last_use);
            self.bytes -= revision.memory_bytes;
        }
    }

    /// Puts out all that a state machine has.
    pub(super) fn remove_machine(&mut self, arn: &str) {
        let of_machine = self.by_definition.iter().filter(|(_, used)| &*used.revision.machine_arn == arn);
        for id in of_machine.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.remove(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(id: i64, memory_bytes: usize) -> Arc<Revision> {
        let program = asl::read::load(r#"{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}"#).unwrap();
        Arc::new(Revision {
            definition: DefinitionId(id),
            machine_arn: format!("m{}", id % 2).into(),
            machine_name: "m".into(),
            role_arn: "r".into(),
            program: Arc::new(program),
            memory_bytes,
        })
    }

    fn kept(programs: &Programs) -> Vec<i64> {
        assert_eq!(programs.by_use.len(), programs.by_definition.len());
        let bytes: usize = programs.by_definition.values().map(|used| used.revision.memory_bytes).sum();
        assert_eq!(bytes, programs.bytes);
        let mut kept: Vec<_> = programs.by_definition.keys().map(|id| id.0).collect();
        kept.sort_unstable();
        kept
    }

    #[test]
    fn those_used_last_are_kept_as_far_as_they_fit() {
        let mut programs = Programs::of(100);
        [(1, 40), (2, 40), (3, 10)].into_iter().for_each(|(id, bytes)| programs.insert(revision(id, bytes)));
        assert!(programs.get(DefinitionId(1)).is_some());
        programs.insert(revision(4, 30));
        assert_eq!(kept(&programs), [1, 3, 4]);
        programs.insert(revision(5, 101));
        assert_eq!(kept(&programs), [1, 3, 4], "one that is too large puts nobody out");
        programs.insert(revision(4, 50));
        assert_eq!(kept(&programs), [1, 3, 4], "the same again counts once");
        programs.insert(revision(6, 60));
        assert_eq!(kept(&programs), [6], "what was used last does not fit beside it");
    }

    #[test]
    fn what_is_gone_is_not_kept() {
        let mut programs = Programs::of(100);
        (1..=4).for_each(|id| programs.insert(revision(id, 10)));
        programs.remove(DefinitionId(1));
        programs.remove(DefinitionId(9));
        assert_eq!(kept(&programs), [2, 3, 4]);
        programs.remove_machine("m0");
        assert_eq!(kept(&programs), [3]);
    }
}
