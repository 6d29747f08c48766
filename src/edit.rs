//! Replaces parts of a text, and tells where a place of the new text was in the old one.
//!
//! Knows nothing of policies. Fixes of files and repairs in memory are made with it.

use crate::source::Span;

/// A text to put in place of some bytes of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    pub span: Span,
    pub text: String,
}

impl Replacement {
    pub fn new(start: usize, end: usize, text: impl Into<String>) -> Replacement {
        Replacement { span: Span { start, end }, text: text.into() }
    }
}

/// Where the parts of a changed text come from. The default is a text that was not changed.
#[derive(Clone, Debug, Default)]
pub struct Moved {
    /// Ranges of the new text, in order, each with the range that it replaces.
    parts: Vec<(Span, Span)>,
}

impl Moved {
    /// The place in the old text.
    pub fn origin(&self, span: Span) -> Span {
        let start = self.offset(span.start, |old| old.start);
        Span { start, end: self.offset(span.end, |old| old.end).max(start) }
    }

    /// An offset in the old text; `inside` chooses for one that has no counterpart.
    fn offset(&self, at: usize, inside: impl Fn(&Span) -> usize) -> usize {
        let count = self.parts.partition_point(|(new, _)| new.start < at);
        match count.checked_sub(1).and_then(|last| self.parts.get(last)) {
            None => at,
            Some((new, old)) if at < new.end => inside(old),
            Some((new, old)) => old.end + (at - new.end),
        }
    }
}

/// The text with all replacements that overlap no earlier one and lie on characters.
pub fn apply(text: &str, replacements: &[Replacement]) -> (String, Moved) {
    let mut sorted: Vec<&Replacement> = replacements.iter().collect();
    // Stable: several insertions at one place stay in their order.
    sorted.sort_by_key(|replacement| (replacement.span.start, replacement.span.end));
    let (mut out, mut moved, mut done) = (String::with_capacity(text.len()), Moved::default(), 0);
    for Replacement { span, text: new } in sorted {
        let fits = span.start >= done && text.get(span.start..span.end).is_some();
        let Some(before) = text.get(done..span.start).filter(|_| fits) else { continue };
        out.push_str(before);
        let start = out.len();
        out.push_str(new);
        moved.parts.push((Span { start, end: out.len() }, *span));
        done = span.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    (out, moved)
}

/// A place with the white space before it, to remove both.
pub fn with_space(text: &str, span: Span) -> Span {
    let before = text.get(..span.start).unwrap_or_default();
    Span { start: before.trim_end_matches([' ', '\t']).len(), ..span }
}

/// Text as it is written in a policy, with quotes.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A place after, in and before a replacement is found again in the old text.
    #[test]
    fn places_are_found_again() {
        let (new, moved) = apply("ro /usr x", &[Replacement::new(3, 3, "\""), Replacement::new(7, 7, "\"")]);
        assert_eq!(new, "ro \"/usr\" x");
        assert_eq!(moved.origin(Span { start: 3, end: 9 }), Span { start: 3, end: 7 });
        assert_eq!(moved.origin(Span { start: 10, end: 11 }), Span { start: 8, end: 9 });
        assert_eq!(moved.origin(Span { start: 0, end: 2 }), Span { start: 0, end: 2 });
    }

    /// Of two replacements of the same bytes the first is made.
    #[test]
    fn overlaps_are_left_out() {
        assert_eq!(apply("abc", &[Replacement::new(0, 2, "x"), Replacement::new(1, 3, "y")]).0, "xc");
    }
}
