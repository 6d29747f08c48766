//! Reads a shell script as far as one can without running it.
//!
//! Walks the statements with symbols for values, and collects the calls of bubblewrap. Starts no
//! program, opens no file. What only a run could tell is listed, never guessed.

use super::Unsaid;
use super::value::{Condition, Field, Piece, Value};
use crate::source::Span;
use crate::words::Variable;
use shuck_ast as ast;
use shuck_parser::parser::Parser;
use std::collections::{BTreeMap, HashMap};

/// The most statements that are walked: loops in loops must end.
const MAX_STEPS: usize = 50_000;

/// The most words that a list may have.
const MAX_FIELDS: usize = 20_000;

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
    exported: BTreeMap<String, ()>,
    unset: Vec<String>,
    /// `None`: the script's own arguments, which nobody knows.
    pub positional: Option<Vec<Field>>,
    pub descriptors: HashMap<i32, Content>,
    pub directory: Option<Value>,
    made: Vec<(Value, bool)>,
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
enum Flow {
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
    functions: HashMap<String, &'a ast::Stmt>,
    conditions: Vec<Condition>,
    pub outcome: Outcome,
    steps: usize,
    depth: usize,
}

/// A place of the parser as one of ours.
pub(super) fn place(span: ast::Span) -> Span {
    Span { start: span.start.offset(), end: span.end.offset() }
}

/// Walks a script; `name` is what `$0` is. An error is a problem of its syntax, with its place.
pub fn evaluate(source: &str, name: Value) -> Result<Outcome, (String, Span)> {
    run(source, name, State::default(), 0)
}

