//! Finds what a layer inherits: every layer once, and who inherits whom.
//!
//! Decides no value. The order in which names are written has no influence.

use crate::builtin;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, nearest};
use crate::policy::{Layer, LayerKind};
use crate::project::LOCAL;
use crate::source::{Location, SourceId, Spanned};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::iter;

/// The deepest chain of `inherit`, the layer itself included.
pub const MAX_DEPTH: usize = 16;

/// The profiles that can be inherited by name: a project's own, beside the built-in ones. More than one
/// under a name is an error for whoever inherits it.
#[derive(Default)]
pub struct Library<'a> {
    profiles: BTreeMap<&'a str, Vec<&'a Layer>>,
    /// Not to be inherited; known for the message about it.
    sandboxes: BTreeSet<&'a str>,
    /// What any layer inherits.
    inherited: BTreeSet<&'a str>,
    /// The text whose profiles can be inherited in it alone.
    local: Option<SourceId>,
}

impl<'a> Library<'a> {
    /// The profiles among some layers. Those of the text `local` are there for that text only: what all
    /// share must not need what one machine has.
    pub fn new(layers: impl IntoIterator<Item = &'a Layer>, local: Option<SourceId>) -> Library<'a> {
        let mut library = Library { local, ..Library::default() };
        for layer in layers {
            let name = layer.name.value.as_str();
            library.inherited.extend(layer.inherits.iter().map(|parent| parent.value.as_str()));
            match layer.kind {
                LayerKind::Profile => library.profiles.entry(name).or_default().push(layer),
                LayerKind::Sandbox => _ = library.sandboxes.insert(name),
            }
        }
        library
    }

    fn find(&self, name: &Spanned<String>, chain: &[&Layer], out: &mut Diagnostics) -> Option<&'a Layer> {
        let all = || self.profiles.get(name.value.as_str()).into_iter().flatten().copied();
        let is_local = |location: Location| Some(location.source) == self.local;
        let own = all().filter(|layer| !is_local(layer.name.location) || is_local(name.location));
        let known: Vec<&'a Layer> = builtin::layer(&name.value).into_iter().chain(own).collect();
        match known.as_slice() {
            [only] => Some(only),
            [_, ..] => {
                let mut diagnostic = Diagnostic::error(
                    Code::SBC0203,
                    format!("there are {} profiles named `{}`", known.len(), name.value),
                )
                .at(name.location, "which one?")
                .help("rename the project's own profile, so that nobody has to guess");
                for layer in known {
                    diagnostic = diagnostic.at(layer.name.location, "one is here");
                }
                out.push(through(diagnostic, chain));
                None
            }
            [] => {
                let names = || builtin::names().chain(self.profiles.keys().copied());
                let help = match nearest(&name.value, names()) {
                    _ if self.sandboxes.contains(name.value.as_str()) => {
                        format!("`{}` is a sandbox: move what both share into a profile", name.value)
                    }
                    _ if all().next().is_some() => {
                        format!("only `{LOCAL}` has it: move it to `.agent-sandbox/profiles/{}.kdl`", name.value)
                    }
                    Some(near) => format!("did you mean `{near}`?"),
                    None if stem(&name.value) != name.value => {
                        format!("a profile is inherited by its name, without its file: `\"{}\"`", stem(&name.value))
                    }
                    None => format!(
                        "`sbc profiles` lists what there is; your own go into `.agent-sandbox/profiles/{}.kdl`",
                        name.value
                    ),
                };
                let diagnostic = Diagnostic::error(Code::SBC0201, format!("there is no profile `{}`", name.value));
                let mut diagnostic = diagnostic.at(name.location, "unknown").help(help);
                let near = nearest(&name.value, names()).filter(|near| *near != name.value);
                let near = near.or_else(|| names().find(|known| *known == stem(&name.value)));
                if let Some(near) = near {
                    diagnostic = diagnostic.suggest(name.location, format!("\"{near}\""));
                }
                out.push(through(diagnostic, chain));
                None
            }
        }
    }
}

