//! Counts JSONata's own test suite, where there is a copy: the folder `test/test-suite` of the jsonata
//! repository, named by the environment variable `STEPWRIGHT_JSONATA_SUITE`.

use std::fs;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::*;
use crate::budget::{Allowance, Budget};
use crate::scope::Variables;
use crate::testing::in_scope;
use crate::value::Object;

/// What AWS leaves out, bounds or computes in its own way, by what the expression mentions.
const DIFFERENT_ON_AWS: [&str; 2] = ["$eval", "$random"];

struct Case {
    name: String,
    expression: String,
    data: Option<Value>,
    bindings: Option<Value>,
    expected: Expected,
    depth: Option<usize>,
}

enum Expected {
    Result(Value),
    Undefined,
    Code(String),
    Any,
}

fn read(path: &Path) -> Option<Value> {
    crate::json::parse(&fs::read(path).ok()?).ok()
}

fn folders(root: &Path) -> Vec<PathBuf> {
    // Some copies keep the cases their own implementation fails in a folder beside the others.
    ["groups", "skip"]
        .iter()
        .filter_map(|set| fs::read_dir(root.join(set)).ok())
        .flat_map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())))
        .collect()
}

fn cases(root: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut folders = folders(root);
    folders.sort();
    for folder in folders {
        let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "json")) {
            let Some(content) = read(file) else { continue };
            let single = std::slice::from_ref(&content);
            for (index, case) in content.as_array().unwrap_or(single).iter().enumerate() {
                cases.extend(case_of(root, &folder, file, index, case));
            }
        }
    }
    cases
}

fn case_of(root: &Path, folder: &Path, file: &Path, index: usize, case: &Value) -> Option<Case> {
    let part = |path: &Path| path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let expression = match (case.get("expr"), case.get("expr-file")) {
        (Some(text), _) => text.as_str()?.to_owned(),
        (None, name) => fs::read_to_string(folder.join(name?.as_str()?)).ok()?,
    };
    let dataset = case.get("dataset").and_then(Value::as_str);
    let data = match (case.get("data"), dataset) {
        (Some(data), _) => Some(data.clone()),
        (None, Some(name)) => read(&root.join("datasets").join(format!("{name}.json"))),
        (None, None) => None,
    };
    let code = case.get("code").or_else(|| case.get("error")?.get("code")).and_then(Value::as_str);
    let expected = if case.get("undefinedResult").is_some() {
        Expected::Undefined
    } else if let Some(code) = code {
        Expected::Code(code.to_owned())
    } else if let Some(result) = case.get("result") {
        Expected::Result(result.clone())
    } else {
        Expected::Any
    };
    let name = format!("{}/{}[{index}]", part(folder), part(file));
    let depth = case.get("depth").and_then(Value::as_i64).and_then(|depth| usize::try_from(depth).ok());
    Some(Case { name, expression, data, bindings: case.get("bindings").cloned(), expected, depth })
}

/// The code a text is refused with, or what it gives. The data stands for the context item that AWS does not have.
fn outcome(case: &Case) -> Result<Option<Value>, Refusal> {
    let refused = |_| Refusal::Syntax;
    let program =
        parser::parse(&case.expression).map_err(|error| error.message).and_then(shape::program).map_err(refused)?;
    let bindings: Object = case.bindings.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
    let variables: Variables = std::sync::Arc::new(bindings);
    let depth = case.depth.unwrap_or(30_000);
    let budget = Budget::new(Allowance { depth, ..Allowance::default() });
    let data = case.data.as_ref().map_or(Datum::Undefined, Datum::from);
    in_scope(&Value::Null, &variables, &budget, |scope| run(&program, data, scope)).map_err(Refusal::Failure)
}

/// Why there is no value.
#[derive(Debug)]
enum Refusal {
    Syntax,
    Failure(Failure),
}

impl Refusal {
    /// Refusals carry no code, as on AWS; both bounds have texts instead of codes.
    fn is(&self, code: &str) -> bool {
        match self {
            Self::Syntax => code.starts_with('S'),
            Self::Failure(Failure::Coded(coded)) => coded.code == code,
            Self::Failure(Failure::Stack | Failure::Exhausted(_)) => code == "U1001",
            Self::Failure(Failure::Size) => code == "D2014",
            Self::Failure(_) => false,
        }
    }
}

fn passes(case: &Case) -> Result<(), String> {
    match (&case.expected, outcome(case)) {
        (Expected::Any, _) | (Expected::Undefined, Ok(None)) => Ok(()),
        (Expected::Result(expected), Ok(Some(value))) if close(expected, &value) => Ok(()),
        (Expected::Code(code), Err(refusal)) if refusal.is(code) => Ok(()),
        (Expected::Result(expected), found) => Err(format!("{expected} expected: {found:?}")),
        (Expected::Undefined, found) => Err(format!("nothing expected: {found:?}")),
        (Expected::Code(code), found) => Err(format!("{code} expected: {found:?}")),
    }
}

/// Equal but for the last digits of numbers.
fn close(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64(), b.as_f64());
            a == b || (a - b).abs() <= a.abs() * 1e-12
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| close(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| close(a, b)))
        }
        (a, b) => a == b,
    }
}

#[test]
fn the_official_suite_passes() {
    let Ok(root) = std::env::var("STEPWRIGHT_JSONATA_SUITE") else { return };
    let cases = cases(Path::new(&root));
    let counted: Vec<_> =
        cases.iter().filter(|case| !DIFFERENT_ON_AWS.iter().any(|name| case.expression.contains(name))).collect();
    let failures: Vec<_> =
        counted.iter().filter_map(|case| Some((&case.name, &case.expression, passes(case).err()?))).collect();
    let report: Vec<_> = failures.iter().map(|(name, text, why)| format!("{name}: {text}\n    {why}")).collect();
    let passed = counted.len() - failures.len();
    let left_out = cases.len() - counted.len();
    let summary = format!("{passed} of {} pass, {left_out} left out\n{}", counted.len(), report.join("\n"));
    fs::write(Path::new(&root).join("stepwright.txt"), &summary).unwrap();
    assert!(passed * 100 >= counted.len() * 98, "{summary}");
}
