//! What the tests of a script ask: whether a path is there, and everything else.

use super::shell::{Shell, Truth, place};
use super::value::{Condition, Field, Piece, Value};
use crate::source::Span;
use shuck_ast::{ConditionalBinaryOp as Binary, ConditionalExpr as Expression, ConditionalUnaryOp as Unary};

impl<'a> Shell<'a> {
    /// `[ … ]` and `test …`.
    pub(super) fn test(&mut self, words: &[Field], span: Span) -> Truth {
        let words: Vec<&Field> = words.iter().filter(|word| word.value.plain() != Some("]")).collect();
        let plain: Vec<&str> = words.iter().map(|word| word.value.plain().unwrap_or("\0")).collect();
        let other = self.unknown(span);
        if let Some(at) = plain.iter().position(|word| *word == "-a").filter(|at| *at > 1) {
            let (left, right) = words.split_at(at);
            let left: Vec<Field> = left.iter().map(|word| (*word).clone()).collect();
            let right: Vec<Field> = right.iter().skip(1).map(|word| (*word).clone()).collect();
            let left = self.test(&left, span);
            let right = self.test(&right, span);
            return both(left, right);
        }
        match (plain.as_slice(), words.as_slice()) {
            (["!", ..], [_, rest @ ..]) => {
                let rest: Vec<Field> = rest.iter().map(|word| (*word).clone()).collect();
                let truth = self.test(&rest, span);
                self.negated(truth, span)
            }
            ([operator, _], [_, word]) => self.unary(operator, &word.value, other),
            ([_, operator, _], [left, _, right]) => self.compare(&left.value, operator, &right.value, other),
            ([_], [word]) => self.unary("-n", &word.value, other),
            ([], _) => Truth::No,
            _ => other,
        }
    }

    /// `[[ … ]]`.
    pub(super) fn conditional(&mut self, expression: &'a Expression) -> Truth {
        let span = place(expression.span());
        match expression {
            Expression::Parenthesized(inner) => self.conditional(&inner.expr),
            Expression::Unary(unary) if unary.op == Unary::Not => {
                let truth = self.conditional(&unary.expr);
                self.negated(truth, span)
            }
            Expression::Unary(unary) => {
                let other = self.unknown(span);
                match self.operand(&unary.expr) {
                    Some(value) => self.unary(unary.op.as_str(), &value, other),
                    None => other,
                }
            }
            Expression::Binary(binary) if binary.op == Binary::And => {
                let left = self.conditional(&binary.left);
                let right = self.conditional(&binary.right);
                both(left, right)
            }
            Expression::Binary(binary) if binary.op == Binary::Or => {
                let left = self.conditional(&binary.left);
                let right = self.conditional(&binary.right);
                match (left, right) {
                    (Truth::Yes, _) | (_, Truth::Yes) => Truth::Yes,
                    (Truth::No, truth) | (truth, Truth::No) => truth,
                    _ => self.unknown(span),
                }
            }
            Expression::Binary(binary) => {
                let other = self.unknown(span);
                match (self.operand(&binary.left), self.operand(&binary.right)) {
                    (Some(left), Some(right)) => self.compare(&left, binary.op.as_str(), &right, other),
                    _ => other,
                }
            }
            Expression::Word(word) => {
                let value = self.scalar(word);
                let other = self.unknown(span);
                self.unary("-n", &value, other)
            }
            _ => self.unknown(span),
        }
    }

    fn operand(&mut self, expression: &'a Expression) -> Option<Value> {
        match expression {
            Expression::Word(word) => Some(self.scalar(word)),
            Expression::Pattern(pattern) => {
                let text = self.slice(place(pattern.span));
                let text = text.trim_matches(['"', '\'']);
                (!text.contains(['*', '?', '[', '$', '\\'])).then(|| Value::literal(text))
            }
            _ => None,
        }
    }

    pub(super) fn unknown(&self, span: Span) -> Truth {
        Truth::When(vec![Condition::Other { text: self.slice(span), span }])
    }

    fn unary(&self, operator: &str, value: &Value, other: Truth) -> Truth {
        match operator {
            "-e" | "-f" | "-d" | "-r" | "-w" | "-x" | "-s" | "-S" | "-L" | "-h" | "-p" | "-c" | "-b" => {
                // The caller's variables may hold a path, and sbc does not know which.
                if value.unknown().is_some() { other } else { Truth::When(vec![Condition::Exists(value.clone())]) }
            }
            "-n" | "-z" => {
                // Scripts are imported as they are without arguments.
                let argument = matches!(value.pieces(), [Piece::Unknown(text)] if is_argument(text))
                    || matches!(value.pieces(), [Piece::Arguments]);
                match (value.emptiness(), operator) {
                    (Some(true), "-n") | (Some(false), "-z") => Truth::No,
                    (Some(false), _) | (Some(true), _) => Truth::Yes,
                    (None, "-n") if argument => Truth::No,
                    (None, _) if argument => Truth::Yes,
                    _ => other,
                }
            }
            "-t" => other,
            _ => other,
        }
    }

    fn compare(&self, left: &Value, operator: &str, right: &Value, other: Truth) -> Truth {
        let truth = |holds: bool| if holds { Truth::Yes } else { Truth::No };
        let (Some(left), Some(right)) = (left.plain(), right.plain()) else { return other };
        let numbers = left.parse::<i64>().ok().zip(right.parse::<i64>().ok());
        match (operator, numbers) {
            ("=" | "==", _) => truth(left == right),
            ("!=", _) => truth(left != right),
            ("-eq", Some((left, right))) => truth(left == right),
            ("-ne", Some((left, right))) => truth(left != right),
            ("-gt", Some((left, right))) => truth(left > right),
            ("-ge", Some((left, right))) => truth(left >= right),
            ("-lt", Some((left, right))) => truth(left < right),
            ("-le", Some((left, right))) => truth(left <= right),
            _ => other,
        }
    }
}

fn is_argument(text: &str) -> bool {
    text.strip_prefix('$').is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_digit()))
}

fn both(left: Truth, right: Truth) -> Truth {
    match (left, right) {
        (Truth::No, _) | (_, Truth::No) => Truth::No,
        (Truth::Yes, truth) | (truth, Truth::Yes) => truth,
        (Truth::When(mut left), Truth::When(right)) => {
            left.extend(right);
            Truth::When(left)
        }
    }
}
