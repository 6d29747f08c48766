//! JSON and TOML as one tree, with the place of every value.

use crate::source::Span;
use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions};
use toml::de::{DeTable, DeValue};

/// How deep values may nest. The JSON parser recurses; TOML's has a limit of its own.
const MAX_DEPTH: usize = 100;

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Tree {
    pub node: Node,
    pub span: Span,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Node {
    Text(String),
    Flag(bool),
    /// A number, a date, nothing: what no rule is made of.
    Other,
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

/// What is wrong with a text, and where.
pub type Problem = (String, Span);

impl Tree {
    /// Reads JSON, with comments or without.
    pub fn json(text: &str) -> Result<Tree, Problem> {
        if let Some(at) = too_deep(text) {
            return Err((format!("values nest more than {MAX_DEPTH} deep"), Span { start: at, end: at + 1 }));
        }
        let parsed = jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default());
        let parsed = parsed.map_err(|error| {
            let range = error.range();
            (error.kind().to_string(), Span { start: range.start, end: range.end })
        })?;
        let empty = || ("the file is empty".to_owned(), Span { start: 0, end: 0 });
        parsed.value.map(|value| of_json(&value)).ok_or_else(empty)
    }

    pub fn toml(text: &str) -> Result<Tree, Problem> {
        let table = DeTable::parse(text).map_err(|error| {
            let range = error.span().unwrap_or_default();
            (error.message().to_owned(), Span { start: range.start, end: range.end })
        })?;
        let span = Span { start: table.span().start, end: table.span().end };
        Ok(Tree { node: of_table(table.get_ref()), span })
    }

    /// The fields of a map; of anything else, none.
    pub fn fields(self) -> Vec<(String, Tree)> {
        match self.node {
            Node::Map(fields) => fields,
            _ => Vec::new(),
        }
    }

    /// The texts of a list, or the one text.
    pub fn texts(&self) -> Vec<(String, Span)> {
        match &self.node {
            Node::Text(text) => vec![(text.clone(), self.span)],
            Node::List(items) => items.iter().flat_map(Tree::texts).collect(),
            _ => Vec::new(),
        }
    }

    pub fn flag(&self) -> Option<bool> {
        match &self.node {
            Node::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    /// A value below, by the names of its fields.
    pub fn below(&self, names: &[&str]) -> Option<&Tree> {
        names.iter().try_fold(self, |tree, name| match &tree.node {
            Node::Map(fields) => fields.iter().find(|(field, _)| field == name).map(|(_, value)| value),
            _ => None,
        })
    }
}

/// Where brackets nest too deep. Texts are left out, and comments are not: that is deep enough.
fn too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Some(at);
        }
    }
    // A quote in a comment turns texts and the rest round: then all brackets count.
    let openers = text.bytes().enumerate().filter(|(_, byte)| matches!(byte, b'[' | b'{'));
    openers.map(|(at, _)| at).nth(20 * MAX_DEPTH)
}

fn of_json(value: &ast::Value<'_>) -> Tree {
    let range = value.range();
    let node = match value {
        ast::Value::StringLit(text) => Node::Text(text.value.to_string()),
        ast::Value::BooleanLit(flag) => Node::Flag(flag.value),
        ast::Value::NumberLit(_) | ast::Value::NullKeyword(_) => Node::Other,
        ast::Value::Array(list) => Node::List(list.elements.iter().map(of_json).collect()),
        ast::Value::Object(map) => {
            let field = |field: &ast::ObjectProp<'_>| (field.name.as_str().to_owned(), of_json(&field.value));
            Node::Map(map.properties.iter().map(field).collect())
        }
    };
    Tree { node, span: Span { start: range.start, end: range.end } }
}

fn of_table(table: &DeTable<'_>) -> Node {
    let field = |(name, value): (&toml::Spanned<std::borrow::Cow<'_, str>>, &toml::Spanned<DeValue<'_>>)| {
        (name.get_ref().to_string(), of_toml(value))
    };
    Node::Map(table.iter().map(field).collect())
}

fn of_toml(value: &toml::Spanned<DeValue<'_>>) -> Tree {
    let span = Span { start: value.span().start, end: value.span().end };
    let node = match value.get_ref() {
        DeValue::String(text) => Node::Text(text.to_string()),
        DeValue::Boolean(flag) => Node::Flag(*flag),
        DeValue::Array(list) => Node::List(list.iter().map(of_toml).collect()),
        DeValue::Table(table) => of_table(table),
        _ => Node::Other,
    };
    Tree { node, span }
}
