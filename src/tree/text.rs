//! The tree for a terminal: columns, letters, and colour where it helps. Nothing is said by colour
//! alone.

use super::{Entry, Rest, SecretHere};
use crate::explain::Paint;
use crate::report::Style;
use crate::verdict::Reach;
use std::fmt::Write as _;

/// Names of a directory that are listed before the rest is only counted.
const SHOWN_NAMES: usize = 3;

/// The widest column of names; longer names push their line.
const WIDEST: usize = 44;

/// A line before its columns are known.
struct Row<'t> {
    /// The branches in front.
    branches: String,
    name: String,
    entry: Option<&'t Entry>,
}

/// The drawing and what follows it, ending in a newline.
pub fn render(title: &str, root: &Entry, secrets: &[SecretHere], knows_host: bool, style: Style) -> String {
    let pen = Pen { paint: Paint::new(style), unicode: style.unicode };
    let mut rows = Vec::new();
    pen.rows(root, "", "", &mut rows);
    let length = |row: &Row<'_>| row.branches.chars().count() + row.name.chars().count();
    let width = rows
        .iter()
        .filter(|row| row.entry.is_some_and(|entry| entry.link.is_none()))
        .map(length)
        .filter(|length| *length <= WIDEST)
        .max();
    let about = rows.iter().filter_map(|row| row.entry).map(|entry| entry.about.chars().count());
    let about = about.filter(|length| *length <= WIDEST / 2).max().unwrap_or(0);
    let mut out = format!("{}\n\n", pen.paint.bold(title));
    for row in &rows {
        pen.row(row, width.unwrap_or(0), about, &mut out);
    }
    pen.legend(&mut out);
    if knows_host {
        pen.secrets(secrets, &mut out);
    }
    out
}

struct Pen {
    paint: Paint,
    unicode: bool,
}

impl Pen {
    fn pick(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }

    /// The lines of an entry and all below it.
    fn rows<'t>(&self, entry: &'t Entry, branch: &str, below: &str, rows: &mut Vec<Row<'t>>) {
        rows.push(Row { branches: branch.to_owned(), name: self.name(entry), entry: Some(entry) });
        let last = entry.children.len() + usize::from(entry.rest.is_some());
        for (index, child) in entry.children.iter().enumerate() {
            let (mark, more) = self.branch(index + 1 == last);
            self.rows(child, &format!("{below}{mark}"), &format!("{below}{more}"), rows);
        }
        if let Some(rest) = &entry.rest {
            let (mark, _) = self.branch(true);
            rows.push(Row { branches: format!("{below}{mark}"), name: self.rest(rest), entry: None });
        }
    }

    fn branch(&self, is_last: bool) -> (&'static str, &'static str) {
        match is_last {
            true => (self.pick("└── ", "`-- "), "    "),
            false => (self.pick("├── ", "|-- "), self.pick("│   ", "|   ")),
        }
    }

    fn name(&self, entry: &Entry) -> String {
        let role = entry.role.map(|role| format!("  ({role})")).unwrap_or_default();
        let label = if self.unicode { entry.label() } else { entry.label().replace(" → ", " -> ") };
        format!("{label}{role}")
    }

    fn rest(&self, rest: &Rest) -> String {
        let dots = self.pick("…", "...");
        let some = rest.names.iter().take(SHOWN_NAMES).cloned().collect::<Vec<_>>().join(", ");
        let more = if rest.names.len() > SHOWN_NAMES { format!(", {dots}") } else { String::new() };
        format!("{dots} {}: {some}{more}", rest.count())
    }

    fn row(&self, row: &Row<'_>, width: usize, about_width: usize, out: &mut String) {
        let branches = self.paint.dim(&row.branches);
        let Some(entry) = row.entry else {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{branches}{}", self.paint.dim(&row.name));
            return;
        };
        let length = row.branches.chars().count() + row.name.chars().count();
        let gap = " ".repeat(width.saturating_sub(length));
        let origin = entry.origin.as_ref().map(|origin| format!("{}, {}", origin.layer, origin.place));
        let origin = self.paint.dim(&origin.unwrap_or_default());
        if entry.link.is_some() {
            // Its name takes the place of the columns that it has nothing for.
            let gap = " ".repeat((width + about_width + 14).saturating_sub(length));
            let _ = writeln!(out, "{}", format!("{branches}{}{gap}  {origin}", row.name).trim_end());
            return;
        }
        let name = if entry.kind == "denied" { self.paint.struck(&row.name) } else { row.name.clone() };
        let access = self.access(entry);
        // Nothing is padded at the end of a line.
        let (access, rest) = match (origin.is_empty(), entry.about.is_empty()) {
            (false, _) => (format!("{access:<10}"), format!("  {:<about_width$}  {origin}", entry.about)),
            (true, false) => (format!("{access:<10}"), format!("  {}", entry.about)),
            (true, true) => (access, String::new()),
        };
        let _ = writeln!(out, "{branches}{name}{gap}  {}{rest}", self.colour(entry, &access));
    }

    fn access(&self, entry: &Entry) -> String {
        if self.unicode { entry.access() } else { entry.access().replace('→', "->").replace('✗', "x") }
    }

    fn colour(&self, entry: &Entry, text: &str) -> String {
        match entry.reach {
            _ if entry.kind == "denied" => self.paint.red(text),
            Reach::Host => self.paint.yellow(text),
            Reach::Private => self.paint.cyan(text),
            Reach::Read => self.paint.green(text),
            Reach::Nothing => self.paint.red(text),
        }
    }

    fn legend(&self, out: &mut String) {
        let host = format!("rw{}host", self.pick("→", "->"));
        let denied = self.pick("✗", "x");
        let text = format!(
            "r-  read-only    {host}  changes reach the host    rw private  changes are gone afterwards    {denied}  denied"
        );
        let _ = writeln!(out, "\n{}", self.paint.dim(&text));
    }

    fn secrets(&self, secrets: &[SecretHere], out: &mut String) {
        let (inside, outside): (Vec<&SecretHere>, Vec<&SecretHere>) =
            secrets.iter().partition(|secret| secret.shown_by.is_some());
        let width = secrets.iter().map(|secret| secret.path.len()).max().unwrap_or(0);
        let of = |count: usize| if count == 1 { "known secret of this host" } else { "known secrets of this host" };
        if !inside.is_empty() {
            let title = format!("inside: {} {}", inside.len(), of(inside.len()));
            let _ = writeln!(out, "\n{}", self.paint.red(&title));
        }
        for secret in inside {
            let by = secret.shown_by.as_ref().map(|(rule, origin)| {
                let place = origin.as_ref().map(|origin| format!("  {}, {}", origin.layer, origin.place));
                format!("by {rule}{}", self.paint.dim(&place.unwrap_or_default()))
            });
            let _ = writeln!(out, "  ! {:<width$}  {}: {}", secret.path, secret.about, by.unwrap_or_default());
        }
        let title = format!("outside: {} {}", outside.len(), of(outside.len()));
        let _ = writeln!(out, "\n{}", self.paint.green(&title));
        for secret in outside {
            let _ = writeln!(out, "    {:<width$}  {}", secret.path, self.paint.dim(secret.about));
        }
    }
}
