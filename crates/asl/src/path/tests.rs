//! What paths select, what they say when they cannot, and what is no path.

use proptest::prelude::*;

use super::*;
use crate::error::ErrorName;
use crate::testing::{json, scoped};

fn select(path: &str, input: &Value) -> Result<Value, PathMiss> {
    let path = Path::parse(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    scoped(input, r#"{"Execution":{"Name":"e"}}"#, ("v", r#"{"a":[1,2]}"#), |scope| path.select(scope))
}

/// Each line: the path, then the JSON it selects or the text of the miss.
fn check(input: &str, cases: &[(&str, &str)]) {
    let input = json(input);
    for (path, expected) in cases {
        let found = select(path, &input).map_or_else(|miss| miss.message, |value| value.to_json());
        assert_eq!(found, *expected, "{path}");
    }
}

const STORE: &str = r#"{"store":{"book":[
    {"category":"reference","author":"Nigel Rees","title":"Sayings","price":8.95,"tags":["a","b"]},
    {"category":"fiction","author":"Evelyn Waugh","title":"Sword","price":12.99,"tags":[]},
    {"category":"fiction","author":"Herman Melville","title":"Moby Dick","isbn":"0-553","price":8.99,"keep":false},
    {"category":"fiction","author":"J. R. R. Tolkien","title":"Rings","isbn":"0-395","price":22.99}],
    "bicycle":{"color":"red","price":19.95}},"expensive":10,"zero":null}"#;

