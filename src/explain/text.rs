//! An explanation for people: the verdict, then why, then what to type.

use super::{Asserted, Change, Explanation, Origin, PathFacts, Rule};
use crate::report::Style;
use std::fmt::Write as _;

/// Text with the colours of a terminal, or without.
#[derive(Clone, Copy)]
pub struct Paint(bool);

impl Paint {
    pub fn new(style: Style) -> Paint {
        Paint(style.color)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    pub fn struck(self, text: &str) -> String {
        self.with("2;9", text)
    }

    pub fn red(self, text: &str) -> String {
        self.with("31", text)
    }

    pub fn green(self, text: &str) -> String {
        self.with("32", text)
    }

    pub fn yellow(self, text: &str) -> String {
        self.with("33", text)
    }

    pub fn cyan(self, text: &str) -> String {
        self.with("36", text)
    }
}

/// The text of one explanation, ending in a newline.
pub fn render(explanation: &Explanation, style: Style) -> String {
    let paint = Paint::new(style);
    let mut out = format!("{}\n\n", paint.bold(&explanation.verdict));
    let arrow = if style.unicode { "→" } else { "->" };
    let mut page = Page { paint, arrow, out: &mut out };
    if let Some(path) = &explanation.path {
        page.facts(path);
    }
    match &explanation.rule {
        Some(rule) => page.rule("rule", rule),
        None => page.line("rule", "none"),
    }
    explanation.shadows.iter().for_each(|rule| page.shadowed(rule));
    explanation.assertions.iter().for_each(|asserted| page.asserted(asserted));
    explanation.changes.iter().for_each(|change| page.change(change));
    out
}

struct Page<'a> {
    paint: Paint,
    arrow: &'static str,
    out: &'a mut String,
}

impl Page<'_> {
    /// A line with a word in front, or with none where it goes on.
    fn line(&mut self, word: &str, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.out, "  {}{text}", self.paint.dim(&format!("{word:<11}")));
    }

    fn facts(&mut self, path: &PathFacts) {
        for link in &path.links {
            self.line("link", &format!("{} {} {}", link.at, self.arrow, link.to));
        }
    }

    fn rule(&mut self, word: &str, rule: &Rule) {
        self.line(word, &rule.rule);
        for origin in &rule.origins {
            self.origin(origin);
        }
        for old in &rule.replaces {
            let place = format!("{}:{}", old.place.file, old.place.line);
            self.line(
                "",
                &format!("replaces {}  {}", old.rule, self.paint.dim(&format!("{place}, in `{}`", old.layer))),
            );
        }
    }

    fn shadowed(&mut self, rule: &Rule) {
        let place = rule.origins.first().map(|origin| {
            let place = format!("{}:{}, in `{}`", origin.place.file, origin.place.line, origin.layer);
            self.paint.dim(&place)
        });
        self.line("shadows", &format!("{}  {}", rule.rule, place.unwrap_or_default()));
    }

    fn origin(&mut self, origin: &Origin) {
        let place = format!("{}:{}", origin.place.file, origin.place.line);
        let way = origin
            .inherited
            .as_ref()
            .map(|way| format!(", inherited by {}", way.replace('→', self.arrow)))
            .unwrap_or_default();
        let text = self.paint.dim(&format!("{place}, in `{}`{way}", origin.layer));
        self.line("", &text);
        if let Some(reason) = &origin.reason {
            self.line("", reason);
        }
    }

    fn asserted(&mut self, asserted: &Asserted) {
        let place = format!("{}:{}, in `{}`", asserted.place.file, asserted.place.line, asserted.layer);
        self.line("asserted", &format!("{}  {}", asserted.assertion, self.paint.dim(&place)));
        if let Some(waived) = &asserted.waived {
            let place = format!("{}:{}", waived.place.file, waived.place.line);
            self.line("", &format!("waived: {}  {}", waived.reason, self.paint.dim(&place)));
        }
    }

    fn change(&mut self, change: &Change) {
        let place = format!("{}:{}", change.place.file, change.place.line);
        let rules: Vec<&str> = change.lines.iter().map(|line| line.text.as_str()).collect();
        if let Some(problem) = &change.problem {
            let _ = writeln!(self.out, "\n{}: `{}` would not do: {problem}", change.goal, rules.join("`, `"));
            return;
        }
        let place = match &change.instead_of {
            Some(old) => {
                let line = old.origins.first().map(|origin| format!("{}:{}", origin.place.file, origin.place.line));
                let old = format!("`{}` ({})", old.rule, line.unwrap_or_default());
                match rules.is_empty() {
                    true => format!("leave out {old}"),
                    false => format!("write instead of {old}"),
                }
            }
            None => format!("write in sandbox `{}` ({place})", change.sandbox),
        };
        let _ = writeln!(self.out, "\n{}, {place}{}", change.goal, if rules.is_empty() { "" } else { ":" });
        for line in &change.lines {
            let section = line.section.map(|section| self.paint.dim(&format!("   in `{section}`")));
            let _ = writeln!(self.out, "    {}{}", line.text, section.unwrap_or_default());
        }
    }
}
