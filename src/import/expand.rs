//! What the words of a script come to: quotes, variables, lists, braces.

use super::atoms::{Atom, braces, join, of_value, split};
use super::command::is_name;
use super::inner;
use super::shell::{Shell, Slot, place};
use super::value::{Field, Piece, Value};
use crate::source::Span;
use crate::words::Variable;
use shuck_ast as ast;
use shuck_ast::{BourneParameterExpansion as Bourne, ParameterOp, WordPart};

/// What stands around a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    None,
    /// Nothing, but what is assigned stays one word.
    Assigned,
    Double,
}

impl<'a> Shell<'a> {
    /// A word as words: none, one, or many.
    pub(super) fn fields(&mut self, word: &'a ast::Word) -> Vec<Field> {
        let span = place(word.span);
        if let Some(fields) = self.whole_list(word) {
            return self.conditioned(fields);
        }
        let mut atoms = Vec::new();
        self.tilde(word, &mut atoms);
        self.atoms(&word.parts, Quotes::None, &mut atoms);
        let quoted = word.has_quoted_parts();
        let words = if word.has_active_brace_expansion() { braces(atoms) } else { vec![atoms] };
        let source = self.slice(span);
        let split = words.into_iter().flat_map(|atoms| split(&atoms, quoted, &source));
        let fields = split.map(|value| Field::new(value, self.written_at(word, span))).collect();
        self.conditioned(fields)
    }

    /// A word as one text, as in an assignment.
    pub(super) fn scalar(&mut self, word: &'a ast::Word) -> Value {
        let mut atoms = Vec::new();
        self.tilde(word, &mut atoms);
        self.atoms(&word.parts, Quotes::Assigned, &mut atoms);
        join(&atoms)
    }

    /// Where a word was written: a variable's text where it was assigned.
    fn written_at(&self, word: &ast::Word, span: Span) -> Span {
        let name = match word.parts.as_slice() {
            [ast::WordPartNode { kind: WordPart::Variable(name), .. }] => name.as_str(),
            _ => return span,
        };
        match self.state.variables.get(self.state.referred(name)) {
            Some(Slot::Text(_, written)) => *written,
            _ => span,
        }
    }

    /// The words of a list, if a word is nothing else: `"${args[@]}"`, `"$@"`.
    fn whole_list(&mut self, word: &'a ast::Word) -> Option<Vec<Field>> {
        let span = place(word.span);
        let part = match word.parts.as_slice() {
            [ast::WordPartNode { kind: WordPart::DoubleQuoted { parts, .. }, .. }] => match parts.as_slice() {
                [part] => part,
                _ => return None,
            },
            [part] => part,
            _ => return None,
        };
        match &part.kind {
            WordPart::Variable(name) if matches!(name.as_str(), "@" | "*") => Some(self.arguments(span)),
            WordPart::ArrayAccess(reference) if reference.has_array_selector() => {
                Some(self.listed(reference.name.as_str(), span))
            }
            WordPart::Parameter(expansion) => self.whole_parameter(expansion.bourne()?, span),
            _ => None,
        }
    }

