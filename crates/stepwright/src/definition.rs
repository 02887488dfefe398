//! Reads a definition or an input from a file or from stdin.

use std::io::Read;
use std::path::Path;

/// A text that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {name}")]
pub(crate) struct ReadError {
    name: String,
    source: std::io::Error,
}

/// The text of a file, or of stdin for `-`.
pub(crate) fn read_text(path: &Path) -> Result<String, ReadError> {
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    text.map_err(|source| ReadError { name: shown_name(path), source })
}

/// What to call the file in messages.
pub(crate) fn shown_name(path: &Path) -> String {
    if path == Path::new("-") { "<stdin>".into() } else { path.display().to_string() }
}