fn run(source: &str, name: Value, state: State, depth: usize) -> Result<Outcome, (String, Span)> {
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
        super::one_line(self.source.get(span.start..span.end).unwrap_or_default())
    }

    fn other(&self, span: Span) -> Truth {
        Truth::When(vec![Condition::Other { text: self.slice(span), span }])
    }

    fn sequence(&mut self, body: &'a ast::StmtSeq) -> Flow {
        self.block(body).0
    }

    /// Walks statements, and gives the truth of the last.
    fn block(&mut self, body: &'a ast::StmtSeq) -> (Flow, Truth) {
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

    fn statement(&mut self, statement: &'a ast::Stmt) -> (Flow, Truth) {
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

    fn opposite(&self, conditions: &[Condition], span: Span) -> Vec<Condition> {
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
            ast::Command::AnonymousFunction(_) => (Flow::Next, self.other(span)),
        }
    }

    fn binary(&mut self, binary: &'a ast::BinaryCommand) -> (Flow, Truth) {
        if matches!(binary.op, ast::BinaryOp::Pipe | ast::BinaryOp::PipeAll) {
            let content = self.content(&binary.left);
            let before = self.state.descriptors.insert(0, content);
            let result = self.statement(&binary.right);
            match before {
                Some(before) => self.state.descriptors.insert(0, before),
                None => self.state.descriptors.remove(&0),
            };
            return result;
        }
        let (flow, left) = self.statement(&binary.left);
        if flow != Flow::Next {
            return (flow, left);
        }
        match (binary.op == ast::BinaryOp::And, left) {
            (true, Truth::Yes) | (false, Truth::No) => self.statement(&binary.right),
            (true, Truth::No) => (Flow::Next, Truth::No),
            (false, Truth::Yes) => (Flow::Next, Truth::Yes),
            (true, Truth::When(mut conditions)) => {
                let (flow, right) = self.under(conditions.clone(), |shell| shell.statement(&binary.right));
                let truth = match right {
                    Truth::No => Truth::No,
                    Truth::Yes => Truth::When(conditions),
                    Truth::When(more) => {
                        conditions.extend(more);
                        Truth::When(conditions)
                    }
                };
                (flow, truth)
            }
            (false, Truth::When(conditions)) => {
                let otherwise = self.opposite(&conditions, place(binary.left.span));
                let before = self.state.clone();
                let (flow, _) = self.under(otherwise, |shell| shell.statement(&binary.right));
                if flow == Flow::Next {
                    return (Flow::Next, Truth::When(conditions));
                }
                self.state = before;
                self.guard(flow, conditions);
                (Flow::Next, Truth::Yes)
            }
        }
    }

    /// What follows is there only under these conditions, because else the script leaves the function
    /// or the turn of a loop. Where it ends altogether, there is no sandbox to speak of.
    fn guard(&mut self, flow: Flow, conditions: Vec<Condition>) {
        if flow != Flow::Exit {
            self.conditions.extend(conditions);
        }
    }

    /// Walks something that is there only under conditions.
    fn under<T>(&mut self, conditions: Vec<Condition>, walk: impl FnOnce(&mut Self) -> T) -> T {
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
            _ => {
                self.skipped(span);
                (Flow::Next, self.other(span))
            }
        }
    }

    /// Says that something was not walked, where it may matter.
    fn skipped(&mut self, span: Span) {
        let text = self.source.get(span.start..span.end).unwrap_or_default();
        if ["bwrap", "+=", "--"].iter().any(|sign| text.contains(sign)) {
            self.unsaid(span, self.slice(span), "what this comes to is known only when the script runs");
        }
    }

    fn branches(&mut self, command: &'a ast::IfCommand) -> (Flow, Truth) {
        let conditions = std::iter::once((&command.condition, &command.then_branch));
        let elifs = command.elif_branches.iter().map(|(condition, body)| (condition, body));
        for (condition, body) in conditions.chain(elifs) {
            let (flow, truth) = self.block(condition);
            if flow == Flow::Exit {
                return (flow, truth);
            }
            match truth {
                Truth::Yes => return self.block(body),
                Truth::No => {}
                Truth::When(conditions) => {
                    let before = (self.state.clone(), self.outcome.clone());
                    let otherwise = self.opposite(&conditions, place(condition.span));
                    let (flow, truth) = self.under(conditions, |shell| shell.block(body));
                    if flow == Flow::Next || self.outcome.calls.len() > before.1.calls.len() {
                        if let Some(other) = &command.else_branch {
                            self.skipped(place(other.span));
                        }
                        return (Flow::Next, truth);
                    }
                    // What ends the script is not what it is for.
                    (self.state, self.outcome) = before;
                    self.guard(flow, otherwise);
                }
            }
        }
        match &command.else_branch {
            Some(body) => self.block(body),
            None => (Flow::Next, Truth::Yes),
        }
    }

    fn for_each(&mut self, command: &'a ast::ForCommand) -> Flow {
        let name = command.targets.first().and_then(|target| target.name.as_ref());
        let Some(name) = name.map(|name| name.as_str().to_owned()) else { return Flow::Next };
        let fields = match &command.words {
            Some(words) => words.iter().flat_map(|word| self.fields(word)).collect(),
            None => self.state.positional.clone().unwrap_or_default(),
        };
        for field in fields {
            if let Some(what) = field.value.unknown() {
                self.unsaid(field.span, what, "what the loop goes over is known only when the script runs");
                continue;
            }
            self.state.variables.insert(name.clone(), Slot::Text(field.value, field.span));
            match self.under(field.conditions, |shell| shell.sequence(&command.body)) {
                Flow::Next | Flow::Continue => {}
                Flow::Break => break,
                flow => return flow,
            }
        }
        Flow::Next
    }

    /// A loop ends when its condition fails; one of which that is not known is not walked.
    fn repeat(&mut self, condition: &'a ast::StmtSeq, body: &'a ast::StmtSeq, span: Span) -> (Flow, Truth) {
        loop {
            let (flow, truth) = self.block(condition);
            match truth {
                _ if flow != Flow::Next => return (flow, Truth::Yes),
                Truth::No => return (Flow::Next, Truth::Yes),
                Truth::When(_) => {
                    self.skipped(span);
                    return (Flow::Next, Truth::Yes);
                }
                Truth::Yes => match self.under(Vec::new(), |shell| shell.sequence(body)) {
                    Flow::Next | Flow::Continue => {}
                    Flow::Break => return (Flow::Next, Truth::Yes),
                    flow => return (flow, Truth::Yes),
                },
            }
        }
    }

    fn case(&mut self, command: &'a ast::CaseCommand) -> (Flow, Truth) {
        let word = self.scalar(&command.word);
        let pattern = |item: &ast::CaseItem| {
            let texts = item.patterns.iter().map(|pattern| place(pattern.span));
            texts.map(|span| self.slice(span).trim_matches(['"', '\'']).to_owned()).collect::<Vec<_>>()
        };
        let matches = |item: &&ast::CaseItem| {
            pattern(item).iter().any(|pattern| pattern == "*" || Some(pattern.as_str()) == word.plain())
        };
        let chosen = command.cases.iter().find(matches);
        match chosen {
            Some(item) => self.block(&item.body),
            None => (Flow::Next, Truth::Yes),
        }
    }

    fn declare(&mut self, declaration: &'a ast::DeclClause) {
        let variant = declaration.variant.as_str();
        let flag = |operand: &ast::DeclOperand| match operand {
            ast::DeclOperand::Flag(word) => word.try_static_text(self.source).is_some_and(|text| text.contains('x')),
            _ => false,
        };
        let is_export = variant == "export" || declaration.operands.iter().any(flag);
        for operand in &declaration.operands {
            let name = match operand {
                ast::DeclOperand::Assignment(assignment) => {
                    self.assign(assignment);
                    assignment.target.name.as_str()
                }
                ast::DeclOperand::Name(target) => target.name.as_str(),
                _ => continue,
            };
            if is_export {
                self.state.exported.insert(name.to_owned(), ());
            }
        }
    }

    fn assign(&mut self, assignment: &'a ast::Assignment) {
        let name = assignment.target.name.as_str().to_owned();
        let span = place(assignment.span);
        match &assignment.value {
            ast::AssignmentValue::Compound(list) => {
                let mut fields = if assignment.append { self.list(&name) } else { Vec::new() };
                for element in &list.elements {
                    match element {
                        ast::ArrayElem::Sequential(value) => fields.extend(self.fields(&value.word)),
                        _ => self.unsaid(span, self.slice(span), "a list with keys is not followed"),
                    }
                }
                if fields.len() > MAX_FIELDS {
                    self.unsaid(span, self.slice(span), "the list is too long to be followed");
                    fields.truncate(MAX_FIELDS);
                }
                self.state.variables.insert(name, Slot::List(fields));
            }
            ast::AssignmentValue::Scalar(word) if assignment.append => {
                let more = self.scalar(word);
                match self.state.variables.get_mut(&name) {
                    Some(Slot::Text(value, at)) => {
                        value.extend(more);
                        *at = span;
                    }
                    _ => {
                        self.state.variables.insert(name, Slot::Text(more, span));
                    }
                }
            }
            ast::AssignmentValue::Scalar(word) => {
                let value = self.scalar(word);
                self.state.variables.insert(name, Slot::Text(value, place(word.span)));
            }
        }
    }

    /// A list by its name, or a text as a list of one.
    pub fn list(&self, name: &str) -> Vec<Field> {
        match self.state.variables.get(name) {
            Some(Slot::List(fields)) => fields.clone(),
            Some(Slot::Text(value, span)) => vec![Field::new(value.clone(), *span)],
            None => Vec::new(),
        }
    }

    /// Words of the script with the conditions under which they are there.
    pub fn conditioned(&self, mut fields: Vec<Field>) -> Vec<Field> {
        for field in &mut fields {
            let more = self.conditions.iter().filter(|one| !field.conditions.contains(one)).cloned();
            let more: Vec<Condition> = more.collect();
            field.conditions.extend(more);
        }
        fields
    }

    fn simple(&mut self, simple: &'a ast::SimpleCommand, statement: &'a ast::Stmt) -> (Flow, Truth) {
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
        let before = (self.state.descriptors.clone(), self.state.variables.clone());
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
        self.state.descriptors = before.0;
        result
    }

    /// The parser takes the number in `5<<EOF` for a word.
    fn drop_descriptor_word(&mut self, statement: &ast::Stmt, words: &mut Vec<Field>) {
        for redirect in &statement.redirects {
            let start = place(redirect.span).start;
            if redirect.fd.is_none() && self.number_before(start).is_some() {
                words.retain(|word| word.span.end != start);
            }
        }
    }

    /// The number that stands directly before an offset.
    fn number_before(&self, offset: usize) -> Option<i32> {
        let before = self.source.get(..offset)?;
        let digits = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let (head, number) = before.split_at(before.len() - digits);
        (head.is_empty() || head.ends_with(char::is_whitespace)).then(|| number.parse().ok())?
    }

    fn redirect(&mut self, statement: &'a ast::Stmt) {
        for redirect in &statement.redirects {
            let fd = redirect.fd.or_else(|| self.number_before(place(redirect.span).start)).unwrap_or(0);
            let content = match (&redirect.target, redirect.kind) {
                (ast::RedirectTarget::Heredoc(document), _) => Content::Text(self.here_document(document)),
                (ast::RedirectTarget::Word(word), ast::RedirectKind::Input | ast::RedirectKind::ReadWrite) => {
                    self.input(word)
                }
                (ast::RedirectTarget::Word(word), ast::RedirectKind::HereString) => {
                    let mut text = self.scalar(word);
                    text.push(Piece::Literal("\n".to_owned()));
                    Content::Text(text)
                }
                (ast::RedirectTarget::Word(word), ast::RedirectKind::DupInput | ast::RedirectKind::DupOutput) => {
                    let from = self.scalar(word);
                    let from = from.plain().and_then(|number| number.parse::<i32>().ok());
                    match from.and_then(|from| self.state.descriptors.get(&from).cloned()) {
                        Some(content) => content,
                        None => continue,
                    }
                }
                _ => continue,
            };
            let fd = match &redirect.fd_var {
                Some(name) => {
                    // A number that the shell chooses; any that is free will do.
                    let free = 1000 + i32::try_from(self.state.descriptors.len()).unwrap_or(0);
                    let slot = Slot::Text(Value::literal(free.to_string()), place(redirect.span));
                    self.state.variables.insert(name.as_str().to_owned(), slot);
                    free
                }
                None => fd,
            };
            self.state.descriptors.insert(fd, content);
        }
    }

    /// What a command by these words does.
    fn dispatch(&mut self, mut words: Vec<Field>, own: BTreeMap<String, Value>, span: Span) -> (Flow, Truth) {
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
            "cd" | "pushd" => {
                let rest: Vec<Field> =
                    words_after.into_iter().filter(|word| word.value.plain() != Some("--")).collect();
                self.state.directory = Some(match rest.first() {
                    Some(word) => self.below_directory(&word.value),
                    None => Value::variable(Variable::Home),
                });
                done
            }
            "set" => {
                let dashes = words_after.iter().position(|word| word.value.plain() == Some("--"));
                if let Some(position) = dashes {
                    let fields = words_after.into_iter().skip(position + 1).collect();
                    self.state.positional = Some(self.conditioned(fields));
                }
                done
            }
            "shift" => {
                let count = words_after.first().and_then(|word| word.value.plain()?.parse().ok()).unwrap_or(1);
                if let Some(positional) = &mut self.state.positional {
                    positional.drain(..count.min(positional.len()));
                }
                done
            }
            "unset" => {
                let names = words_after.iter().filter_map(|word| word.value.plain().map(str::to_owned));
                for name in names.filter(|name| !name.starts_with('-')).collect::<Vec<_>>() {
                    self.state.variables.remove(&name);
                    self.state.unset.push(name);
                }
                done
            }
            "mkdir" | "touch" => {
                let paths = words_after.iter().filter(|word| !word.value.plain().is_some_and(|w| w.starts_with('-')));
                let paths: Vec<Value> = paths.map(|word| self.below_directory(&word.value)).collect();
                self.state.made.extend(paths.into_iter().map(|path| (path, name == "mkdir")));
                done
            }
            "read" | "mapfile" | "readarray" => {
                let what = self.slice(span);
                for word in words_after.iter().filter_map(|word| word.value.plain()).filter(|w| !w.starts_with('-')) {
                    let slot = Slot::Text(Value::of(Piece::Unknown(what.clone())), span);
                    self.state.variables.insert(word.to_owned(), slot);
                }
                (Flow::Next, self.other(span))
            }
            "source" | "." | "eval" => {
                self.unsaid(span, self.slice(span), "sbc reads this file alone; what the other one says is not known");
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

    fn env_command(&mut self, words: Vec<Field>, mut own: BTreeMap<String, Value>, span: Span) -> (Flow, Truth) {
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
    fn around(&mut self, words: &[Field], own: BTreeMap<String, Value>, span: Span) -> Truth {
        let is_program = |word: &Field| word.value.plain().is_some_and(is_bwrap);
        let asks = words.first().is_some_and(|word| matches!(word.value.plain(), Some("command" | "which" | "type")));
        let position = words.iter().position(is_program).filter(|_| !asks);
        let outside = |words: &[Field]| words.iter().map(|word| word.value.shown()).collect::<Vec<_>>().join(" ");
        if let Some(position) = position {
            let (before, rest) = words.split_at(position);
            self.unsaid(span, super::one_line(&outside(before)), "what stands around bwrap is no part of a sandbox");
            self.call(rest.iter().skip(1).cloned().collect(), own, false, span);
            return Truth::Yes;
        }
        let script = words.iter().skip(1).find(|word| {
            let text = word.value.shown();
            text.contains("bwrap ") && text.contains("--")
        });
        let Some(script) = script.filter(|_| !asks) else { return self.other(span) };
        let mut state = self.state.clone();
        state.positional = None;
        let before: Vec<Field> = words.iter().take_while(|word| *word != script).cloned().collect();
        self.unsaid(span, super::one_line(&outside(&before)), "what stands around bwrap is no part of a sandbox");
        match run(&script.value.shown(), self.name.clone(), state, self.depth + 1) {
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

    fn function(&mut self, name: &str, words: Vec<Field>) -> (Flow, Truth) {
        let Some(body) = self.functions.get(name).copied() else { return (Flow::Next, Truth::Yes) };
        let outer = self.state.positional.replace(words);
        self.depth += 1;
        let (flow, truth) = self.under(Vec::new(), |shell| shell.statement(body));
        self.depth -= 1;
        self.state.positional = outer;
        (if flow == Flow::Exit { Flow::Exit } else { Flow::Next }, truth)
    }

    fn call(&mut self, words: Vec<Field>, own: BTreeMap<String, Value>, is_cleared: bool, span: Span) {
        let mut env = BTreeMap::new();
        for name in self.state.exported.keys() {
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
    fn below_directory(&self, path: &Value) -> Value {
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
