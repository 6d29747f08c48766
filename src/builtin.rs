//! The profiles that come with sbc, embedded.
//!
//! Their texts are for people and for `sbc profiles`; what the compiler uses is the decoded form,
//! because parsing KDL at every start is a waste, and of that only what is asked for. A test keeps
//! the two equal (`SBC_UPDATE=1 cargo test generated` writes the decoded form anew).

use crate::origin::Origin;
use crate::plan::sha256;
use crate::policy::Layer;
use crate::source::{Source, SourceKind, Sources};
use std::borrow::Cow;
use std::sync::OnceLock;

/// What a profile is for; also the folder that its text lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Base,
    Agent,
    Toolchain,
    Tool,
}

impl Group {
    /// All groups, in the order they are listed in.
    pub const ALL: [Group; 4] = [Group::Base, Group::Agent, Group::Toolchain, Group::Tool];

    /// What stands above the group's profiles.
    pub const fn title(self) -> &'static str {
        match self {
            Group::Base => "Bases",
            Group::Agent => "Agents",
            Group::Toolchain => "Toolchains",
            Group::Tool => "Tools",
        }
    }
}

/// A built-in profile.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    pub name: &'static str,
    pub group: Group,
    /// What it is written as.
    pub text: &'static str,
}

/// A table of profiles whose texts lie at `profiles/FOLDER/NAME.kdl`.
macro_rules! profiles {
    ($($group:ident $folder:literal: $($name:literal)*;)*) => {
        &[$($(Profile {
            name: $name,
            group: Group::$group,
            text: include_str!(concat!("profiles/", $folder, "/", $name, ".kdl")),
        },)*)*]
    };
}

/// Every built-in profile. Their order is the order of their source ids.
#[rustfmt::skip]
pub const PROFILES: &[Profile] = profiles! {
    Base "base": "base-agent" "base-dev" "base-host" "base-minimal";
    Agent "agent":
        "aider" "amp" "auggie" "claude" "cline" "codex" "copilot" "crush" "cursor" "droid" "gemini" "goose" "grok"
        "kilo" "kimi" "kiro" "opencode" "pi" "qwen";
    Toolchain "toolchain": "asdf" "bun" "c-cpp" "conda" "deno" "dotnet" "elixir" "fnm" "go" "haskell" "homebrew"
        "java" "kotlin" "mise" "nix" "node" "nvm" "php" "pyenv" "python" "ruby" "rust" "sdkman" "volta" "zig";
    Tool "tool": "audio" "browser" "docker-client" "editor" "gh" "git" "git-gpg" "git-ssh" "glab" "gpu"
        "locale-fonts" "notifications" "wayland";
};

/// What decoding each of [`PROFILES`] gives, in the same order, as a line of JSON.
const DECODED: &str = include_str!("profiles/decoded.jsonl");

/// The layers that were decoded so far.
static LAYERS: [OnceLock<Option<Layer>>; PROFILES.len()] = [const { OnceLock::new() }; PROFILES.len()];

/// The built-in profile of a name.
pub fn find(name: &str) -> Option<&'static Profile> {
    PROFILES.iter().find(|profile| profile.name == name)
}

/// The names of all, in the order of [`PROFILES`].
pub fn names<'a>() -> impl Iterator<Item = &'a str> {
    PROFILES.iter().map(|profile| profile.name)
}

/// The profile of a name, decoded.
pub fn layer(name: &str) -> Option<&'static Layer> {
    let index = PROFILES.iter().position(|profile| profile.name == name)?;
    LAYERS.get(index)?.get_or_init(|| serde_json::from_str(DECODED.lines().nth(index)?).ok()).as_ref()
}

/// All profiles, decoded.
pub fn layers() -> impl Iterator<Item = &'static Layer> {
    names().filter_map(layer)
}

/// A compilation's texts before the project adds its own.
pub fn sources() -> Sources {
    let mut sources = Sources::default();
    for Profile { name, text, .. } in PROFILES {
        let name = format!("built-in:{name}.kdl");
        sources.add(Source { kind: SourceKind::BuiltIn, name, text: Cow::Borrowed(text) });
    }
    sources
}

/// Whether a rule stands in a built-in profile, where nobody can change it.
pub fn holds(origin: &Origin) -> bool {
    (origin.location.source.0 as usize) < PROFILES.len()
}

/// SHA-256 over all texts: the revision that an artefact was built with.
pub fn revision() -> String {
    let all: String = PROFILES.iter().flat_map(|profile| [profile.name, "\0", profile.text, "\0"]).collect();
    sha256(all.as_bytes())
}
