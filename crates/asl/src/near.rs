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
            let distance = distance(name.as_bytes(), known.as_bytes(), differences_max);
            if let Some(distance) = distance.filter(|distance| nearest.is_none_or(|(least, _)| *distance < least)) {
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

/// How many letters must be put in, left out or exchanged, up to so many; two neighbours that changed places are one.
/// `None` where it is more. It takes time for the letters of one name, not for those of both: what is further apart than
/// so many letters is not looked at.
fn distance(a: &[u8], b: &[u8], most: usize) -> Option<usize> {
    let far = most + 1;
    let same = |a: u8, b: u8| a.eq_ignore_ascii_case(&b);
    let mut before = vec![far; b.len() + 1];
    let mut row: Vec<usize> = (0..=b.len()).map(|count| count.min(far)).collect();
    let mut next = vec![far; b.len() + 1];
    for (at, letter) in a.iter().enumerate() {
        let (from, to) = ((at + 1).saturating_sub(most).max(1), (at + 1 + most).min(b.len()));
        next[from - 1] = if from == 1 { (at + 1).min(far) } else { far };
        for place in from..=to {
            let exchanged = row[place - 1] + usize::from(!same(*letter, b[place - 1]));
            let mut least = exchanged.min(row[place] + 1).min(next[place - 1] + 1);
            if at > 0 && place > 1 && same(*letter, b[place - 2]) && same(a[at - 1], b[place - 1]) {
                least = least.min(before[place - 2] + 1);
            }
            next[place] = least.min(far);
        }
        if let Some(beyond) = next.get_mut(to + 1) {
            *beyond = far;
        }
        std::mem::swap(&mut before, &mut row);
        std::mem::swap(&mut row, &mut next);
    }
    row.last().copied().filter(|distance| *distance <= most)
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
            ("abcdefgh", "hgfedcba", 7),
            ("a", "abcdef", 5),
            ("sendMesage", "sendMessage", 1),
        ] {
            for most in 0..5 {
                let told = Some(expected).filter(|expected| *expected <= most);
                assert_eq!(distance(a.as_bytes(), b.as_bytes(), most), told, "{a} {b}, at most {most}");
            }
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
