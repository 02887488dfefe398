//! Which known name is nearest to an unknown one: what a slip of the fingers meant.

/// Longer names are no slip of anybody's.
const LENGTH_MAX: usize = 100;

/// Shorter beginnings of a name mean nothing.
const BEGINNING_MIN: usize = 4;

/// The name nearest to `name`, whatever the case of letters, if it differs in few of them; failing that, the shortest one
/// that begins with it. Of equally near ones the first.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LENGTH_MAX {
        return None;
    }
    let differences_max = 2.min(name.len() / 3);
    let (mut nearest, mut longer): (Option<(usize, &str)>, Option<&str>) = (None, None);
    for known in known {
        if known.len().abs_diff(name.len()) <= differences_max {
            let distance = distance(name.as_bytes(), known.as_bytes());
            if distance <= differences_max && nearest.is_none_or(|(least, _)| distance < least) {
                nearest = Some((distance, known));
            }
        }
        if begins(known, name) && longer.is_none_or(|longer| known.len() < longer.len()) {
            longer = Some(known);
        }
    }
    nearest.map(|(_, known)| known).or(longer)
}

fn begins(known: &str, name: &str) -> bool {
    name.len() >= BEGINNING_MIN && known.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name))
}

/// How many letters must be put in, left out or exchanged; two neighbours that changed places are one.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let same = |a: u8, b: u8| a.eq_ignore_ascii_case(&b);
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, letter) in a.iter().enumerate() {
        let mut next = vec![at + 1];
        for (other_at, other) in b.iter().enumerate() {
            let exchanged = row[other_at] + usize::from(!same(*letter, *other));
            let mut least = exchanged.min(row[other_at + 1] + 1).min(next[other_at] + 1);
            if at > 0 && other_at > 0 && same(*letter, b[other_at - 1]) && same(a[at - 1], *other) {
                least = least.min(before[other_at - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_letters() {
        for (a, b, expected) in [
            ("", "", 0),
            ("a", "", 1),
            ("", "ab", 2),
            ("abc", "ABC", 0),
            ("abc", "axc", 1),
            ("kitten", "sitting", 3),
            ("secnod", "second", 1),
        ] {
            assert_eq!(distance(a.as_bytes(), b.as_bytes()), expected, "{a} {b}");
        }
    }

    #[test]
    fn only_what_is_near_is_named() {
        let known = ["getObject", "getObjectAcl", "putObject"];
        let near = |name: &str| nearest(name, known.into_iter());
        assert_eq!(near("getobjekt"), Some("getObject"));
        assert_eq!(near("gutObject"), Some("getObject"), "the first of two");
        assert_eq!(near("putO"), Some("putObject"), "it begins so");
        assert_eq!(near("getObjectA"), Some("getObject"), "what is near comes before what begins so");
        assert_eq!(near("put"), None);
        assert_eq!(near("delete"), None);
        assert_eq!(near(""), None);
        assert_eq!(near(&"getObject".repeat(100)), None);
    }
}
