//! The shared configuration and credentials files of the AWS tools: profiles and the sections they point to.
//!
//! Source: "Shared config and credentials files" in the AWS SDKs and Tools Reference Guide.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::environment::Environment;

/// Settings by name. A nested setting `s3 = ⏎ endpoint_url = ...` is called `s3.endpoint_url`. Holds secrets, so it
/// cannot be shown.
pub(crate) type Section = HashMap<String, String>;

/// What the two files say.
#[derive(Default)]
pub(crate) struct Profiles {
    profiles: HashMap<String, Section>,
    services: HashMap<String, Section>,
    places: Vec<PathBuf>,
}

/// A file that is there and cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {path}: {problem}")]
pub struct ProfileError {
    /// The file.
    pub path: String,
    /// What the system says.
    pub problem: String,
}

/// The profile in use: the one given, `AWS_PROFILE`, or `default`.
pub(crate) fn name(environment: &Environment, given: Option<&str>) -> String {
    let named = given.map(str::to_owned).or_else(|| environment.get("AWS_PROFILE"));
    named.unwrap_or_else(|| "default".to_owned())
}

impl Profiles {
    /// Reads `~/.aws/config` and `~/.aws/credentials`, or the files that `AWS_CONFIG_FILE` and
    /// `AWS_SHARED_CREDENTIALS_FILE` name. An absent file is empty. Blocks while it reads.
    pub(crate) fn read(environment: &Environment) -> Result<Self, ProfileError> {
        let mut profiles = Self::default();
        if let Some(path) = environment.file("AWS_CONFIG_FILE", ".aws/config") {
            profiles.add(&text_of(&path)?, Kind::Config);
            profiles.places.push(path);
        }
        // What the credentials file says of a profile wins.
        if let Some(path) = environment.file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials") {
            profiles.add(&text_of(&path)?, Kind::Credentials);
            profiles.places.push(path);
        }
        Ok(profiles)
    }

    /// The profile's settings.
    pub(crate) fn profile(&self, name: &str) -> Option<&Section> {
        self.profiles.get(name)
    }

    /// A `[services ...]` section.
    pub(crate) fn services(&self, name: &str) -> Option<&Section> {
        self.services.get(name)
    }

    /// The files that were looked at.
    pub(crate) fn places(&self) -> String {
        let places: Vec<_> = self.places.iter().map(|path| path.display().to_string()).collect();
        if places.is_empty() { "no file, as HOME is not set".to_owned() } else { places.join(" and ") }
    }

    fn add(&mut self, text: &str, kind: Kind) {
        let mut section: Option<&mut Section> = None;
        let mut parent: Option<String> = None;
        for line in text.lines() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                continue;
            }
            if let Some(header) = header(trimmed) {
                section = self.section(header, kind);
                parent = None;
                continue;
            }
            let (Some(section), Some((key, value))) = (section.as_deref_mut(), trimmed.split_once('=')) else {
                continue;
            };
            let (key, value) = (key.trim().to_ascii_lowercase(), without_comment(value.trim()));
            let is_nested = line.starts_with([' ', '\t']);
            let key = match &parent {
                Some(parent) if is_nested => format!("{parent}.{key}"),
                _ => key,
            };
            if value.is_empty() && !is_nested {
                parent = Some(key);
                continue;
            }
            if !is_nested {
                parent = None;
            }
            section.insert(key, value.to_owned());
        }
    }

    fn section(&mut self, header: &str, kind: Kind) -> Option<&mut Section> {
        let words: Vec<&str> = header.split_whitespace().collect();
        let (sections, name) = match (kind, words.as_slice()) {
            (Kind::Credentials, _) => (&mut self.profiles, header),
            (Kind::Config, ["default"]) => (&mut self.profiles, "default"),
            (Kind::Config, ["profile", name]) => (&mut self.profiles, name.trim_matches('"')),
            (Kind::Config, ["services", name]) => (&mut self.services, *name),
            // `sso-session` and what may come: nothing here reads it.
            (Kind::Config, _) => return None,
        };
        Some(sections.entry(name.to_owned()).or_default())
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Config,
    Credentials,
}

