//! Which known name is nearest to an unknown one: what a slip of the fingers meant.

/// Longer names are no slip of anybody's.
const LENGTH_MAX: usize = 100;

/// The name nearest to `name`, whatever the case of letters, if it differs in few of them. Of equally near ones the
/// first.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LENGTH_MAX {
        return None;
    }
    let differences_max = 2.min(name.len() / 3);
    known
        .filter(|known| known.len().abs_diff(name.len()) <= differences_max)
        .map(|known| (distance(name.as_bytes(), known.as_bytes()), known))
        .filter(|(distance, _)| *distance <= differences_max)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
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
        assert_eq!(near("delete"), None);
        assert_eq!(near(""), None);
        assert_eq!(near(&"getObject".repeat(100)), None);
    }
}
