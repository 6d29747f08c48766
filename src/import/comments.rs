//! The comments of a script as reasons of rules.

/// How many lines a comment may stand above what it is about.
const NEAR: usize = 12;

/// The longest reason, in characters.
const LONGEST: usize = 200;

/// The reason of what stands at an offset: the comment behind it on its line, else the one above its
/// block of lines.
pub fn reason(source: &str, offset: usize) -> Option<String> {
    let start = source.get(..offset)?.rfind('\n').map_or(0, |newline| newline + 1);
    let line = source.get(start..)?.lines().next()?;
    let text = behind(line).or_else(|| above(source.get(..start)?))?;
    let text = super::one_line(&text);
    (!text.is_empty()).then(|| text.chars().take(LONGEST).collect())
}

/// The comment at the end of a line.
fn behind(line: &str) -> Option<String> {
    let (mut quote, mut before) = (None, ' ');
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') if before.is_whitespace() => return line.get(at + 1..).map(|text| text.trim().to_owned()),
            (None, '"' | '\'') if before != '\\' => quote = Some(c),
            (Some(open), c) if c == open && before != '\\' => quote = None,
            _ => {}
        }
        before = c;
    }
    None
}

/// The comment above the block of lines that ends here.
fn above(text: &str) -> Option<String> {
    let lines = text.lines().rev().map(str::trim);
    let mut comment: Vec<&str> = Vec::new();
    for (count, line) in lines.enumerate() {
        match line.strip_prefix('#') {
            // The first line names an interpreter, or a linter.
            Some(rest) if rest.starts_with('!') || rest.trim_start().starts_with("shellcheck") => break,
            Some(rest) => comment.push(rest.trim_matches(['#', ' ', '-', '=', '─'])),
            None if !comment.is_empty() || line.is_empty() || count >= NEAR => break,
            None => {}
        }
    }
    comment.reverse();
    (!comment.is_empty()).then(|| comment.join(" "))
}
