//! The order of `asl`'s modules: a lower one does not know a higher one, so that each can be read without what is above.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::source::{code, test_modules, without_tests};
use super::{Finding, TidyError, read};

/// The crate whose modules are in order.
const CRATE: &str = "crates/asl/src";

/// The modules of `asl` from the bottom up. Those of one line may know each other. A module that is not named stands
/// where the nearest module around it does.
const ORDER: &[&[&str]] = &[
    &["number"],
    &["value"],
    &["memory"],
    &["json"],
    &["timestamp"],
    &["uuid"],
    &["near"],
    &["resource"],
    &["diagnostic"],
    &["query_language"],
    &["budget"],
    &["walk"],
    &["error"],
    &["scope"],
    &["path"],
    &["intrinsic"],
    &["jsonata"],
    &["template"],
    &["choice"],
    &["program"],
    &["read/place"],
    &["read/positions"],
    &["read/log"],
    &["read/supported"],
    // Rules about a value or a text.
    &[
        "read/rules/allowed_values",
        "read/rules/json_syntax",
        "read/rules/missing_dollar",
        "read/rules/nesting",
        "read/rules/not_empty",
        "read/rules/one_of",
        "read/rules/path",
        "read/rules/range",
        "read/rules/state_name",
        "read/rules/states_members",
        "read/rules/template",
        "read/rules/value_type",
        "read/rules/variable_name",
        "read/rules/variable_scope",
    ],
    &["read/fields"],
    // Rules about an object and its fields.
    &["read/rules"],
    &["read/container"],
    // Rules about how states hang together.
    &["read/rules/reachable", "read/rules/terminal_state"],
    &["read/retry"],
    &["read/catch"],
    // States have branches, and branches have states.
    &["read/machine", "read/states"],
    &["read"],
];

/// Checks that no module uses one above it.
pub(super) fn check(root: &Path) -> Result<Vec<Finding>, TidyError> {
    let folder = root.join(CRATE);
    let mut files = Vec::new();
    super::sources::collect(&folder, &mut files)?;
    files.sort();
    let mut modules = BTreeMap::new();
    let mut tests = BTreeSet::new();
    for file in &files {
        let module = module_of(&folder, file);
        let text = code(&read(file)?);
        tests.extend(test_modules(&text).into_iter().map(|name| below(&module, &name)));
        modules.insert(module, without_tests(&text));
    }
    modules.retain(|module, _| !tests.contains(module));
    Ok(check_modules(&modules))
}

/// A module by its path from the root of the crate: `read/rules/path`; empty for the root itself.
type Module = String;

fn module_of(folder: &Path, file: &Path) -> Module {
    let path: PathBuf = file.strip_prefix(folder).unwrap_or(file).with_extension("");
    let path = path.to_string_lossy().replace('\\', "/");
    let path = path.strip_suffix("mod").map_or(&*path, |folder| folder.trim_end_matches('/'));
    if path == "lib" { Module::new() } else { path.to_owned() }
}

fn below(module: &str, name: &str) -> Module {
    if module.is_empty() { name.to_owned() } else { format!("{module}/{name}") }
}

fn check_modules(modules: &BTreeMap<Module, String>) -> Vec<Finding> {
    let root_exports = exports(modules);
    let mut findings = Vec::new();
    for (module, code) in modules.iter().filter(|(module, _)| !module.is_empty()) {
        let Some(step) = step_of(module) else {
            let text = "has no place in the order of modules (xtask/src/tidy/modules.rs): give it one";
            findings.push(Finding::new(format!("{CRATE}/{module}"), text));
            continue;
        };
        let higher = |used: &&Module| step_of(used).is_some_and(|used| used > step);
        for used in used_modules(module, code, modules, &root_exports).iter().filter(higher) {
            let text = format!(
                "uses `{used}`, which stands above it in the order of modules (xtask/src/tidy/modules.rs): move what \
                 both need below both"
            );
            findings.push(Finding::new(format!("{CRATE}/{module}"), text));
        }
    }
    findings
}

/// Where a module stands in the order.
fn step_of(module: &str) -> Option<usize> {
    let named = |name: &str| ORDER.iter().position(|step| step.contains(&name));
    let mut around = Some(module);
    while let Some(name) = around {
        if let Some(step) = named(name) {
            return Some(step);
        }
        around = name.rsplit_once('/').map(|(around, _)| around);
    }
    None
}

/// The modules behind the names that the root exports.
fn exports(modules: &BTreeMap<Module, String>) -> BTreeMap<String, Module> {
    let root = modules.get("").map_or("", String::as_str);
    let paths = root.match_indices("pub use ").flat_map(|(at, mark)| paths_at(&root[at + mark.len()..]));
    paths.filter_map(|path| Some((path.last()?.clone(), nearest(&path, modules)?))).collect()
}

