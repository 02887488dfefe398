//! What paths select, what they say when they cannot, and what is no path.

use proptest::prelude::*;

use super::*;
use crate::error::ErrorName;
use crate::testing::{json, scoped};

fn select(path: &str, input: &Value) -> Result<Value, PathError> {
    let path = Path::parse(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    scoped(input, r#"{"Execution":{"Name":"e"}}"#, ("v", r#"{"a":[1,2]}"#), |scope| path.select(scope))
}

/// Each line: the path, then the JSON it selects or the text of the miss.
fn check(input: &str, cases: &[(&str, &str)]) {
    let input = json(input);
    for (path, expected) in cases {
        let found = select(path, &input).map_or_else(|error| error.to_string(), |value| value.to_json());
        assert_eq!(found, *expected, "{path}");
    }
}

/// Each line: the criteria, and the names of the items of `list` for which they hold, or the beginning of the error.
fn check_filters(input: &str, cases: &[(&str, &str)]) {
    let input = json(input);
    for (criteria, expected) in cases {
        match select(&format!("$.list[?({criteria})].name"), &input) {
            Ok(found) => {
                let names: Vec<_> = found.as_array().unwrap_or_default().iter().filter_map(Value::as_str).collect();
                assert_eq!(names.join(" "), *expected, "{criteria}");
            }
            Err(error) => assert!(!expected.is_empty() && error.to_string().contains(expected), "{criteria}: {error}"),
        }
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
            (" $.expensive\n", "10"),
            ("$.zero", "null"),
            ("$.store.bicycle.color", r#""red""#),
            ("$['store'].['bicycle'][ 'color' ]", r#""red""#),
            ("$.store.book[0].title", r#""Sayings""#),
            ("$.store.book.[0].title", r#""Sayings""#),
            ("$.store.book[(@.length-1)].title", r#""Rings""#),
            ("$.store.book[( @.size() - 2 )].title", r#""Moby Dick""#),
            ("$.store.bicycle['color','price','none']", r#"{"color":"red","price":19.95}"#),
            ("$.store.bicycle['none','nothing']", "{}"),
            ("$$.Execution.Name", r#""e""#),
            ("$v.a[1]", "2"),
            ("$v", r#"{"a":[1,2]}"#),
        ],
    );
    check(
        r##"{"a-b":1,"ключ":2,"a b":3,"it":4,"@type":5,"#text":6,"x":{"y:z":7},"b\\":8,"length()":9,"*a":10,"?":11}"##,
        &[
            ("$.a-b", "1"),
            ("$.ключ", "2"),
            ("$['a b']", "3"),
            ("$.@type", "5"),
            ("$.#text", "6"),
            ("$.x.y:z", "7"),
            (r"$['b\']", "8"),
            ("$.length()", "9"),
            ("$.*a", "10"),
            ("$.?", "11"),
        ],
    );
}

#[test]
fn brackets_are_read_leniently() {
    check(
        r#"{"list":[0,1,2,3,4,5],"a":1}"#,
        &[
            ("$.list[ 1 ]", "1"),
            ("$.list[0,]", "0"),
            ("$.list[0 1]", "1"),
            ("$.list[+1]", "1"),
            ("$.list[ab2]", "2"),
            ("$.list[(1)]", "1"),
            ("$.list[1,2:3]", "[1,2,3]"),
            ("$.list[1:2,3]", "[1]"),
            ("$.list[1::2]", "[1,2,3,4,5]"),
            ("$.list[0?(@.x)]", "0"),
            ("$['a'x]", "1"),
            ("$.a]", "{}"),
            ("$['list'][2].x", "Property ['x'] not found in path $['list'][2]"),
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
            ("$.list.length()", "Property ['length()'] not found in path $['list']"),
            ("$.list[3]", "Index out of bounds when evaluating path $['list'][3]"),
            ("$.list[-1]", "Index out of bounds when evaluating path $['list'][-1]"),
            ("$.list[(@.length-3)]", "Index out of bounds when evaluating path $['list'][-2]"),
            ("$.list[1].x", "Index out of bounds when evaluating path $['list'][1]"),
            ("$.null[0]", "The path $['null'] is null"),
            ("$.a[0]", "Filter: [0] can only be applied to arrays. Current context is: {b=1}"),
            ("$.a[0].c[1:]", "Filter: [0]['c'][1:] can only be applied to arrays. Current context is: {b=1}"),
            ("$.a[?(@.x)].y", "[]"),
            ("$.a.b[?(@.x)]", "Filter: [?] can not be applied to primitives. Current context is: 1"),
            ("$['a','list'].b", "Multi properties can only be used as path leafs: $['a', 'list']"),
            ("$['a','list'][0]", "Multi properties can only be used as path leafs: $['a', 'list']"),
            ("$.list[?]", "The path has a filter [?] that nothing is given for"),
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
            ("$.store.book[1:3].price", "[12.99,8.99]"),
            ("$.store.book[:2].price", "[8.95,12.99]"),
            ("$.store.book[-1:].price", "[22.99]"),
            ("$.store.book[:-3].price", "[8.95]"),
            ("$.store.book[2:1]", "[]"),
            ("$.store.book[1:-1]", "[]"),
            ("$.store.book[0]['title','price']", r#"{"title":"Sayings","price":8.95}"#),
            ("$.store.book[2:]['isbn','price']", r#"[{"isbn":"0-553","price":8.99},{"isbn":"0-395","price":22.99}]"#),
            ("$.store.book[*].isbn", r#"["0-553","0-395"]"#),
            ("$..book[0].price", "[8.95]"),
            ("$..[?(@.isbn)].price", "[8.99,22.99]"),
            ("$.store.book[?(@.price > 100)][0]", "[]"),
            ("$.store.[*].[*].['title','isbn']", "Property ['title', 'isbn'] not found in path $['store'][*][*]"),
        ],
    );
    check(
        r#"{"d":{"x":{"a":[1,2]}}}"#,
        &[
            ("$.d..a", "[[1,2]]"),
            ("$.d..a[*]", "[1,2]"),
            ("$..*", r#"[{"x":{"a":[1,2]}},{"a":[1,2]},[1,2],1,2]"#),
            ("$...a", "[[1,2]]"),
            ("$....a", "[]"),
        ],
    );
}

#[test]
fn what_is_missing_matters_but_under_a_wildcard() {
    check(
        r#"{"o":[{"x":{"z":1},"y":2},{"x":{}},5,[7]],"m":{"p":{"x":1},"r":3},"e":[]}"#,
        &[
            ("$.o[*].y", "[2]"),
            ("$.o[*].x.z", "[1]"),
            ("$.o[*].x.z.w", "[]"),
            ("$.o[0,1].y", "No results for path: $['o'][0,1]['y']"),
            ("$.o[0,1].y.z", "Property ['z'] not found in path $['o'][0,1]['y']"),
            ("$.o[0,1].q.z", "[]"),
            ("$.o[0,9]", "Index out of bounds when evaluating path $['o'][9]"),
            ("$.o[-2:]", "[5,[7]]"),
            ("$.o[-2:3]", "Index out of bounds when evaluating path $['o'][-2]"),
            ("$.o[?(@.x)].y", "No results for path: $['o'][?]['y']"),
            ("$.m.*.x", "Property ['x'] not found in path $['m'][*]"),
            ("$.o[*][0]", "Filter: [0] can only be applied to arrays. Current context is: {x={z=1}, y=2}"),
            ("$..x.q.z", "Missing property in path $..['x']['q']"),
            ("$.o..x.q.*", "[]"),
            ("$..['x','y']", r#"[{"x":{"z":1},"y":2}]"#),
            ("$.e[0]", "Index out of bounds when evaluating path $['e'][0]"),
            ("$.e[0:].x", "[]"),
        ],
    );
}

#[test]
fn an_indefinite_path_over_nothing_is_empty() {
    let empty =
        ["$[*]", "$.items[*]", "$.items[1:]", "$.items[:1]", "$.item.items[1:5].itemValue", "$.x[?(@.y)]", "$..y"];
    let cases: Vec<_> = empty.iter().map(|path| (*path, "[]")).collect();
    check("{}", &cases);
    for path in ["$[1:5]", "$[1:]", "$[:1]"] {
        assert!(select(path, &json("{}")).unwrap_err().to_string().contains("can only be applied to arrays"), "{path}");
    }
}

#[test]
fn filters_choose_items_by_texts() {
    let input = r#"{"limit":2,"none":null,"list":[
        {"name":"a","n":1,"s":"1","t":true,"l":[1,2],"o":{"x":1}},
        {"name":"b","n":2,"s":"two","t":false,"l":[],"u":null},
        {"name":"c","n":10.5,"s":"it's","o":{"x":1}},
        {"name":"d","n":null,"s":"null"}]}"#;
    check_filters(
        input,
        &[
            ("@.l", "a b"),
            ("@.u", ""),
            ("!@.u", "a b c d"),
            ("!@.t", "c d"),
            ("@['name']=='b'", "b"),
            ("@.name == b", "b"),
            ("b == @.name", "b"),
            ("@.name == \"b\"", ""),
            ("@.n <= 2", "a b"),
            ("@.n <= '2'", "a b"),
            ("@.n < $.limit", "a"),
            ("$.limit > @.n", "a"),
            ("@.n == 10.50", "c"),
            ("2 == @.n", ""),
            ("@.s <= 2", "a d"),
            ("@.n == null", "d"),
            ("@.n != null", "a b c"),
            ("@.n > null", "a b c"),
            ("@.n <= null", ""),
            ("@.u == null", "b"),
            ("@.s == null", "d"),
            ("@.missing != 1", ""),
            ("@.missing == null", ""),
            ("@.missing.deep == 1", ""),
            ("@.t == true", "a"),
            ("@.t == TRUE", "a"),
            ("@.t >= 1", "a b"),
            ("true == @.t", ""),
            ("@.o == @.o", "a c"),
            ("@.o == $.list[0].o", "a"),
            ("@.l == [1,2]", ""),
            ("@.l != [1,2]", ""),
            (r"@.s == 'it\'s'", "c"),
            ("@.n == @.name", "A number cannot be compared with the text 'a'"),
            ("@.n > x", "A number cannot be compared with the text 'x'"),
            ("1 == 1", "a b c d"),
            ("1 < 2", "a b c d"),
            ("@.name=x", ""),
            ("!@.name == b", "b"),
            ("@.l[(@.length-1)] == 2", "a"),
            ("@.o[0] == 2", "can only be applied to arrays"),
        ],
    );
}

#[test]
fn criteria_are_joined_and_not_grouped() {
    let input = r#"{"list":[{"name":"a","k":1},{"name":"b","n":1},{"name":"c","n":1,"s":1}]}"#;
    check_filters(
        input,
        &[
            ("@.n && @.s", "c"),
            ("@.k||@.s", "a c"),
            ("@.k || @.n && @.s", "a c"),
            ("(@.k || @.n) && @.s", "a c"),
            ("@.s && (@.n || @.k)", "a c"),
            ("((@.n))", "b c"),
            ("@.n && !@.s", "b"),
            ("@.name == 'a' && @[0]", "can only be applied to arrays"),
            ("@[0] && @.name == 'z'", ""),
            ("(@.name)==a", ""),
        ],
    );
}

#[test]
fn patterns_match_whole_texts() {
    let input =
        r#"{"list":[{"name":"Ab","n":12},{"name":"xAb"},{"name":"it's a/b"},{"name":null,"n":true,"o":{"a":[1]}}]}"#;
    check_filters(
        input,
        &[
            ("@.name =~ /Ab/", "Ab"),
            ("@.name =~ /ab/i", "Ab"),
            ("@.name =~ /.*ab/i", "Ab xAb"),
            ("/.*b/ =~ @.name", "Ab xAb it's a/b"),
            ("@.name =~ /it.s a/b/", "it's a/b"),
            (r"@.name =~ /it.s a\/b/", "it's a/b"),
            (r"@.name =~ /\p{Upper}\p{Alpha}*/", "Ab"),
            (r"@.name =~ /\Qit.s\E.*/", ""),
            ("@.n =~ /1./", "Ab"),
            ("@.name == /Ab/", ""),
            ("@.missing =~ Ab", ""),
            ("@.name =~ 'Ab'", "=~ needs a pattern"),
            ("@.name =~ /Ab/g", "=~ needs a pattern"),
        ],
    );
    let found = select("$.list[?(@.o =~ /.a=.1../)].n", &json(input));
    assert_eq!(found.unwrap().to_json(), "[true]");
}

#[test]
fn other_texts_are_no_paths() {
    let long = format!("${}", ".a".repeat(2000));
    let spreading = format!("${}", "[*]".repeat(101));
    for text in [
        "",
        "x",
        "@.a",
        "$.",
        "$..",
        "$...",
        "$.a.",
        "$.a..",
        "$[",
        "$[]",
        "$[ ]",
        "$['a'",
        "$['a",
        "$[a]",
        "$[\"a\"]",
        "$.a b",
        "$.a [0]",
        "$. a",
        "$[:]",
        "$[::2]",
        "$[,]",
        "$[-]",
        "$[--1]",
        "$[1-2]",
        "$[99999999999]",
        "$[ * ]",
        "$[(@.length)]",
        "$[(@.length+1)]",
        "$[@.length-1]",
        "$[(@.a-1)]",
        "$[?()]",
        "$[?(1)]",
        "$[?(@.a",
        "$[?@.a]",
        "$[?(@.a)x]",
        "$[?(! @.a)]",
        "$[?(!(@.a))]",
        "$[?(!$.a)]",
        "$[?(@.a == !@.b)]",
        "$[?(@.a &&)]",
        "$[?(@.a &&& @.b)]",
        "$[?(@.a[*])]",
        "$[?(@..a)]",
        "$[?(@.a[?(@.b)])]",
        "$[?(@.a in ['x'])]",
        "$[?(@.a size 1)]",
        "$[?(@.a == 'x)]",
        "$[?(@.a == 'x && y')]",
        "$[?(@.a =~ /(/)]",
        "$[?(@.a =~ /a{1000}{1000}/)]",
        "$[?(@.a =~ /)]",
        "$[?('x')]",
        "$[?(@k == 1)]",
        "$-a",
        "$$a",
        "$1",
        "$]",
        &long,
        &spreading,
    ] {
        assert!(Path::parse(text).is_err(), "{text}");
    }
}

#[test]
fn what_newer_dialects_know_is_refused_with_what_to_write_instead() {
    for (text, hint) in [
        ("$[\"a\"]", "write the name in single quotes"),
        ("$.a[?(@.b in ['x'])]", "AWS knows no operator 'in' in a filter"),
        ("$.a[?(@.b CONTAINS 'x')]", "AWS knows no operator 'CONTAINS' in a filter"),
        ("$.a[?(@.b subsetof $.c)]", "States.ArrayContains"),
        ("$.a[?(x in @.b)]", "or JSONata"),
        ("$.a[?(@..b)]", "A path in a filter leads to one value"),
        ("$.a[?(@.b[?(@.c)])]", "AWS knows no filter within a filter"),
        ("$.a[(@.length+1)]", "AWS knows [(@.length-n)]"),
        ("$.a[:]", "Expected an index or a slice such as [1:3], [1:] or [:3]"),
    ] {
        let error = Path::parse(text).unwrap_err();
        assert!(error.message.contains(hint), "{text}: {error}");
        assert!(error.offset <= text.len(), "{text}");
    }
}

/// Every construct that can stand in itself, far too often.
#[test]
fn deep_nesting_is_refused_or_read_without_depth() {
    let times = 100_000;
    for (open, middle, close) in [
        ("[", "0", "]"),
        ("(", "@.a", ")"),
        ("!", "@.a", ""),
        ("..", "a", ""),
        (".", "a", ""),
        ("[0]", "", ""),
        ("[*]", "", ""),
        ("['a']", "", ""),
        ("$", "", ""),
        ("*", "", ""),
        ("[?(@", "", ")]"),
        ("[?(@.a", " == 1", ")]"),
        ("@.a && ", "@.b", ""),
        ("@.a || ", "@.b", ""),
        ("{\"a\":", "1", "}"),
        ("[(@.length-1)", "", "]"),
        ("/(", "a", ")/"),
    ] {
        let nested = format!("{}{middle}{}", open.repeat(times), close.repeat(times));
        for text in [
            format!("${nested}"),
            format!("$[?({nested})]"),
            format!("$[?(@.a == {nested})]"),
            format!("$[?(@.a =~ /{nested}/)]"),
        ] {
            if let Ok(path) = Path::parse(&text) {
                let value = json(r#"[{"a":1}]"#);
                let _ = scoped(&value, "{}", ("v", "1"), |scope| path.select(scope));
            }
        }
    }
}

#[test]
fn paths_tell_what_they_are() {
    for (text, definite, variable) in [
        ("$.a[0]['b']", true, None),
        ("$.a.length()", true, None),
        ("$['a','b']", true, None),
        ("$.a[(@.length-1)]", true, None),
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
    for text in ["$.a", "$['a, b'].c[0]", "$", "$['x:y']"] {
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
        "$['a].b']",
        "$.a.length()",
        "$.a[(@.length-1)]",
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
        "[1:2]",
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
        "[?(@.a[0])]",
    ];
    let tail = prop::sample::select(vec!["", "", ".length()", "['a','b']", ".b]", "[(@.length-1)]"]);
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
