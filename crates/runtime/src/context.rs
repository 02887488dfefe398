//! What shards, loaders and calls share.

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::Limits;
use store::Store;
use store::record::ExecutionId;

use crate::arn::Arns;
use crate::commit_health::CommitHealth;
use crate::directory::Directory;
use crate::memory::Memory;
use crate::metrics::{Metrics, MetricsSnapshot};
use crate::open_executions::OpenExecutions;
use crate::quotas::Quotas;
use crate::shard::{Kind, ShardOptions};
use crate::tasks::Tasks;
use crate::tokens::Tokens;

/// What all shards share, and the calls beside them. A shard takes no notice of the store: `tidy` holds that.
pub struct Context {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) tokens: Tokens,
    pub(crate) tasks: Arc<dyn Tasks>,
    pub(crate) arns: Arns,
    pub(crate) quotas: Quotas,
    express_limits: Limits,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) shards: usize,
    pub(crate) options: ShardOptions,
    pub(crate) open_executions: Arc<OpenExecutions>,
    pub(crate) memory: Memory,
    pub(crate) commit_health: Arc<CommitHealth>,
    /// Executions that must not be advanced.
    pub(crate) set_aside: BTreeSet<ExecutionId>,
}

impl Context {
    /// A context for `shards` shards over a store.
    pub fn new(
        store: Arc<dyn Store>,
        directory: Arc<Directory>,
        tokens: Tokens,
        tasks: Arc<dyn Tasks>,
        runtime: &crate::RuntimeOptions,
        options: ShardOptions,
    ) -> Self {
        Self {
            store,
            directory,
            tokens,
            tasks,
            arns: Arns::new(&runtime.region, &runtime.account),
            quotas: runtime.quotas.clone(),
            // "Unlimited": "Quotas related to state machine executions" in the AWS Step Functions Developer Guide. Its
            // time bounds it.
            express_limits: Limits { history_events: u64::MAX, ..runtime.quotas.execution.clone() },
            metrics: Arc::default(),
            shards: runtime.shards.max(1),
            options,
            open_executions: Arc::new(OpenExecutions::at_most(runtime.quotas.open_executions)),
            memory: Memory::at_most(runtime.quotas.memory_bytes),
            commit_health: Arc::default(),
            set_aside: BTreeSet::new(),
        }
    }

    /// The same, where these executions must not be advanced.
    #[must_use]
    pub fn with_set_aside(self, set_aside: BTreeSet<ExecutionId>) -> Self {
        Self { set_aside, ..self }
    }

    /// The bounds of an execution of that kind.
    pub(crate) fn limits(&self, kind: Kind) -> &Limits {
        match kind {
            Kind::Standard => &self.quotas.execution,
            Kind::Express { .. } => &self.express_limits,
        }
    }

    /// What was counted so far.
    pub fn metrics(&self) -> MetricsSnapshot {
        self.metrics.snapshot(self.open_executions.count(), self.memory.taken())
    }
}
