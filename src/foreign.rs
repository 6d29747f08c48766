//! Recognizes files that were never meant to be KDL, by their first line that says something.
//!
//! Only asked about a file that is no valid policy.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Location, SourceId, Span};

/// One problem for a whole file in another language; `None` for what looks like a policy.
pub fn detect(text: &str, source: SourceId) -> Option<Diagnostic> {
    if let Some(diagnostic) = wide(text, source) {
        return Some(diagnostic);
    }
    let body = text.trim_start_matches('\u{feff}');
    let is_policy = |line: &str| {
        let rest = ["sandbox", "profile"].into_iter().find_map(|name| line.trim_start().strip_prefix(name));
        rest.is_some_and(|rest| rest.starts_with([' ', '\t']) && line.trim_end().ends_with(['{', '}', '"']))
    };
    if body.lines().any(is_policy) {
        return None;
    }
    let comment =
        |line: &&str| line.is_empty() || line.starts_with('#') && !line.starts_with("#!") || line.starts_with("//");
    let first = body.lines().map(str::trim).find(|line| !comment(line))?;
    let (language, help) = language(first, body)?;
    let start = text.find(first).unwrap_or(0);
    let location = Location { source, span: Span { start, end: start + first.len() } };
    let title = format!("this file is {language}, and a policy is KDL");
    Some(Diagnostic::error(Code::SBC0005, title).at(location, "here").help(help))
}

/// Braces and quotes of full width, as keyboards for Chinese and Japanese give them.
const WIDE: [(char, &str); 7] =
    [('｛', "{"), ('｝', "}"), ('；', ";"), ('＝', "="), ('＂', "\""), ('“', "\""), ('”', "\"")];

/// One problem for all of them where they stand for the braces of blocks.
fn wide(text: &str, source: SourceId) -> Option<Diagnostic> {
    let is_block = |line: &str| line.trim_end().ends_with('｛') || line.trim_start().starts_with('｝');
    let first = text.find(['｛', '｝']).filter(|_| text.lines().any(is_block))?;
    let place = |at: usize, c: char| Location { source, span: Span { start: at, end: at + c.len_utf8() } };
    let title = "braces and quotes of full width are other characters than `{ }` and `\"`";
    let diagnostic = Diagnostic::error(Code::SBC0005, title).at(place(first, '｛'), "here");
    let diagnostic = diagnostic.help("write `{`, `}`, `;`, `=` and `\"` in half width");
    let changes = text
        .char_indices()
        .filter_map(|(at, c)| WIDE.iter().find(|(wide, _)| *wide == c).map(|(_, half)| (place(at, c), *half)));
    Some(changes.fold(diagnostic, |diagnostic, (place, half)| diagnostic.fix(place, half)))
}

const INIT: &str = "see what a policy looks like: `sbc init --dry-run`, or `sbc profiles base-dev`";
const COMMAND: &str = "write what it mounts as rules: `--ro-bind A A` is `ro \"A\"`, `--bind A A` is `rw \"A\"`, `--tmpfs A` is `tmpfs \"A\"`; `sbc init --dry-run` prints a policy to start from";

fn language(first: &str, text: &str) -> Option<(&'static str, &'static str)> {
    let word = first.split_whitespace().next().unwrap_or_default();
    let has = |start: &str| text.lines().any(|line| line.trim_start().starts_with(start));
    let opens = |start: char| text.trim_start().strip_prefix(start).map(str::trim_start);
    if word == "bwrap"
        || word.ends_with("/bwrap")
        || first.starts_with("exec bwrap")
        || first.starts_with("#!") && has("bwrap ")
    {
        return Some(("a bubblewrap command line", COMMAND));
    }
    if first.starts_with("#!") || first.starts_with("set -") || first.starts_with("export ") {
        return Some(("a shell script", INIT));
    }
    if word == "FROM" || word == "ARG" && has("FROM ") {
        return Some(("a Dockerfile", INIT));
    }
    let value = |rest: &str| rest.starts_with(['"', '}', '{', '[']);
    if opens('{').is_some_and(|rest| rest.starts_with(['"', '}'])) || opens('[').is_some_and(value) {
        return Some(("JSON", INIT));
    }
    if word.starts_with('[') && first.ends_with(']') {
        return Some(("TOML", INIT));
    }
    if first.starts_with("<?xml") || first.starts_with("<!") || first.starts_with("<html") {
        return Some(("XML", INIT));
    }
    let key = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
    };
    if first.split_once(" =").is_some_and(|(name, _)| key(name)) && !first.ends_with('{') {
        return Some(("TOML", INIT));
    }
    let yaml =
        first.split_once(':').is_some_and(|(name, rest)| key(name) && (rest.is_empty() || rest.starts_with(' ')));
    if first == "---" || first.starts_with("- ") || yaml && !first.ends_with('{') {
        return Some(("YAML", INIT));
    }
    None
}
