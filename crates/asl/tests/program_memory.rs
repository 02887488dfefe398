//! What a program takes of memory, by the size of its definition's text.
//!
//! One test: what runs beside it would be counted as well.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write;

use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Bytes of the texts that are measured, about.
const TEXT_BYTES: usize = 60_000;

/// A machine of one Pass state with that field, in JSONata.
fn jsonata(field: &str) -> String {
    format!(
        r#"{{"QueryLanguage":"JSONata","StartAt":"A","States":{{"A":{{"Type":"Pass","End":true,"Output":{field}}}}}}}"#
    )
}

/// The same in JSONPath.
fn json_path(field: &str) -> String {
    format!(r#"{{"StartAt":"A","States":{{"A":{{"Type":"Pass","End":true,{field}}}}}}}"#)
}

/// As many of what `part` gives as fit, between commas.
fn list(part: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for place in 0.. {
        text.push_str(&part(place));
        if text.len() >= TEXT_BYTES {
            return text;
        }
        text.push(',');
    }
    text
}

/// The same again and again.
fn same(part: &str) -> String {
    list(|_| part.to_owned())
}

fn array(part: &str) -> String {
    jsonata(&format!(r#""{{% [{}] %}}""#, same(part)))
}

fn distinct(part: impl Fn(usize) -> String) -> String {
    jsonata(&format!(r#""{{% [{}] %}}""#, list(part)))
}

/// The number in the fewest letters.
fn letters(mut place: usize) -> String {
    let mut text = String::new();
    loop {
        text.push(char::from(b'a' + (place % 26) as u8));
        place /= 26;
        if place == 0 {
            return text;
        }
    }
}

fn states(state: &str) -> String {
    let mut text = String::from(r#"{"StartAt":"a","States":{"#);
    for place in 0.. {
        write!(text, r#""{}":{}"#, letters(place), state.replace("NEXT", &letters(place + 1))).unwrap();
        if text.len() >= TEXT_BYTES {
            write!(text, r#","{}":{{"Type":"Succeed"}}}}}}"#, letters(place + 1)).unwrap();
            return text;
        }
        text.push(',');
    }
    text
}

fn choice(rule: &str) -> String {
    format!(r#"{{"StartAt":"A","States":{{"A":{{"Type":"Choice","Choices":[{rule}]}},"B":{{"Type":"Succeed"}}}}}}"#)
}

fn task(field: &str) -> String {
    format!(
        r#"{{"StartAt":"A","States":{{"A":{{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:1:function:f","End":true,{field}}},"B":{{"Type":"Succeed"}}}}}}"#
    )
}

/// Each kind of definition, and how many times its text a program of it may take.
fn kinds() -> Vec<(&'static str, String, f64)> {
    [jsonata_kinds(), template_kinds(), state_kinds()].into_iter().flatten().collect()
}

/// What the texts say in ten or more bytes, and nearly all that they say in fewer.
const TEN: f64 = 10.1;
/// `1+`: two constructs of twelve bytes.
const TWO_BYTES_FOR_TWO: f64 = 13.1;
/// `1,` in a payload or among arguments: a value of 24 bytes.
const TWO_BYTES_FOR_A_VALUE: f64 = 13.2;
/// `$aa,`: a text of its own, which is there once.
const A_TEXT_OF_ITS_OWN: f64 = 12.5;
/// `/aa/,`: a regular expression of its own.
const A_REGEX_OF_ITS_OWN: f64 = 16.0;
/// `$[?(@.a==1)]`: a criterion of its own.
const A_CRITERION_OF_ITS_OWN: f64 = 17.5;
/// `{},` in a payload: an object of its own.
const AN_OBJECT_OF_ITS_OWN: f64 = 24.5;
/// `[?(@=~/a/)]`: a pattern of its own, which is made at once.
const A_PATTERN_OF_ITS_OWN: f64 = 45.0;

fn jsonata_kinds() -> Vec<(&'static str, String, f64)> {
    let within = |path: &str, part: &str| jsonata(&format!(r#""{{% {path}.[{}] %}}""#, same(part)));
    let among = |parts: &str| jsonata(&format!(r#""{{% $f({parts}) %}}""#));
    let block = |part: &str| jsonata(&format!(r#""{{% ({}) %}}""#, same(part).replace(',', ";")));
    let member = |p| format!(r#""{0}":"{{% $states.input.{0} %}}""#, letters(p));
    vec![
        ("numbers", array("1"), TEN),
        ("distinct numbers", distinct(|place| place.to_string()), TEN),
        ("fractions", distinct(|place| format!("{place}.1")), TEN),
        ("strings", array("'a'"), TEN),
        ("distinct strings", distinct(|place| format!("'{}'", letters(place))), TEN),
        ("null", array("null"), TEN),
        ("arrays", array("[]"), TEN),
        ("arrays of one", array("[1]"), TEN),
        ("objects", array("{}"), TEN),
        ("objects of one", array("{'a':1}"), TEN),
        ("blocks", array("()"), TEN),
        ("blocks of one", array("(1)"), TEN),
        ("blocks of many", block("1"), TEN),
        ("sums", array("1+1"), TEN),
        ("long sums", array(&["1"; 200].join("+")), TWO_BYTES_FOR_TWO),
        ("negations", array("-$a"), TEN),
        ("conditions", array("1?1:1"), TEN),
        ("names", within("$a", "a"), TEN),
        ("kept names", within("$a", "a[]"), TEN),
        ("items", within("$a", "$"), TEN),
        ("wildcards", within("$a", "*"), TEN),
        ("parents", within("$a.a", "%"), TEN),
        ("paths", array("$a.b.c.d"), TEN),
        ("long paths", array(&format!("$a{}", ".b".repeat(200))), TEN),
        ("filters", array("$a[1]"), TEN),
        ("filters of steps", array("$a.b[c=1]"), TEN),
        ("groups", array("$a.b{c:d}"), TEN),
        ("sorts", array("$a^(b,>c)"), TEN),
        ("bindings in paths", array("$a.b@$c.d"), TEN),
        ("places in paths", array("$a.b#$c.d"), TEN),
        ("kept arrays", array("$a[]"), TEN),
        ("variables", array("$a"), TEN),
        ("distinct variables", distinct(|place| format!("${}", letters(place))), A_TEXT_OF_ITS_OWN),
        ("calls", array("$f()"), TEN),
        ("calls of functions of the language", array("$sum(1)"), TEN),
        ("partial applications", array("$f(?)"), TEN),
        ("functions", array("function($a){1}"), TEN),
        ("functions in one letter", array("λ(){1}"), TEN),
        ("functions with signatures", array("λ($a)<n:n>{1}"), TEN),
        ("transformations", array("|a|{}|"), TEN),
        ("regular expressions", among(&same("/a/")), TEN),
        ("distinct regular expressions", among(&list(|p| format!("/{}/", letters(p)))), A_REGEX_OF_ITS_OWN),
        ("bound names", block("$a:=1"), TEN),
        ("chains", array("$a~>$b"), TEN),
        ("ranges", array("1..2"), TEN),
        ("expressions", jsonata(&format!("[{}]", same(r#""{%1%}""#))), TEN),
        ("distinct expressions", jsonata(&format!("[{}]", list(|p| format!(r#""{{%{p}%}}""#)))), A_TEXT_OF_ITS_OWN),
        ("members", jsonata(&format!("{{{}}}", list(member))), TEN),
        ("literals", jsonata(&format!("[{}]", same("1"))), TWO_BYTES_FOR_A_VALUE),
    ]
}

fn template_kinds() -> Vec<(&'static str, String, f64)> {
    let result = |value: String| json_path(&format!(r#""Result":{value}"#));
    let one = |text: String| json_path(&format!(r#""Parameters":{{"a.$":"{text}"}}"#));
    let many = |text: &dyn Fn(&str) -> String| {
        let member = |p| format!(r#""{}.$":"{}""#, letters(p), text(&letters(p)));
        json_path(&format!(r#""Parameters":{{{}}}"#, list(member)))
    };
    let call =
        |argument: &'static str| move |name: &str| format!("States.Array('{name}',{})", [argument; 900].join(","));
    vec![
        ("literal numbers", result(format!("[{}]", same("1"))), TWO_BYTES_FOR_A_VALUE),
        ("literal strings", result(format!("[{}]", same(r#""a""#))), TWO_BYTES_FOR_A_VALUE),
        ("literal objects", result(format!("[{}]", same(r#"{"a":1}"#))), AN_OBJECT_OF_ITS_OWN),
        ("empty literal objects", result(format!("[{}]", same("{}"))), AN_OBJECT_OF_ITS_OWN),
        ("literal members", result(format!("{{{}}}", list(|p| format!(r#""{}":1"#, letters(p))))), A_REGEX_OF_ITS_OWN),
        ("paths", many(&|_| "$.a".to_owned()), TEN),
        ("distinct paths", many(&|name| format!("$.{name}")), A_REGEX_OF_ITS_OWN),
        ("filters", many(&|name| format!("$[?(@.{name}==1)]")), A_CRITERION_OF_ITS_OWN),
        ("long filters", one(format!("$[?({})]", vec!["@.a"; TEXT_BYTES / 5].join("||"))), A_REGEX_OF_ITS_OWN),
        ("long comparisons", one(format!("$[?({})]", vec!["@.a==1"; TEXT_BYTES / 8].join("||"))), AN_OBJECT_OF_ITS_OWN),
        ("patterns", many(&|name| format!("$[?(@=~/{name}/)]")), A_PATTERN_OF_ITS_OWN),
        ("indexes", one(format!("$[{}]", same("1"))), TEN),
        ("names in brackets", one(format!("$[{}]", same("'a'"))), TEN),
        ("long paths", many(&|name| format!("$.{name}{}", ".a".repeat(900))), TWO_BYTES_FOR_A_VALUE),
        ("calls", many(&call("1")), TWO_BYTES_FOR_A_VALUE),
        ("calls with paths", many(&call("$")), TWO_BYTES_FOR_A_VALUE),
        ("calls with strings", many(&call("'a'")), TEN),
        ("small calls", many(&|_| "States.UUID()".to_owned()), TEN),
    ]
}

fn state_kinds() -> Vec<(&'static str, String, f64)> {
    let either = |kind: &str, rule: &str| choice(&format!(r#"{{"{kind}":[{}],"Next":"B"}}"#, same(rule)));
    let branch = r#"{"StartAt":"X","States":{"X":{"Type":"Succeed"}}}"#;
    let paths = r#""InputPath":"$.a","ResultPath":"$.b","OutputPath":"$.c""#;
    let field = |name: &str, entry: &str| task(&format!(r#""{name}":[{}]"#, same(entry)));
    vec![
        ("Choice rules", choice(&same(r#"{"Variable":"$.a","IsNull":true,"Next":"B"}"#)), TEN),
        ("And", either("And", r#"{"Variable":"$.a","NumericEquals":1}"#), TEN),
        ("Or", either("Or", r#"{"Variable":"$.a","StringEqualsPath":"$.b"}"#), TEN),
        ("Not", choice(&same(r#"{"Not":{"Variable":"$.a","StringMatches":"*"},"Next":"B"}"#)), TEN),
        ("Pass", states(r#"{"Type":"Pass","Next":"NEXT"}"#), TEN),
        ("Pass with paths", states(&format!(r#"{{"Type":"Pass",{paths},"Next":"NEXT"}}"#)), TEN),
        ("Succeed", states(r#"{"Type":"Succeed"}"#), TEN),
        ("Fail", states(r#"{"Type":"Fail"}"#), TEN),
        ("Wait", states(r#"{"Type":"Wait","Seconds":1,"Next":"NEXT"}"#), TEN),
        ("Wait with paths", states(r#"{"Type":"Wait","SecondsPath":"$.a","Next":"NEXT"}"#), TEN),
        ("Task", states(r#"{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","Next":"NEXT"}"#), TEN),
        ("Parallel", states(&format!(r#"{{"Type":"Parallel","Branches":[{branch}],"Next":"NEXT"}}"#)), TEN),
        ("Map", states(&format!(r#"{{"Type":"Map","ItemProcessor":{branch},"Next":"NEXT"}}"#)), TEN),
        ("Retry", field("Retry", r#"{"ErrorEquals":["a"]}"#), TEN),
        ("errors of Retry", task(&format!(r#""Retry":[{{"ErrorEquals":[{}]}}]"#, same(r#""a""#))), TEN),
        ("Catch", field("Catch", r#"{"ErrorEquals":["a"],"Next":"B"}"#), TEN),
        ("Catch with paths", field("Catch", r#"{"ErrorEquals":["a"],"ResultPath":"$.e","Next":"B"}"#), TEN),
    ]
}

#[test]
fn a_program_takes_no_more_than_some_times_its_text() {
    let warm_up = asl::read::load(&states(r#"{"Type":"Pass","Next":"NEXT"}"#)).unwrap();
    drop(warm_up);
    let mut wrong = Vec::new();
    for (name, text, most) in kinds() {
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let program = asl::read::load(&text).unwrap();
        let used = MEMORY.current_usage() - before;
        let said = program.memory_bytes() as f64 / used as f64;
        let held = used as f64 / text.len() as f64;
        let peak = (MEMORY.peak_usage() - before) as f64 / text.len() as f64;
        let fault = program.states.iter().find_map(|state| state.fault.clone());
        println!(
            "{name:40} {held:6.1} times its text, {peak:6.1} while it was read, {said:5.2} said {}",
            fault.as_deref().unwrap_or("")
        );
        // A regular expression of JSONata is made when it is first used, and what one of a filter takes is only bounded.
        let most_said = match name {
            "distinct regular expressions" => 3.5,
            "patterns" => 2.0,
            _ => 1.35,
        };
        if !(0.98..most_said).contains(&said) {
            wrong.push(format!("{name}: {said:.2} times what it takes is said"));
        }
        if held > most {
            wrong.push(format!("{name}: {held:.1} times its text"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
