//! What a word on the command line asks about.

use super::Context;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, list, nearest};
use crate::host::Host;
use crate::path::{Root, SymbolicPath};
use crate::space::Space;
use crate::text::Text;
use crate::words::{SettingKey, Variable};
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// Something that can be explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    Code(Code),
    Variable(String),
    Setting(SettingKey),
    /// In the space of the view.
    Path(PathBuf),
}

/// What a word means that needs no project; `None` for a path.
pub fn read(word: &OsStr) -> Option<Result<Subject, Diagnostic>> {
    let text = word.to_str()?;
    if let Some(name) = variable(text) {
        return Some(Ok(Subject::Variable(name.to_owned())));
    }
    if let Some(key) = SettingKey::from_word(text) {
        return Some(Ok(Subject::Setting(key)));
    }
    if let Some(code) = Code::from_name(text) {
        return Some(Ok(Subject::Code(code)));
    }
    if text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("sbc")) && !text.contains(['/', '.']) {
        return Some(Err(no_code(text)));
    }
    // What looks like a path is one, whether it is there or not.
    if text.contains(['/', '.', '~']) || Path::new(text).symlink_metadata().is_ok() {
        return None;
    }
    nearest(text, SettingKey::WORDS.iter().copied())
        .map(|near| Err(not_a_subject(text, &format!("did you mean `{near}`? a file of this name is `./{text}`"))))
        .or_else(|| {
            is_variable_name(text).then(|| Err(not_a_subject(text, &format!("for the variable write `{text}=`"))))
        })
}

/// The name in `$NAME`, `NAME=` and `env:NAME`.
fn variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$').or(text.strip_prefix("env:")).or(text.strip_suffix('='))?;
    (!name.is_empty() && !name.contains(['/', '=', '{', '$'])).then_some(name)
}

fn is_variable_name(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.len() > 1 && text.chars().all(is_name)
}

fn no_code(name: &str) -> Diagnostic {
    // The first two digits are the stage.
    let stage = name.to_uppercase().chars().take(5).collect::<String>();
    let near: Vec<&str> = Code::ALL.iter().map(|code| code.name()).filter(|code| code.starts_with(&stage)).collect();
    let help = match near.as_slice() {
        [] => "write a code as it heads a message, such as `sbc explain SBC0301`".to_owned(),
        _ if stage.len() < 5 => "a code has four digits, such as `sbc explain SBC0301`".to_owned(),
        near => format!("there are {}", list(near.iter().copied(), "and")),
    };
    Diagnostic::error(Code::SBC0112, format!("there is no code `{name}`")).help(help)
}

fn not_a_subject(text: &str, help: &str) -> Diagnostic {
    Diagnostic::error(Code::SBC0112, format!("`{text}` is no setting, and no file here has this name")).help(help)
}

/// The path that a word means, in the space of the view: as a policy writes it, or as a shell does, from
/// the caller's directory.
pub fn place(word: &OsStr, host: &Host, space: &dyn Space) -> Result<PathBuf, Diagnostic> {
    let symbols = word.to_str().filter(|text| text.contains("${") || text.starts_with('~'));
    if let Some(path) = symbols.and_then(|text| SymbolicPath::parse(text).ok()) {
        let unset = path.variables().into_iter().find(|variable| host.value(*variable).is_none());
        return space.inside(&path).ok_or_else(|| no_value(unset.unwrap_or(Variable::Home)));
    }
    let path = fold(&host.cwd.join(Path::new(word)));
    match symbolic(host, &path) {
        Some(symbolic) => Ok(space.inside(&symbolic).unwrap_or(path)),
        None => Ok(path),
    }
}

fn no_value(variable: Variable) -> Diagnostic {
    Diagnostic::error(Code::SBC0410, format!("`${{{}}}` has no value on this host", variable.word()))
        .help(format!("set it: `{}=… sbc explain …`", variable.word()))
}

/// A path of this host as a policy would write it; `None` for one that no text can say.
pub fn symbolic(host: &Host, path: &Path) -> Option<SymbolicPath> {
    // A shell writes out `~` by the variable, which may name a link.
    let written = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    let bases = [(Some(&host.project), Root::Project), (Some(&host.home), Root::Home), (written.as_ref(), Root::Home)];
    let below = |(base, root): (Option<&PathBuf>, Root)| Some((path.strip_prefix(base?).ok()?, root));
    let (rest, root) = bases.into_iter().find_map(below).unwrap_or((path, Root::Absolute));
    let names = rest.components().filter(|part| matches!(part, Component::Normal(_)));
    let texts: Option<Vec<Text>> = names.map(|part| part.as_os_str().to_str().map(Text::literal)).collect();
    Some(SymbolicPath::of_root(root).join(&texts?))
}

/// A path without `.` and `..`, by its text alone.
fn fold(path: &Path) -> PathBuf {
    let mut out = PathBuf::from("/");
    for part in path.components() {
        match part {
            Component::Normal(name) => out.push(name),
            Component::ParentDir => _ = out.pop(),
            _ => {}
        }
    }
    out
}

impl Context<'_> {
    /// A path of the view's space as the key of a rule.
    pub(super) fn key(&self, path: &Path) -> Option<SymbolicPath> {
        match self.host {
            Some(host) => symbolic(host, path),
            None => path.to_str().and_then(|text| SymbolicPath::parse(&of_symbols(text)).ok()),
        }
    }
}

/// `/${HOME}/x` of the space of symbols as `${HOME}/x`, and `/${PROJECT-2}/x` as `./../../x`.
fn of_symbols(text: &str) -> String {
    let Some(rest) = text.strip_prefix('/').filter(|rest| rest.starts_with("${")) else { return text.to_owned() };
    match rest.strip_prefix("${PROJECT-").and_then(|rest| rest.split_once('}')) {
        Some((up, rest)) => format!(".{}{rest}", "/..".repeat(up.parse().unwrap_or(0))),
        None => rest.to_owned(),
    }
}