#[test]
fn definite_paths_give_the_bare_value() {
    check(
        STORE,
        &[
            ("$.expensive", "10"),
            ("$.zero", "null"),
            ("$.store.bicycle.color", r#""red""#),
            ("$['store'][\"bicycle\"]['color']", r#""red""#),
            ("$.store.book[0].title", r#""Sayings""#),
            ("$.store.book[-1].title", r#""Rings""#),
            ("$.store.bicycle['color','price','none']", r#"{"color":"red","price":19.95}"#),
            ("$$.Execution.Name", r#""e""#),
            ("$v.a[1]", "2"),
            ("$v", r#"{"a":[1,2]}"#),
        ],
    );
    check(
        r##"{"a-b":1,"ключ":2,"a b":3,"it's":4,"@type":5,"#text":6,"x":{"y:z":7},"b\\\"\"":8,"q\\":9}"##,
        &[
            ("$.a-b", "1"),
            ("$.ключ", "2"),
            ("$['a b']", "3"),
            (r"$['it\'s']", "4"),
            ("$.@type", "5"),
            ("$.#text", "6"),
            ("$.x.y:z", "7"),
            (r#"$['b\""']"#, "8"),
            (r"$['q\\']", "9"),
        ],
    );
}

#[test]
fn a_definite_miss_says_where() {
    check(
        r#"{"a":{"b":1},"list":[1],"null":null}"#,
        &[
            ("$.x", "No results for path: $['x']"),
            ("$.a.x", "No results for path: $['a']['x']"),
            ("$.no.such.result", "Missing property in path $['no']"),
            ("$.a.no.such", "Missing property in path $['a']['no']"),
            ("$.a.b.c", "Property ['c'] not found in path $['a']['b']"),
            ("$.list[3]", "No results for path: $['list'][3]"),
            ("$.list[-2]", "No results for path: $['list'][-2]"),
            ("$.list[1].x", "No results for path: $['list'][1]['x']"),
            ("$.null[0]", "The path $['null'] is null"),
            ("$.a[0]", r#"Filter: [0] can only be applied to arrays. Current context is: {"b":1}"#),
            ("$$.Execution.X", "No results for path: $['Execution']['X']"),
            ("$unknown.x", "No results for path: $['unknown']"),
        ],
    );
}

#[test]
fn indefinite_paths_give_arrays() {
    check(
        STORE,
        &[
            ("$.store.book[*].price", "[8.95,12.99,8.99,22.99]"),
            ("$.store.bicycle.*", r#"["red",19.95]"#),
            ("$..price", "[8.95,12.99,8.99,22.99,19.95]"),
            ("$.store.book[0,2].price", "[8.95,8.99]"),
            ("$.store.book[0,9].price", "[8.95]"),
            ("$.store.book[1:3].price", "[12.99,8.99]"),
            ("$.store.book[:2].price", "[8.95,12.99]"),
            ("$.store.book[-1:].price", "[22.99]"),
            ("$.store.book[::2].price", "[8.95,8.99]"),
            ("$.store.book[2:1]", "[]"),
            ("$.store.book[0]['title','price']", r#"{"title":"Sayings","price":8.95}"#),
            ("$.store.book[2:]['isbn','price']", r#"[{"isbn":"0-553","price":8.99},{"isbn":"0-395","price":22.99}]"#),
            ("$.store.book[*].tags[0]", r#"["a"]"#),
            ("$..book[0].price", "[8.95]"),
            ("$..[?(@.isbn)].price", "[8.99,22.99]"),
            ("$.store.book[?(@.price > 100)][0]", "[]"),
        ],
    );
    check(
        r#"{"d":{"x":{"a":[1,2]}}}"#,
        &[("$.d..a", "[[1,2]]"), ("$.d..a[*]", "[1,2]"), ("$..*", r#"[{"x":{"a":[1,2]}},{"a":[1,2]},[1,2],1,2]"#)],
    );
}

#[test]
fn an_indefinite_path_over_nothing_is_empty() {
    let empty =
        ["$[*]", "$.items[*]", "$.items[1:]", "$.items[:1]", "$.item.items[1:5].itemValue", "$.x[?(@.y)]", "$..y"];
    let cases: Vec<_> = empty.iter().map(|path| (*path, "[]")).collect();
    check("{}", &cases);
    for path in ["$[1:5]", "$[1:]", "$[:1]"] {
        assert!(select(path, &json("{}")).unwrap_err().message.contains("can only be applied to arrays"), "{path}");
    }
}

#[test]
fn filters_choose_items() {
    let titles: &[(&str, &[&str])] = &[
        ("@.isbn", &["Moby Dick", "Rings"]),
        ("@.keep", &["Moby Dick"]),
        ("!@.isbn", &["Sayings", "Sword"]),
        ("!(@.isbn)", &["Sayings", "Sword"]),
        ("@.price < 10", &["Sayings", "Moby Dick"]),
        ("@.price <= 8.95", &["Sayings"]),
        ("@.price>= 12.99", &["Sword", "Rings"]),
        ("@.price < $.expensive", &["Sayings", "Moby Dick"]),
        ("@['category'] == 'fiction' && @.price < 10", &["Moby Dick"]),
        ("@.category == \"reference\" || @.price > 20", &["Sayings", "Rings"]),
        ("(@.isbn || @.tags) && !(@.price > 20)", &["Sayings", "Sword", "Moby Dick"]),
        ("@.category != 'fiction'", &["Sayings"]),
        ("@.isbn != '0-395'", &["Sayings", "Sword", "Moby Dick"]),
        ("@.price == '8.95'", &["Sayings"]),
        ("@.price === '8.95'", &[]),
        ("@.keep == false", &["Moby Dick"]),
        ("@.isbn == null", &[]),
        ("@.author =~ /.*tolkien/i", &["Rings"]),
        ("@.author =~ /Nigel/", &[]),
        ("@.author =~ /nigel .*/", &[]),
        ("@.title == /eggs/cooked/like", &[]),
        ("@.title in ['Sword', 'Rings']", &["Sword", "Rings"]),
        ("@.title nin ['Sword','Rings','Sayings']", &["Moby Dick"]),
        ("@.tags subsetof ['a','b','c']", &["Sayings", "Sword"]),
        ("@.tags anyof ['b']", &["Sayings"]),
        ("@.tags noneof ['b']", &["Sword"]),
        ("@.tags all ['a']", &["Sayings"]),
        ("@.tags size 2", &["Sayings"]),
        ("@.tags empty true", &["Sword"]),
        ("@.tags empty false", &["Sayings"]),
        ("@.tags contains 'a'", &["Sayings"]),
        ("@.title contains 'ing'", &["Sayings", "Rings"]),
        ("@.tags[0] == 'a'", &["Sayings"]),
        ("@.tags.length() > 1", &["Sayings"]),
        ("'Sword' == @.title", &["Sword"]),
        ("@.tags == ['a','b']", &["Sayings"]),
        ("@.missing.deep == 1", &[]),
    ];
    let input = json(STORE);
    for (filter, expected) in titles {
        let found = select(&format!("$.store.book[?({filter})].title"), &input).unwrap();
        assert_eq!(found, Value::array(expected.iter().map(|title| Value::from(*title)).collect()), "{filter}");
    }
    check(
        r#"{"a":[1,"x",3],"o":{"k":1}}"#,
        &[("$.a[?(@ > 1)]", "[3]"), ("$.o[?(@.k == 1)]", r#"[{"k":1}]"#), ("$.a[ ?( @ == 'x' ) ]", r#"["x"]"#)],
    );
}

#[test]
fn functions_stand_at_the_tail() {
    check(
        r#"{"n":[1,2,3,4],"s":["a","b"],"o":{"x":1,"y":2},"e":[],"text":"héllo"}"#,
        &[
            ("$.n.length()", "4"),
            ("$.n.size()", "4"),
            ("$.o.length()", "2"),
            ("$.text.length()", "5"),
            ("$.n.sum()", "10"),
            ("$.n.min()", "1"),
            ("$.n.max()", "4"),
            ("$.n.avg()", "2.5"),
            ("$.n.stddev()", "1.118033988749895"),
            ("$.n[*].sum()", "10"),
            ("$.sum($.n, 5)", "15"),
            ("$.o.keys()", r#"["x","y"]"#),
            ("$.n.first()", "1"),
            ("$.n.last()", "4"),
            ("$.n.index(-2)", "3"),
            ("$.s.concat()", r#""ab""#),
            ("$.concat('x', $.s[1])", r#""xb""#),
            ("$.s.append('c')", r#"["a","b","c"]"#),
            ("$.e.sum()", "Aggregation function attempted to calculate value using empty array"),
            ("$.e.first()", "Index 0 is out of bounds"),
        ],
    );
}

#[test]
fn other_texts_are_no_paths() {
    let deep = format!("$[?{}@.a{}]", "(".repeat(100), ")".repeat(100));
    let lists = format!("$[?(@ == {}1{})]", "[".repeat(5000), "]".repeat(5000));
    let negations = format!("$[?({}@.a)]", "!".repeat(5000));
    let long = format!("${}", ".a".repeat(2000));
    for text in [
        "",
        "x",
        "$.",
        "$..",
        "$.a.",
        "$.a..",
        "$[",
        "$[]",
        "$['a'",
        "$['a",
        "$[a]",
        "$.a b",
        " $.a",
        "$.a]",
        "$.a)",
        "$[1:2:0]",
        "$[1:2:-1]",
        "$[99999999999999999999]",
        "$[?(@.a ==)]",
        "$[?(1)]",
        "$[?(@.a",
        "$[?@.a]",
        "$[?(@.a =~ /(/)]",
        "$[?(@.a =~ /a{1000}{1000}/)]",
        "$.nope()",
        "$.sum(",
        "$.sum().x",
        "$-a",
        "$$a",
        "$1",
        &deep,
        &lists,
        &negations,
        &long,
    ] {
        assert!(Path::parse(text).is_err(), "{text}");
    }
}

#[test]
fn paths_tell_what_they_are() {
    for (text, definite, variable) in [
        ("$.a[0]['b']", true, None),
        ("$.a.length()", true, None),
        ("$name.a", true, Some("name")),
        ("$$.a", true, None),
        ("$.a[*]", false, None),
        ("$..a", false, None),
        ("$_x[1:]", false, Some("_x")),
    ] {
        let path = Path::parse(text).unwrap();
        assert_eq!((path.text(), path.is_definite(), path.variable()), (text, definite, variable));
    }
}

#[test]
fn selecting_shares_what_it_selects() {
    let input = json(r#"{"a":{"b":[1]}}"#);
    assert!(select("$", &input).unwrap().same_allocation(&input));
    assert!(select("$.a.b", &input).unwrap().same_allocation(input.get("a").and_then(|a| a.get("b")).unwrap()));
}

#[test]
fn a_path_that_multiplies_values_is_stopped() {
    let mut value = Value::int(1);
    for _ in 0..300 {
        value = Value::array(vec![value]);
    }
    assert_eq!(select("$..*..*..*..*", &value).unwrap_err().message, "The path visits too many values");
    assert!(select("$[?(@..*..*..*..*)]", &value).unwrap_err().message.contains("too many values"));
}

#[test]
fn a_value_is_put_at_a_place() {
    for (into, path, expected) in [
        ("{}", "$.a", r#"{"a":9}"#),
        ("{}", "$", "9"),
        (r#"{"a":1,"b":2}"#, "$.a", r#"{"a":9,"b":2}"#),
        (r#"{"a":{"x":1}}"#, "$.a['b c'].d", r#"{"a":{"x":1,"b c":{"d":9}}}"#),
        (r#"{"a":[1,{"b":2}]}"#, "$.a[1].b", r#"{"a":[1,{"b":9}]}"#),
        (r#"{"a":[1,2]}"#, "$.a[0]", r#"{"a":[9,2]}"#),
        ("[1]", "$[0]", "[9]"),
    ] {
        let put = ReferencePath::parse(path).unwrap().put(&json(into), Value::int(9)).unwrap();
        assert_eq!(put.to_json(), expected, "{path} into {into}");
    }
}

#[test]
fn a_value_cannot_be_put_where_there_is_no_place() {
    for (into, path) in [
        (r#"{"a":{"b":"text"}}"#, "$.a.b.c"),
        (r#"{"a":null}"#, "$.a.b"),
        (r#"{"a":[1]}"#, "$.a[1]"),
        ("{}", "$.a[0]"),
        (r#"{"a":{}}"#, "$.a[0]"),
        (r#"{"a":[1]}"#, "$.a.b"),
        (r#""text""#, "$.a"),
    ] {
        let error = ReferencePath::parse(path).unwrap().put(&json(into), Value::int(9)).unwrap_err();
        assert_eq!(error.name, ErrorName::RESULT_PATH_MATCH_FAILURE);
        assert_eq!(error.cause, format!("Unable to apply Reference Path {path} to input {into}"));
    }
}

#[test]
fn putting_shares_what_it_does_not_change() {
    let input = json(r#"{"a":{"b":1},"c":{"d":[1,2,3]}}"#);
    let put = ReferencePath::parse("$.a.b").unwrap().put(&input, Value::int(9)).unwrap();
    assert!(put.get("c").unwrap().same_allocation(input.get("c").unwrap()));
    assert_eq!(input.to_json(), r#"{"a":{"b":1},"c":{"d":[1,2,3]}}"#);
}

#[test]
fn a_reference_path_names_one_place() {
    for text in ["$.a", "$['a, b'].c[0]", "$", "$['x]:y']"] {
        assert!(ReferencePath::parse(text).is_ok(), "{text}");
    }
    for text in [
        "$.a[*]",
        "$..a",
        "$.a[1:2]",
        "$.a[?(@.b)]",
        "$['a','b']",
        "$.a[-1]",
        "$$.a",
        "$v.a",
        "$.a:b",
        "$.@a",
        "$.a.length()",
    ] {
        assert!(ReferencePath::parse(text).is_err(), "{text}");
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::int),
        "[a-c]{0,3}".prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::array),
            prop::collection::vec(("[a-c]", inner), 0..5).prop_map(Value::object)
        ]
    })
}

fn any_path() -> impl Strategy<Value = String> {
    let steps = [
        ".a",
        ".b",
        "['c']",
        "[0]",
        "[-1]",
        "[1:]",
        "[::2]",
        "[*]",
        ".*",
        "..a",
        "..*",
        "['a','b']",
        "[0,1]",
        "[?(@.a)]",
        "[?(@ == 'a')]",
        "[?(@.a > 1 || !@.b)]",
        "..[?(@.b)]",
        "[?(@..a)]",
    ];
    let tail = prop::sample::select(vec!["", "", ".length()", ".sum()", ".first()", ".keys()", ".append($.a)"]);
    (prop::collection::vec(prop::sample::select(steps.to_vec()), 0..6), tail)
        .prop_map(|(steps, tail)| format!("${}{tail}", steps.concat()))
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in "\\PC{0,40}") {
        let _ = Path::parse(&text);
        let _ = ReferencePath::parse(&text);
    }

    #[test]
    fn any_text_like_a_path_is_parsed_or_refused(text in r#"\$[\$.a@?()\[\]*:'"\\/=~!<>&|,0-9 -]{0,40}"#) {
        let _ = Path::parse(&text);
    }

    #[test]
    fn any_path_selects_or_misses(path in any_path(), value in any_value()) {
        let _ = select(&path, &value);
    }

    #[test]
    fn what_was_put_is_selected(
        steps in prop::collection::vec(prop::sample::select(vec![".a", ".b", "['c']", "[0]", "[1]"]), 0..5),
        into in any_value(),
        value in any_value(),
    ) {
        let path = format!("${}", steps.concat());
        if let Ok(put) = ReferencePath::parse(&path).unwrap().put(&into, value.clone()) {
            prop_assert_eq!(select(&path, &put).unwrap(), value);
        }
    }
}
