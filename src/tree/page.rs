//! Everything about a sandbox as one page for a browser. It loads nothing, and its policy lets it: the
//! one style and the one script are known by their sums, so that no text of a policy or of a host can
//! become either.

use super::{Entry, Rest, SecretHere};
use crate::explain::{Context, Explanation, Origin, Rule, explain_place, explain_rest, shown};
use crate::rule;
use crate::verdict::Reach;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Names of a directory that the page lists; the rest is counted.
const SHOWN_NAMES: usize = 1_000;

/// The page, ending in a newline.
pub fn page(context: &Context<'_>, root: &Entry, secrets: &[SecretHere]) -> String {
    let mut page = Page { context, out: String::new() };
    page.head();
    page.section("Files", "what is there, and how far a process gets", |page| page.entry(root));
    page.secrets(secrets);
    let (variables, settings) = explain_rest(context);
    page.section("Environment", "", |page| variables.iter().for_each(|one| page.explanation(one)));
    page.section("Settings", "", |page| settings.iter().for_each(|one| page.explanation(one)));
    page.section("Assertions", "what must be true of the result", Page::assertions);
    page.put("<p id=\"nothing\" class=\"empty\" hidden>Nothing fits the search.</p>\n");
    let _ = writeln!(page.out, "<script>{SCRIPT}</script>\n</body>\n</html>");
    page.out
}

/// Text as HTML, also within quotes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A sentence as HTML; what stands between backticks is code.
fn prose(text: &str) -> String {
    let part = |(index, part): (usize, &str)| match index % 2 {
        0 => escape(part),
        _ => format!("<code>{}</code>", escape(part)),
    };
    text.split('`').enumerate().map(part).collect()
}

