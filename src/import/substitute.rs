//! What commands in a script would print, where that is known without running them.

use super::shell::{Content, Shell, place};
use super::value::{Piece, Value};
use crate::source::Span;
use crate::words::Variable;
use shuck_ast as ast;

impl<'a> Shell<'a> {
    /// `$(…)`. Only what is the same at every start has a value.
    pub(super) fn substitution(&mut self, body: &'a ast::StmtSeq, span: Span) -> Value {
        let unknown = Value::of(Piece::Unknown(self.slice(span)));
        match body.as_slice() {
            [statement] => self.printed(statement).unwrap_or(unknown),
            _ => unknown,
        }
    }

    fn printed(&mut self, statement: &'a ast::Stmt) -> Option<Value> {
        match &statement.command {
            ast::Command::Simple(simple) if simple.name.try_static_text(self.source).as_deref() == Some("cat") => {
                match self.content(statement) {
                    Content::Text(text) => Some(text.without_last_lines()),
                    _ => None,
                }
            }
            ast::Command::Simple(simple) => self.printed_by(simple),
            // `cd DIR && pwd`
            ast::Command::Binary(binary) if binary.op == ast::BinaryOp::And => {
                let (ast::Command::Simple(first), ast::Command::Simple(second)) =
                    (&binary.left.command, &binary.right.command)
                else {
                    return None;
                };
                let name = |command: &ast::SimpleCommand| command.name.try_static_text(self.source).map(String::from);
                if (name(first)?, name(second)?) != ("cd".to_owned(), "pwd".to_owned()) {
                    return None;
                }
                let word = first.args.iter().find(|word| word.try_static_text(self.source).is_none_or(|w| w != "--"));
                let directory = self.scalar(word?);
                directory.unknown().is_none().then_some(directory)
            }
            _ => None,
        }
    }

    fn printed_by(&mut self, simple: &'a ast::SimpleCommand) -> Option<Value> {
        let name = simple.name.try_static_text(self.source)?.into_owned();
        let words: Vec<Value> =
            simple.args.iter().flat_map(|word| self.fields(word)).map(|field| field.value).collect();
        let plain: Vec<&str> = words.iter().filter_map(Value::plain).collect();
        let last = || words.last().cloned();
        match (name.as_str(), plain.as_slice()) {
            ("pwd", _) => Some(self.variable("PWD", Span::default())),
            ("id", ["-u"]) => Some(Value::variable(Variable::Uid)),
            ("id", ["-g"]) => Some(Value::variable(Variable::Gid)),
            ("id", ["-un" | "-nu"]) | ("whoami" | "logname", []) => Some(Value::variable(Variable::User)),
            // sbc follows links itself.
            ("realpath" | "readlink", _) => last().filter(|path| path.unknown().is_none()),
            ("dirname", _) => last()?.split_last().map(|(directory, _)| directory),
            ("basename", _) if words.len() == 1 => last()?.split_last().map(|(_, name)| Value::literal(name)),
            ("echo", [first, ..]) if first.starts_with('-') => None,
            ("echo", _) => words.into_iter().reduce(|mut one, other| {
                one.push(Piece::Literal(" ".to_owned()));
                one.extend(other);
                one
            }),
            ("printf", ["%s", ..]) if words.len() == 2 => last(),
            // The program itself: where it lies is not for a policy.
            ("command", ["-v", program]) | ("which", [program]) => Some(Value::literal(*program)),
            ("git", ["rev-parse", "--show-toplevel"]) => Some(Value::variable(Variable::Project)),
            _ => None,
        }
    }

    /// What a word behind `<` gives to read: a file, or a command in `<(…)`.
    pub(super) fn input(&mut self, word: &'a ast::Word) -> Content {
        match word.parts.as_slice() {
            [ast::WordPartNode { kind: ast::WordPart::ProcessSubstitution { body, .. }, span }] => {
                match body.as_slice() {
                    [statement] => self.content(statement),
                    _ => Content::Unknown(self.slice(place(*span))),
                }
            }
            _ => {
                let value = self.scalar(word);
                Content::File(value)
            }
        }
    }

    /// What a command writes.
    pub(super) fn content(&mut self, statement: &'a ast::Stmt) -> Content {
        let unknown = Content::Unknown(self.slice(place(statement.span)));
        let ast::Command::Simple(simple) = &statement.command else { return unknown };
        let Some(name) = simple.name.try_static_text(self.source).map(|name| name.into_owned()) else { return unknown };
        if name == "cat" {
            let document = statement.redirects.iter().find_map(|redirect| match &redirect.target {
                ast::RedirectTarget::Heredoc(document) => Some(document),
                _ => None,
            });
            return match (document, simple.args.as_slice()) {
                (Some(document), []) => Content::Text(self.here_document(document)),
                (None, [file]) => Content::File(self.scalar(file)),
                _ => unknown,
            };
        }
        let mut fields: Vec<_> = simple.args.iter().flat_map(|word| self.fields(word)).collect();
        let format = fields.first().and_then(|field| field.value.plain()).map(str::to_owned);
        match (name.as_str(), format.as_deref()) {
            ("printf", Some("%s\\0" | "%s\\000" | "%s\0")) => Content::Words(fields.split_off(1)),
            ("printf", Some(format)) => {
                let rest = fields.split_off(1).into_iter().map(|field| field.value).collect();
                formatted(format, rest).map_or(unknown, Content::Text)
            }
            ("echo", first) if !first.is_some_and(|first| first.starts_with('-')) => {
                let mut text = Value::default();
                for (position, field) in fields.into_iter().enumerate() {
                    text.push(Piece::Literal(if position > 0 { " " } else { "" }.to_owned()));
                    text.extend(field.value);
                }
                text.push(Piece::Literal("\n".to_owned()));
                Content::Text(text)
            }
            _ => unknown,
        }
    }
}

/// What printf makes of a format with `%s` and the usual escapes.
fn formatted(format: &str, values: Vec<Value>) -> Option<Value> {
    let mut text = Value::default();
    let mut values = values.into_iter();
    let mut rest = format.chars();
    while let Some(c) = rest.next() {
        match c {
            '%' => match rest.next() {
                Some('s') => text.extend(values.next().unwrap_or_default()),
                Some('%') => text.push(Piece::Literal("%".to_owned())),
                _ => return None,
            },
            '\\' => match rest.next() {
                Some('n') => text.push(Piece::Literal("\n".to_owned())),
                Some('t') => text.push(Piece::Literal("\t".to_owned())),
                Some('\\') => text.push(Piece::Literal("\\".to_owned())),
                _ => return None,
            },
            c => text.push(Piece::Literal(c.to_string())),
        }
    }
    values.next().is_none().then_some(text)
}
