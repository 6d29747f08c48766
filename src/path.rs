//! Symbolic paths: `${HOME}/.cache` as it is on any machine.
//!
//! A path is a root and components in normal form. The order of paths is the order of mounts:
//! parents first, by root, then bytewise. Never touches the disk.

use crate::text::{Text, TextError, TextProblem};
use crate::words::Variable;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Reverse;
use std::ffi::OsString;
use std::fmt;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

/// What a path starts from, in mount order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// `/`.
    Absolute,
    RuntimeDir,
    Home,
    CacheHome,
    ConfigHome,
    DataHome,
    StateHome,
    /// So many directories above the project.
    AboveProject(Reverse<u8>),
    Project,
    /// It may lie in the project, and never contains it.
    GitCommonDir,
}

/// A path of a policy in normal form: no `.`, no `//`, no trailing `/`, `..` folded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolicPath {
    root: Root,
    components: Vec<Text>,
}

/// Why a string is not a path, and which bytes of it are to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    pub range: Range<usize>,
    pub problem: PathProblem,
}

/// What is wrong with a string that should be a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathProblem {
    Empty,
    /// It starts with none of `/`, `~`, `.` and a variable.
    NoRoot,
    /// `~name`, another person's home.
    OtherHome,
    /// A directory variable that is not at the start.
    VariableInside(Variable),
    /// A path cannot start with this variable: it is not a directory.
    NotADirectory(Variable),
    /// `..` leads out of the root.
    AboveRoot,
    Text(TextProblem),
}

impl From<TextError> for PathError {
    fn from(error: TextError) -> PathError {
        PathError { range: error.range, problem: PathProblem::Text(error.problem) }
    }
}

impl SymbolicPath {
    /// Reads the spelling of a policy.
    pub fn parse(text: &str) -> Result<SymbolicPath, PathError> {
        let whole = 0..text.len();
        // Most have neither, and one look at each byte is quicker than two searches.
        if text.bytes().any(|byte| matches!(byte, b'$' | 0)) {
            Text::check(text)?;
        }
        let fail = |range: Range<usize>, problem| Err(PathError { range, problem });
        if text.is_empty() {
            return fail(whole, PathProblem::Empty);
        }
        let (mut root, rest) = match split_root(text) {
            Ok(split) => split,
            Err(problem) => return fail(whole, problem),
        };
        // What is plain has been checked as a part of the whole.
        let is_plain = !rest.bytes().any(|byte| byte == b'$');
        let mut components: Vec<Text> = Vec::with_capacity(rest.bytes().filter(|byte| *byte == b'/').count());
        for component in rest.split('/') {
            match component {
                "" | "." => {}
                ".." if components.pop().is_some() => {}
                ".." => match root {
                    Root::Project => root = Root::AboveProject(Reverse(1)),
                    Root::AboveProject(Reverse(up)) if up < u8::MAX => root = Root::AboveProject(Reverse(up + 1)),
                    _ => return fail(whole, PathProblem::AboveRoot),
                },
                _ if is_plain => components.push(Text::plain(component)),
                _ => {
                    let component = Text::parse(component)?;
                    if let Some(variable) = component.variables().find(|v| v.is_directory()) {
                        return fail(whole, PathProblem::VariableInside(variable));
                    }
                    components.push(component);
                }
            }
        }
        Ok(SymbolicPath { root, components })
    }

    /// The root alone, such as the project or home.
    pub fn of_root(root: Root) -> SymbolicPath {
        SymbolicPath { root, components: Vec::new() }
    }

    pub fn root(&self) -> Root {
        self.root
    }

    pub fn components(&self) -> &[Text] {
        &self.components
    }

    /// Whether this is `other` or lies below it, as far as symbols can tell.
    pub fn is_within(&self, other: &SymbolicPath) -> bool {
        self.root == other.root && self.components.starts_with(&other.components)
    }

    /// What is left of `self` below `base`, or `None` when it is not within it.
    pub fn below(&self, base: &SymbolicPath) -> Option<&[Text]> {
        if self.root != base.root {
            return None;
        }
        self.components.strip_prefix(base.components.as_slice())
    }

    /// This path with more components after it.
    pub fn join(&self, more: &[Text]) -> SymbolicPath {
        let mut joined = self.clone();
        joined.components.extend_from_slice(more);
        joined
    }

    /// The directory that holds it and its name there; a root has neither.
    pub fn in_directory(&self) -> Option<(SymbolicPath, &Text)> {
        let (name, above) = self.components.split_last()?;
        Some((SymbolicPath { root: self.root, components: above.to_vec() }, name))
    }

    /// The paths strictly above this one and strictly below `base`, parents first.
    pub fn between(&self, base: &SymbolicPath) -> Vec<SymbolicPath> {
        let rest = self.below(base).unwrap_or_default();
        (1..rest.len()).filter_map(|length| rest.get(..length)).map(|part| base.join(part)).collect()
    }

