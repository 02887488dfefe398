//! botocore's data folder: `<service>/<version>/<file>.json`, most of them with `.gz`.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::ModelsError;

/// The name of a model's file.
const MODEL: &str = "service-2";

/// A botocore.
#[derive(Clone, Debug)]
pub(super) struct Botocore {
    data: PathBuf,
    version: String,
}

impl Botocore {
    /// The one that python3 imports.
    pub(super) fn installed() -> Result<Self, ModelsError> {
        let script = "import botocore, os; print(os.path.dirname(botocore.__file__))";
        let failed = |problem: String| ModelsError::NoBotocore(problem);
        let output =
            Command::new("python3").args(["-c", script]).output().map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Err(failed(output.status.to_string()));
        }
        let folder = String::from_utf8(output.stdout).map_err(|error| failed(error.to_string()))?;
        Self::at(&Path::new(folder.trim()).join("data"))
    }

    /// The one with that data folder. Its version stands in the package's `__init__.py` beside the folder.
    pub(super) fn at(data: &Path) -> Result<Self, ModelsError> {
        let path = data.join("../__init__.py");
        let text = fs::read_to_string(&path).map_err(|source| ModelsError::File { path: path.clone(), source })?;
        let version = text.lines().find_map(|line| line.strip_prefix("__version__ = '")?.strip_suffix('\''));
        let version = version.ok_or_else(|| ModelsError::NoBotocore(format!("no version in {}", path.display())))?;
        Ok(Self { data: data.to_owned(), version: version.to_owned() })
    }

    /// `botocore 1.2.3`
    pub(super) fn origin(&self) -> String {
        format!("botocore {}", self.version)
    }

    /// The services that have a model, sorted.
    pub(super) fn services(&self) -> Result<Vec<String>, ModelsError> {
        let mut services = Vec::new();
        for name in names(&self.data)? {
            if self.data.join(&name).is_dir() && self.newest(&name)?.is_some() {
                services.push(name);
            }
        }
        Ok(services)
    }

    /// The newest model of a service, with what botocore adds to it.
    pub(super) fn model(&self, service: &str) -> Result<Value, ModelsError> {
        let mut model = self.file(service, MODEL)?.unwrap_or_default();
        if let Some(extras) =
            self.file(service, "service-2.sdk-extras")?.and_then(|mut extras| extras.get_mut("merge").map(Value::take))
        {
            merge(&mut model, extras);
        }
        Ok(model)
    }

    /// The rules that say where the service is.
    pub(super) fn endpoint_rules(&self, service: &str) -> Result<Value, ModelsError> {
        Ok(self.file(service, "endpoint-rule-set-1")?.unwrap_or_default())
    }

    fn file(&self, service: &str, name: &str) -> Result<Option<Value>, ModelsError> {
        let Some(folder) = self.newest(service)? else { return Ok(None) };
        let path = folder.join(format!("{name}.json"));
        if path.exists() {
            return parse(&path, &read(&path)?).map(Some);
        }
        let path = folder.join(format!("{name}.json.gz"));
        if !path.exists() {
            return Ok(None);
        }
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&*read(&path)?)
            .read_to_end(&mut text)
            .map_err(|source| ModelsError::File { path: path.clone(), source })?;
        parse(&path, &text).map(Some)
    }

    /// The folder of the newest version that has a model. Versions are dates.
    fn newest(&self, service: &str) -> Result<Option<PathBuf>, ModelsError> {
        let folder = self.data.join(service);
        let has_model = |version: &PathBuf| {
            ["json", "json.gz"].iter().any(|ending| version.join(format!("{MODEL}.{ending}")).exists())
        };
        Ok(names(&folder)?.iter().rev().map(|version| folder.join(version)).find(has_model))
    }
}

/// What is in a folder, sorted.
fn names(folder: &Path) -> Result<Vec<String>, ModelsError> {
    let failed = |source| ModelsError::File { path: folder.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        names.extend(entry.map_err(failed)?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

fn read(path: &Path) -> Result<Vec<u8>, ModelsError> {
    fs::read(path).map_err(|source| ModelsError::File { path: path.to_owned(), source })
}

fn parse(path: &Path, text: &[u8]) -> Result<Value, ModelsError> {
    serde_json::from_slice(text).map_err(|source| ModelsError::Json { path: path.to_owned(), source })
}

/// Objects are merged member by member, anything else is replaced. As deep as botocore's own files are.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn extras_are_merged_member_by_member() {
        let mut model = json!({"shapes": {"A": {"type": "string"}, "B": {"type": "list"}}});
        merge(&mut model, json!({"shapes": {"A": {"type": "timestamp"}, "C": {}}}));
        assert_eq!(model, json!({"shapes": {"A": {"type": "timestamp"}, "B": {"type": "list"}, "C": {}}}));
    }

    #[test]
    fn the_newest_version_with_a_model_counts() {
        let folder = std::env::temp_dir().join(format!("stepwright-xtask-{}", std::process::id()));
        let data = folder.join("data");
        for (version, file) in [("2012-01-01", "service-2.json"), ("2020-01-01", "service-2.json"), ("2021-01-01", "x")]
        {
            let path = data.join("s3").join(version);
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join(file), format!("{{\"v\": \"{version}\"}}")).unwrap();
        }
        fs::create_dir_all(data.join("empty")).unwrap();
        fs::write(folder.join("__init__.py"), "# x\n__version__ = '1.2.3'\n").unwrap();
        let botocore = Botocore::at(&data).unwrap();
        assert_eq!(botocore.origin(), "botocore 1.2.3");
        assert_eq!(botocore.services().unwrap(), ["s3"]);
        assert_eq!(botocore.model("s3").unwrap(), json!({"v": "2020-01-01"}));
        fs::remove_dir_all(folder).unwrap();
    }
}
