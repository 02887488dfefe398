//! A line diff, small and bounded.

/// Lines that are the same are shown this far around a difference.
const CONTEXT: usize = 3;
/// Cells of the table of common subsequences; where two texts need more, all their lines count as different.
const CELLS_MAX: usize = 4_000_000;

/// One line of a diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'t> {
    /// In both.
    Same(&'t str),
    /// Expected, and not there.
    Missing(&'t str),
    /// There, and not expected.
    Surplus(&'t str),
    /// That many lines in both that are not shown.
    Gap(usize),
}

/// The differences of two texts, with some lines around each.
pub fn diff<'t>(expected: &'t str, found: &'t str) -> Vec<Line<'t>> {
    let (expected, found): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    let start = expected.iter().zip(&found).take_while(|(a, b)| a == b).count();
    let ends = expected[start..].iter().rev().zip(found[start..].iter().rev());
    let end = ends.take_while(|(a, b)| a == b).count();
    let (middle, tail) = expected[start..].split_at(expected.len() - start - end);

    let mut lines: Vec<_> = expected[..start].iter().copied().map(Line::Same).collect();
    compare(middle, &found[start..found.len() - end], &mut lines);
    lines.extend(tail.iter().copied().map(Line::Same));
    with_gaps(&lines)
}

/// The longest common subsequence, by the usual table.
fn compare<'t>(expected: &[&'t str], found: &[&'t str], lines: &mut Vec<Line<'t>>) {
    let width = found.len() + 1;
    if (expected.len() + 1).saturating_mul(width) > CELLS_MAX {
        lines.extend(expected.iter().copied().map(Line::Missing));
        lines.extend(found.iter().copied().map(Line::Surplus));
        return;
    }
    // The length of what expected[i..] and found[j..] have in common.
    let mut common = vec![0_u32; (expected.len() + 1) * width];
    for i in (0..expected.len()).rev() {
        for j in (0..found.len()).rev() {
            common[i * width + j] = if expected[i] == found[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < expected.len() || j < found.len() {
        if i < expected.len() && j < found.len() && expected[i] == found[j] {
            lines.push(Line::Same(expected[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == found.len() || (i < expected.len() && common[(i + 1) * width + j] >= common[i * width + j + 1]) {
            lines.push(Line::Missing(expected[i]));
            i += 1;
        } else {
            lines.push(Line::Surplus(found[j]));
            j += 1;
        }
    }
}

fn with_gaps<'t>(lines: &[Line<'t>]) -> Vec<Line<'t>> {
    let mut shown = vec![false; lines.len()];
    for (at, line) in lines.iter().enumerate() {
        if !matches!(line, Line::Same(_)) {
            shown[at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(lines.len())].fill(true);
        }
    }
    let mut kept = Vec::new();
    for (line, shown) in lines.iter().zip(shown) {
        match (shown, kept.last_mut()) {
            (true, _) => kept.push(*line),
            (false, Some(Line::Gap(count))) => *count += 1,
            (false, _) => kept.push(Line::Gap(1)),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_shown_with_what_is_around() {
        use Line::{Gap, Missing, Same, Surplus};
        let cases: [(&str, &str, Vec<Line<'_>>); 5] = [
            ("a", "b", vec![Missing("a"), Surplus("b")]),
            ("a\nb\nc", "a\nc", vec![Same("a"), Missing("b"), Same("c")]),
            ("a\nc", "a\nb\nc", vec![Same("a"), Surplus("b"), Same("c")]),
            ("", "x", vec![Surplus("x")]),
            (
                "1\n2\n3\n4\n5\n6",
                "1\n2\n3\n4\n5\n7",
                vec![Gap(2), Same("3"), Same("4"), Same("5"), Missing("6"), Surplus("7")],
            ),
        ];
        for (expected, found, lines) in cases {
            assert_eq!(diff(expected, found), lines, "{expected:?} {found:?}");
        }
    }

    #[test]
    fn texts_too_long_to_compare_are_shown_whole() {
        let text = |word: &str| (0..2500).map(|n| format!("{word}{n}\n")).collect::<String>();
        assert_eq!(diff(&text("a"), &text("b")).len(), 5000);
    }
}
