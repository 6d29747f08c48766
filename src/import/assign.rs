//! The variables of a script, and what its descriptors give to read.

use super::command::is_name;
use super::shell::{Content, MAX_FIELDS, MAX_TEXT, Shell, Slot, place};
use super::value::{Condition, Field, Piece, Value};
use crate::source::Span;
use shuck_ast as ast;

impl<'a> Shell<'a> {
    pub(super) fn declare(&mut self, declaration: &'a ast::DeclClause) {
        let variant = declaration.variant.as_str();
        let flag = |operand: &ast::DeclOperand, flag: char| match operand {
            ast::DeclOperand::Flag(word) => word.try_static_text(self.source).is_some_and(|text| text.contains(flag)),
            _ => false,
        };
        let is_export = variant == "export" || declaration.operands.iter().any(|operand| flag(operand, 'x'));
        let is_reference = declaration.operands.iter().any(|operand| flag(operand, 'n')) && variant != "export";
        for operand in &declaration.operands {
            if let ast::DeclOperand::Assignment(assignment) = operand
                && is_reference
            {
                self.refer(assignment);
                continue;
            }
            let name = match operand {
                ast::DeclOperand::Assignment(assignment) => {
                    self.assign(assignment);
                    assignment.target.name.as_str()
                }
                ast::DeclOperand::Name(target) => target.name.as_str(),
                _ => continue,
            };
            if is_export {
                self.state.exported.insert(name.to_owned());
            }
        }
    }

    /// `local -n NAME=OTHER`: another name for a variable.
    fn refer(&mut self, assignment: &'a ast::Assignment) {
        let span = place(assignment.span);
        let value = match &assignment.value {
            ast::AssignmentValue::Scalar(word) => self.scalar(word),
            ast::AssignmentValue::Compound(_) => Value::default(),
        };
        match value.plain() {
            Some(other) => {
                let other = self.state.referred(other).to_owned();
                self.state.references.insert(assignment.target.name.as_str().to_owned(), other);
            }
            None => self.unsaid(span, self.slice(span), "which variable this is, is known only when the script runs"),
        }
    }

    /// Forgets the variables that a text names: what changes them there is not followed.
    pub(super) fn forget(&mut self, text: &str, span: Span) {
        let what = self.slice(span);
        for name in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|name| is_name(name)) {
            let name = self.state.referred(name).to_owned();
            let slot = Slot::Text(Value::of(Piece::Unknown(what.clone())), span);
            self.state.variables.entry(name).and_modify(|old| *old = slot);
        }
    }

    pub(super) fn assign(&mut self, assignment: &'a ast::Assignment) {
        let name = self.state.referred(assignment.target.name.as_str()).to_owned();
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
                let bytes: usize = fields.iter().map(|field| field.value.bytes()).sum();
                if fields.len() > MAX_FIELDS || bytes > MAX_TEXT {
                    self.unsaid(span, self.slice(span), "the list is too long to be followed");
                    fields.clear();
                }
                self.state.variables.insert(name, Slot::List(fields));
            }
            ast::AssignmentValue::Scalar(word) if assignment.append => {
                let more = self.scalar(word);
                match self.state.variables.get_mut(&name) {
                    Some(Slot::Text(value, at)) => {
                        value.extend(more);
                        *at = span;
                        value.limit(MAX_TEXT);
                    }
                    _ => {
                        self.state.variables.insert(name, Slot::Text(more, span));
                    }
                }
            }
            ast::AssignmentValue::Scalar(word) => {
                let mut value = self.scalar(word);
                value.limit(MAX_TEXT);
                self.state.variables.insert(name, Slot::Text(value, place(word.span)));
            }
        }
    }

    /// A list by its name, or a text as a list of one.
    pub fn list(&self, name: &str) -> Vec<Field> {
        match self.state.variables.get(self.state.referred(name)) {
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

    /// The parser takes the number in `5<<EOF` for a word.
    pub(super) fn drop_descriptor_word(&mut self, statement: &ast::Stmt, words: &mut Vec<Field>) {
        for redirect in &statement.redirects {
            let start = place(redirect.span).start;
            if redirect.fd.is_none() && self.number_before(start).is_some() {
                words.retain(|word| word.span.end != start);
            }
        }
    }

    /// The number that stands directly before an offset.
    pub(super) fn number_before(&self, offset: usize) -> Option<i32> {
        let before = self.source.get(..offset)?;
        let digits = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let (head, number) = before.split_at(before.len() - digits);
        (head.is_empty() || head.ends_with(char::is_whitespace)).then(|| number.parse().ok())?
    }

    pub(super) fn redirect(&mut self, statement: &'a ast::Stmt) {
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
}
