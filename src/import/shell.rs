//! Reads a shell script as far as one can without running it.
//!
//! Walks the statements with symbols for values, and collects the calls of bubblewrap. Starts no
//! program, opens no file. What only a run could tell is listed, never guessed.

use super::value::{Condition, Field, Piece, Value};
use super::{Unsaid, inner};
use crate::source::Span;
use shuck_ast as ast;
use shuck_parser::parser::Parser;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The most statements that are walked: loops in loops must end.
const MAX_STEPS: usize = 50_000;

/// The most words that a list may have.
pub(super) const MAX_FIELDS: usize = 20_000;

/// The most bytes of the texts of one variable.
pub(super) const MAX_TEXT: usize = 256 * 1024;

/// How deep functions and scripts in scripts may nest.
const MAX_DEPTH: usize = 24;

/// What a descriptor gives to whoever reads it.
#[derive(Clone, Debug)]
pub enum Content {
    File(Value),
    Text(Value),
    /// Words with a zero byte after each, for `--args`.
    Words(Vec<Field>),
    Unknown(String),
}

/// One call of bubblewrap.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// What stands after `bwrap`.
    pub words: Vec<Field>,
    pub span: Span,
    /// What `env`, `export` and assignments put into its environment.
    pub env: BTreeMap<String, Value>,
    /// Whether `env -i` empties the environment before.
    pub is_cleared: bool,
    /// Variables that the script removes.
    pub unset: Vec<String>,
    pub descriptors: HashMap<i32, Content>,
    /// Paths that the script makes before, directories and files.
    pub made: Vec<(Value, bool)>,
    pub conditions: Vec<Condition>,
}

/// What a script comes to.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub calls: Vec<Call>,
    pub unsaid: Vec<Unsaid>,
}

/// The value of a variable of the script.
#[derive(Clone, Debug)]
pub(super) enum Slot {
    Text(Value, Span),
    List(Vec<Field>),
}

/// What a statement can change.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub variables: HashMap<String, Slot>,
    pub exported: BTreeSet<String>,
    pub unset: Vec<String>,
    /// `None`: the script's own arguments, which nobody knows.
    pub positional: Option<Vec<Field>>,
    pub descriptors: HashMap<i32, Content>,
    pub directory: Option<Value>,
    pub made: Vec<(Value, bool)>,
    /// What an outer script has put into the text of this one.
    pub outer: Vec<Piece>,
    /// Names of other variables.
    pub references: HashMap<String, String>,
}

impl State {
    /// The variable that a name means.
    pub fn referred<'n>(&'n self, name: &'n str) -> &'n str {
        self.references.get(name).map_or(name, String::as_str)
    }
}

/// Whether a command succeeds.
#[derive(Clone, Debug)]
pub(super) enum Truth {
    Yes,
    No,
    When(Vec<Condition>),
}

/// Where the walk goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    /// Out of a function.
    Return,
    Exit,
    /// Out of a loop.
    Break,
    /// To the next turn of a loop.
    Continue,
}

/// A walk over one script.
pub(super) struct Shell<'a> {
    pub source: &'a str,
    pub state: State,
    /// What `$0` is.
    pub name: Value,
    pub functions: HashMap<String, &'a ast::Stmt>,
    pub conditions: Vec<Condition>,
    pub outcome: Outcome,
    steps: usize,
    pub depth: usize,
}

/// A place of the parser as one of ours.
pub(super) fn place(span: ast::Span) -> Span {
    Span { start: span.start.offset(), end: span.end.offset() }
}

/// Walks a script; `name` is what `$0` is. An error is a problem of its syntax, with its place.
pub fn evaluate(source: &str, name: Value) -> Result<Outcome, (String, Span)> {
    run(source, name, State::default(), 0)
}

pub(super) fn run(source: &str, name: Value, state: State, depth: usize) -> Result<Outcome, (String, Span)> {
    let parsed = Parser::new(source).parse();
    if let Some(problem) = parsed.diagnostics.first() {
        return Err((problem.message.clone(), place(problem.span)));
    }
    if let Some(shuck_parser::Error::Parse { message, line, column }) = parsed.terminal_error {
        let before: usize = source.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let at = (before + column.saturating_sub(1)).min(source.len());
        return Err((message, Span { start: at, end: at }));
    }
    let mut shell = Shell {
        source,
        state,
        name,
        functions: HashMap::new(),
        conditions: Vec::new(),
        outcome: Outcome::default(),
        steps: 0,
        depth,
    };
    shell.sequence(&parsed.file.body);
    Ok(shell.outcome)
}

impl<'a> Shell<'a> {
    /// Lists what cannot be said.
    pub fn unsaid(&mut self, span: Span, what: impl Into<String>, why: impl Into<String>) {
        self.outcome.unsaid.push(Unsaid::at(span, what, why));
    }

    /// A piece of the script, on one line.
    pub fn slice(&self, span: Span) -> String {
        let text = self.source.get(span.start..span.end).unwrap_or_default();
        super::one_line(&inner::value(&self.state.outer, text).shown())
    }

    pub(super) fn sequence(&mut self, body: &'a ast::StmtSeq) -> Flow {
        self.block(body).0
    }

