//! `mapItemReaderData`: a Map state's items, as they are in the source its item reader reads.

use asl::{EvaluationError, Text, Value, json};

use crate::decide::Decision;

const ITEM_READER_FAILED: &str = "States.ItemReaderFailed";

/// The items in what the reader read. JSON, JSON Lines and CSV are read; other types are taken to be a JSON array of
/// the items already.
pub(super) fn items(decision: &Decision<'_>, reader: &Value, data: &str) -> Result<Value, EvaluationError> {
    let config = reader.get("ReaderConfig");
    let setting = |name: &str| config.and_then(|config| config.get(name));
    let items = match setting("InputType").and_then(Value::as_str) {
        Some("CSV") => csv(data, setting)?,
        Some("JSONL") => json_lines(data)?,
        _ => {
            let whole = json::parse(data.as_bytes()).map_err(|error| failed(&error.message))?;
            match setting("ItemsPointer").and_then(Value::as_str) {
                Some(pointer) => {
                    let items = pointed(&whole, pointer)?;
                    decision.saw(|seen| seen.after_items_pointer = Some(items.clone()));
                    items
                }
                None => whole,
            }
        }
    };
    let max =
        setting("MaxItems").and_then(Value::as_i64).and_then(|max| usize::try_from(max).ok()).filter(|max| *max > 0);
    match (&items, max) {
        (Value::Array(all), Some(max)) if all.len() > max => Ok(Value::array(all[..max].to_vec())),
        (Value::Array(_) | Value::Object(_), _) => Ok(items),
        (other, _) => Err(failed(&format!("expected an array or an object, but found {}", other.type_name()))),
    }
}

fn failed(why: &str) -> EvaluationError {
    EvaluationError {
        name: ITEM_READER_FAILED,
        cause: format!("The data of the ItemReader cannot be read: {why}"),
        location: None,
    }
}

/// What a JSON Pointer (RFC 6901) points to.
fn pointed(whole: &Value, pointer: &str) -> Result<Value, EvaluationError> {
    let mut found = whole;
    for part in pointer.split('/').skip(1) {
        let name = part.replace("~1", "/").replace("~0", "~");
        let next = match found {
            Value::Array(items) => name.parse::<usize>().ok().and_then(|index| items.get(index)),
            other => other.get(&name),
        };
        found = next.ok_or_else(|| failed(&format!("nothing is at {pointer}")))?;
    }
    Ok(found.clone())
}

fn json_lines(data: &str) -> Result<Value, EvaluationError> {
    let lines = data.lines().filter(|line| !line.trim().is_empty());
    let items = lines.map(|line| json::parse(line.as_bytes()).map_err(|error| failed(&error.message)));
    Ok(Value::array(items.collect::<Result<_, _>>()?))
}

fn csv<'v>(data: &str, setting: impl Fn(&str) -> Option<&'v Value>) -> Result<Value, EvaluationError> {
    let delimiter = match setting("CSVDelimiter").and_then(Value::as_str) {
        Some("PIPE") => '|',
        Some("SEMICOLON") => ';',
        Some("SPACE") => ' ',
        Some("TAB") => '\t',
        _ => ',',
    };
    let mut rows = rows(data, delimiter).into_iter();
    let given = setting("CSVHeaders").and_then(Value::as_array);
    let headers: Vec<Text> = match given {
        Some(headers) => headers.iter().filter_map(Value::as_str).map(Text::from).collect(),
        None => rows.next().ok_or_else(|| failed("there is no header row"))?,
    };
    let item = |row: Vec<Text>| {
        let fields = row.into_iter().map(Value::String).chain(std::iter::repeat(Value::string("")));
        Value::object(headers.iter().cloned().zip(fields))
    };
    Ok(Value::array(rows.map(item).collect()))
}

/// The rows of CSV text (RFC 4180): a field in quotes may hold delimiters, line ends and doubled quotes.
fn rows(data: &str, delimiter: char) -> Vec<Vec<Text>> {
    let mut rows = Vec::new();
    let (mut row, mut field, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut chars = data.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => is_quoted = !is_quoted,
            c if c == delimiter && !is_quoted => row.push(Text::from(std::mem::take(&mut field))),
            '\r' if !is_quoted && chars.peek() == Some(&'\n') => {}
            '\n' if !is_quoted => {
                row.push(Text::from(std::mem::take(&mut field)));
                rows.push(std::mem::take(&mut row));
            }
            c => field.push(c),
        }
    }
    if !field.is_empty() || !row.is_empty() {
        row.push(field.into());
        rows.push(row);
    }
    rows.retain(|row| row.len() > 1 || row.iter().any(|field| !field.is_empty()));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_fields_may_be_quoted() {
        let text = "a|b\r\n\"x|\"\"y\"\"\nz\"|2\n\n|\n";
        let rows: Vec<Vec<String>> =
            rows(text, '|').iter().map(|row| row.iter().map(|field| field.to_string()).collect()).collect();
        assert_eq!(rows, [["a", "b"], ["x|\"y\"\nz", "2"], ["", ""]]);
    }

    #[test]
    fn csv_rows_become_objects_of_strings() {
        let none = |_: &str| None;
        assert_eq!(
            csv("id,name\n1,one\n2\n", none).unwrap().to_json(),
            r#"[{"id":"1","name":"one"},{"id":"2","name":""}]"#
        );
        let headers = Value::array(vec!["n".into()]);
        let given = |name: &str| (name == "CSVHeaders").then_some(&headers);
        assert_eq!(csv("1\n2", given).unwrap().to_json(), r#"[{"n":"1"},{"n":"2"}]"#);
        assert!(csv("", none).is_err());
    }

    #[test]
    fn json_lines_are_items() {
        assert_eq!(json_lines("{\"a\": 1}\n\n2\n").unwrap().to_json(), r#"[{"a":1},2]"#);
        assert!(json_lines("{").is_err());
    }

    #[test]
    fn a_pointer_points_into_objects_and_arrays() {
        let whole = json::parse(br#"{"a/b": {"~": [[1], [2]]}}"#).unwrap();
        for (pointer, found) in [("", None), ("/a~1b/~0/1", Some("[2]")), ("/a~1b/~0", Some("[[1],[2]]"))] {
            let expected = found.map_or_else(|| whole.to_json(), str::to_owned);
            assert_eq!(pointed(&whole, pointer).unwrap().to_json(), expected);
        }
        assert!(pointed(&whole, "/a~1b/x").is_err());
    }
}