/// The name in what is written like the path of a profile's file.
fn stem(written: &str) -> &str {
    written.rsplit('/').next().unwrap_or(written).trim_end_matches(".kdl")
}

/// Says how a problem in a profile was reached.
fn through(diagnostic: Diagnostic, chain: &[&Layer]) -> Diagnostic {
    if chain.len() < 2 {
        return diagnostic;
    }
    let names: Vec<&str> = chain.iter().map(|layer| layer.name.value.as_str()).collect();
    diagnostic.note(format!("reached by {}", names.join(" → ")))
}

/// A sandbox with everything that it inherits, each once: profiles by name, the sandbox, and last what is added to it
/// on this machine.
pub struct Lineage<'a> {
    pub layers: Vec<&'a Layer>,
    /// How many of the layers are profiles.
    profiles: usize,
    /// For each layer the indices of those that it inherits, directly or not.
    ancestors: Vec<BTreeSet<usize>>,
}

impl<'a> Lineage<'a> {
    /// The layers without the sandbox's own.
    pub fn profiles(&self) -> &[&'a Layer] {
        self.layers.get(..self.profiles).unwrap_or_default()
    }

    /// The sandbox, and what is added to it.
    pub fn own(&self) -> &[&'a Layer] {
        self.layers.get(self.profiles..).unwrap_or_default()
    }

    /// Whether layer `heir` inherits layer `other`, directly or not.
    pub fn inherits(&self, heir: usize, other: usize) -> bool {
        self.ancestors.get(heir).is_some_and(|ancestors| ancestors.contains(&other))
    }

    /// For each profile that the last layer inherits through others, how: `app → team → base-dev`.
    pub fn ways(&self) -> BTreeMap<String, String> {
        let mut ways: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut next: VecDeque<(&Layer, Vec<&str>)> =
            self.own().iter().map(|layer| (*layer, vec![layer.name.value.as_str()])).collect();
        while let Some((layer, way)) = next.pop_front() {
            for name in &layer.inherits {
                let Some(parent) = self.layers.iter().find(|parent| parent.name.value == name.value) else { continue };
                let longer = [way.as_slice(), &[parent.name.value.as_str()]].concat();
                // The shortest way is found first.
                if !ways.contains_key(parent.name.value.as_str()) {
                    ways.insert(parent.name.value.as_str(), longer.clone());
                    next.push_back((*parent, longer));
                }
            }
        }
        let indirect = ways.into_iter().filter(|(_, way)| way.len() > 2);
        indirect.map(|(name, way)| (name.to_owned(), way.join(" → "))).collect()
    }
}

/// Collects the lineage of `layer` with what is added to it; `None` after a problem has been reported.
pub fn inherit<'a>(
    layer: &'a Layer,
    local: Option<&'a Layer>,
    library: &Library<'a>,
    out: &mut Diagnostics,
) -> Option<Lineage<'a>> {
    let mut walk = Walk { library, out, found: BTreeMap::new(), broken: false };
    let own: Vec<(&Layer, BTreeSet<&str>)> =
        iter::once(layer).chain(local).map(|layer| (layer, walk.visit(layer, &mut vec![layer]).0)).collect();
    let (found, broken) = (walk.found, walk.broken);
    if broken {
        return None;
    }
    let mut layers: Vec<&Layer> = found.values().map(|found| found.layer).collect();
    let profiles = layers.len();
    let index: BTreeMap<&str, usize> = found.keys().enumerate().map(|(index, name)| (*name, index)).collect();
    let indices = |names: &BTreeSet<&str>| names.iter().filter_map(|name| index.get(name).copied()).collect();
    let mut ancestors: Vec<BTreeSet<usize>> = found.values().map(|found| indices(&found.names)).collect();
    // What is added inherits the sandbox with all that the sandbox inherits.
    let mut above = BTreeSet::new();
    for (layer, names) in &own {
        above.append(&mut indices(names));
        ancestors.push(above.clone());
        above.insert(layers.len());
        layers.push(layer);
    }
    Some(Lineage { layers, profiles, ancestors })
}

