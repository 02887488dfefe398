//! Where settings come from that the AWS tools read from the environment.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A view of environment variables. Cheap to clone.
#[derive(Clone)]
pub struct Environment(Arc<Lookup>);

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Environment {
    /// Variables as this function gives them.
    pub fn new(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(lookup))
    }

    /// The process's own variables, read each time one is asked for. A value that is not UTF-8 counts as absent.
    pub fn process() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }

    /// These variables and no others.
    pub fn of(variables: &[(&str, &str)]) -> Self {
        let map: HashMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::new(move |name| map.get(name).cloned())
    }

    /// The variable's value. An empty one counts as absent, as the AWS tools hold it.
    pub fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    /// Whether the variable says `true`, in any case.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// A file in the user's home, or the file that the variable names instead.
    pub(crate) fn file(&self, variable: &str, in_home: &str) -> Option<PathBuf> {
        let home = || self.get("HOME").or_else(|| self.get("USERPROFILE")).map(PathBuf::from);
        match self.get(variable) {
            Some(path) => match path.strip_prefix("~/") {
                Some(rest) => Some(home()?.join(rest)),
                None => Some(PathBuf::from(path)),
            },
            None => Some(home()?.join(in_home)),
        }
    }
}

/// Shows nothing of the variables: some are secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Environment(..)")
    }
}