/// The modules whose items a module names.
fn used_modules(
    module: &str,
    code: &str,
    modules: &BTreeMap<Module, String>,
    exports: &BTreeMap<String, Module>,
) -> BTreeSet<Module> {
    let mut paths = Vec::new();
    for mark in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(mark).filter(|(at, _)| begins_path(code, *at)) {
            paths.extend(paths_at(&code[at..]).into_iter().map(|path| absolute(module, &path)));
        }
    }
    // A module that is imported as a whole is used where its name is.
    let is_module = |path: &Vec<String>| modules.contains_key(&path.join("/")) && !path.is_empty();
    let (whole, mut paths): (Vec<_>, Vec<_>) = paths.into_iter().partition(is_module);
    for path in BTreeSet::from_iter(whole) {
        let mark = format!("{}::", path[path.len() - 1]);
        for (at, mark) in code.match_indices(&mark).filter(|(at, _)| begins_path(code, *at)) {
            let items = paths_at(&code[at + mark.len()..]);
            paths.extend(items.into_iter().map(|item| [&path[..], &item[..]].concat()));
        }
    }
    let exported = |path: &Vec<String>| exports.get(path.first()?).cloned();
    paths.iter().filter_map(|path| exported(path).or_else(|| nearest(path, modules))).collect()
}

fn begins_path(code: &str, at: usize) -> bool {
    !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
}

/// A path from the root of the crate.
fn absolute(module: &str, path: &[String]) -> Vec<String> {
    let mut base: Vec<String> = module.split('/').map(str::to_owned).collect();
    let mut rest = path;
    while let [first, others @ ..] = rest {
        match first.as_str() {
            "crate" => base.clear(),
            "super" => drop(base.pop()),
            "self" => {}
            _ => break,
        }
        rest = others;
    }
    base.extend_from_slice(rest);
    base
}

/// The innermost module that a path leads through.
fn nearest(path: &[String], modules: &BTreeMap<Module, String>) -> Option<Module> {
    (1..=path.len()).rev().map(|length| path[..length].join("/")).find(|module| modules.contains_key(module))
}

/// The paths that a path or a tree of them at the beginning of `code` stands for: two for `a::{b::C, d}`.
fn paths_at(code: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    tree(code, &mut Vec::new(), &mut paths);
    paths
}

/// Reads one tree behind `prefix`; gives what follows it.
fn tree<'c>(code: &'c str, prefix: &mut Vec<String>, paths: &mut Vec<Vec<String>>) -> &'c str {
    let length = prefix.len();
    let mut rest = code.trim_start();
    loop {
        if let Some(group) = rest.strip_prefix('{') {
            rest = group.trim_start();
            while !rest.is_empty() && !rest.starts_with('}') {
                rest = tree(rest, prefix, paths).trim_start_matches(|c: char| c == ',' || c.is_whitespace());
            }
            rest = rest.strip_prefix('}').unwrap_or(rest);
            break;
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() {
            // The `*` of a glob.
            paths.push([&prefix[..], &["*".to_owned()]].concat());
            rest = rest.get(1..).unwrap_or_default();
            break;
        }
        prefix.push(name.to_owned());
        match after.strip_prefix("::") {
            Some(more) => rest = more,
            None => {
                paths.push(prefix.clone());
                rest = after.trim_start().strip_prefix("as ").map_or(after, |name| name.trim_start_matches(is_word));
                break;
            }
        }
    }
    prefix.truncate(length);
    rest
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == ' '
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(modules: &[(&str, &str)]) -> Vec<String> {
        let root = ("", "pub mod json; pub use value::{Text, Value};");
        let others = ["value", "json", "program", "read", "read/fields", "read/rules", "read/rules/path", "read/catch"];
        let others = others.into_iter().chain(["read/machine", "read/states"]).map(|name| (name, ""));
        let modules = others.chain([root]).chain(modules.iter().copied());
        let modules = modules.map(|(name, code)| (name.to_owned(), code.to_owned())).collect();
        check_modules(&modules).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_below_may_be_used() {
        for (module, code) in [
            ("json", "use crate::value::{Object, Value}; fn f(x: crate::Text) {}"),
            ("read/fields", "use super::rules; use crate::program::Program; fn f() { rules::path::any() }"),
            ("read/rules/target", "use crate::read::fields::Fields;"),
            ("read/states", "use super::machine::Builder;"),
            ("read/machine", "use super::states;  fn f() { states::read() }"),
            ("path/parse", "use super::Root; pub(crate) struct S;"),
        ] {
            assert_eq!(findings(&[(module, code)]), [""; 0], "{module}");
        }
    }

    #[test]
    fn what_is_above_is_not() {
        for (module, code, used) in [
            ("value", "use crate::json;\nfn f() { json::parse() }", "json"),
            ("number", "fn f(text: crate::Text) {}", "value"),
            ("json", "use crate::{value::Text, read::{fields::Fields}};", "read/fields"),
            ("path/parse", "use super::super::program::Program as P;", "program"),
            ("read/rules/path", "use super::super::fields::*;", "read/fields"),
            ("read/fields", "use super::rules; fn f() { rules::target::read() }", "read/rules"),
            ("read/fields", "use super::catch; fn f() { catch::read() }", "read/catch"),
        ] {
            let found = findings(&[(module, code)]);
            assert_eq!(found.len(), 1, "{module}: {found:?}");
            assert!(found[0].contains(&format!("uses `{used}`")), "{found:?}");
        }
    }

    #[test]
    fn a_new_module_needs_a_place() {
        assert!(findings(&[("novel", "")])[0].contains("has no place"));
    }
}
