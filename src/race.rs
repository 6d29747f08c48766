//! What two sandboxes that run side by side could do to each other's mounts.
//!
//! While bubblewrap sets a sandbox up it finds places by their paths. A process in another sandbox that can
//! write there can put a link in the way, and a bubblewrap before 0.12 then makes files where the link leads
//! (CVE-2026-87766). A place that the other sandbox has a mount on cannot be replaced from inside it.
//! Pure: compares paths, and reads no machine.

use crate::diagnostic::{Code, Diagnostic};
use std::path::{Path, PathBuf};

/// A host path in a sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    pub path: PathBuf,
    /// Whether it has the same path inside.
    pub in_place: bool,
}

/// Where a sandbox touches the host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Trees that it can write.
    pub writable: Vec<Spot>,
    /// Places in such trees that it mounts on.
    pub mounted: Vec<Spot>,
    /// Sources that its bubblewrap finds by their paths.
    pub named: Vec<PathBuf>,
}

impl Footprint {
    /// The first part of a path that a process inside could replace.
    fn replaceable<'p>(&self, path: &'p Path) -> Option<&'p Path> {
        let is_mounted = |part: &Path| self.mounted.iter().any(|spot| spot.path == part);
        path.ancestors().find(|part| part.parent().is_some_and(|above| self.writes(above)) && !is_mounted(part))
    }

    /// Whether a process inside can make and rename names in a directory. A mount on the way to it decides
    /// itself, but only where both stand at their own paths: elsewhere there may be another way in.
    fn writes(&self, directory: &Path) -> bool {
        self.writable.iter().filter(|tree| directory.starts_with(&tree.path)).any(|tree| {
            let hides = |spot: &&Spot| {
                spot.in_place
                    && spot.path != tree.path
                    && spot.path.starts_with(&tree.path)
                    && directory.starts_with(&spot.path)
            };
            !tree.in_place || !self.mounted.iter().any(|spot| hides(&spot))
        })
    }

    /// What stands against two sandboxes at once, one of which is just being set up: a place of one that the
    /// other could replace. `follows_links` is asked only where the answer depends on it.
    pub fn clash(&self, other: &Footprint, follows_links: &dyn Fn() -> bool) -> Option<Diagnostic> {
        let either = [(self, other), (other, self)];
        let named = |(one, other): (&Footprint, &Footprint)| {
            one.named.iter().find_map(|path| other.replaceable(path)).map(Path::to_owned)
        };
        let mounted = |(one, other): (&Footprint, &Footprint)| {
            one.mounted.iter().find_map(|spot| other.replaceable(&spot.path)).map(Path::to_owned)
        };
        if let Some(path) = either.into_iter().find_map(named) {
            return Some(refused(&path, "bubblewrap finds it by its path"));
        }
        let path = either.into_iter().find_map(mounted).filter(|_| follows_links())?;
        Some(refused(&path, "this bubblewrap follows links that are planted there (CVE-2026-87766)"))
    }
}

fn refused(path: &Path, why: &str) -> Diagnostic {
    let title =
        format!("another sandbox runs, and `{}` is a mount of one that the other could replace", path.display());
    Diagnostic::error(Code::SBC0715, title).note(why).help(
        "end the other one first; or update bubblewrap to 0.12 or to a package with the fix, see `sbc doctor`; or \
         give both the same rules about this path",
    )
}

#[cfg(test)]
mod tests {
    use super::{Footprint, Spot};

    fn spots(paths: &[&str]) -> Vec<Spot> {
        paths.iter().map(|path| Spot { path: path.into(), in_place: true }).collect()
    }

    fn footprint(writable: &[&str], mounted: &[&str]) -> Footprint {
        Footprint { writable: spots(writable), mounted: spots(mounted), named: Vec::new() }
    }

    /// A mount holds its own name, and hides what is below it; a pin leaves that writable.
    #[test]
    fn what_can_be_replaced() {
        let one = footprint(&["/p", "/p/.git"], &["/p/.git", "/p/.git/hooks", "/p/vendor"]);
        let cases = [
            ("/p", None),
            ("/q/x", None),
            ("/p/x/y", Some("/p/x/y")),
            ("/p/.git", None),
            ("/p/.git/hooks/x", None),
            ("/p/.git/config", Some("/p/.git/config")),
            ("/p/vendor/x", None),
            ("/p/.git2", Some("/p/.git2")),
        ];
        for (path, part) in cases {
            assert_eq!(one.replaceable(path.as_ref()), part.map(AsRef::as_ref), "{path}");
        }
        // By another way in, what is below the mount can be written.
        let mut two = footprint(&["/p"], &["/p/vendor"]);
        two.writable.push(Spot { path: "/p/vendor".into(), in_place: false });
        assert_eq!(two.replaceable("/p/vendor/x".as_ref()), Some("/p/vendor/x".as_ref()));
    }

    /// The same plan never clashes with itself. A plan that protects less clashes in both orders, if
    /// bubblewrap follows links; a source that goes by its path, with any bubblewrap.
    #[test]
    fn clashes() {
        let strict = footprint(&["/p", "/p/.git"], &["/p/.git", "/p/.git/hooks"]);
        let loose = footprint(&["/p"], &[]);
        assert!(strict.clash(&strict, &|| true).is_none());
        assert!(loose.clash(&loose, &|| true).is_none());
        for (one, other) in [(&strict, &loose), (&loose, &strict)] {
            assert!(one.clash(other, &|| true).is_some());
            assert!(one.clash(other, &|| false).is_none());
            let named = Footprint { named: vec!["/p/data".into()], ..one.clone() };
            assert!(named.clash(other, &|| false).is_some());
        }
    }
}
