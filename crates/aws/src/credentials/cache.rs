//! Keeps credentials while they are good and renews them in time, one task at a time.

use std::sync::{PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::sync::Mutex;

use super::Looked;
use crate::CallError;

/// How long before they expire credentials are renewed.
const RENEWED_BEFORE: Duration = Duration::from_secs(300);
/// How long credentials are not renewed at least, however soon they expire.
const KEPT_AT_LEAST: Duration = Duration::from_secs(10);
/// How long credentials without an expiry are used before their source is looked at again.
const LOOKED_AGAIN: Duration = Duration::from_secs(300);
/// How long it is believed that there are none.
const NOTHING_BELIEVED: Duration = Duration::from_secs(60);
/// How long a failure answers those who waited for the same.
const FAILURE_BELIEVED: Duration = Duration::from_secs(1);

/// One set of credentials.
pub(super) struct Cache {
    held: RwLock<Held>,
    /// Held by the one task that renews.
    renewing: Mutex<()>,
    clock: fn() -> SystemTime,
}

#[derive(Clone, Default)]
struct Held {
    value: Option<Value>,
    failure: Option<(CallError, SystemTime)>,
}

#[derive(Clone)]
struct Value {
    looked: Looked,
    /// Renewed after that.
    fresh_until: SystemTime,
    /// Not used after that.
    usable_until: Option<SystemTime>,
}

enum CacheState {
    Fresh(Looked),
    /// Still good, to be renewed by whoever comes first.
    Ageing(Looked),
    Failed(CallError),
    Absent,
}

impl Default for Cache {
    fn default() -> Self {
        Self::with_clock(SystemTime::now)
    }
}

impl Cache {
    pub(super) fn with_clock(clock: fn() -> SystemTime) -> Self {
        Self { held: RwLock::default(), renewing: Mutex::new(()), clock }
    }

    /// What is held, or else what `load` gives. Where old credentials are still good, one caller renews them and the
    /// others go on with the old ones; where there are none, all wait for one.
    pub(super) async fn get<F>(&self, load: impl FnOnce() -> F) -> Result<Looked, CallError>
    where
        F: Future<Output = Result<Looked, CallError>>,
    {
        let (old, _turn) = match self.state() {
            CacheState::Fresh(looked) => return Ok(looked),
            CacheState::Failed(error) => return Err(error),
            CacheState::Ageing(old) => match self.renewing.try_lock() {
                Ok(turn) => (Some(old), turn),
                Err(_) => return Ok(old),
            },
            CacheState::Absent => {
                let turn = self.renewing.lock().await;
                // Whoever had the turn before may have found them.
                match self.state() {
                    CacheState::Fresh(looked) | CacheState::Ageing(looked) => return Ok(looked),
                    CacheState::Failed(error) => return Err(error),
                    CacheState::Absent => (None, turn),
                }
            }
        };
        match (load().await, old) {
            (Ok(looked), _) => {
                self.keep(&looked);
                Ok(looked)
            }
            (Err(error), Some(old)) => {
                tracing::warn!(%error, "credentials could not be renewed; the old ones are used while they are good");
                self.postpone();
                Ok(old)
            }
            (Err(error), None) => {
                self.remember(&error);
                Err(error)
            }
        }
    }

    fn state(&self) -> CacheState {
        let now = (self.clock)();
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        match (&held.value, &held.failure) {
            (Some(value), _) if now < value.fresh_until => CacheState::Fresh(value.looked.clone()),
            (Some(value), _) if value.usable_until.is_none_or(|end| now < end) => {
                CacheState::Ageing(value.looked.clone())
            }
            (_, Some((error, until))) if now < *until => CacheState::Failed(error.clone()),
            _ => CacheState::Absent,
        }
    }

    fn keep(&self, looked: &Looked) {
        let now = (self.clock)();
        let expiry = match looked {
            Looked::Found(credentials) => credentials.expiry(),
            Looked::Nothing(_) => None,
        };
        let fresh_until = match (looked, expiry) {
            (Looked::Nothing(_), _) => now + NOTHING_BELIEVED,
            (Looked::Found(_), None) => now + LOOKED_AGAIN,
            (Looked::Found(_), Some(expiry)) => {
                let in_time = expiry.checked_sub(RENEWED_BEFORE).unwrap_or(now);
                in_time.max(now + KEPT_AT_LEAST).min(expiry)
            }
        };
        let value = Value { looked: looked.clone(), fresh_until, usable_until: expiry };
        self.set(Held { value: Some(value), failure: None });
    }

    fn postpone(&self) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = &mut held.value {
            value.fresh_until = (self.clock)() + KEPT_AT_LEAST;
            if let Some(end) = value.usable_until {
                value.fresh_until = value.fresh_until.min(end);
            }
        }
    }

    fn remember(&self, error: &CallError) {
        self.set(Held { value: None, failure: Some((error.clone(), (self.clock)() + FAILURE_BELIEVED)) });
    }

    fn set(&self, held: Held) {
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = held;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::sync::Arc;

    use aws_credential_types::Credentials;
    use tokio::sync::Notify;

    thread_local!(static NOW: Cell<u64> = const { Cell::new(1000) });

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.get())
    }

    fn found(key: &str, expires: Option<u64>) -> Looked {
        let expiry = expires.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        Looked::Found(Credentials::new(key, "secret", None, expiry, "test"))
    }

    async fn get(cache: &Cache, loaded: Result<Looked, CallError>) -> (Result<Looked, CallError>, bool) {
        let was_loaded = Cell::new(false);
        let load = || async {
            was_loaded.set(true);
            loaded
        };
        (cache.get(load).await, was_loaded.get())
    }

    fn failure() -> CallError {
        CallError::Credentials("no".to_owned())
    }

    #[tokio::test]
    async fn credentials_are_renewed_five_minutes_before_they_expire() {
        NOW.set(1000);
        let cache = Cache::with_clock(now);
        let first = found("first", Some(4600));
        assert_eq!(get(&cache, Ok(first.clone())).await, (Ok(first.clone()), true));
        NOW.set(4299);
        assert_eq!(get(&cache, Ok(found("second", None))).await, (Ok(first.clone()), false));
        NOW.set(4300);
        assert_eq!(get(&cache, Err(failure())).await, (Ok(first.clone()), true), "the old ones are still good");
        assert_eq!(get(&cache, Ok(found("second", None))).await, (Ok(first), false), "not again at once");
        NOW.set(4600);
        assert_eq!(get(&cache, Err(failure())).await, (Err(failure()), true), "expired");
        assert_eq!(get(&cache, Ok(found("second", None))).await, (Err(failure()), false), "a failure holds a second");
        NOW.set(4601);
        assert_eq!(get(&cache, Ok(found("second", None))).await, (Ok(found("second", None)), true));
    }

    #[tokio::test]
    async fn short_lived_credentials_are_kept_for_a_moment() {
        NOW.set(1000);
        let cache = Cache::with_clock(now);
        let short = found("short", Some(1100));
        assert_eq!(get(&cache, Ok(short.clone())).await, (Ok(short.clone()), true));
        NOW.set(1009);
        assert_eq!(get(&cache, Err(failure())).await, (Ok(short), false));
    }

    #[tokio::test]
    async fn that_there_are_none_is_believed_for_a_minute() {
        NOW.set(1000);
        let cache = Cache::with_clock(now);
        let nothing = Looked::Nothing("nowhere".into());
        assert_eq!(get(&cache, Ok(nothing.clone())).await, (Ok(nothing.clone()), true));
        NOW.set(1059);
        assert_eq!(get(&cache, Ok(found("new", None))).await, (Ok(nothing), false));
        NOW.set(1060);
        assert_eq!(get(&cache, Ok(found("new", None))).await, (Ok(found("new", None)), true));
    }

    #[tokio::test]
    async fn one_renews_and_the_others_go_on_with_the_old_ones() {
        NOW.set(1000);
        let cache = Arc::new(Cache::with_clock(now));
        let old = found("old", Some(4600));
        get(&cache, Ok(old.clone())).await.0.unwrap();
        NOW.set(4400);
        let (begun, may_end) = (Notify::new(), Notify::new());
        let renews = cache.get(|| async {
            begun.notify_one();
            may_end.notified().await;
            Ok(found("new", Some(9000)))
        });
        let goes_on = async {
            begun.notified().await;
            let seen = get(&cache, Err(failure())).await;
            may_end.notify_one();
            seen
        };
        let (renewed, seen) = tokio::join!(renews, goes_on);
        assert_eq!(renewed, Ok(found("new", Some(9000))));
        assert_eq!(seen, (Ok(old), false));
    }

    #[tokio::test]
    async fn those_who_have_none_wait_for_one_load() {
        NOW.set(1000);
        let cache = Cache::with_clock(now);
        let loads = Cell::new(0);
        let load = || async {
            loads.set(loads.get() + 1);
            tokio::task::yield_now().await;
            Ok(found("one", None))
        };
        let (a, b, c) = tokio::join!(cache.get(load), cache.get(load), cache.get(load));
        assert_eq!([a, b, c], [Ok(found("one", None)), Ok(found("one", None)), Ok(found("one", None))]);
        assert_eq!(loads.get(), 1);
    }
}
