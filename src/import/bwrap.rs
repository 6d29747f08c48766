//! The options of bubblewrap as operations and settings.

use super::comments;
use super::options::{SILENT, UNSAYABLE, arity, hides};
use super::original::{Bind, Kind, Operation, Original};
use super::paths::{Places, Start};
use super::shell::{Call, Content};
use super::value::{Condition, Field, Piece, Value};
use super::{Unsaid, env};
use crate::path::{Root, SymbolicPath};
use crate::source::Span;
use crate::words::Namespace;

/// What is read from a call of bubblewrap, word by word.
struct Reader<'a> {
    call: &'a Call,
    source: &'a str,
    places: &'a Places,
    original: Original,
    env: env::Reader,
    size: Option<u64>,
    mode: Option<u32>,
    overlays: Vec<Field>,
    told: Vec<Condition>,
}

/// The sandbox that a call of bubblewrap makes.
pub fn read(call: &Call, source: &str, places: &Places) -> Original {
    let mut reader = Reader {
        call,
        source,
        places,
        original: Original { has_network: true, ..Original::default() },
        env: env::Reader::new(call),
        size: None,
        mode: None,
        overlays: Vec::new(),
        told: Vec::new(),
    };
    for (path, directory) in &call.made {
        let path = places.path(path, Start::Project);
        reader.original.made.extend(path.ok().map(|path| (path, *directory)));
    }
    reader.tell(&call.conditions);
    reader.words(&call.words, true);
    let Reader { mut original, env, .. } = reader;
    env.finish(&mut original);
    original
}