/// A profile with everything that it inherits.
struct Found<'a> {
    layer: &'a Layer,
    /// The names of all that it inherits.
    names: BTreeSet<&'a str>,
    /// The length of the longest chain that starts with it.
    height: usize,
}

struct Walk<'w, 'a> {
    library: &'w Library<'a>,
    out: &'w mut Diagnostics,
    /// Every profile met.
    found: BTreeMap<&'a str, Found<'a>>,
    broken: bool,
}

impl<'a> Walk<'_, 'a> {
    /// The names of everything that `layer` inherits, and the length of the longest chain from it.
    /// `chain` leads from the start to `layer`.
    fn visit(&mut self, layer: &'a Layer, chain: &mut Vec<&'a Layer>) -> (BTreeSet<&'a str>, usize) {
        let (mut names, mut longest) = (BTreeSet::new(), 0);
        for name in &layer.inherits {
            let Some(parent) = self.library.find(name, chain, self.out) else {
                self.broken = true;
                continue;
            };
            let key = parent.name.value.as_str();
            let height = self.found.get(key).map_or(1, |found| found.height);
            if chain.iter().any(|above| std::ptr::eq(*above, parent)) || chain.len() + height > MAX_DEPTH {
                self.refuse(name, chain, parent);
                continue;
            }
            if !self.found.contains_key(key) {
                chain.push(parent);
                let (names, height) = self.visit(parent, chain);
                chain.pop();
                self.found.insert(key, Found { layer: parent, names, height });
            }
            if let Some(found) = self.found.get(key) {
                names.extend(found.names.iter().copied());
                longest = longest.max(found.height);
            }
            names.insert(key);
        }
        (names, longest + 1)
    }

    fn refuse(&mut self, name: &Spanned<String>, chain: &[&'a Layer], parent: &'a Layer) {
        self.broken = true;
        if let Some(from) = chain.iter().position(|above| std::ptr::eq(*above, parent)) {
            return self.circle(chain.iter().skip(from).copied().collect());
        }
        // An heir of the first says the same, and more.
        let is_part = |layer: &&Layer| {
            layer.kind == LayerKind::Profile && self.library.inherited.contains(layer.name.value.as_str())
        };
        if chain.first().is_some_and(is_part) {
            return;
        }
        let names: Vec<&str> =
            chain.iter().map(|layer| layer.name.value.as_str()).chain([name.value.as_str()]).collect();
        let title = format!("more than {MAX_DEPTH} levels of inheritance");
        let help = format!("let an heir inherit the lower profiles directly; the chain is {}", names.join(" → "));
        self.out.push(Diagnostic::error(Code::SBC0204, title).at(name.location, "here").help(help));
    }

    /// Reports a circle in the same way wherever it was entered, and so once.
    fn circle(&mut self, mut circle: Vec<&'a Layer>) {
        let first = (0..circle.len()).min_by_key(|index| circle.get(*index).map(|layer| layer.name.location));
        circle.rotate_left(first.unwrap_or(0));
        let (Some(first), Some(last)) = (circle.first(), circle.last()) else { return };
        let closing = last.inherits.iter().find(|name| name.value == first.name.value).unwrap_or(&last.name);
        let names: Vec<&str> = circle.iter().chain([first]).map(|layer| layer.name.value.as_str()).collect();
        let title = format!("`{}` inherits itself", first.name.value);
        let diagnostic = Diagnostic::error(Code::SBC0202, title).at(closing.location, "closes the circle");
        self.out.push(diagnostic.help(format!("break the circle {}", names.join(" → "))));
    }
}
