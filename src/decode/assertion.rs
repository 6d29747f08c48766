//! What `assert` and `waive` say.

use super::Decoder;
use crate::diagnostic::{Code, Diagnostic, list, nearest};
use crate::edit::quoted;
use crate::policy::{Assertion, Waiver};
use crate::shape::Shape;
use crate::source::Spanned;
use crate::words::{AssertionKind, Network};

impl Decoder<'_> {
    pub(super) fn assertion(&mut self, shape: &Shape<'_>) {
        let Some(kind) = AssertionKind::from_word(shape.node.name) else { return };
        for subject in &shape.arguments {
            if let Some(value) = self.subject(kind, subject) {
                self.layer.assertions.push(Spanned { value, location: subject.location });
            }
        }
    }

    pub(super) fn subject(&mut self, kind: AssertionKind, subject: &Spanned<String>) -> Option<Assertion> {
        match kind {
            AssertionKind::NoEnv => self.variable_name(subject, false).then(|| Assertion::NoEnv(subject.value.clone())),
            AssertionKind::Network => Network::from_word(&subject.value).map(Assertion::Network),
            _ => self.path(subject).map(|path| Assertion::Path(kind, path)),
        }
    }

    pub(super) fn waive(&mut self, shape: &Shape<'_>) {
        let (Some(kind), Some(subject)) = (shape.arguments.first(), shape.arguments.get(1)) else { return };
        let Some(known) = AssertionKind::from_word(&kind.value) else {
            let diagnostic =
                Diagnostic::error(Code::SBC0103, format!("`{}` is not something that can be waived", kind.value));
            let words = list(AssertionKind::WORDS.iter().copied(), "or");
            let near = crate::synonyms::word(&kind.value, AssertionKind::WORDS);
            let near = near.or_else(|| nearest(&kind.value, AssertionKind::WORDS.iter().copied()));
            let diagnostic = diagnostic.at(kind.location, "unknown word");
            return self.out.push(match near {
                Some(near) => diagnostic
                    .help(format!("did you mean `{near}`? write {words}"))
                    .suggest(kind.location, quoted(near)),
                None => diagnostic.help(format!("write {words}")),
            });
        };
        let Some(assertion) = self.subject(known, subject) else { return };
        let Some(reason) = shape.property("reason") else { return };
        if reason.value.trim().is_empty() {
            let diagnostic = Diagnostic::error(Code::SBC0106, "`waive` needs a reason").at(reason.location, "empty");
            return self.out.push(diagnostic.help(format!("for example `{}`", shape.node.example)));
        }
        self.layer.waivers.push(Waiver { assertion, reason: reason.value.clone(), location: subject.location });
    }
}
