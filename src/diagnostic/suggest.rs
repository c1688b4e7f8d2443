//! "Did you mean": the nearest of the words that could have been meant.

/// The candidate nearest to `written`, if it is near enough to be a slip: one change per three characters.
#[must_use]
pub fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_within(written, candidates, written.chars().count().div_ceil(3).min(3))
}

/// The candidate nearest to `written`, if it is no more than `allowed` changes away.
///
/// A change is a character put in, left out, replaced, or swapped with its neighbour. Of two equally near the first wins.
#[must_use]
pub fn nearest_within<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    allowed: usize,
) -> Option<&'a str> {
    let written = written.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let distance = distance(&written, &candidate.to_lowercase());
        if distance <= allowed && distance < candidate.chars().count() && best.is_none_or(|(least, _)| distance < least)
        {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Words longer than this are compared by their beginning.
const COMPARED_CHARS_MAX: usize = 64;

/// The optimal string alignment distance: three rows of the table at a time.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(COMPARED_CHARS_MAX).collect();
    let b: Vec<char> = b.chars().take(COMPARED_CHARS_MAX).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(last.len());
        row.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(x != y);
            let mut least = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_a_far_one_is_not() {
        let words = ["within", "where", "with", "is"];
        assert_eq!(nearest("witin", words), Some("within"));
        assert_eq!(nearest("WIHTIN", words), Some("within"));
        assert_eq!(nearest("si", words), Some("is"));
        assert_eq!(nearest("order", words), None);
        assert_eq!(nearest("", words), None);
        assert_eq!(nearest("x", words), None);
    }

    #[test]
    fn a_swap_is_one_change() {
        assert_eq!(distance("teh", "the"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
