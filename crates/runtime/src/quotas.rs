//! The quotas: every bound there is, in one table, with AWS's name and default.
//!
//! Names and defaults are those of "Step Functions service quotas" in the AWS Step Functions Developer Guide, where
//! the row says nothing else. Each is a setting: what the service cannot raise, we can. A quota that nothing here
//! enforces yet (registered state machines, rates of requests, retention) is not in the table. AWS's service has no end
//! of connections and queues; ours are bounded too, and at their bounds calls are throttled.

use std::time::Duration;

use engine::Limits;

/// Seconds of a day.
const DAY_SECONDS: u64 = 24 * 60 * 60;

/// What there may be at most.
#[derive(Clone, Debug)]
pub struct Quotas {
    /// The bounds of one execution.
    pub execution: Limits,
    /// Bytes in a request's body.
    pub request_bytes: usize,
    /// Versions of one state machine.
    pub versions: usize,
    /// Aliases of one state machine.
    pub aliases: usize,
    /// Tags of one resource.
    pub tags: usize,
    /// Workers that wait for tasks of one activity at once.
    pub activity_pollers: usize,
    /// Connections that are open at once.
    pub connections: usize,
    /// Bytes in the bodies of all requests under way.
    pub bodies_bytes: usize,
    /// Bytes in all answers that their clients have not taken.
    pub answers_bytes: usize,
    /// Inputs that wait for one shard, from when on calls are throttled. What the server sends itself is not.
    pub waiting_inputs: usize,
    /// Calls that wait to compute: to have a definition read, or a state tested.
    pub waiting_computations: usize,
    /// How long GetActivityTask waits for a task.
    pub activity_poll: Duration,
    /// Items of a page where a request asks for no number. At most 1,000 can be asked for.
    pub page_items: usize,
    /// Bytes of JSON text of a page of a history, at least one event.
    pub page_bytes: usize,
    /// How long after its end an execution may be redriven.
    pub redrivable_period: Duration,
    /// How long after its beginning an execution may be redriven.
    pub redrivable_age: Duration,
    /// How long an execution of an EXPRESS state machine may take.
    pub express: Duration,
    /// How long an HTTP task may take; its `TimeoutSeconds` can only shorten it.
    pub http_task: Duration,
    /// Executions of STANDARD state machines that run at once.
    pub open_executions: u64,
    /// Executions that those of one state machine may start in a second; 0 for as many as they do.
    pub nested_starts: u64,
    /// Bytes of memory that the process may take before new work is refused; 0 for three quarters of what there is.
    pub memory_bytes: u64,
    /// Bytes of memory that the programs of definitions may take that are kept ready to run.
    pub program_bytes: usize,
    /// How long a thread that everything depends on may take for one step, before the process is ended.
    pub stall: Duration,
}

impl Default for Quotas {
    /// AWS's.
    fn default() -> Self {
        Self {
            execution: Limits::default(),
            request_bytes: 1_048_576,
            versions: 1_000,
            aliases: 100,
            tags: 50,
            activity_pollers: 1_000,
            connections: 10_000,
            bodies_bytes: 128 * 1024 * 1024,
            answers_bytes: 128 * 1024 * 1024,
            waiting_inputs: 20_000,
            waiting_computations: 1_000,
            activity_poll: Duration::from_secs(60),
            page_items: 100,
            page_bytes: 1_048_576,
            redrivable_period: Duration::from_secs(14 * DAY_SECONDS),
            redrivable_age: Duration::from_secs(365 * DAY_SECONDS),
            express: Duration::from_secs(300),
            http_task: Duration::from_secs(60),
            open_executions: 1_000_000,
            nested_starts: 1_000,
            memory_bytes: 0,
            program_bytes: 256 << 20,
            stall: Duration::from_secs(60),
        }
    }
}

/// One quota: how it is called, what is known of it, and where its value is.
#[derive(Debug)]
pub struct Quota {
    /// Its key in the configuration. It ends with the unit, where it counts no things.
    pub key: &'static str,
    /// What it bounds, in a line.
    pub what: &'static str,
    /// The unit, as a placeholder for the value.
    pub unit: &'static str,
    /// What AWS says of it.
    pub at_aws: AtAws,
    value: fn(&Quotas) -> u64,
    set: fn(&mut Quotas, u64),
}