fn header(line: &str) -> Option<&str> {
    let (name, _comment) = line.strip_prefix('[')?.split_once(']')?;
    Some(name.trim())
}

/// A `#` or `;` begins a comment only after a blank: secrets hold such characters.
fn without_comment(value: &str) -> &str {
    let comment = [" #", " ;", "\t#", "\t;"].iter().filter_map(|mark| value.find(mark)).min();
    comment.map_or(value, |at| value[..at].trim_end())
}

fn text_of(path: &Path) -> Result<String, ProfileError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(ProfileError { path: path.display().to_string(), problem: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(config: &str, credentials: &str) -> Profiles {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join(".aws")).unwrap();
        std::fs::write(directory.path().join(".aws/config"), config).unwrap();
        let elsewhere = directory.path().join("secrets");
        std::fs::write(&elsewhere, credentials).unwrap();
        Profiles::read(&Environment::of(&[
            ("HOME", directory.path().to_str().unwrap()),
            ("AWS_SHARED_CREDENTIALS_FILE", elsewhere.to_str().unwrap()),
        ]))
        .unwrap()
    }

    #[test]
    fn profiles_are_merged_and_the_credentials_file_wins() {
        let profiles = files(
            "# mine\n[default]\nregion=eu-west-1\naws_access_key_id = old\n\n[profile dev] ; second\nRole_Arn = arn:r # why\n[dev]\nregion=never\n",
            "[default]\naws_access_key_id = new\naws_secret_access_key = a#b;c\n[dev]\naws_session_token=t==\n",
        );
        let default = profiles.profile("default").unwrap();
        assert_eq!(default["region"], "eu-west-1");
        assert_eq!(default["aws_access_key_id"], "new");
        assert_eq!(default["aws_secret_access_key"], "a#b;c");
        let dev = profiles.profile("dev").unwrap();
        assert_eq!(dev["role_arn"], "arn:r");
        assert_eq!(dev["aws_session_token"], "t==");
        assert!(!dev.contains_key("region"));
        assert!(profiles.profile("absent").is_none());
    }

    #[test]
    fn nested_settings_have_their_parents_name() {
        let profiles = files(
            "[services local]\ndynamodb =\n  endpoint_url = http://localhost:8000\n  other = 1\ns3 = \n\tendpoint_url=http://localhost:9000\n[profile x]\nservices = local\ns3 =\n  a = b\nregion = r\n",
            "",
        );
        let local = profiles.services("local").unwrap();
        assert_eq!(local["dynamodb.endpoint_url"], "http://localhost:8000");
        assert_eq!(local["s3.endpoint_url"], "http://localhost:9000");
        let x = profiles.profile("x").unwrap();
        assert_eq!((x["services"].as_str(), x["s3.a"].as_str(), x["region"].as_str()), ("local", "b", "r"));
    }

    #[test]
    fn absent_files_are_empty_and_unreadable_ones_are_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().to_str().unwrap();
        assert!(Profiles::read(&Environment::of(&[("HOME", home)])).is_ok_and(|found| found.profiles.is_empty()));
        assert!(Profiles::read(&Environment::of(&[])).is_ok_and(|found| found.places().contains("HOME")));
        assert!(Profiles::read(&Environment::of(&[("HOME", home), ("AWS_CONFIG_FILE", home)])).is_err());
    }

    #[test]
    fn damaged_files_are_read_as_far_as_they_go() {
        let profiles = files("no section = 1\n[default\n[]\n=\n===\n[profile]\nx=1\n[default]\nok=1\nnoequals\n", "");
        assert_eq!(profiles.profile("default").unwrap()["ok"], "1");
    }
}
