//! Warnings: what is allowed, and says less than its author probably thinks.

use crate::amend::Amendment;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::inherit::Lineage;
use crate::merge::{Merged, Resolved};
use crate::policy::Layer;
use crate::source::SourceId;
use std::fmt::Debug;

/// Reports what a layer of the project says in vain. `is_own` tells which texts are the project's.
pub fn check(lineage: &Lineage<'_>, merged: &Merged, is_own: &dyn Fn(SourceId) -> bool, out: &mut Diagnostics) {
    for (index, layer) in lineage.layers.iter().enumerate() {
        if is_own(layer.name.location.source) {
            inherited_twice(index, layer, lineage, out);
        }
    }
    changes_nothing(merged.filesystem.values(), is_own, out);
    changes_nothing(merged.env.values(), is_own, out);
    changes_nothing(merged.settings.values(), is_own, out);
}

/// `inherit "claude" "base-dev"`, where `claude` brings `base-dev` anyway.
fn inherited_twice(index: usize, layer: &Layer, lineage: &Lineage<'_>, out: &mut Diagnostics) {
    let place = |name: &str| lineage.layers.iter().take(index).position(|layer| layer.name.value == name);
    for (position, inherited) in layer.inherits.iter().enumerate() {
        let Some(own) = place(&inherited.value) else { continue };
        let mut others = layer.inherits.iter().enumerate().filter(|(other, _)| *other != position);
        let brings = |other: &str| place(other).is_some_and(|other| lineage.inherits(other, own));
        if let Some((_, bringer)) = others.find(|(_, other)| brings(&other.value)) {
            let title = format!("`{}` is inherited anyway", inherited.value);
            out.push(
                Diagnostic::warning(Code::SBC0802, title)
                    .at(inherited.location, "this name changes nothing")
                    .at(bringer.location, format!("`{}` inherits it", bringer.value))
                    .help(format!("leave `{}` out", inherited.value))
                    .amend(Amendment::Remove { subject: inherited.location }),
            );
        }
    }
}

/// A rule that says again what the layer inherits.
fn changes_nothing<'a, V: PartialEq + Debug + 'a>(
    all: impl Iterator<Item = &'a Resolved<V>>,
    is_own: &dyn Fn(SourceId) -> bool,
    out: &mut Diagnostics,
) {
    for resolved in all {
        let [origin] = resolved.origins.as_slice() else { continue };
        let same = !resolved.overridden.is_empty() && resolved.overridden.iter().all(|(_, old)| *old == resolved.value);
        if !same || resolved.value.is_none() || !is_own(origin.location.source) {
            continue;
        }
        let mut diagnostic = Diagnostic::warning(Code::SBC0801, "this rule says what is inherited anyway")
            .at(origin.location, "this rule changes nothing")
            .help("leave it out")
            .amend(Amendment::Remove { subject: origin.location });
        for (old, _) in resolved.overridden.iter().take(1) {
            diagnostic = diagnostic.at(old.location, format!("`{}` says the same", old.layer));
        }
        out.push(diagnostic);
    }
}