    /// The variables that the path names.
    pub fn variables(&self) -> Vec<Variable> {
        let inside = self.components.iter().flat_map(Text::variables);
        self.root.variable().into_iter().chain(inside).collect()
    }

    /// The path without variables below a start. No component is empty or has a slash, and so nothing has to be
    /// looked at; this is done for every path of a plan.
    fn plainly(&self, start: &Path) -> PathBuf {
        let length = self.components.iter().map(|component| component.as_str().len() + 1).sum::<usize>();
        let mut path = OsString::with_capacity(start.as_os_str().len() + length);
        path.push(start);
        for component in &self.components {
            if path.as_encoded_bytes().last() != Some(&b'/') {
                path.push("/");
            }
            path.push(component.as_str());
        }
        path.into()
    }

    /// The path on a machine, on which its root is at `start` and `value` gives what each variable is.
    pub fn expand(&self, start: &Path, value: &dyn Fn(Variable) -> OsString) -> PathBuf {
        if self.components.iter().all(Text::is_plain) {
            return self.plainly(start);
        }
        let mut path = start.to_owned();
        path.extend(self.components.iter().map(|component| component.expand(value)));
        normal(&path)
    }
}

impl Root {
    /// Where the root is on a machine on which its variable has this value.
    pub fn at(self, value: &Path) -> PathBuf {
        let mut path = normal(value);
        if let Root::AboveProject(Reverse(up)) = self {
            // `..` above `/` stays at `/`, as in the kernel.
            path = path.ancestors().nth(usize::from(up)).unwrap_or(Path::new("/")).to_owned();
        }
        path
    }
}

/// A path without `.`, `//` and `/` at its end, which a variable can have.
fn normal(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, Component::CurDir)).collect()
}

impl Root {
    /// The variable behind the root; `None` for `/`.
    pub fn variable(self) -> Option<Variable> {
        match self {
            Root::Absolute => None,
            Root::RuntimeDir => Some(Variable::RuntimeDir),
            Root::Home => Some(Variable::Home),
            Root::CacheHome => Some(Variable::CacheHome),
            Root::ConfigHome => Some(Variable::ConfigHome),
            Root::DataHome => Some(Variable::DataHome),
            Root::StateHome => Some(Variable::StateHome),
            Root::AboveProject(_) | Root::Project => Some(Variable::Project),
            Root::GitCommonDir => Some(Variable::GitCommonDir),
        }
    }

    fn of_variable(variable: Variable) -> Option<Root> {
        match variable {
            Variable::Home => Some(Root::Home),
            Variable::Project => Some(Root::Project),
            Variable::RuntimeDir => Some(Root::RuntimeDir),
            Variable::ConfigHome => Some(Root::ConfigHome),
            Variable::CacheHome => Some(Root::CacheHome),
            Variable::DataHome => Some(Root::DataHome),
            Variable::StateHome => Some(Root::StateHome),
            Variable::GitCommonDir => Some(Root::GitCommonDir),
            Variable::User | Variable::Uid | Variable::Gid | Variable::GitWorktreeId => None,
        }
    }
}

/// Splits the spelling of a path into its root and the rest.
fn split_root(text: &str) -> Result<(Root, &str), PathProblem> {
    if text.starts_with('/') {
        return Ok((Root::Absolute, text));
    }
    if let Some(rest) = text.strip_prefix('~') {
        return if rest.is_empty() || rest.starts_with('/') {
            Ok((Root::Home, rest))
        } else {
            Err(PathProblem::OtherHome)
        };
    }
    if matches!(text, "." | "..") || text.starts_with("./") || text.starts_with("../") {
        return Ok((Root::Project, text));
    }
    if let Some((name, rest)) = text.strip_prefix("${").and_then(|after| after.split_once('}')) {
        let variable = Variable::from_word(name).ok_or(PathProblem::NoRoot)?;
        let root = Root::of_variable(variable).ok_or(PathProblem::NotADirectory(variable))?;
        return if rest.is_empty() || rest.starts_with('/') { Ok((root, rest)) } else { Err(PathProblem::NoRoot) };
    }
    Err(PathProblem::NoRoot)
}

impl fmt::Display for SymbolicPath {
    /// The shortest spelling that a policy would use: `~`, `.` and `/` where they fit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.root {
            Root::Absolute if self.components.is_empty() => return f.write_str("/"),
            Root::Absolute => {}
            Root::Home => f.write_str("~")?,
            Root::Project => f.write_str(".")?,
            Root::AboveProject(Reverse(up)) => {
                f.write_str(".")?;
                for _ in 0..up {
                    f.write_str("/..")?;
                }
            }
            root => write!(f, "${{{}}}", root.variable().map_or("", Variable::word))?,
        }
        for component in &self.components {
            write!(f, "/{component}")?;
        }
        Ok(())
    }
}

impl Serialize for SymbolicPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SymbolicPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SymbolicPath, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        SymbolicPath::parse(&text).map_err(|_| serde::de::Error::custom("not a path"))
    }
}
