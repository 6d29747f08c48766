//! Which settings of a git repository could make git run a program.
//!
//! There are too many to list, and every version of git has more. So the harmless ones are listed, and
//! every other counts. Reads only what git itself writes: one header or one setting a line. A text that
//! is written in another way is not understood, and who asks takes it for the worst.

use crate::diagnostic::printable;

/// Settings that name no program and no file, with `*` for the part in quotation marks.
#[rustfmt::skip]
const HARMLESS: &[&str] = &[
    // What `git init` and `git clone` write.
    "core.repositoryformatversion", "core.filemode", "core.bare", "core.logallrefupdates", "core.ignorecase",
    "core.precomposeunicode", "core.symlinks", "core.sharedrepository", "extensions.objectformat",
    "extensions.compatobjectformat", "extensions.refstorage", "extensions.partialclone", "extensions.worktreeconfig",
    "extensions.preciousobjects", "extensions.relativeworktrees", "extensions.noop", "receive.denynonfastforwards",
    // What `git remote`, `git branch` and `git submodule` write.
    "remote.*.fetch", "remote.*.push", "remote.*.tagopt", "remote.*.prune", "remote.*.prunetags", "remote.*.mirror",
    "remote.*.promisor", "remote.*.partialclonefilter", "remote.*.followremotehead",
    "branch.*.merge", "branch.*.rebase", "branch.*.description", "branch.autosetupmerge", "branch.autosetuprebase",
    "submodule.*.active", "submodule.*.branch", "submodule.*.ignore", "submodule.active", "submodule.recurse",
    "lfs.repositoryformatversion", "lfs.*.access", "lfs.*.locksverify",
    // What editors and the tools of forges write.
    "branch.*.vscode-merge-base", "branch.*.gh-merge-base", "branch.*.github-pr-owner-number", "remote.*.gh-resolved",
    // Who commits, and how git works: switches, numbers and words.
    "user.name", "user.email", "init.defaultbranch", "pull.rebase", "pull.ff", "push.default", "push.autosetupremote",
    "push.followtags", "fetch.prune", "merge.ff", "merge.conflictstyle", "rebase.autosquash", "rebase.autostash",
    "rebase.updaterefs", "rerere.enabled", "rerere.autoupdate", "commit.gpgsign", "tag.gpgsign", "gc.auto",
    "gc.autodetach", "maintenance.auto", "maintenance.strategy", "core.autocrlf", "core.eol", "core.safecrlf",
    "core.sparsecheckout", "core.sparsecheckoutcone", "core.untrackedcache", "core.commitgraph",
    "core.multipackindex", "core.quotepath", "core.abbrev", "index.version", "index.sparse", "feature.manyfiles",
    "diff.renames", "diff.algorithm", "color.ui", "advice.detachedhead",
];

/// Settings that hold the address of a repository. An address can name a program (`ext::…`).
const ADDRESSES: &[&str] = &[
    "remote.*.url",
    "remote.*.pushurl",
    "remote.pushdefault",
    "branch.*.remote",
    "branch.*.pushremote",
    "submodule.*.url",
];

/// A setting that is not known to be harmless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// As git spells it, such as `remote.origin.uploadpack`.
    pub name: String,
    pub value: String,
}

/// The settings of a configuration that are not known to be harmless; `None` for a text that is not
/// understood.
pub fn dangerous(text: &[u8]) -> Option<Vec<Setting>> {
    let mut section: Option<Section> = None;
    let mut found = Vec::new();
    for line in std::str::from_utf8(text).ok()?.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line).trim_matches([' ', '\t']);
        // A setting that goes on in the next line hides one from who reads lines.
        if line.ends_with('\\') || line.contains(|c: char| c.is_control() && c != '\t') {
            return None;
        }
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            section = Some(Section::read(header)?);
            continue;
        }
        let section = section.as_ref()?;
        let (key, value) = setting(line)?;
        if !is_harmless(&section.pattern(&key), value) {
            found.push(Setting { name: printable(&section.setting(&key)), value: value.to_owned() });
        }
    }
    Some(found)
}

/// `[NAME]`, `[NAME "PART"]`, or `[NAME.PART]` as old versions wrote it.
struct Section {
    name: String,
    part: Option<String>,
}

impl Section {
    /// Reads what comes after the bracket. A setting behind the header is not understood.
    fn read(header: &str) -> Option<Section> {
        let inner = header.strip_suffix(']')?;
        let (name, part) = match inner.split_once([' ', '\t']) {
            Some((name, part)) => {
                let part = part.trim_start_matches([' ', '\t']).strip_prefix('"')?.strip_suffix('"')?;
                (name, Some(part))
            }
            None => inner.split_once('.').map_or((inner, None), |(name, part)| (name, Some(part))),
        };
        let is_plain = |part: &str| !part.contains(['"', '\\']);
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        (is_name && part.is_none_or(is_plain))
            .then(|| Section { name: name.to_ascii_lowercase(), part: part.map(str::to_owned) })
    }

    fn pattern(&self, key: &str) -> String {
        if self.part.is_some() { format!("{}.*.{key}", self.name) } else { format!("{}.{key}", self.name) }
    }

    fn setting(&self, key: &str) -> String {
        match &self.part {
            Some(part) => format!("{}.{part}.{key}", self.name),
            None => format!("{}.{key}", self.name),
        }
    }
}

/// The key of a line in lower case, and its value as it is written.
fn setting(line: &str) -> Option<(String, &str)> {
    let end = line.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(line.len());
    let (key, rest) = line.split_at(end);
    let rest = rest.trim_start_matches([' ', '\t']);
    let value = if rest.is_empty() { "" } else { rest.strip_prefix('=')? };
    key.starts_with(|c: char| c.is_ascii_alphabetic())
        .then(|| (key.to_ascii_lowercase(), value.trim_start_matches([' ', '\t'])))
}

fn is_harmless(pattern: &str, value: &str) -> bool {
    HARMLESS.contains(&pattern) || ADDRESSES.contains(&pattern) && is_plain_address(value)
}

/// Whether an address names no program and cannot be taken for an option.
fn is_plain_address(value: &str) -> bool {
    let helper = value.split_once("::").is_some_and(|(helper, _)| !helper.contains(['/', '[', '@', ':']));
    !helper && !value.starts_with('-') && !value.contains(['"', '\\'])
}
