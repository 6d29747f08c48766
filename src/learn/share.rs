//! The fewest paths that stand for many. Pure.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

/// So many files of one directory stand for the directory.
const MANY: usize = 3;

/// The fewest paths that stand for all: a directory for what lies in it, if it was missed itself or holds
/// many of them.
pub fn share(paths: BTreeSet<PathBuf>, may: &dyn Fn(&Path) -> bool) -> BTreeSet<PathBuf> {
    let mut paths = outermost(paths, may);
    loop {
        let mut counts: BTreeMap<PathBuf, usize> = BTreeMap::new();
        for above in paths.iter().filter_map(|path| path.parent()) {
            *counts.entry(above.to_owned()).or_default() += 1;
        }
        let many = counts.into_iter().filter(|(above, count)| *count >= MANY && may(above));
        let many: Vec<(usize, PathBuf)> = many.map(|(above, _)| (above.components().count(), above)).collect();
        // The deepest first, all of one depth at once.
        let Some(depth) = many.iter().map(|(depth, _)| *depth).max() else { return paths };
        let chosen: HashSet<PathBuf> =
            many.into_iter().filter(|(own, _)| *own == depth).map(|(_, above)| above).collect();
        paths.retain(|path| !path.ancestors().any(|above| chosen.contains(above)));
        paths.extend(chosen);
    }
}

/// Leaves out what lies in another that may be shown.
fn outermost(paths: BTreeSet<PathBuf>, may: &dyn Fn(&Path) -> bool) -> BTreeSet<PathBuf> {
    let mut out: BTreeSet<PathBuf> = BTreeSet::new();
    let mut rest = paths.into_iter().peekable();
    while let Some(path) = rest.next() {
        // What lies in a path comes right behind it.
        let is_above = rest.peek().is_some_and(|next| next.starts_with(&path));
        if is_above && !may(&path) {
            continue;
        }
        while is_above && rest.next_if(|next| next.starts_with(&path)).is_some() {}
        out.insert(path);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory stands for what lies in it when it was missed, or for three of its files; never one that
    /// may not.
    #[test]
    fn directories_stand_for_files() {
        let shared = |paths: &[&str], not: &str| {
            let out = share(paths.iter().map(PathBuf::from).collect(), &|path| path != Path::new(not));
            out.into_iter().map(|path| path.display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(shared(&["/a/x", "/a/y"], ""), ["/a/x", "/a/y"]);
        assert_eq!(shared(&["/a/x", "/a/y", "/a/z", "/b"], ""), ["/a", "/b"]);
        assert_eq!(shared(&["/a/x", "/a/y", "/a/z"], "/a"), ["/a/x", "/a/y", "/a/z"]);
        assert_eq!(shared(&["/a", "/a/x", "/a/b/c"], ""), ["/a"]);
        assert_eq!(shared(&["/a", "/a/x", "/a/b/c"], "/a"), ["/a/b/c", "/a/x"]);
    }
}
