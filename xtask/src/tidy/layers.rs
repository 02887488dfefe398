//! Dependencies point strictly down, and what a lower layer must not know it does not depend on.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{Finding, TidyError, read};

/// Async runtimes, web and database crates: nothing below layer 4 may use them.
const HEAVY: [&str; 14] = [
    "tokio",
    "tokio-util",
    "async-std",
    "smol",
    "hyper",
    "hyper-util",
    "axum",
    "tower",
    "reqwest",
    "http",
    "rusqlite",
    "sqlx",
    "postgres",
    "tokio-postgres",
];
/// The crates below layer 4 that are about the network and processes.
const MAY_BE_HEAVY: [&str; 2] = ["aws", "functions"];
/// The layer from which heavy crates are allowed.
const HEAVY_FROM: u64 = 4;

/// A crate of the workspace, as far as the rules look at it.
#[derive(Clone, Debug)]
pub(super) struct Package {
    name: String,
    layer: Option<u64>,
    /// What it is built from; what only its tests use is left out.
    dependencies: Vec<String>,
}

/// The workspace's crates, from `cargo metadata`.
pub(super) fn packages(root: &Path) -> Result<Vec<Package>, TidyError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root)
        .output()
        .map_err(|error| TidyError::Metadata(error.to_string()))?;
    if !output.status.success() {
        return Err(TidyError::Metadata(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    let metadata: Value =
        serde_json::from_slice(&output.stdout).map_err(|error| TidyError::Metadata(error.to_string()))?;
    let packages = metadata["packages"].as_array().ok_or_else(|| TidyError::Metadata("no packages in it".into()))?;
    Ok(packages.iter().map(package).collect())
}

fn package(package: &Value) -> Package {
    let dependencies = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    Package {
        name: package["name"].as_str().unwrap_or_default().to_owned(),
        layer: package["metadata"]["layer"].as_u64(),
        dependencies: dependencies
            .iter()
            .filter(|dependency| dependency["kind"].as_str() != Some("dev"))
            .filter_map(|dependency| dependency["name"].as_str().map(str::to_owned))
            .collect(),
    }
}

/// Each crate has a layer and uses lower ones only.
pub(super) fn check(packages: &[Package]) -> Vec<Finding> {
    let layers: BTreeMap<&str, Option<u64>> = packages.iter().map(|one| (one.name.as_str(), one.layer)).collect();
    let mut findings = Vec::new();
    for package in packages {
        let Some(layer) = package.layer else {
            findings.push(Finding::new(&package.name, "has no `layer` in [package.metadata]"));
            continue;
        };
        for dependency in &package.dependencies {
            if let Some(Some(below)) = layers.get(dependency.as_str())
                && *below >= layer
            {
                let text = format!("of layer {layer} uses `{dependency}` of layer {below}: layers point strictly down");
                findings.push(Finding::new(&package.name, text));
            }
            let allowed = layer >= HEAVY_FROM || MAY_BE_HEAVY.contains(&package.name.as_str());
            if !allowed && HEAVY.contains(&dependency.as_str()) {
                let text = format!("of layer {layer} uses `{dependency}`: not below layer {HEAVY_FROM}");
                findings.push(Finding::new(&package.name, text));
            }
        }
    }
    findings
}

/// ARCHITECTURE.md names each crate. A map that is missing names none.
pub(super) fn check_map(packages: &[Package], root: &Path) -> Result<Vec<Finding>, TidyError> {
    let path = root.join("ARCHITECTURE.md");
    let map = if path.exists() { read(&path)? } else { String::new() };
    Ok(unmapped(packages.iter().map(|package| package.name.as_str()), &map))
}

fn unmapped<'a>(names: impl Iterator<Item = &'a str>, map: &str) -> Vec<Finding> {
    let word = |c: char| !(c.is_alphanumeric() || c == '_' || c == '-');
    names
        .filter(|name| !map.split(word).any(|found| found == *name))
        .map(|name| Finding::new("ARCHITECTURE.md", format!("does not name the crate `{name}`")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, layer: Option<u64>, dependencies: &[&str]) -> Package {
        let dependencies = dependencies.iter().map(|&name| name.to_owned()).collect();
        Package { name: name.into(), layer, dependencies }
    }

    #[test]
    fn a_crate_uses_lower_layers_only() {
        let low = package("low", Some(1), &["serde"]);
        for (high, findings) in [
            (package("high", Some(2), &["low"]), 0),
            (package("high", Some(1), &["low"]), 1),
            (package("high", Some(0), &["low"]), 1),
            (package("high", None, &[]), 1),
            (package("high", Some(3), &["tokio"]), 1),
            (package("high", Some(4), &["tokio"]), 0),
            (package("aws", Some(1), &["tokio"]), 0),
        ] {
            assert_eq!(check(&[low.clone(), high.clone()]).len(), findings, "{high:?}");
        }
    }

    #[test]
    fn the_map_must_name_every_crate_as_a_word() {
        let findings = unmapped(["asl", "engine"].into_iter(), "`engine/` and basliscs");
        assert_eq!(findings, [Finding::new("ARCHITECTURE.md", "does not name the crate `asl`")]);
    }
}
