//! Counts verdicts of Jayway JsonPath 2.0.0, where there are some: the file that the environment variable
//! `STEPWRIGHT_JSONPATH_JUDGE` names. It has `docs` by name, and `cases` of a `path`, a `doc`, and the `result`, or
//! `refused`, or `not_found`.

use std::fs;

use super::*;
use crate::testing::scoped;

#[test]
fn verdicts_are_met() {
    let Ok(file) = std::env::var("STEPWRIGHT_JSONPATH_JUDGE") else { return };
    let table = crate::json::parse(&fs::read(file).unwrap()).unwrap();
    let cases = table.get("cases").and_then(Value::as_array).unwrap();
    let failures: Vec<String> = cases.iter().filter_map(|case| failure(case, &table)).collect();
    failures.iter().for_each(|failure| println!("{failure}"));
    println!("{} of {} agree", cases.len() - failures.len(), cases.len());
    assert!(failures.len() * 200 <= cases.len(), "more than one in 200 is otherwise");
}

fn failure(case: &Value, table: &Value) -> Option<String> {
    let path = case.get("path").and_then(Value::as_str).unwrap();
    let document = case.get("doc").and_then(Value::as_str).unwrap();
    let document = table.get("docs").and_then(|documents| documents.get(document)).unwrap();
    let found = match Path::parse(path) {
        Err(error) => Err(format!("refused: {error}")),
        Ok(path) => {
            scoped(document, "{}", ("v", "1"), |scope| path.select(scope).map_err(|error| format!("error: {error}")))
        }
    };
    let agrees = match (&found, case.get("result"), case.get("refused").is_some()) {
        (Ok(found), Some(expected), _) => found == expected,
        (Err(error), None, refused) => error.starts_with("refused") == refused,
        _ => false,
    };
    (!agrees).then(|| format!("{case:?} gives {found:?}"))
}