/// What AWS says of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtAws {
    /// A quota of that name, which AWS does not raise.
    Hard(&'static str),
    /// A quota of that name, which AWS raises where one asks.
    Soft(&'static str),
    /// No quota by name; it is documented there.
    Documented(&'static str),
    /// Nothing.
    Unknown,
}

impl Quota {
    /// Its value.
    pub fn value(&self, quotas: &Quotas) -> u64 {
        (self.value)(quotas)
    }

    /// Sets it. More than a `usize` holds is as good as all it holds.
    pub fn set(&self, quotas: &mut Quotas, value: u64) {
        (self.set)(quotas, value);
    }
}

/// Every quota.
pub const TABLE: [Quota; 29] = [
    Quota {
        key: "limits.payload-bytes",
        what: "Bytes of JSON in a state's input or output, and in what one Assign gives",
        unit: "BYTES",
        at_aws: AtAws::Hard("Maximum input or output size for a task, state, or execution"),
        value: |quotas| quotas.execution.payload_bytes as u64,
        set: |quotas, bytes| quotas.execution.payload_bytes = count(bytes),
    },
    Quota {
        key: "limits.variables-bytes",
        what: "Bytes of JSON in all variables a state can see",
        unit: "BYTES",
        at_aws: AtAws::Documented("Passing data between states with variables"),
        value: |quotas| quotas.execution.variables_bytes as u64,
        set: |quotas, bytes| quotas.execution.variables_bytes = count(bytes),
    },
    Quota {
        key: "limits.history-events",
        what: "Events in one history; the last one is the failure that says so",
        unit: "EVENTS",
        at_aws: AtAws::Hard("Maximum execution history size"),
        value: |quotas| quotas.execution.history_events,
        set: |quotas, events| quotas.execution.history_events = events,
    },
    Quota {
        key: "limits.inline-map-concurrency",
        what: "Iterations of an inline Map at once, where its MaxConcurrency asks for more or for no bound",
        unit: "ITERATIONS",
        at_aws: AtAws::Documented("Map state processing modes"),
        value: |quotas| quotas.execution.inline_map_concurrency,
        set: |quotas, iterations| quotas.execution.inline_map_concurrency = iterations,
    },
    Quota {
        key: "limits.evaluation-steps",
        what: "Steps of work that the evaluation of a state's fields may take, some 20 to 50 ns each",
        unit: "STEPS",
        at_aws: AtAws::Unknown,
        value: |quotas| quotas.execution.evaluation.steps,
        set: |quotas, steps| quotas.execution.evaluation.steps = steps,
    },
    Quota {
        key: "limits.evaluation-bytes",
        what: "Bytes that the evaluation of a state's fields may make altogether, given back or not",
        unit: "BYTES",
        at_aws: AtAws::Unknown,
        value: |quotas| quotas.execution.evaluation.bytes,
        set: |quotas, bytes| quotas.execution.evaluation.bytes = bytes,
    },
    Quota {
        key: "limits.state-test-seconds",
        what: "Seconds that the test of a state may take",
        unit: "SECONDS",
        at_aws: AtAws::Documented("TestState"),
        value: |quotas| quotas.execution.state_test_seconds,
        set: |quotas, seconds| quotas.execution.state_test_seconds = seconds,
    },
    Quota {
        key: "limits.request-bytes",
        what: "Bytes in the body of a request",
        unit: "BYTES",
        at_aws: AtAws::Hard("Maximum request size"),
        value: |quotas| quotas.request_bytes as u64,
        set: |quotas, bytes| quotas.request_bytes = count(bytes),
    },
    Quota {
        key: "limits.versions",
        what: "Versions of one state machine",
        unit: "VERSIONS",
        at_aws: AtAws::Soft("Maximum number of published state machine versions"),
        value: |quotas| quotas.versions as u64,
        set: |quotas, versions| quotas.versions = count(versions),
    },
    Quota {
        key: "limits.aliases",
        what: "Aliases of one state machine",
        unit: "ALIASES",
        at_aws: AtAws::Soft("Maximum number of state machine aliases"),
        value: |quotas| quotas.aliases as u64,
        set: |quotas, aliases| quotas.aliases = count(aliases),
    },
    Quota {
        key: "limits.tags",
        what: "Tags of one state machine or activity",
        unit: "TAGS",
        at_aws: AtAws::Hard("Maximum number of tags per resource"),
        value: |quotas| quotas.tags as u64,
        set: |quotas, tags| quotas.tags = count(tags),
    },
    Quota {
        key: "limits.activity-pollers",
        what: "Workers that wait for tasks of one activity at once",
        unit: "WORKERS",
        at_aws: AtAws::Hard("Maximum activity pollers per Amazon Resource Name (ARN)"),
        value: |quotas| quotas.activity_pollers as u64,
        set: |quotas, workers| quotas.activity_pollers = count(workers),
    },
    Quota {
        key: "limits.connections",
        what: "Connections open at once; on more of them calls are throttled",
        unit: "CONNECTIONS",
        at_aws: AtAws::Unknown,
        value: |quotas| quotas.connections as u64,
        set: |quotas, connections| quotas.connections = count(connections),
    },
    Quota {
        key: "limits.bodies-bytes",
        what: "Bytes in the bodies of all requests under way; beyond them calls are throttled",
        unit: "BYTES",
        at_aws: AtAws::Unknown,
        value: |quotas| quotas.bodies_bytes as u64,
        set: |quotas, bytes| quotas.bodies_bytes = count(bytes),
    },
    Quota {
        key: "limits.answers-bytes",
        what: "Bytes in all answers that their clients have not taken; beyond them calls are throttled",
        unit: "BYTES",
        at_aws: AtAws::Unknown,
        value: |quotas| quotas.answers_bytes as u64,
        set: |quotas, bytes| quotas.answers_bytes = count(bytes),
    },
    Quota {
        key: "limits.waiting-inputs",
        what: "Inputs that wait for one of the threads that advance executions; with more of them calls are throttled",
        unit: "INPUTS",
        at_aws: AtAws::Unknown,
        value: |quotas| quotas.waiting_inputs as u64,
        set: |quotas, inputs| quotas.waiting_inputs = count(inputs),
    },
    Quota {
        key: "limits.waiting-computations",
        what: "Calls that wait to have a definition read or a state tested; with more of them calls are throttled",
        unit: "CALLS",
        at_aws: AtAws::Unknown,
        value: |quotas| quotas.waiting_computations as u64,
        set: |quotas, calls| quotas.waiting_computations = count(calls),
    },
    Quota {
        key: "limits.activity-poll-seconds",
        what: "Seconds that GetActivityTask waits for a task",
        unit: "SECONDS",
        at_aws: AtAws::Documented("GetActivityTask"),
        value: |quotas| quotas.activity_poll.as_secs(),
        set: |quotas, seconds| quotas.activity_poll = Duration::from_secs(seconds),
    },
    Quota {
        key: "limits.page-items",
        what: "Items on a page, where a request asks for no number",
        unit: "ITEMS",
        at_aws: AtAws::Documented("ListExecutions"),
        value: |quotas| quotas.page_items as u64,
        set: |quotas, items| quotas.page_items = count(items),
    },
    Quota {
        key: "limits.page-bytes",
        what: "Bytes of JSON on a page of a history, where a single event is not larger",
        unit: "BYTES",
        at_aws: AtAws::Unknown,
        value: |quotas| quotas.page_bytes as u64,
        set: |quotas, bytes| quotas.page_bytes = count(bytes),
    },
    Quota {
        key: "limits.redrivable-period-days",
        what: "Days after its end in which an execution is redrivable",
        unit: "DAYS",
        at_aws: AtAws::Hard("Execution redrivable period"),
        value: |quotas| quotas.redrivable_period.as_secs() / DAY_SECONDS,
        set: |quotas, days| quotas.redrivable_period = days_long(days),
    },
    Quota {
        key: "limits.redrivable-age-days",
        what: "Days after its beginning in which an execution is redrivable",
        unit: "DAYS",
        at_aws: AtAws::Hard("Maximum execution time (Standard)"),
        value: |quotas| quotas.redrivable_age.as_secs() / DAY_SECONDS,
        set: |quotas, days| quotas.redrivable_age = days_long(days),
    },
    Quota {
        key: "limits.express-seconds",
        what: "Seconds that an execution of an EXPRESS state machine may take",
        unit: "SECONDS",
        at_aws: AtAws::Hard("Maximum execution time (Express)"),
        value: |quotas| quotas.express.as_secs(),
        set: |quotas, seconds| quotas.express = Duration::from_secs(seconds),
    },
    Quota {
        key: "limits.http-task-seconds",
        what: "Seconds that an HTTP task may take; its TimeoutSeconds can only shorten that",
        unit: "SECONDS",
        at_aws: AtAws::Hard("HTTP Task duration"),
        value: |quotas| quotas.http_task.as_secs(),
        set: |quotas, seconds| quotas.http_task = Duration::from_secs(seconds),
    },
    Quota {
        key: "limits.open-executions",
        what: "Executions of STANDARD state machines that run at once; beyond it StartExecution is refused",
        unit: "EXECUTIONS",
        at_aws: AtAws::Soft("Maximum open executions"),
        value: |quotas| quotas.open_executions,
        set: |quotas, executions| quotas.open_executions = executions,
    },
    Quota {
        key: "limits.nested-starts",
        what: "Executions that those of one state machine may start in a second, one second's worth at once; more are delayed",
        unit: "EXECUTIONS",
        at_aws: AtAws::Unknown,
        value: |quotas| quotas.nested_starts,
        set: |quotas, starts| quotas.nested_starts = starts,
    },
    Quota {
        key: "limits.memory-bytes",
        what: "Bytes of memory that the server may take before new executions are refused; 0, the default, stands for three quarters of what the machine or the container has",
        unit: "BYTES",
        at_aws: AtAws::Unknown,
        value: |quotas| quotas.memory_bytes,
        set: |quotas, bytes| quotas.memory_bytes = bytes,
    },
    Quota {
        key: "limits.program-bytes",
        what: "Bytes of memory of the definitions that are kept ready to run; those used last are kept",
        unit: "BYTES",
        at_aws: AtAws::Unknown,
        value: |quotas| quotas.program_bytes as u64,
        set: |quotas, bytes| quotas.program_bytes = count(bytes),
    },
    Quota {
        key: "limits.stall-seconds",
        what: "Seconds that a thread of the server's may be at one step, before the server ends itself to be started again",
        unit: "SECONDS",
        at_aws: AtAws::Unknown,
        value: |quotas| quotas.stall.as_secs(),
        set: |quotas, seconds| quotas.stall = Duration::from_secs(seconds),
    },
];

/// More seconds than there are is as good as for ever.
fn days_long(days: u64) -> Duration {
    Duration::from_secs(days.saturating_mul(DAY_SECONDS))
}

fn count(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use asl::Allowance;

    use super::*;

    #[test]
    fn each_quota_has_a_row_that_sets_it_and_nothing_else() {
        for (index, quota) in TABLE.iter().enumerate() {
            let mut quotas = Quotas::default();
            let new = 1_000_000 + index as u64;
            quota.set(&mut quotas, new);
            for other in &TABLE {
                let expected = if other.key == quota.key { new } else { other.value(&Quotas::default()) };
                assert_eq!(other.value(&quotas), expected, "{} by {}", other.key, quota.key);
            }
        }
        assert_eq!(TABLE.iter().map(|quota| quota.key).collect::<BTreeSet<_>>().len(), TABLE.len());
    }

    #[test]
    fn no_quota_is_without_a_row() {
        let mut quotas = Quotas::default();
        TABLE.iter().for_each(|quota| quota.set(&mut quotas, 7));
        // Whoever adds a quota is told here by the compiler.
        let Quotas {
            execution,
            request_bytes,
            versions,
            aliases,
            tags,
            activity_pollers,
            connections,
            bodies_bytes,
            answers_bytes,
            waiting_inputs,
            waiting_computations,
            activity_poll,
            page_items,
            page_bytes,
            redrivable_period,
            redrivable_age,
            express,
            http_task,
            program_bytes,
            open_executions,
            memory_bytes,
            nested_starts,
            stall,
        } = quotas;
        let counts = [
            request_bytes,
            page_bytes,
            versions,
            aliases,
            tags,
            activity_pollers,
            connections,
            waiting_inputs,
            page_items,
        ];
        assert_eq!((counts, bodies_bytes, answers_bytes, program_bytes), ([7; 9], 7, 7, 7));
        assert_eq!(([open_executions, memory_bytes, nested_starts], waiting_computations), ([7; 3], 7));
        assert_eq!([redrivable_period, redrivable_age], [Duration::from_secs(7 * DAY_SECONDS); 2]);
        assert_eq!([activity_poll, express, http_task, stall], [Duration::from_secs(7); 4]);
        let Limits {
            payload_bytes,
            variables_bytes,
            history_events,
            inline_map_concurrency,
            evaluation: Allowance { steps, bytes, depth: _ },
            state_test_seconds,
            // A factor, no bound.
            wait_time_scale: _,
        } = execution;
        assert_eq!([payload_bytes, variables_bytes], [7; 2]);
        assert_eq!([history_events, inline_map_concurrency, state_test_seconds, steps, bytes], [7; 5]);
    }
}
