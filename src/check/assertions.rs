//! Checks what a policy asserts of its own result.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::merge::{Guarantee, Merged};
use crate::origin::Origin;
use crate::path::SymbolicPath;
use crate::plan::{Plan, Step};
use crate::policy::Assertion;
use crate::rule::quote;
use crate::view::{Space, View};
use crate::words::AssertionKind;

/// Reports every assertion that does not hold and is not waived. `space` says where
/// paths are compared: as symbols, or on a host.
pub fn check(merged: &Merged, plan: &Plan, space: Space<'_>, out: &mut Diagnostics) {
    let view = View::new(plan, space);
    for guarantee in merged.guarantees.iter().filter(|guarantee| guarantee.waived.is_none()) {
        let broken = match &guarantee.assertion {
            Assertion::Path(kind, path) => path_assertion(&view, *kind, path, space),
            Assertion::NoEnv(name) => no_env(plan, name),
            Assertion::Network(network) => {
                let other = plan.content.network;
                (other != *network).then(|| Broken {
                    title: format!("the network is `{}` and must be `{}`", other.word(), network.word()),
                    by: setting_origin(merged),
                    fix: format!("write `network \"{}\"`", network.word()),
                })
            }
        };
        if let Some(broken) = broken {
            out.push(report(merged, guarantee, broken));
        }
    }
}

/// How an assertion fails.
struct Broken {
    title: String,
    /// The rule that breaks it; `None` where a rule is missing.
    by: Option<Origin>,
    fix: String,
}

fn first_origin(step: &Step) -> Option<Origin> {
    step.origins.first().cloned()
}

fn setting_origin(merged: &Merged) -> Option<Origin> {
    merged.settings.get(&crate::words::SettingKey::Network)?.origins.first().cloned()
}

fn path_assertion(view: &View<'_>, kind: AssertionKind, path: &SymbolicPath, space: Space<'_>) -> Option<Broken> {
    let (inside, host) = ((space.inside)(path)?, (space.host)(path)?);
    let lacks = |what: &str, rule: &str| Broken {
        title: format!("`{path}` is not {what} inside"),
        by: None,
        fix: format!("write `{rule} {}`", quote(&path.to_string())),
    };
    let opened = |step: &Step, what: &str| Broken {
        title: format!("`{path}` must not be {what} inside, and `{}` makes it so", step.rule()),
        by: first_origin(step),
        fix: format!("remove that rule, or write `deny {}`", quote(&path.to_string())),
    };
    match kind {
        AssertionKind::Readable => view.in_place(&inside, &host).is_none().then(|| lacks("readable", "ro")),
        AssertionKind::Writable => {
            view.in_place(&inside, &host).filter(|(_, writable)| *writable).is_none().then(|| lacks("writable", "rw"))
        }
        AssertionKind::NotWritable => view.exposes(&host, true).map(|step| Broken {
            fix: format!("remove that rule, or write `ro {}`", quote(&path.to_string())),
            ..opened(step, "writable")
        }),
        _ => view.exposes(&host, false).map(|step| opened(step, "visible")),
    }
}

fn no_env(plan: &Plan, name: &str) -> Option<Broken> {
    let matches = |key: &str| key == name || key.contains('*') && crate::env::glob(key, name);
    let (key, value) = plan.content.env.iter().find(|(key, _)| matches(key))?;
    Some(Broken {
        title: format!("the variable `{name}` must not be inside, and the rule for `{key}` lets it in"),
        by: value.origins.first().cloned(),
        fix: format!("write `remove {}` in `env`", quote(key)),
    })
}

fn report(merged: &Merged, guarantee: &Guarantee, broken: Broken) -> Diagnostic {
    let subject = match &guarantee.assertion {
        Assertion::Path(_, path) => path.to_string(),
        Assertion::NoEnv(name) => name.clone(),
        Assertion::Network(network) => network.word().to_owned(),
    };
    let waive = format!("waive {} {} reason=\"…\"", quote(guarantee.assertion.kind().word()), quote(&subject));
    let asserted = format!("`{}` asserts it", guarantee.layer);
    let diagnostic = Diagnostic::error(Code::SBC0501, broken.title)
        .help(format!("{}; or, if it has to be, `{waive}` in `{}`", broken.fix, merged.name));
    match broken.by {
        Some(origin) => diagnostic.at(origin.location, "this rule").at(guarantee.location, asserted),
        None => diagnostic.at(guarantee.location, asserted),
    }
}
