//! Where a script goes on: after `&&`, in branches, in loops.
//!
//! A condition that is not known is taken as if it were so, and what ends the script is not what it is for.

use super::shell::{Flow, Shell, Slot, Truth, place};
use crate::source::Span;
use shuck_ast as ast;

impl<'a> Shell<'a> {
    pub(super) fn binary(&mut self, binary: &'a ast::BinaryCommand) -> (Flow, Truth) {
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

    pub(super) fn branches(&mut self, command: &'a ast::IfCommand) -> (Flow, Truth) {
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

    pub(super) fn for_each(&mut self, command: &'a ast::ForCommand) -> Flow {
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
    pub(super) fn repeat(&mut self, condition: &'a ast::StmtSeq, body: &'a ast::StmtSeq, span: Span) -> (Flow, Truth) {
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

    pub(super) fn case(&mut self, command: &'a ast::CaseCommand) -> (Flow, Truth) {
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
}