    fn whole_parameter(&mut self, expansion: &'a Bourne, span: Span) -> Option<Vec<Field>> {
        let is_list =
            |reference: &ast::VarRef| reference.has_array_selector() || matches!(reference.name.as_str(), "@" | "*");
        let all = |shell: &mut Self, reference: &ast::VarRef| match reference.name.as_str() {
            "@" | "*" => shell.arguments(span),
            name => shell.listed(name, span),
        };
        match expansion {
            Bourne::Access { reference } if is_list(reference) => Some(all(self, reference)),
            Bourne::Operation { reference, operator, operand_word_ast, .. } => {
                let name = reference.name.as_str();
                let nothing = match self.state.variables.get(self.state.referred(name)) {
                    Some(Slot::List(fields)) => fields.is_empty(),
                    Some(Slot::Text(..)) if !is_list(reference) => return None,
                    Some(Slot::Text(..)) => false,
                    None if is_list(reference) => self.state.positional.as_ref().is_none_or(Vec::is_empty),
                    None => return None,
                };
                let operand = operand_word_ast.as_deref();
                match (&**operator, nothing) {
                    (ParameterOp::UseReplacement, true) => Some(Vec::new()),
                    (ParameterOp::UseReplacement, false) | (ParameterOp::UseDefault, true) => {
                        Some(operand.map(|word| self.fields(word)).unwrap_or_default())
                    }
                    (ParameterOp::UseDefault, false) if is_list(reference) => Some(all(self, reference)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The script's arguments, or those of a function.
    fn arguments(&self, span: Span) -> Vec<Field> {
        self.state.positional.clone().unwrap_or_else(|| vec![Field::new(Value::of(Piece::Arguments), span)])
    }

    /// A list by its name; one that nothing fills has no words.
    fn listed(&self, name: &str, _: Span) -> Vec<Field> {
        self.list(name)
    }

    /// A tilde at the start of a word.
    fn tilde(&self, word: &ast::Word, atoms: &mut Vec<Atom>) {
        let text = place(word.span);
        let text = self.source.get(text.start..text.end).unwrap_or_default();
        if text == "~" || text.starts_with("~/") {
            atoms.push(Atom::Piece(Piece::Variable(Variable::Home)));
        }
    }

    fn atoms(&mut self, parts: &'a [ast::WordPartNode], quotes: Quotes, atoms: &mut Vec<Atom>) {
        for (position, part) in parts.iter().enumerate() {
            match &part.kind {
                WordPart::Literal(text) => {
                    let text = text.as_str(self.source, part.span);
                    // The home stands for it already.
                    let starts = position == 0 && matches!(atoms.as_slice(), [Atom::Piece(Piece::Variable(_))]);
                    let text = if starts { text.strip_prefix('~').unwrap_or(text) } else { text };
                    self.written(text, place(part.span), quotes, atoms);
                }
                WordPart::SingleQuoted { value, .. } => {
                    let text = value.slice(self.source);
                    atoms.extend(text.chars().map(|c| self.atom(c, false)));
                }
                WordPart::DoubleQuoted { parts, .. } => self.atoms(parts, Quotes::Double, atoms),
                kind => {
                    let value = self.expansion(kind, place(part.span));
                    atoms.extend(of_value(&value, quotes != Quotes::None));
                }
            }
        }
    }

    /// A text as it is written. The parser takes backslashes out of some, so they are read here.
    fn written(&self, text: &str, span: Span, quotes: Quotes, atoms: &mut Vec<Atom>) {
        let raw = self.source.get(span.start..span.end).filter(|raw| raw.contains('\\')).unwrap_or(text);
        let is_plain = quotes == Quotes::None;
        let mut rest = raw.chars();
        while let Some(c) = rest.next() {
            let escaped = if c == '\\' { rest.next() } else { None };
            match escaped {
                None => atoms.push(self.atom(c, is_plain)),
                Some('\n') => {}
                Some(next) if quotes == Quotes::Double && !matches!(next, '$' | '`' | '"' | '\\') => {
                    atoms.extend([c, next].map(|c| self.atom(c, false)));
                }
                Some(next) => atoms.push(self.atom(next, false)),
            }
        }
    }

    /// A character of the text, or what an outer script has put there.
    fn atom(&self, c: char, plain: bool) -> Atom {
        inner::piece(&self.state.outer, c).map_or(Atom::Char { c, plain }, |piece| Atom::Piece(piece.clone()))
    }

    /// What an expansion comes to.
    fn expansion(&mut self, kind: &'a WordPart, span: Span) -> Value {
        let unknown = |shell: &Self| Value::of(Piece::Unknown(shell.slice(span)));
        match kind {
            WordPart::Variable(name) => self.variable(name.as_str(), span),
            WordPart::CommandSubstitution { body, .. } => self.substitution(body, span),
            WordPart::Parameter(expansion) => match expansion.bourne() {
                Some(expansion) => self.parameter(expansion, span),
                None => unknown(self),
            },
            WordPart::ArrayAccess(reference) => self.element(reference, span),
            WordPart::ParameterExpansion { reference, operator, operand_word_ast, colon_variant, .. } => {
                self.operation(reference, operator, operand_word_ast.as_deref(), *colon_variant, span)
            }
            _ => unknown(self),
        }
    }

    fn parameter(&mut self, expansion: &'a Bourne, span: Span) -> Value {
        match expansion {
            Bourne::Access { reference } => self.element(reference, span),
            Bourne::Operation { reference, operator, operand_word_ast, colon_variant, .. } => {
                self.operation(reference, operator, operand_word_ast.as_deref(), *colon_variant, span)
            }
            Bourne::Length { reference } if reference.has_array_selector() => {
                Value::literal(self.list(reference.name.as_str()).len().to_string())
            }
            _ => Value::of(Piece::Unknown(self.slice(span))),
        }
    }

    /// A variable, or an element of a list.
    fn element(&mut self, reference: &ast::VarRef, span: Span) -> Value {
        let name = reference.name.as_str();
        let Some(subscript) = &reference.subscript else { return self.variable(name, span) };
        let list = self.list(name);
        let value = match subscript.syntax_text(self.source).parse::<usize>() {
            Ok(index) => list.get(index).map(|field| field.value.clone()),
            Err(_) if subscript.is_array_selector() => {
                let mut joined = Value::default();
                for (position, field) in list.into_iter().enumerate() {
                    joined.push(Piece::Literal(if position > 0 { " " } else { "" }.to_owned()));
                    joined.extend(field.value);
                }
                Some(joined)
            }
            Err(_) => None,
        };
        value.or_else(|| self.script_name(name)).unwrap_or_else(|| Value::of(Piece::Unknown(self.slice(span))))
    }

    fn script_name(&self, name: &str) -> Option<Value> {
        matches!(name, "0" | "BASH_SOURCE").then(|| self.name.clone())
    }

    /// The value that the script gave to a variable.
    fn assigned(&self, name: &str) -> Option<Value> {
        match self.state.variables.get(self.state.referred(name))? {
            Slot::Text(value, _) => Some(value.clone()),
            Slot::List(fields) => Some(fields.first().map(|field| field.value.clone()).unwrap_or_default()),
        }
    }

    pub(super) fn variable(&mut self, name: &str, span: Span) -> Value {
        if let Some(value) = self.assigned(name) {
            return value;
        }
        if let Some(variable) = symbol(name) {
            return match (variable, &self.state.directory) {
                (Variable::Project, Some(directory)) => directory.clone(),
                _ => Value::variable(variable),
            };
        }
        if let Some(value) = self.script_name(name) {
            return value;
        }
        let positional = self.state.positional.as_ref();
        match name {
            "#" => Value::literal(positional.map_or(0, Vec::len).to_string()),
            "@" | "*" => self.arguments(span).into_iter().map(|field| field.value).reduce(spaced).unwrap_or_default(),
            _ if name.chars().all(|c| c.is_ascii_digit()) => match positional {
                Some(fields) => {
                    let index = name.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                    index.and_then(|index| fields.get(index)).map(|field| field.value.clone()).unwrap_or_default()
                }
                None => Value::of(Piece::Unknown(format!("${name}"))),
            },
            _ if is_name(name) => Value::of(Piece::Caller(name.to_owned())),
            _ => Value::of(Piece::Unknown(self.slice(span))),
        }
    }

    /// `${NAME:-default}` and the like.
    fn operation(
        &mut self,
        reference: &ast::VarRef,
        operator: &'a ParameterOp,
        operand: Option<&'a ast::Word>,
        colon: bool,
        span: Span,
    ) -> Value {
        let name = reference.name.as_str();
        let number = !name.is_empty() && name.chars().all(|c| c.is_ascii_digit()) && name != "0";
        let own = match number {
            true => {
                let value = self.variable(name, span);
                value.unknown().is_none().then_some(value)
            }
            false => self.assigned(name).or_else(|| symbol(name).map(Value::variable)),
        };
        let operand = |shell: &mut Self| operand.map(|word| shell.scalar(word)).unwrap_or_default();
        let is_set = |value: &Value| !colon || value.emptiness() != Some(true);
        match operator {
            ParameterOp::UseDefault | ParameterOp::AssignDefault => match own.filter(is_set) {
                Some(value) => value,
                None => {
                    let default = operand(self);
                    // Whether the caller has it is not known; without a default that is all there is to say.
                    let value = if number || default.emptiness() == Some(false) {
                        default
                    } else {
                        Value::of(Piece::Caller(name.to_owned()))
                    };
                    if matches!(operator, ParameterOp::AssignDefault) {
                        self.state.variables.insert(name.to_owned(), Slot::Text(value.clone(), span));
                    }
                    value
                }
            },
            ParameterOp::Error => own.unwrap_or_else(|| self.variable(name, span)),
            ParameterOp::UseReplacement => match own {
                Some(value) if is_set(&value) => operand(self),
                Some(_) => Value::default(),
                None if number => Value::default(),
                None => Value::of(Piece::Unknown(self.slice(span))),
            },
            _ => Value::of(Piece::Unknown(self.slice(span))),
        }
    }

    pub(super) fn here_document(&mut self, document: &'a ast::Heredoc) -> Value {
        let mut value = Value::default();
        let strip = document.delimiter.strip_tabs;
        for part in &document.body.parts {
            match &part.kind {
                ast::HeredocBodyPart::Literal(text) => {
                    let text = text.as_str(self.source, part.span);
                    let text = match strip {
                        true => text.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect(),
                        false => text.to_owned(),
                    };
                    value.extend(inner::value(&self.state.outer, &text));
                }
                ast::HeredocBodyPart::Variable(name) => {
                    let more = self.variable(name.as_str(), place(part.span));
                    value.extend(more);
                }
                ast::HeredocBodyPart::Parameter(expansion) => {
                    let more = match expansion.bourne() {
                        Some(expansion) => self.parameter(expansion, place(part.span)),
                        None => Value::of(Piece::Unknown(self.slice(place(part.span)))),
                    };
                    value.extend(more);
                }
                ast::HeredocBodyPart::CommandSubstitution { body, .. } => {
                    let more = self.substitution(body, place(part.span));
                    value.extend(more);
                }
                _ => value.push(Piece::Unknown(self.slice(place(part.span)))),
            }
        }
        value
    }
}

/// The variables of shells that a policy has, too.
fn symbol(name: &str) -> Option<Variable> {
    Some(match name {
        "PWD" => Variable::Project,
        "LOGNAME" => Variable::User,
        "EUID" => Variable::Uid,
        "PROJECT" | "GID" | "GIT_COMMON_DIR" | "GIT_WORKTREE_ID" => return None,
        name => return Variable::from_word(name),
    })
}

fn spaced(mut one: Value, other: Value) -> Value {
    one.push(Piece::Literal(" ".to_owned()));
    one.extend(other);
    one
}
