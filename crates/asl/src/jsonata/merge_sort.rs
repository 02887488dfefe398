//! A stable sort whose comparison may fail, and may be inconsistent.

use super::failure::Evaluated;

/// Sorts; `goes_after` is whether the first of two belongs behind the second. It is asked n log n times.
pub(super) fn merge_sort<T>(items: Vec<T>, goes_after: &mut dyn FnMut(&T, &T) -> Evaluated<bool>) -> Evaluated<Vec<T>> {
    if items.len() < 2 {
        return Ok(items);
    }
    // The halves are sorted one after the other, so that the depth is that of a logarithm.
    let mut left = items;
    let right = left.split_off(left.len() / 2);
    let (left, right) = (merge_sort(left, goes_after)?, merge_sort(right, goes_after)?);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        let takes_right = goes_after(first, second)?;
        merged.extend(if takes_right { right.next() } else { left.next() });
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_items_keep_their_order() {
        let items = vec![(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd')];
        let sorted = merge_sort(items, &mut |a, b| Ok(a.0 > b.0)).unwrap();
        assert_eq!(sorted, [(1, 'b'), (1, 'd'), (2, 'a'), (2, 'c')]);
    }

    #[test]
    fn a_comparison_without_sense_ends() {
        let mut calls = 0;
        let sorted = merge_sort((0..100).collect(), &mut |_, _| {
            calls += 1;
            Ok(calls % 2 == 0)
        });
        assert_eq!(sorted.unwrap().len(), 100);
    }
}
