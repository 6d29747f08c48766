//! Paths, text and numbers as a policy writes them, and what to write instead of wrong ones.

use super::Decoder;
use crate::diagnostic::{Code, Diagnostic, list, nearest};
use crate::edit::quoted;
use crate::number::Reader;
use crate::path::{PathError, PathProblem, SymbolicPath};
use crate::repair::unix_path;
use crate::source::{Location, Span, Spanned};
use crate::synonyms;
use crate::text::{Text, TextError, TextProblem};
use crate::words::Variable;

/// What is wrong with a value.
struct Wrong {
    code: Code,
    title: String,
    help: String,
    /// What to write instead of the whole value.
    instead: Option<String>,
    certain: bool,
}

impl Wrong {
    fn new(code: Code, title: impl Into<String>, help: impl Into<String>) -> Wrong {
        Wrong { code, title: title.into(), help: help.into(), instead: None, certain: false }
    }

    /// With the text that settles it as the help.
    fn instead(title: impl Into<String>, instead: impl Into<String>, certain: bool) -> Wrong {
        let instead = instead.into();
        let help = format!("write `{}`", quoted(&instead));
        Wrong { instead: Some(instead), certain, ..Wrong::new(Code::SBC0401, title, help) }
    }
}

impl Decoder<'_> {
    /// Reads a property if it is there; `None` when it is there and wrong.
    pub(super) fn optional<T>(&mut self, property: Option<&Spanned<String>>, read: Reader<T>) -> Option<Option<T>> {
        match property {
            None => Some(None),
            Some(value) => self.number(value, read).map(Some),
        }
    }

    pub(super) fn number<T>(&mut self, value: &Spanned<String>, read: Reader<T>) -> Option<T> {
        let result = (read.parse)(&value.value);
        if result.is_none() {
            let near = crate::number::meant(&value.value).filter(|near| (read.parse)(near).is_some());
            let help = match &near {
                Some(near) => format!("write `{}`", quoted(near)),
                None => format!("write {}", read.example),
            };
            let diagnostic = Diagnostic::error(Code::SBC0110, format!("`{}` is not {}", value.value, read.what));
            let diagnostic = diagnostic.at(value.location, "this").help(help);
            self.out.push(diagnostic.suggest(value.location, quoted(near.as_deref().unwrap_or(read.sample))));
        }
        result
    }

    pub(super) fn path(&mut self, argument: &Spanned<String>) -> Option<SymbolicPath> {
        if let Some(star) = pattern(&argument.value) {
            self.pattern(argument, star);
            return None;
        }
        SymbolicPath::parse(&argument.value).map_err(|error| self.bad_path(argument, error)).ok()
    }

    pub(super) fn symbolic(&mut self, argument: &Spanned<String>) -> Option<Text> {
        Text::parse(&argument.value).map_err(|error| self.bad_text(argument, error, false)).ok()
    }

    /// A `*` in a path. A file whose name holds one can still be reached by its directory.
    fn pattern(&mut self, argument: &Spanned<String>, star: usize) {
        let written = &argument.value;
        let above = written.get(..star).and_then(|before| before.rfind('/').and_then(|slash| before.get(..slash)));
        let above = above.filter(|above| !above.is_empty()).unwrap_or(".");
        let end = written.rfind('*').unwrap_or(star) + 1;
        let help = format!("name each path, or the directory that holds them: `{}`", quoted(above));
        let wrong = Wrong {
            instead: Some(above.to_owned()),
            ..Wrong::new(Code::SBC0401, "a path holds no patterns; a rule is about one path and what lies below", help)
        };
        self.wrong(argument, star..end, wrong);
    }

    fn wrong(&mut self, argument: &Spanned<String>, range: std::ops::Range<usize>, wrong: Wrong) {
        let label = match wrong.code {
            Code::SBC0401 => "not a path",
            Code::SBC0402 => "leads out",
            _ => "here",
        };
        let mut diagnostic = Diagnostic::error(wrong.code, wrong.title).at(self.inside(argument, range), label);
        if let Some(instead) = wrong.instead {
            diagnostic = diagnostic.changed(wrong.certain, argument.location, quoted(&instead));
        }
        self.out.push(diagnostic.help(wrong.help));
    }

    fn bad_path(&mut self, argument: &Spanned<String>, error: PathError) {
        let (written, PathError { mut range, problem }) = (&argument.value, error);
        let wrong = match problem {
            PathProblem::Text(problem) => return self.bad_text(argument, TextError { range, problem }, true),
            PathProblem::Empty => Wrong {
                help: "write `\".\"` for the project".to_owned(),
                ..Wrong::instead("a path cannot be empty", ".", false)
            },
            PathProblem::NoRoot if written.starts_with("${") => {
                let title = "a `/` comes after the variable that a path starts with";
                Wrong::instead(title, written.replacen('}', "}/", 1), true)
            }
            PathProblem::NoRoot => no_root(written),
            PathProblem::OtherHome => {
                let title = "only one's own home has a short form";
                Wrong::instead(title, format!("/home/{}", written.trim_start_matches('~')), false)
            }
            PathProblem::VariableInside(variable) => {
                let name = format!("${{{}}}", variable.word());
                if let Some(start) = written.rfind(&name) {
                    range = start..start + name.len();
                }
                let rest = written.get(range.start..).unwrap_or(&name).to_owned();
                Wrong::instead(format!("`{name}` is a whole path and can only stand at the start"), rest, false)
            }
            PathProblem::NotADirectory(variable) => {
                let name = variable.word();
                Wrong {
                    help: format!("write what comes before it, such as `\"/srv/${{{name}}}\"`"),
                    ..Wrong::instead(
                        format!("a path cannot start with `${{{name}}}`, which is not a directory"),
                        format!("/srv/{written}"),
                        false,
                    )
                }
            }
            PathProblem::AboveRoot => {
                let root = if written.starts_with('/') { "/" } else { "" };
                let rest = written.rsplit("../").next().unwrap_or_default().trim_end_matches("..");
                let mut wrong =
                    Wrong::instead(format!("`{written}` leads above its root"), format!("{root}{rest}"), false);
                wrong.code = Code::SBC0402;
                wrong.help = "remove a `..`".to_owned();
                wrong.instead = wrong.instead.filter(|instead| SymbolicPath::parse(instead).is_ok());
                wrong
            }
        };
        self.wrong(argument, range, wrong);
    }

    fn bad_text(&mut self, argument: &Spanned<String>, error: TextError, is_path: bool) {
        let written = &argument.value;
        let replaced = |new: &str| {
            let (before, after) = (written.get(..error.range.start), written.get(error.range.end..));
            Some(format!("{}{new}{}", before?, after?))
        };
        let new = |title: String, help: String, instead: Option<String>, certain: bool| Wrong {
            instead,
            certain,
            ..Wrong::new(Code::SBC0104, title, help)
        };
        let wrong = match &error.problem {
            TextProblem::UnknownVariable(name) | TextProblem::BareDollar(name)
                if is_path && foreign_variable(name).is_some() =>
            {
                let instead = foreign_variable(name).and_then(replaced);
                let help = format!("write `{}`", quoted(instead.as_deref().unwrap_or(".")));
                new(format!("there is no variable `{name}`"), help, instead, false)
            }
            TextProblem::UnknownVariable(name) => {
                let near = nearest(name, Variable::WORDS.iter().copied());
                let slip = near.is_some_and(|near| synonyms::is_slip(name, near, Variable::WORDS.iter().copied()));
                let instead = near.and_then(|near| replaced(&format!("${{{near}}}")));
                let near = near.map(|near| format!("did you mean `${{{near}}}`? ")).unwrap_or_default();
                let help = format!("{near}the variables are {}", list(Variable::WORDS.iter().copied(), "and"));
                new(format!("there is no variable `{name}`"), help, instead, slip)
            }
            TextProblem::BareDollar(name) if name == "HOME" && is_path && error.range.start == 0 => {
                let instead = replaced("~");
                let help = format!("write `{}`", quoted(instead.as_deref().unwrap_or("~")));
                new("a variable needs braces, and the home directory is `~`".to_owned(), help, instead, true)
            }
            TextProblem::BareDollar(name) if Variable::from_word(name).is_some() => {
                let help = format!("write `${{{name}}}`, or `$$` for a dollar sign");
                new("a variable needs braces".to_owned(), help, replaced(&format!("${{{name}}}")), is_path)
            }
            TextProblem::BareDollar(_) => {
                let dollar = written.get(error.range.clone()).map(|name| format!("${name}"));
                let title = "a dollar sign starts a variable".to_owned();
                new(
                    title,
                    "write `$$` for a dollar sign".to_owned(),
                    dollar.and_then(|dollar| replaced(&dollar)),
                    false,
                )
            }
            TextProblem::Unclosed => {
                let instead = closed(written, error.range.start);
                new("this variable has no end".to_owned(), "write `}` after its name".to_owned(), instead, false)
            }
            TextProblem::Nul => {
                let help = "remove `\\u{0}`".to_owned();
                new("text cannot hold a zero byte".to_owned(), help, Some(written.replace('\0', "")), false)
            }
        };
        self.wrong(argument, error.range.clone(), wrong);
    }

    /// The place of a part of an argument, where its spelling has no escapes; else all of it.
    pub(super) fn inside(&self, argument: &Spanned<String>, range: std::ops::Range<usize>) -> Location {
        let Span { start, end } = argument.location.span;
        let written = self.text.get(start..end).unwrap_or_default();
        let Some(offset) = written.find(&argument.value) else { return argument.location };
        let start = start + offset;
        Location { source: argument.location.source, span: Span { start: start + range.start, end: start + range.end } }
    }
}

