//! What the commands of a script do, as far as it matters for bubblewrap.

use super::inner;
use super::shell::{Call, Flow, Shell, Slot, Truth, place, run};
use super::value::{Field, Piece, Value};
use crate::source::Span;
use crate::words::Variable;
use shuck_ast as ast;
use std::collections::BTreeMap;

impl<'a> Shell<'a> {
    pub(super) fn simple(&mut self, simple: &'a ast::SimpleCommand, statement: &'a ast::Stmt) -> (Flow, Truth) {
        let mut words = self.fields(&simple.name);
        if simple.name.span == ast::Span::new() {
            words.clear();
        }
        for word in &simple.args {
            words.extend(self.fields(word));
        }
        if words.is_empty() {
            simple.assignments.iter().for_each(|assignment| self.assign(assignment));
            self.redirect(statement);
            return (Flow::Next, Truth::Yes);
        }
        let before = self.state.descriptors.clone();
        let mut own = BTreeMap::new();
        for assignment in &simple.assignments {
            if let ast::AssignmentValue::Scalar(word) = &assignment.value {
                own.insert(assignment.target.name.as_str().to_owned(), self.scalar(word));
            }
        }
        self.redirect(statement);
        self.drop_descriptor_word(statement, &mut words);
        let is_exec = words.first().and_then(|word| word.value.plain()) == Some("exec");
        if is_exec && words.len() == 1 {
            return (Flow::Next, Truth::Yes);
        }
        let result = self.dispatch(words, own, place(statement.span));
        self.state.descriptors = before;
        result
    }

    /// What a command by these words does.
    pub(super) fn dispatch(
        &mut self,
        mut words: Vec<Field>,
        own: BTreeMap<String, Value>,
        span: Span,
    ) -> (Flow, Truth) {
        let Some(name) = words.first().and_then(|word| word.value.plain()).map(str::to_owned) else {
            return (Flow::Next, self.around(&words, own, span));
        };
        let words_after = words.split_off(1);
        let done = (Flow::Next, Truth::Yes);
        match name.as_str() {
            _ if is_bwrap(&name) => {
                self.call(words_after, own, false, span);
                done
            }
            _ if self.functions.contains_key(&name) => self.function(&name, words_after),
            "[" | "test" => {
                let truth = self.test(&words_after, span);
                (Flow::Next, truth)
            }
            "exec" => {
                let skip = usize::from(words_after.first().is_some_and(|word| word.value.plain() == Some("-a"))) * 2;
                let rest: Vec<Field> = words_after.into_iter().skip(skip).collect();
                let (_, truth) = self.dispatch(rest, own, span);
                (Flow::Exit, truth)
            }
            "command" | "builtin" | "nohup" | "setsid" | "time" | "nice" | "ionice" | "stdbuf"
                if !words_after.iter().any(|word| matches!(word.value.plain(), Some("-v" | "-V"))) =>
            {
                let rest = words_after.into_iter().skip_while(|word| {
                    word.value.plain().is_some_and(|word| word.starts_with('-') || word.parse::<i32>().is_ok())
                });
                self.dispatch(rest.collect(), own, span)
            }
            "env" => self.env_command(words_after, own, span),
            "cd" | "pushd" | "set" | "shift" | "unset" | "mkdir" | "touch" => {
                self.change(&name, words_after);
                done
            }
            "read" | "mapfile" | "readarray" => {
                self.read(&words_after, span);
                (Flow::Next, self.unknown(span))
            }
            "source" | "." | "eval" => {
                self.unsaid(span, self.slice(span), "sbc reads this file alone; what the other one says is not known");
                done
            }
            "let" | "getopts" => {
                self.forget(&shown(&words_after), span);
                (Flow::Next, self.unknown(span))
            }
            "printf" if words_after.first().and_then(|word| word.value.plain()) == Some("-v") => {
                self.forget(&shown(words_after.get(1..2).unwrap_or_default()), span);
                done
            }
            ":" | "true" | "echo" | "printf" | "umask" | "ulimit" | "trap" | "chmod" | "rm" | "cp" | "ln" => done,
            "false" => (Flow::Next, Truth::No),
            _ => {
                let first = words;
                let all: Vec<Field> = first.into_iter().chain(words_after).collect();
                (Flow::Next, self.around(&all, own, span))
            }
        }
    }