    /// Walks statements, and gives the truth of the last.
    pub(super) fn block(&mut self, body: &'a ast::StmtSeq) -> (Flow, Truth) {
        let mut truth = Truth::Yes;
        for statement in body.iter() {
            let (flow, last) = self.statement(statement);
            if flow != Flow::Next {
                return (flow, last);
            }
            truth = last;
        }
        (Flow::Next, truth)
    }

    pub(super) fn statement(&mut self, statement: &'a ast::Stmt) -> (Flow, Truth) {
        self.steps += 1;
        let span = place(statement.span);
        if self.steps > MAX_STEPS || self.depth > MAX_DEPTH {
            if self.steps == MAX_STEPS + 1 || self.depth > MAX_DEPTH {
                self.unsaid(span, self.slice(span), "the script repeats itself too often to be followed");
            }
            return (Flow::Exit, Truth::Yes);
        }
        let (flow, truth) = self.command(statement, span);
        let truth = if statement.negated { self.negated(truth, span) } else { truth };
        (flow, truth)
    }

    pub fn negated(&self, truth: Truth, span: Span) -> Truth {
        match truth {
            Truth::Yes => Truth::No,
            Truth::No => Truth::Yes,
            Truth::When(conditions) => Truth::When(self.opposite(&conditions, span)),
        }
    }

    pub(super) fn opposite(&self, conditions: &[Condition], span: Span) -> Vec<Condition> {
        match conditions {
            [Condition::Exists(path)] => vec![Condition::Missing(path.clone())],
            [Condition::Missing(path)] => vec![Condition::Exists(path.clone())],
            _ => vec![Condition::Other { text: self.slice(span), span }],
        }
    }

    fn command(&mut self, statement: &'a ast::Stmt, span: Span) -> (Flow, Truth) {
        match &statement.command {
            ast::Command::Simple(simple) => self.simple(simple, statement),
            ast::Command::Decl(declaration) => {
                self.declare(declaration);
                (Flow::Next, Truth::Yes)
            }
            ast::Command::Binary(binary) => self.binary(binary),
            ast::Command::Function(function) => {
                let names: Vec<String> = function.static_names().map(|name| name.as_str().to_owned()).collect();
                self.functions.extend(names.into_iter().map(|name| (name, &*function.body)));
                (Flow::Next, Truth::Yes)
            }
            ast::Command::Builtin(builtin) => match builtin {
                ast::BuiltinCommand::Exit(_) => (Flow::Exit, Truth::Yes),
                ast::BuiltinCommand::Return(command) => {
                    let code = command.code.as_ref().map(|word| self.scalar(word));
                    let failed = code.is_some_and(|code| code.plain().is_some_and(|code| code != "0"));
                    (Flow::Return, if failed { Truth::No } else { Truth::Yes })
                }
                ast::BuiltinCommand::Continue(_) => (Flow::Continue, Truth::Yes),
                ast::BuiltinCommand::Break(_) => (Flow::Break, Truth::Yes),
            },
            ast::Command::Compound(compound) => {
                let before = self.state.descriptors.clone();
                self.redirect(statement);
                let result = self.compound(compound, span);
                self.state.descriptors = before;
                result
            }
            ast::Command::AnonymousFunction(_) => (Flow::Next, self.unknown(span)),
        }
    }

    /// What follows is there only under these conditions, because else the script leaves the function
    /// or the turn of a loop. Where it ends altogether, there is no sandbox to speak of.
    pub(super) fn guard(&mut self, flow: Flow, conditions: Vec<Condition>) {
        if flow != Flow::Exit {
            self.conditions.extend(conditions);
        }
    }

    /// Walks something that is there only under conditions.
    pub(super) fn under<T>(&mut self, conditions: Vec<Condition>, walk: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.conditions.len();
        self.conditions.extend(conditions);
        let result = walk(self);
        self.conditions.truncate(before);
        result
    }

    fn compound(&mut self, compound: &'a ast::CompoundCommand, span: Span) -> (Flow, Truth) {
        match compound {
            ast::CompoundCommand::If(branches) => self.branches(branches),
            ast::CompoundCommand::For(command) => (self.for_each(command), Truth::Yes),
            ast::CompoundCommand::BraceGroup(body) => self.block(body),
            ast::CompoundCommand::Subshell(body) => {
                let before = self.state.clone();
                let (_, truth) = self.block(body);
                self.state = before;
                (Flow::Next, truth)
            }
            ast::CompoundCommand::Conditional(command) => {
                let truth = self.conditional(&command.expression);
                (Flow::Next, truth)
            }
            ast::CompoundCommand::Case(command) => self.case(command),
            ast::CompoundCommand::While(command) => self.repeat(&command.condition, &command.body, span),
            ast::CompoundCommand::Time(command) => match &command.command {
                Some(statement) => self.statement(statement),
                None => (Flow::Next, Truth::Yes),
            },
            ast::CompoundCommand::Arithmetic(_) => {
                let text = self.source.get(span.start..span.end).unwrap_or_default();
                self.forget(text, span);
                (Flow::Next, self.unknown(span))
            }
            _ => {
                self.skipped(span);
                (Flow::Next, self.unknown(span))
            }
        }
    }

    /// Says that something was not walked, where it may matter.
    pub(super) fn skipped(&mut self, span: Span) {
        let text = self.source.get(span.start..span.end).unwrap_or_default();
        if ["bwrap", "+=", "--"].iter().any(|sign| text.contains(sign)) {
            self.unsaid(span, self.slice(span), "what this comes to is known only when the script runs");
        }
    }
}
