//! Looks on, over all crashes: what observers are told of must be all that was committed.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use engine::Status;
use runtime::observer::Observer;
use store::commit_log::Committed;
use store::record::{ExecutionId, ExecutionRecord};

/// What it was told.
#[derive(Default)]
pub(crate) struct Witness(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    begun: HashSet<ExecutionId>,
    ended: HashMap<ExecutionId, Status>,
}

impl Witness {
    /// An execution that is stored was seen to begin, and to end as it did where it is over.
    pub(crate) fn check(&self, record: &ExecutionRecord) {
        let seen = self.0.lock().unwrap();
        assert!(seen.begun.contains(&record.id), "nobody was told that {} began", record.arn);
        let end = Some(record.summary.status).filter(|status| *status != Status::Running);
        assert_eq!(seen.ended.get(&record.id).copied(), end, "what was told of the end of {}", record.arn);
    }
}

impl Observer for Witness {
    fn name(&self) -> &'static str {
        "witness"
    }

    fn committed(&self, commits: &[Committed]) {
        let mut seen = self.0.lock().unwrap();
        for committed in commits {
            if committed.begins {
                seen.begun.insert(committed.execution);
            }
            assert!(seen.begun.contains(&committed.execution), "{committed:?} was told before its beginning");
            if let Some(status) = committed.end() {
                seen.ended.insert(committed.execution, status);
            }
        }
    }
}