    /// Commands that change what comes after them.
    fn change(&mut self, name: &str, words: Vec<Field>) {
        let is_option = |word: &Field| word.value.plain().is_some_and(|word| word.starts_with('-'));
        match name {
            "cd" | "pushd" => {
                let directory = words.iter().find(|word| word.value.plain() != Some("--"));
                let directory = directory.map(|word| self.below_directory(&word.value));
                self.state.directory = Some(directory.unwrap_or(Value::variable(Variable::Home)));
            }
            "set" => {
                let dashes = words.iter().position(|word| word.value.plain() == Some("--"));
                if let Some(position) = dashes {
                    let fields = words.into_iter().skip(position + 1).collect();
                    self.state.positional = Some(self.conditioned(fields));
                }
            }
            "shift" => {
                let count = words.first().and_then(|word| word.value.plain()?.parse().ok()).unwrap_or(1);
                if let Some(positional) = &mut self.state.positional {
                    positional.drain(..count.min(positional.len()));
                }
            }
            "unset" => {
                for name in words.iter().filter(|word| !is_option(word)).filter_map(|word| word.value.plain()) {
                    self.state.variables.remove(name);
                    self.state.unset.push(name.to_owned());
                }
            }
            _ => {
                let paths = words.iter().filter(|word| !is_option(word));
                let paths: Vec<Value> = paths.map(|word| self.below_directory(&word.value)).collect();
                self.state.made.extend(paths.into_iter().map(|path| (path, name == "mkdir")));
            }
        }
    }

    /// What is read from elsewhere is not known.
    fn read(&mut self, words: &[Field], span: Span) {
        let what = self.slice(span);
        for word in words.iter().filter_map(|word| word.value.plain()).filter(|word| !word.starts_with('-')) {
            let word = self.state.referred(word);
            let slot = Slot::Text(Value::of(Piece::Unknown(what.clone())), span);
            self.state.variables.insert(word.to_owned(), slot);
        }
    }

    pub(super) fn env_command(
        &mut self,
        words: Vec<Field>,
        mut own: BTreeMap<String, Value>,
        span: Span,
    ) -> (Flow, Truth) {
        let (mut clears, mut rest) = (false, words.into_iter().peekable());
        while let Some(word) = rest.peek() {
            let text = word.value.shown();
            match word.value.plain() {
                Some("-i" | "-" | "--ignore-environment") => clears = true,
                Some("-u" | "--unset") => {
                    rest.next();
                    let name = rest.peek().and_then(|word| word.value.plain()).map(str::to_owned);
                    self.state.unset.extend(name);
                }
                Some("--") => {}
                _ => match text.split_once('=') {
                    Some((name, _)) if is_name(name) => {
                        own.insert(name.to_owned(), after_equals(&word.value));
                    }
                    _ => break,
                },
            }
            rest.next();
        }
        let rest: Vec<Field> = rest.collect();
        match rest.first().and_then(|word| word.value.plain()) {
            Some(name) if is_bwrap(name) => {
                self.call(rest.into_iter().skip(1).collect(), own, clears, span);
                (Flow::Next, Truth::Yes)
            }
            _ => self.dispatch(rest, own, span),
        }
    }

