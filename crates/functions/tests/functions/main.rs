//! Functions as their callers see them: real Node, Python and shell processes.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should, its helpers too")]

mod failures;
mod invoke_api;
mod isolation;
mod languages;
mod scaling;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use functions::{Functions, Invocation, Invoked, Options};
use serde_json::Value;
use tempfile::TempDir;

/// A folder of functions, and the functions.
struct House {
    folder: TempDir,
    functions: Functions,
}

impl House {
    fn new(files: &[(&str, &str)]) -> Self {
        Self::with(files, |_| {})
    }

    fn with(files: &[(&str, &str)], change: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            write(folder.path(), name, text);
        }
        let mut options = Options::new(folder.path());
        // A machine that builds something else at the same time starts processes slowly.
        options.init_time = std::time::Duration::from_secs(60);
        change(&mut options);
        Self { functions: Functions::open(options).unwrap(), folder }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        write(self.folder.path(), name, text)
    }

    async fn invoke(&self, function: &str, payload: &str) -> Invoked {
        let payload = payload.to_owned().into();
        let invocation = Invocation { function: function.to_owned(), payload, ..Invocation::default() };
        self.functions.invoke(invocation).await.unwrap()
    }

    /// What the function answers. It must not fail.
    async fn answer(&self, function: &str, payload: &str) -> Value {
        let invoked = self.invoke(function, payload).await;
        assert_eq!(invoked.error, None, "{invoked:?}");
        serde_json::from_slice(&invoked.payload).unwrap()
    }

    /// The error object that the function ends with. It must fail.
    async fn failure(&self, function: &str, payload: &str) -> Value {
        let invoked = self.invoke(function, payload).await;
        assert!(invoked.error.is_some(), "{invoked:?}");
        serde_json::from_slice(&invoked.payload).unwrap()
    }
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    if text.starts_with("#!") {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    path
}

/// Whether a process is gone, or a zombie that nobody here has to bury. One that still has threads is neither.
fn has_ended(pid: &Value) -> bool {
    let process = format!("/proc/{pid}");
    let threads = fs::read_dir(format!("{process}/task")).map_or(0, Iterator::count);
    let state = fs::read_to_string(format!("{process}/stat"));
    threads <= 1 && !state.is_ok_and(|state| !state.contains(") Z "))
}