impl Reader<'_> {
    fn unsaid(&mut self, span: Span, what: impl Into<String>, why: impl Into<String>) {
        self.original.unsaid.push(Unsaid::at(span, what, why));
    }

    fn note(&mut self, span: Span, what: impl Into<String>, why: impl Into<String>) {
        self.original.unsaid.push(Unsaid::note(span, what, why));
    }

    /// Says under which conditions something is there, once each.
    fn tell(&mut self, conditions: &[Condition]) {
        for condition in conditions {
            if let Condition::Other { text, span } = condition
                && !self.told.contains(condition)
            {
                self.told.push(condition.clone());
                self.note(*span, text.clone(), "taken as if this were so; what hangs on it is imported");
            }
        }
    }

    /// Reads options up to the command, and the command.
    fn words(&mut self, words: &[Field], with_command: bool) {
        let mut rest = words;
        while let Some((option, after)) = rest.split_first() {
            let Some(name) = option.value.plain().filter(|name| name.starts_with("--")) else {
                if option.value.emptiness().is_none() && !after.is_empty() {
                    let why = "whether options stand there is known only when it runs";
                    self.unsaid(option.span, option.value.shown(), why);
                    rest = after;
                    continue;
                }
                break;
            };
            if name == "--" {
                rest = after;
                break;
            }
            let count = arity(name).unwrap_or_else(|| {
                after.iter().take_while(|word| !word.value.plain().is_some_and(|w| w.starts_with('-'))).count()
            });
            let arguments: Vec<Field> = after.iter().take(count).cloned().collect();
            rest = after.get(arguments.len()..).unwrap_or_default();
            if arguments.len() < count {
                self.unsaid(option.span, name, "its arguments are missing");
                break;
            }
            self.tell(&option.conditions);
            self.option(name, option, &arguments);
        }
        if with_command {
            self.command(rest);
        }
    }

    fn option(&mut self, name: &str, option: &Field, arguments: &[Field]) {
        let span = spanned(option, arguments);
        let shown = || std::iter::once(name.to_owned()).chain(arguments.iter().map(|word| word.value.shown()));
        let shown: String = super::one_line(&shown().collect::<Vec<_>>().join(" "));
        if SILENT.iter().any(|(silent, _)| *silent == name) {
            return;
        }
        if let Some((_, _, why)) = UNSAYABLE.iter().find(|(unsayable, _, _)| *unsayable == name) {
            return self.unsaid(span, shown, *why);
        }
        let is_mask = hides(name, arguments);
        let result = match arguments {
            [] => self.flag(name),
            [one] => self.one(name, one, option),
            [one, two] => self.two(name, one, two, option),
            _ => Err("sbc does not know this option".to_owned()),
        };
        if let Err(why) = result {
            self.original.unsaid.push(Unsaid { is_mask, ..Unsaid::at(span, shown, why) });
        }
    }

    fn flag(&mut self, name: &str) -> Result<(), String> {
        let every = [Namespace::Pid, Namespace::Ipc, Namespace::Uts, Namespace::Cgroup];
        let own: &[Namespace] = match name {
            "--unshare-all" => {
                self.original.has_network = false;
                &every
            }
            "--unshare-pid" => &[Namespace::Pid],
            "--unshare-ipc" => &[Namespace::Ipc],
            "--unshare-uts" => &[Namespace::Uts],
            "--unshare-cgroup" | "--unshare-cgroup-try" => &[Namespace::Cgroup],
            _ => &[],
        };
        self.original.unshared.extend(own);
        match name {
            "--unshare-net" => self.original.has_network = false,
            "--share-net" => self.original.has_network = true,
            "--new-session" => self.original.new_session = true,
            "--die-with-parent" => self.original.with_parent = true,
            "--clearenv" => self.env.clear(),
            _ if own.is_empty() => return Err("sbc does not know this option".to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn one(&mut self, name: &str, value: &Field, option: &Field) -> Result<(), String> {
        match name {
            "--size" => {
                let text = value.value.plain().ok_or("the size is known only when it runs")?;
                let hexadecimal = text.strip_prefix("0x").map(|digits| u64::from_str_radix(digits, 16).ok());
                self.size = Some(hexadecimal.unwrap_or_else(|| text.parse().ok()).ok_or("this is no size")?);
                return Ok(());
            }
            "--perms" => {
                let text = value.value.plain().ok_or("the permissions are known only when it runs")?;
                self.mode = Some(u32::from_str_radix(text, 8).map_err(|_| "these are no permissions")?);
                return Ok(());
            }
            "--args" => return self.args(value),
            "--unsetenv" => {
                self.env.unset(value.value.plain().unwrap_or_default());
                return Ok(());
            }
            "--hostname" => {
                let text = value.value.plain().ok_or("a policy's host name is a fixed one")?;
                self.original.hostname = Some(text.to_owned());
                return Ok(());
            }
            "--overlay-src" => {
                self.overlays.push(value.clone());
                return Ok(());
            }
            _ => {}
        }
        let at = self.places.path(&value.value, Start::Root)?;
        if name == "--chdir" {
            // A sandbox of sbc starts where the caller is, if that is in the project.
            self.original.workdir = Some(at).filter(|at| *at != SymbolicPath::of_root(Root::Project));
            return Ok(());
        }
        let kind = match name {
            "--tmpfs" => {
                let mode = self.mode.take().map(|mode| mode & 0o1777);
                Kind::Tmpfs { size: self.size.take(), mode }
            }
            "--dir" => {
                self.mode = None;
                Kind::Directory
            }
            "--proc" => Kind::Proc,
            "--dev" => Kind::Dev,
            "--remount-ro" => Kind::ReadOnly,
            "--tmp-overlay" => match std::mem::take(&mut self.overlays).as_slice() {
                [source] => Kind::Overlay { source: self.places.path(&source.value, Start::Project)? },
                _ => return Err("an overlay of sbc has one directory below it".to_owned()),
            },
            _ => return Err("sbc does not know this option".to_owned()),
        };
        self.push(at, kind, option);
        Ok(())
    }

    fn two(&mut self, name: &str, one: &Field, two: &Field, option: &Field) -> Result<(), String> {
        if name == "--setenv" {
            let variable = one.value.plain().ok_or("the name is known only when it runs")?;
            return self.env.set(variable, &two.value, option.span, &mut self.original.unsaid);
        }
        let at = self.places.path(&two.value, Start::Root)?;
        let (plain, tries) = name.strip_suffix("-try").map_or((name, false), |plain| (plain, true));
        let grant = match plain {
            "--bind" => Some(Bind::Write),
            "--ro-bind" => Some(Bind::Read),
            "--dev-bind" => Some(Bind::Device),
            _ => None,
        };
        let kind = match (grant, name) {
            (Some(grant), _) => {
                let source = self.places.path(&one.value, Start::Project)?;
                let skip = tries || self.is_optional(&source, option);
                Kind::Bind { source, grant, skip }
            }
            (_, "--symlink") => {
                let to = one.value.text().ok_or("where the link leads is known only when it runs")?;
                Kind::Symlink { to }
            }
            (_, "--file" | "--bind-data" | "--ro-bind-data") => {
                self.mode = None;
                self.data(name, one)?
            }
            _ => return Err("sbc does not know this option".to_owned()),
        };
        self.push(at, kind, option);
        Ok(())
    }

    /// Whether a bind is there only where its source is.
    fn is_optional(&mut self, source: &SymbolicPath, option: &Field) -> bool {
        let exists = option.conditions.iter().filter_map(|condition| match condition {
            Condition::Exists(path) => Some(path),
            _ => None,
        });
        let mut optional = false;
        for path in exists {
            optional = true;
            if self.places.path(path, Start::Project).as_ref() != Ok(source) {
                let what = format!("{} only where `{}` is there", source, path.shown());
                self.original.unsaid.push(Unsaid::note(option.span, what, "imported as where it is there itself"));
            }
        }
        optional
    }

    fn data(&mut self, name: &str, descriptor: &Field) -> Result<Kind, String> {
        let number = descriptor.value.plain().and_then(|number| number.parse::<i32>().ok());
        let content = number.and_then(|number| self.call.descriptors.get(&number));
        match content {
            Some(Content::File(path)) => {
                if path.plain() == Some("/dev/null") {
                    return Ok(Kind::Text { text: crate::text::Text::literal("") });
                }
                let source = self.places.path(path, Start::Project)?;
                Ok(Kind::Copy { source, writable: name != "--ro-bind-data" })
            }
            Some(Content::Text(text)) => {
                let unknown =
                    || format!("what `{}` is, is known only when it runs", text.unknown().unwrap_or_default());
                Ok(Kind::Text { text: text.text().ok_or_else(unknown)? })
            }
            Some(Content::Unknown(command)) => Err(format!("what `{command}` writes is known only when it runs")),
            _ => Err("what the descriptor gives is not in the script".to_owned()),
        }
    }

    fn args(&mut self, descriptor: &Field) -> Result<(), String> {
        let number = descriptor.value.plain().and_then(|number| number.parse::<i32>().ok());
        match number.and_then(|number| self.call.descriptors.get(&number)) {
            Some(Content::Words(words)) => {
                let words = words.clone();
                self.words(&words, false);
                Ok(())
            }
            Some(Content::File(path)) => Err(format!("the options in `{}` are imported from that file", path.shown())),
            _ => Err("the options are known only when it runs".to_owned()),
        }
    }

    fn push(&mut self, at: SymbolicPath, kind: Kind, option: &Field) {
        let reason = comments::reason(self.source, option.span.start);
        self.original.operations.push(Operation { at, kind, span: option.span, reason });
    }

    /// The command, without the caller's arguments at its end: `sbc exec` puts them there, too.
    fn command(&mut self, words: &[Field]) {
        let is_arguments = |word: &Field| matches!(word.value.pieces(), [Piece::Arguments]);
        let words = match words.split_last() {
            Some((last, before)) if is_arguments(last) => before,
            _ => words,
        };
        let texts: Option<Vec<_>> = words.iter().map(|word| word.value.text()).collect();
        match texts {
            Some(texts) => self.original.command = texts,
            None => {
                let span = words.first().map(|word| word.span).unwrap_or_default();
                let shown: Vec<String> = words.iter().map(|word| word.value.shown()).collect();
                let why = "parts of the command are known only when it runs: write `run { command … }` yourself";
                self.unsaid(span, super::one_line(&shown.join(" ")), why);
            }
        }
    }
}

/// The place of an option with its arguments, where they stand together.
fn spanned(option: &Field, arguments: &[Field]) -> Span {
    let end = arguments.last().map_or(option.span.end, |word| word.span.end);
    Span { start: option.span.start, end: end.max(option.span.end) }
}

/// Words of a file for `--args`: each ends in a zero byte.
pub fn separated(text: &str) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut start = 0;
    for word in text.split_terminator('\0') {
        let span = Span { start, end: start + word.len() };
        fields.push(Field::new(Value::literal(word), span));
        start = span.end + 1;
    }
    fields
}
