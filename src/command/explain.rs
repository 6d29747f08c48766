//! `sbc explain`: what a path, a variable or a setting is inside, why, and what would change it; or
//! the page of a code.

use super::{Inside, print, report_one, style_of};
use crate::cli::{AnswerFormat, Explain};
use crate::diagnostic::Diagnostic;
use crate::explain::{self, Context, Explanation, Subject};
use serde::Serialize;
use std::ffi::OsString;

/// An answer, as programs read it.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Page { subject: &'static str, kind: &'static str, title: &'static str, page: &'static str },
    Explanation(Box<Explanation>),
}

#[derive(Serialize)]
struct Answers {
    explanations: Vec<Answer>,
}

/// Prints to standard output; 1 when the policy does not hold or something is no subject.
pub fn run(arguments: Explain) -> i32 {
    let Explain { subjects, sandbox, format, no_host } = arguments;
    let words: Vec<(OsString, Option<Result<Subject, Diagnostic>>)> =
        subjects.into_iter().map(|word| (word.clone(), explain::read(&word))).collect();
    // The page of a code needs no project.
    let needs_project = words.iter().any(|(_, subject)| !matches!(subject, Some(Ok(Subject::Code(_)) | Err(_))));
    let inside = match needs_project.then(|| Inside::load(sandbox, no_host)).transpose() {
        Ok(inside) => inside,
        Err(code) => return code,
    };
    let mut worst = 0;
    let mut answers = Vec::new();
    let mut answer = |context: Option<&Context<'_>>| {
        for (word, subject) in &words {
            match find(context, inside.as_ref(), word, subject) {
                Ok(found) => answers.extend(found),
                Err(diagnostic) => {
                    report_one(diagnostic);
                    worst = 1;
                }
            }
        }
    };
    match &inside {
        Some(inside) => inside.look(|context| answer(Some(context))),
        None => answer(None),
    }
    let written = match format {
        AnswerFormat::Json => json(answers),
        AnswerFormat::Human => human(&answers),
    };
    worst.max(written)
}

/// The answer about one word.
fn find(
    context: Option<&Context<'_>>,
    inside: Option<&Inside>,
    word: &OsString,
    subject: &Option<Result<Subject, Diagnostic>>,
) -> Result<Option<Answer>, Diagnostic> {
    let subject = match (subject, context.zip(inside)) {
        (Some(Ok(Subject::Code(code))), _) => {
            let (subject, title, page) = (code.name(), code.title(), code.page());
            return Ok(Some(Answer::Page { subject, kind: "code", title, page }));
        }
        (Some(subject), _) => subject.clone()?,
        (None, Some((context, inside))) => Subject::Path(explain::place(word, &inside.host, context.view.space())?),
        (None, None) => return Ok(None),
    };
    let answer = context.and_then(|context| explain::explain(context, &subject));
    Ok(answer.map(|answer| Answer::Explanation(Box::new(answer))))
}

fn human(answers: &[Answer]) -> i32 {
    let style = style_of(&std::io::stdout());
    let text = |answer: &Answer| match answer {
        Answer::Page { page, .. } => (*page).to_owned(),
        Answer::Explanation(explanation) => explain::render(explanation, style),
    };
    print(answers.iter().map(text).collect::<Vec<_>>().join("\n"))
}

fn json(explanations: Vec<Answer>) -> i32 {
    let text = serde_json::to_string_pretty(&Answers { explanations }).unwrap_or_default();
    print(text + "\n")
}