    /// A command that sbc does not know. It may start bubblewrap: `nix-shell --run 'bwrap …'`.
    pub(super) fn around(&mut self, words: &[Field], own: BTreeMap<String, Value>, span: Span) -> Truth {
        let is_program = |word: &Field| word.value.plain().is_some_and(is_bwrap);
        let asks = words.first().is_some_and(|word| matches!(word.value.plain(), Some("command" | "which" | "type")));
        let position = words.iter().position(is_program).filter(|_| !asks);
        if let Some(position) = position {
            let (before, rest) = words.split_at(position);
            self.unsaid(span, super::one_line(&shown(before)), "what stands around bwrap is no part of a sandbox");
            self.call(rest.iter().skip(1).cloned().collect(), own, false, span);
            return Truth::Yes;
        }
        let script = words.iter().skip(1).find(|word| {
            let text = word.value.shown();
            text.contains("bwrap ") && text.contains("--")
        });
        let Some(script) = script.filter(|_| !asks) else { return self.unknown(span) };
        let mut state = self.state.clone();
        state.positional = None;
        let before: Vec<Field> = words.iter().take_while(|word| *word != script).cloned().collect();
        self.unsaid(span, super::one_line(&shown(&before)), "what stands around bwrap is no part of a sandbox");
        let Some((text, pieces)) = inner::inner(&script.value) else {
            self.unsaid(script.span, self.slice(script.span), "it has characters for private use");
            return Truth::Yes;
        };
        state.outer = pieces;
        match run(&text, self.name.clone(), state, self.depth + 1) {
            Ok(mut inner) => {
                // Places in the inner script are places of the word that holds it.
                for call in &mut inner.calls {
                    call.span = script.span;
                    call.words.iter_mut().for_each(|word| word.span = script.span);
                }
                inner.unsaid.iter_mut().for_each(|unsaid| unsaid.span = Some(script.span));
                self.outcome.calls.extend(inner.calls);
                self.outcome.unsaid.extend(inner.unsaid);
            }
            Err((message, _)) => self.unsaid(script.span, self.slice(script.span), message),
        }
        Truth::Yes
    }

    pub(super) fn function(&mut self, name: &str, words: Vec<Field>) -> (Flow, Truth) {
        let Some(body) = self.functions.get(name).copied() else { return (Flow::Next, Truth::Yes) };
        let outer = self.state.positional.replace(words);
        let references = self.state.references.clone();
        self.depth += 1;
        let (flow, truth) = self.under(Vec::new(), |shell| shell.statement(body));
        self.depth -= 1;
        self.state.positional = outer;
        self.state.references = references;
        (if flow == Flow::Exit { Flow::Exit } else { Flow::Next }, truth)
    }

    pub(super) fn call(&mut self, words: Vec<Field>, own: BTreeMap<String, Value>, is_cleared: bool, span: Span) {
        let mut env = BTreeMap::new();
        for name in &self.state.exported {
            if let Some(Slot::Text(value, _)) = self.state.variables.get(name) {
                env.insert(name.clone(), value.clone());
            }
        }
        env.extend(own);
        let call = Call {
            words: self.conditioned(words),
            span,
            env,
            is_cleared,
            unset: self.state.unset.clone(),
            descriptors: self.state.descriptors.clone(),
            made: self.state.made.clone(),
            conditions: self.conditions.clone(),
        };
        self.outcome.calls.push(call);
    }

    /// A path as it is from the script's directory.
    pub(super) fn below_directory(&self, path: &Value) -> Value {
        let is_relative = match path.pieces().first() {
            Some(Piece::Literal(text)) => !text.starts_with('/'),
            _ => false,
        };
        if !is_relative {
            return path.clone();
        }
        let mut value = self.state.directory.clone().unwrap_or(Value::variable(Variable::Project));
        value.push(Piece::Literal("/".to_owned()));
        value.extend(path.clone());
        value
    }
}

/// Words as they are written.
fn shown(words: &[Field]) -> String {
    words.iter().map(|word| word.value.shown()).collect::<Vec<_>>().join(" ")
}

/// Whether a command's name is bubblewrap's.
pub fn is_bwrap(name: &str) -> bool {
    name == "bwrap" || name.ends_with("/bwrap")
}

pub(super) fn is_name(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && name.chars().all(legal) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// What stands after the first `=` of a value.
fn after_equals(value: &Value) -> Value {
    let (mut out, mut found) = (Value::default(), false);
    for piece in value.pieces() {
        match piece {
            Piece::Literal(text) if !found => {
                if let Some((_, rest)) = text.split_once('=') {
                    found = true;
                    out.push(Piece::Literal(rest.to_owned()));
                }
            }
            piece if found => out.push(piece.clone()),
            _ => {}
        }
    }
    out
}
