//! Which known name is nearest to an unknown one.

/// Longer names are no slip of anybody's.
const LENGTH_MAX: usize = 100;

/// The name nearest to `name`, whatever the case of letters, if it differs in few of them. Of equally near ones the
/// first.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
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

/// How many letters must be put in, left out or exchanged.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, letter) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (other_at, other) in b.iter().enumerate() {
            let exchanged = diagonal + usize::from(!letter.eq_ignore_ascii_case(other));
            diagonal = row[other_at + 1];
            row[other_at + 1] = exchanged.min(diagonal + 1).min(row[other_at] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_letters() {
        for (a, b, expected) in
            [("", "", 0), ("a", "", 1), ("", "ab", 2), ("abc", "ABC", 0), ("abc", "axc", 1), ("kitten", "sitting", 3)]
        {
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