/// The SHA-256 of a text in Base64, as a content security policy names it.
fn sum(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in Sha256::digest(text.as_bytes()).chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS.get((bits >> (18 - 6 * place) & 63) as usize).copied().unwrap_or(b'=');
            out.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

struct Page<'p, 'a> {
    context: &'p Context<'a>,
    out: String,
}

impl Page<'_, '_> {
    fn put(&mut self, html: &str) {
        self.out.push_str(html);
    }

    fn head(&mut self) {
        let merged = &self.context.compiled.merged;
        let name = escape(&shown(&merged.name));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
            sum(STYLE),
            sum(SCRIPT)
        );
        // Writing to a string cannot fail.
        let _ = write!(
            self.out,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n<title>{name}: what is inside</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<h1>{name}</h1>\n"
        );
        if let Some(about) = &merged.about {
            let _ = writeln!(self.out, "<p>{}</p>", escape(&shown(about)));
        }
        let inherited: Vec<String> = merged.inherited.iter().map(|name| escape(&shown(name))).collect();
        let inherits = if inherited.is_empty() { "nothing".to_owned() } else { inherited.join(", ") };
        let host = match self.context.host {
            Some(_) => "as it is on this host",
            None => "as the policy says; no host was looked at",
        };
        let _ = writeln!(
            self.out,
            "<p class=\"soft\">A sandbox that inherits {inherits}, {host}.</p>\n<p class=\"soft hash\">plan sha256:{}</p>",
            self.context.compiled.plan.hash()
        );
        self.put(
            "<div class=\"find\" role=\"search\">\n\
             <input id=\"q\" type=\"search\" placeholder=\"Search paths, rules, profiles, reasons\" \
             aria-label=\"Search\" autocomplete=\"off\" spellcheck=\"false\">\n<nav aria-label=\"What the letters mean\">\n\
             <a class=\"read\" href=\"#q=r-\">r- read-only</a>\n\
             <a class=\"host\" href=\"#q=rw%E2%86%92host\">rw→host reaches the host</a>\n\
             <a class=\"private\" href=\"#q=rw%20private\">rw private is discarded</a>\n\
             <a class=\"denied\" href=\"#q=%E2%9C%97\">✗ denied</a>\n</nav>\n\
             <span id=\"count\" role=\"status\"></span>\n</div>\n",
        );
    }

    fn section(&mut self, title: &str, about: &str, content: impl FnOnce(&mut Self)) {
        let _ = writeln!(self.out, "<section>\n<h2>{title}<small>{about}</small></h2>\n<ul>");
        content(self);
        self.put("</ul>\n</section>\n");
    }

    /// An entry, all that is known of it, and all below it.
    fn entry(&mut self, entry: &Entry) {
        let explanation = explain_place(self.context, &entry.path);
        let access = entry.access();
        let class = if entry.kind == "denied" { "denied" } else { class(entry.reach) };
        let name = entry.label();
        let role = entry.role.map(|role| format!("<span class=\"role\">{role}</span>")).unwrap_or_default();
        let origin = entry.origin.as_ref().map(|origin| origin.layer.clone()).unwrap_or_default();
        let text = format!("{name} {access} {} {}", entry.about, words(&explanation));
        let _ = writeln!(
            self.out,
            "<li class=\"{class}\" data-text=\"{}\">\n<details><summary><span class=\"name\">{}{role}</span>\
             <span class=\"access\">{}</span><span class=\"about\">{}</span><span class=\"origin\">{}</span></summary>",
            escape(&text.to_lowercase()),
            escape(&name),
            escape(&access),
            escape(&entry.about),
            escape(&origin)
        );
        self.why(&explanation);
        self.put("</details>\n");
        if !entry.children.is_empty() || entry.rest.is_some() {
            self.put("<ul>\n");
            entry.children.iter().for_each(|child| self.entry(child));
            entry.rest.iter().for_each(|rest| self.rest(rest));
            self.put("</ul>\n");
        }
        self.put("</li>\n");
    }

    fn rest(&mut self, rest: &Rest) {
        let names: Vec<&str> = rest.names.iter().take(SHOWN_NAMES).map(String::as_str).collect();
        let all = escape(&names.join("  "));
        let _ = writeln!(
            self.out,
            "<li class=\"rest\" data-text=\"{}\"><details><summary>… {}</summary>{all}</details></li>",
            all.to_lowercase(),
            rest.count()
        );
    }

    /// A variable or a setting.
    fn explanation(&mut self, explanation: &Explanation) {
        let _ = writeln!(
            self.out,
            "<li data-text=\"{}\">\n<details><summary><span class=\"name\">{}</span><span class=\"about\">{}</span></summary>",
            escape(&format!("{} {}", explanation.subject, words(explanation)).to_lowercase()),
            escape(&explanation.subject),
            prose(&explanation.verdict)
        );
        self.why(explanation);
        self.put("</details>\n</li>\n");
    }

    /// Why it is so.
    fn why(&mut self, explanation: &Explanation) {
        let _ = writeln!(self.out, "<div class=\"why\"><p>{}</p><dl>", prose(&explanation.verdict));
        match &explanation.rule {
            Some(rule) => self.rule("rule", rule),
            None => self.put("<dt>rule</dt><dd>none</dd>\n"),
        }
        explanation.shadows.iter().for_each(|rule| self.rule("shadows", rule));
        for asserted in &explanation.assertions {
            let place = format!("{}:{}, in {}", asserted.place.file, asserted.place.line, asserted.layer);
            let waived = asserted.waived.as_ref().map(|waived| format!("waived: {}", waived.reason));
            self.put("<dt>asserted</dt>");
            self.detail(&asserted.assertion, &[place].into_iter().chain(waived).collect::<Vec<_>>());
        }
        self.put("</dl></div>\n");
    }

    fn rule(&mut self, word: &str, rule: &Rule) {
        let _ = write!(self.out, "<dt>{word}</dt>");
        let lines: Vec<String> = rule.origins.iter().flat_map(origin).collect();
        self.detail(&rule.rule, &lines);
        for old in &rule.replaces {
            self.put("<dt>replaces</dt>");
            self.detail(&old.rule, &[format!("{}:{}, in {}", old.place.file, old.place.line, old.layer)]);
        }
    }

    fn detail(&mut self, code: &str, lines: &[String]) {
        let lines: String = lines.iter().map(|line| format!("<span>{}</span>", escape(line))).collect();
        let _ = writeln!(self.out, "<dd><code>{}</code>{lines}</dd>", escape(code));
    }

    fn secrets(&mut self, secrets: &[SecretHere]) {
        if self.context.host.is_none() {
            return;
        }
        let inside: Vec<&SecretHere> = secrets.iter().filter(|secret| secret.shown_by.is_some()).collect();
        let outside = secrets.len() - inside.len();
        if !inside.is_empty() {
            let title = format!("Secrets inside: {}", inside.len());
            self.section(&title, "known secrets of this host that a rule shows", |page| {
                inside.iter().for_each(|secret| page.secret(secret));
            });
        }
        let title = format!("Secrets outside: {outside}");
        self.section(&title, "known secrets of this host that nothing inside sees", |page| {
            secrets.iter().filter(|secret| secret.shown_by.is_none()).for_each(|secret| page.secret(secret));
        });
    }

    fn secret(&mut self, secret: &SecretHere) {
        let by = secret.shown_by.as_ref().map(|(rule, origin)| {
            let place = origin.as_ref().map(|origin| format!(", {}", origin.place)).unwrap_or_default();
            format!("shown by {rule}{place}")
        });
        let alarm = by.map(|by| format!("<span class=\"alarm\">{}</span>", escape(&by))).unwrap_or_default();
        let text = format!("secret {} {}", secret.path, secret.about);
        let _ = writeln!(
            self.out,
            "<li data-text=\"{}\"><details><summary><span class=\"name\">{}</span><span class=\"about\">{}</span>{alarm}</summary>",
            escape(&text.to_lowercase()),
            escape(secret.path),
            escape(secret.about)
        );
        let path = crate::path::SymbolicPath::parse(secret.path).ok();
        if let Some(path) = path.and_then(|path| self.context.view.space().inside(&path)) {
            self.why(&explain_place(self.context, &path));
        }
        self.put("</details></li>\n");
    }

    fn assertions(&mut self) {
        let context = self.context;
        for guarantee in &context.compiled.merged.guarantees {
            let assertion = shown(&rule::assertion(&guarantee.assertion));
            let waived = guarantee.waived.as_ref().map(|(reason, _)| format!("waived: {}", shown(reason)));
            let place = shown(&context.sources.place(guarantee.location));
            let origin = format!("{}, {place}", shown(&guarantee.layer));
            let about = waived.unwrap_or_default();
            let _ = writeln!(
                self.out,
                "<li data-text=\"{}\"><details><summary><span class=\"name\">{}</span><span class=\"alarm\">{}</span>\
                 <span class=\"origin\">{}</span></summary></details></li>",
                escape(&format!("{assertion} {about} {origin}").to_lowercase()),
                escape(&assertion),
                escape(&about),
                escape(&origin)
            );
        }
    }
}

fn class(reach: Reach) -> &'static str {
    match reach {
        Reach::Nothing => "nothing",
        Reach::Read => "read",
        Reach::Private => "private",
        Reach::Host => "host",
    }
}

fn origin(origin: &Origin) -> Vec<String> {
    let way = origin.inherited.as_ref().map(|way| format!(", inherited by {way}")).unwrap_or_default();
    let place = format!("{}:{}, in {}{way}", origin.place.file, origin.place.line, origin.layer);
    [place].into_iter().chain(origin.reason.clone()).collect()
}

/// What a search finds an entry by.
fn words(explanation: &Explanation) -> String {
    let mut out = explanation.subject.clone();
    if let Some(rule) = &explanation.rule {
        let _ = write!(out, " {}", rule.rule);
        for origin in &rule.origins {
            let reason = origin.reason.as_deref().unwrap_or_default();
            let _ = write!(out, " {} {}:{} {reason}", origin.layer, origin.place.file, origin.place.line);
        }
    }
    out
}
