//! Writable directories in which the caller's shell looks for programs: what is planted there runs on
//! the host as soon as somebody types its name.

use super::guards::Found;
use crate::check::{SearchDirectory, symbolic};
use crate::exposure::source;
use crate::mounts::Mount;
use crate::path::{Root, SymbolicPath};
use crate::space::{Node, Space, is_within};
use crate::view::View;
use crate::words::{AssertionKind, Missing};
use std::path::Path;

/// All rules that let a sandbox change what is found by the caller's `PATH`.
pub fn find<'a>(view: &View<'a>, search_path: &[SearchDirectory]) -> Vec<Found<'a>> {
    search_path.iter().flat_map(|directory| opened(view, directory)).collect()
}

fn opened<'a>(view: &View<'a>, directory: &SearchDirectory) -> Vec<Found<'a>> {
    let space = view.space();
    let found = |mount: &Mount<'a>, place: &Path, about: String, narrower| {
        let (shown, _) = source(mount)?;
        let part = if is_within(shown, place) { shown } else { place };
        let path = symbolic(space, &directory.entry).or_else(|| symbolic(space, part))?;
        let (rule, kind, part) = (view.rule_behind(mount)?, AssertionKind::NotWritable, part.to_owned());
        Some(Found { rule, kind, path, part, about, is_whole: false, narrower })
    };
    let links = directory.links.iter().flat_map(|link| {
        let about = format!(
            "your shell, as it is on your PATH; and `{}` is a link that can be replaced by another",
            space.spell(link)
        );
        let mounts = view.exposing(link, true).filter(|mount| can_replace(space, mount, link));
        mounts.filter_map(move |mount| found(mount, link, about.clone(), None))
    });
    let real = &directory.real;
    // The project must stay writable.
    let is_project = space.inside(&SymbolicPath::of_root(Root::Project)).as_ref() == Some(real);
    let narrower = match space.node(real) {
        _ if is_project => None,
        Node::Absent => Some(Missing::CreateDir),
        _ => Some(Missing::Error),
    };
    let itself = view.exposing(real, true).filter(|mount| can_add(space, mount, real));
    let itself =
        itself.filter_map(|mount| found(mount, real, "your shell, as it is on your PATH".to_owned(), narrower));
    links.chain(itself).collect()
}

/// Whether a mount lets the user replace a link, as far as the host lets the user do so.
fn can_replace(space: &dyn Space, mount: &Mount<'_>, link: &Path) -> bool {
    let Some((source, _)) = source(mount) else { return false };
    link.ancestors().skip(1).take_while(|above| is_within(above, source)).any(|above| space.rights(above).write)
}

/// Whether a mount lets the user put a program into a directory, or change one in it.
fn can_add(space: &dyn Space, mount: &Mount<'_>, directory: &Path) -> bool {
    let Some((source, _)) = source(mount) else { return false };
    if is_within(directory, source) {
        let mut above = directory.ancestors().take_while(|above| is_within(above, source));
        return above.any(|above| space.rights(above).write);
    }
    // Only what lies directly in it is found.
    source.parent() == Some(directory) && space.node(source) == Node::File && space.rights(source).write
}
