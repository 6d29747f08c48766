//! The part of a script that finds the project's git directory where `.git` is a file: the same
//! as `git.rs` does for sbc, with the same refusals. Runs no git.

use super::script::Script;
use crate::words::Variable;
use std::fmt::Write as _;

/// The variables that need the search, each with a value that leads nowhere: below a device, and
/// below a file of the git directory.
const UNSET: [(Variable, &str); 2] =
    [(Variable::GitCommonDir, "/dev/null/GIT_COMMON_DIR"), (Variable::GitWorktreeId, "../HEAD/none")];

impl Script<'_> {
    /// The search, where the plan needs it.
    pub(super) fn git(&self) -> String {
        let used = self.content.variables(|_| true);
        if UNSET.iter().all(|(variable, _)| !used.contains(variable)) {
            return String::new();
        }
        let mut out = SEARCH.to_owned();
        let needed = self.content.variables(|step| !step.may_be_left_out());
        for (variable, unset) in UNSET.iter().filter(|(variable, _)| needed.contains(variable)) {
            let (name, word) = (super::shell::variable(*variable), variable.word());
            let _ = writeln!(out, "[ \"${name}\" != {unset} ] || fail '{word} has no value here'");
        }
        out.push('\n');
        out
    }
}

/// Leaves `git_common_dir` and `git_worktree_id` at values that lead nowhere unless all is as git
/// writes it.
const SEARCH: &str = r#"# small FILE MOST: whether it is a regular file of no more bytes, not through a link.
small() {
    [ -f "$1" ] && [ ! -L "$1" ] && [ -r "$1" ] && [ "$(wc -c <"$1")" -le "$2" ]
}

# one_line FILE: puts the path that it holds into $rest.
one_line() {
    small "$1" 4096 || return 1
    { rest=$(cat <"$1"); } 2>/dev/null
    case $rest in
    '' | *'
'*) return 1 ;;
    esac
}

# seen_from DIRECTORY PATH: puts a path as git writes it into $path. No link is followed.
seen_from() {
    path=$1 rest=${2%/}
    case $rest in
    /*)
        path=$rest
        return
        ;;
    esac
    while :; do
        case $rest in
        ./*) rest=${rest#./} ;;
        ../*) path=${path%/*} rest=${rest#../} ;;
        ..)
            path=${path%/*}
            return
            ;;
        *)
            path=$path/$rest
            return
            ;;
        esac
    done
}

# directory PATH: whether it is a directory, by a path without links.
directory() {
    [ -d "$1" ] && cd -P -- "$1" 2>/dev/null && [ "$PWD" = "$1" ]
}

# work_tree CONFIG: puts core.worktree into $git_found, if it stands there once and as git writes it.
work_tree() {
    small "$1" 65536 || return 1
    git_section='' git_found=''
    while read -r rest || [ -n "$rest" ]; do
        case $rest in
        *\\) return 1 ;;
        '['*) git_section=$rest ;;
        'worktree = '*)
            [ "$git_section" = '[core]' ] || continue
            [ -z "$git_found" ] || return 1
            git_found=${rest#'worktree = '}
            case $git_found in *[\"\\\#\;]*) return 1 ;; esac
            ;;
        esac
    done <"$1"
    [ -n "$git_found" ]
}

# Where the project's git directory is when .git is a file, as in a worktree and in a submodule. A
# process inside could have written that file: what lies outside of the project must point back.
git_common_dir=/dev/null/GIT_COMMON_DIR
git_worktree_id=../HEAD/none
git_directory() {
    [ -f "$project/.git" ] && one_line "$project/.git" || return 0
    case $rest in
    'gitdir: '?*) seen_from "$project" "${rest#'gitdir: '}" ;;
    *) return 0 ;;
    esac
    git_dir=$path git_id=../HEAD/none
    directory "$git_dir" && [ -f "$git_dir/HEAD" ] && [ ! -L "$git_dir/HEAD" ] || return 0
    if [ -e "$git_dir/commondir" ] || [ -L "$git_dir/commondir" ]; then
        one_line "$git_dir/commondir" || return 0
        seen_from "$git_dir" "$rest"
        git_id=${git_dir##*/}
        [ "$git_dir" = "$path/worktrees/$git_id" ] || return 0
        git_common=$path
        if one_line "$git_dir/gitdir"; then seen_from "$git_dir" "$rest"; else path=; fi
        git_back=${path%/.git}
        [ "$path" = "$git_back/.git" ] || git_back=
    else
        git_common=$git_dir
        if work_tree "$git_dir/config"; then seen_from "$git_dir" "$git_found"; else path=; fi
        git_back=$path
    fi
    for path in objects refs; do
        [ -d "$git_common/$path" ] && [ ! -L "$git_common/$path" ] || return 0
    done
    case $project/ in "$git_common"/*) return 0 ;; esac
    case $git_common in
    "$project"/*/*) return 0 ;;
    "$project"/*) ;;
    *) [ "$git_back" = "$project" ] || return 0 ;;
    esac
    git_common_dir=$git_common
    git_worktree_id=$git_id
}
git_directory
"#;
