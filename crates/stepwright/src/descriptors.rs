//! File descriptors: as many as the system lets the process have, shared out between connections and all else.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Which part of the descriptors is for connections: the rest is for the requests of tasks, for the data and for
/// functions, so that many clients stop none of these.
const CONNECTIONS_PART: u64 = 2;

/// Raises the soft limit to the hard one, and says how many the process may have. `None` where there is no bound.
pub(crate) fn raise_limit() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    // Where it cannot be raised, it is as good as the hard one.
    match setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

/// How many connections there may be where so many are asked for.
pub(crate) fn connections(asked: usize, descriptors: Option<u64>) -> usize {
    let Some(descriptors) = descriptors else { return asked };
    asked.min(usize::try_from(descriptors / CONNECTIONS_PART).unwrap_or(usize::MAX).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_all_else() {
        for (asked, descriptors, expected) in [
            (10_000, None, 10_000),
            (10_000, Some(1_048_576), 10_000),
            (10_000, Some(1_024), 512),
            (100, Some(1_024), 100),
            (100, Some(1), 1),
        ] {
            assert_eq!(connections(asked, descriptors), expected, "{asked} of {descriptors:?}");
        }
    }
}
