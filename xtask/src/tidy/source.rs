//! A Rust source text without what is no code: comments, literals and test modules are blanked, lines stay.

/// The text with comments and the contents of string and character literals replaced by spaces.
pub(super) fn code(text: &str) -> String {
    let mut code = text.as_bytes().to_vec();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let end = match &bytes[at..] {
            [b'/', b'/', ..] => find(bytes, at, b"\n").unwrap_or(bytes.len()),
            [b'/', b'*', ..] => comment_end(bytes, at),
            [b'"', ..] => string_end(bytes, at),
            [b'r', b'"' | b'#', ..] if !is_word(bytes, at) => raw_string_end(bytes, at),
            [b'\'', ..] => character_end(bytes, at),
            _ => {
                at += 1;
                continue;
            }
        };
        for byte in &mut code[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end.max(at + 1);
    }
    // Only whole literals and comments were blanked, so no character was cut; a lossy conversion changes nothing.
    String::from_utf8_lossy(&code).into_owned()
}

/// Blanks the items behind `#[cfg(test)]` and `#[cfg(any(test, ...))]`. Takes what [`code`] gave.
pub(super) fn without_tests(code: &str) -> String {
    let mut kept = code.as_bytes().to_vec();
    for start in test_items(code) {
        let end = item_end(code.as_bytes(), start);
        for byte in &mut kept[start..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// The modules in files of their own that only tests have: `#[cfg(test)] mod name;`.
pub(super) fn test_modules(code: &str) -> Vec<String> {
    test_items(code).filter_map(|start| module_name(&code[start..item_end(code.as_bytes(), start)])).collect()
}

fn module_name(item: &str) -> Option<String> {
    let name = item.strip_suffix(';')?.rsplit_once("mod ")?.1.trim();
    name.chars().all(|c| c.is_alphanumeric() || c == '_').then(|| name.to_owned())
}

fn test_items(code: &str) -> impl Iterator<Item = usize> {
    let marks = ["#[cfg(test)]", "#[cfg(any(test"];
    let mut starts: Vec<usize> = marks.iter().flat_map(|mark| code.match_indices(mark).map(|(at, _)| at)).collect();
    starts.sort_unstable();
    starts.into_iter()
}

/// Where the item that begins at `start`, attributes and all, ends: at its `;`, or at the brace that closes its body.
fn item_end(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate().skip(start) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            b';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    bytes.len()
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    bytes[from..].windows(what.len()).position(|window| window == what).map(|at| from + at)
}

/// Block comments nest.
fn comment_end(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `r"..."`, `r#"..."#`; a raw identifier (`r#type`) is left as it is.
fn raw_string_end(bytes: &[u8], start: usize) -> usize {
    let hashes = bytes[start + 1..].iter().take_while(|byte| **byte == b'#').count();
    let open = start + 1 + hashes;
    if bytes.get(open) != Some(&b'"') {
        return start;
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    find(bytes, open + 1, &close).map_or(bytes.len(), |at| at + close.len())
}

/// The end of a character literal; a lifetime is left as it is.
fn character_end(bytes: &[u8], start: usize) -> usize {
    match bytes.get(start + 1) {
        Some(b'\\') => find(bytes, start + 3, b"'").map_or(bytes.len(), |at| at + 1),
        // One character of up to four bytes, then the quote.
        Some(_) => (start + 2..=start + 5)
            .find(|at| bytes.get(*at) == Some(&b'\'') && one_character(bytes, start + 1, *at))
            .map_or(start, |at| at + 1),
        None => start,
    }
}

fn one_character(bytes: &[u8], from: usize, to: usize) -> bool {
    std::str::from_utf8(&bytes[from..to]).is_ok_and(|text| text.chars().count() == 1)
}

/// Whether the byte at `at` goes on a word.
fn is_word(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_no_code() {
        for (text, gone) in [
            ("a // std::fs\nb", "std::fs"),
            ("a /* x /* std::fs */ y */ b", "y"),
            ("a \"std::fs \\\" todo!\" b", "todo"),
            ("a r#\"std::fs \" todo!\"# b", "todo"),
            ("a '\"' b // \"", "//"),
            ("a '\\'' b '\\u{41}'", "41"),
            ("a 'é' b", "é"),
        ] {
            let code = code(text);
            assert!(!code.contains(gone), "{text} -> {code}");
            assert!(code.contains('b'), "{text} -> {code}");
            assert_eq!(code.matches('\n').count(), text.matches('\n').count());
        }
    }

    #[test]
    fn code_stays() {
        for text in ["fn f<'a>(x: &'a str) -> &'a str { x }", "let r#type = 1; for b in x {}"] {
            assert_eq!(code(text), text);
        }
    }

    #[test]
    fn test_modules_are_no_code_and_those_in_files_are_known() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { if x { c() } } }\nfn d() {}\n#[cfg(test)]\nmod far;\nfn e() {}";
        let kept = without_tests(text);
        assert!(!kept.contains("b()") && !kept.contains("far"), "{kept}");
        assert!(kept.contains("a()") && kept.contains("d()") && kept.contains("e()"), "{kept}");
        assert_eq!(test_modules(text), ["far"]);
    }

    #[test]
    fn an_item_only_tests_and_a_feature_have_is_no_code() {
        assert_eq!(test_modules("#[cfg(any(test, feature = \"suite\"))]\npub mod suite;"), ["suite"]);
    }
}