/// The text with a brace after the name of the variable that starts at an offset.
fn closed(written: &str, start: usize) -> Option<String> {
    let (before, after) = written.split_at_checked(start + "${".len())?;
    let name = after.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
    Variable::from_word(name).map(|_| format!("{before}{name}}}{}", after.get(name.len()..).unwrap_or_default()))
}

/// Where a path holds `*`, `**` or `*.txt` as a whole name. Others are the names of files.
fn pattern(path: &str) -> Option<usize> {
    let is_pattern = |name: &str| matches!(name, "*" | "**") || name.starts_with("*.") && name.matches('.').count() < 3;
    let name = path.split('/').find(|name| is_pattern(name))?;
    Some(name.as_ptr().addr() - path.as_ptr().addr())
}

/// Text that starts with none of the roots of paths.
fn no_root(written: &str) -> Wrong {
    if let Some(path) = unix_path(written) {
        return Wrong::instead("this is a path of Windows", path, false);
    }
    if let Some(rest) = written.strip_prefix("file://").filter(|rest| rest.starts_with('/')) {
        return Wrong::instead("a path is written without `file://`", rest, true);
    }
    let of_systemd = written.strip_prefix("%h").filter(|rest| rest.is_empty() || rest.starts_with('/'));
    if let Some(rest) = of_systemd.or_else(|| template(written, "home")) {
        let name = written.strip_suffix(rest).unwrap_or(written);
        return Wrong::instead(
            format!("`{name}` is no variable here; the home directory is `~`"),
            format!("~{rest}"),
            true,
        );
    }
    let project = ["project", "cwd", "pwd", "workspace", "root"].into_iter().find_map(|name| template(written, name));
    if let Some(rest) = project {
        let name = written.strip_suffix(rest).unwrap_or(written);
        return Wrong::instead(format!("`{name}` is no variable here; the project is `.`"), format!(".{rest}"), false);
    }
    let help = format!(
        "write `\"./{written}\"` for a path in the project; others start with `/`, `~` or a variable such as `${{XDG_CONFIG_HOME}}`"
    );
    Wrong { help, ..Wrong::instead(format!("`{written}` does not say where it starts"), format!("./{written}"), false) }
}

/// What follows `{{name}}`, in any of the ways that templates write it.
fn template<'a>(written: &'a str, name: &str) -> Option<&'a str> {
    let body = written.trim_start_matches(['{', '<', '%', '@', '[', ' ']);
    if body.len() == written.len() {
        return None;
    }
    let start = body.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name))?;
    let rest = body.get(start.len()..)?.trim_start_matches(['}', '>', '%', '@', ']', ' ']);
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// What a shell's or an editor's variable is here.
fn foreign_variable(name: &str) -> Option<&'static str> {
    Some(match name {
        "PWD" | "OLDPWD" | "CWD" | "PROJECT_DIR" | "WORKSPACE" | "CI_PROJECT_DIR" | "GITHUB_WORKSPACE"
        | "workspaceFolder" => ".",
        "TMPDIR" | "TMP" | "TEMP" => "/tmp",
        "home" | "userHome" | "env:HOME" => "~",
        _ => return None,
    })
}
