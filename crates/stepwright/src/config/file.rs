//! The configuration file: TOML, flattened to one text per key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use asl::near::nearest;
use toml::{Table, Value};

use super::{ConfigError, keys};

/// The options a file sets. Empty where there is none.
#[derive(Debug, Default)]
pub(super) struct File {
    path: PathBuf,
    values: BTreeMap<String, String>,
}

impl File {
    /// Reads a file and checks its keys; the values are checked by whoever asks for them.
    pub(super) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let table: Table = text.parse().map_err(|error| syntax(path, &text, &error))?;
        let mut values = BTreeMap::new();
        flatten("", &table, &mut values);
        if let Some(key) = values.keys().find(|key| !keys().any(|known| known == key.as_str())) {
            let remedy = match nearest(key, keys()) {
                Some(meant) => format!("did you mean {meant}?"),
                None => format!("expected one of {}", keys().collect::<Vec<_>>().join(", ")),
            };
            return Err(ConfigError::UnknownKey { path: path.to_owned(), key: key.clone(), remedy });
        }
        Ok(Self { path: path.to_owned(), values })
    }

    /// The value of a key, as text.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// Where it was read from.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Lists become their items with commas between. Tables become prefixes, one level deep: no option lies deeper, so a deeper table is an unknown key as a whole.
fn flatten(prefix: &str, table: &Table, values: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let key = format!("{prefix}{key}");
        match value {
            Value::Table(inner) if prefix.is_empty() => flatten(&format!("{key}."), inner, values),
            Value::String(text) => {
                values.insert(key, text.clone());
            }
            Value::Array(list) => {
                let texts = list.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
                values.insert(key, texts.collect::<Vec<_>>().join(","));
            }
            other => {
                values.insert(key, other.to_string());
            }
        }
    }
}

fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or("");
    let line = before.matches('\n').count() + 1;
    ConfigError::Syntax { path: path.to_owned(), line, message: error.message().trim().replace('\n', ", ") }
}
