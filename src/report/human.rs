//! Problems with the source around them, drawn by miette.

use super::{SHOWN, Style};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Label, Severity, printable};
use crate::source::{Source, Sources};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceSpan};
use std::fmt;

/// The longest line, in bytes, that is shown. One of a file that is no policy could fill a terminal.
const LONGEST_LINE: usize = 1_000;

pub fn render(sorted: &[&Diagnostic], sources: &Sources, style: Style) -> String {
    let theme = match (style.unicode, style.color) {
        (true, true) => GraphicalTheme::unicode(),
        (true, false) => GraphicalTheme::unicode_nocolor(),
        (false, true) => GraphicalTheme { characters: miette::ThemeCharacters::ascii(), ..GraphicalTheme::unicode() },
        (false, false) => GraphicalTheme::none(),
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        // Sentences are broken at a terminal's width, never a path or a line of source: those are copied.
        .with_width(style.width.unwrap_or(usize::MAX))
        .with_wrap_lines(style.width.is_some())
        .with_break_words(false)
        .with_links(false)
        .with_show_related_as_nested(true)
        .with_context_lines(1);
    let mut out = String::new();
    for diagnostic in sorted.iter().take(SHOWN) {
        // Writing to a string cannot fail, and miette reports nothing else.
        let _ = handler.render_report(&mut out, &Rendered::new(diagnostic, sources));
    }
    if sorted.len() > SHOWN {
        out.push_str(&format!("… and {} more\n", sorted.len() - SHOWN));
    }
    if style.unicode { out } else { ascii(&out) }
}

/// A text without the signs of sbc's own that such a terminal lacks.
fn ascii(text: &str) -> String {
    text.replace('…', "...").replace('→', "->")
}

/// A diagnostic in miette's terms. Labels of other files become nested diagnostics, because all
/// labels of one belong to one source (zkat/miette#193).
#[derive(Debug)]
struct Rendered {
    code: Option<Code>,
    severity: Severity,
    title: String,
    help: Option<String>,
    source: Option<NamedSource<String>>,
    labels: Vec<LabeledSpan>,
    related: Vec<Rendered>,
}

impl Rendered {
    fn new(diagnostic: &Diagnostic, sources: &Sources) -> Rendered {
        let file = diagnostic.labels.first().map(|label| label.location.source);
        let (here, elsewhere): (Vec<&Label>, Vec<&Label>) =
            diagnostic.labels.iter().partition(|label| Some(label.location.source) == file);
        let source = file.and_then(|id| sources.get(id));
        let (source, place) = match (source, here.first()) {
            (Some(long), Some(label)) if !is_showable(long) => {
                let (line, column) = long.position(label.location.span.start);
                (None, format!(" ({}:{line}:{column})", long.name))
            }
            _ => (source, String::new()),
        };
        Rendered {
            code: Some(diagnostic.code),
            severity: diagnostic.severity,
            title: printable(&format!("{}{place}", diagnostic.title)),
            help: footer(diagnostic),
            labels: source.map(|source| here.iter().map(|label| span(label, source)).collect()).unwrap_or_default(),
            source: source.map(named),
            related: elsewhere.iter().filter_map(|label| Rendered::note(label, sources)).collect(),
        }
    }

    fn note(label: &Label, sources: &Sources) -> Option<Rendered> {
        let source = sources.get(label.location.source).filter(|source| is_showable(source))?;
        let silent = Label { text: String::new(), ..(*label).clone() };
        Some(Rendered {
            code: None,
            severity: Severity::Warning,
            title: printable(&label.text),
            help: None,
            source: Some(named(source)),
            labels: vec![span(&silent, source)],
            related: Vec::new(),
        })
    }
}

/// The help, and the notes after it.
fn footer(diagnostic: &Diagnostic) -> Option<String> {
    let notes = diagnostic.notes.iter().map(|note| printable(&format!("note: {note}")));
    let lines: Vec<String> = diagnostic.help.as_deref().map(printable).into_iter().chain(notes).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn is_showable(source: &Source) -> bool {
    source.text.lines().all(|line| line.len() <= LONGEST_LINE)
}

/// The text as it may be shown: control characters become a visible substitute of as many bytes,
/// so that spans keep their meaning.
fn named(source: &Source) -> NamedSource<String> {
    let visible = source
        .text
        .chars()
        .flat_map(|c| {
            let keep = matches!(c, '\n' | '\t') || !printable(c.encode_utf8(&mut [0; 4])).starts_with("\\u{");
            let (shown, count) = if keep { (c, 1) } else { ('?', c.len_utf8()) };
            std::iter::repeat_n(shown, count)
        })
        .collect();
    NamedSource::new(printable(&source.name), visible)
}

fn span(label: &Label, source: &Source) -> LabeledSpan {
    let start = label.location.span.start.min(source.text.len());
    let end = label.location.span.end.clamp(start, source.text.len());
    let text = (!label.text.is_empty()).then(|| printable(&label.text));
    LabeledSpan::new_with_span(text, SourceSpan::new(start.into(), end - start))
}

impl fmt::Display for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)
    }
}

impl std::error::Error for Rendered {}

impl miette::Diagnostic for Rendered {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.map(|code| Box::new(code.name()) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match (self.code, self.severity) {
            (None, _) => miette::Severity::Advice,
            (_, Severity::Error) => miette::Severity::Error,
            (_, Severity::Warning) => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.source.as_ref().map(|source| source as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        let related = self.related.iter().map(|note| note as &dyn miette::Diagnostic);
        (!self.related.is_empty()).then(|| Box::new(related) as Box<dyn Iterator<Item = &dyn miette::Diagnostic>>)
    }
}
