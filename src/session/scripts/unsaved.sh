# WORKSPACE: describes the work that this repository alone has: commits that neither the origin nor a `kodama pull` has,
# stashes, and files that aren't committed: paths as git prints them, each with a NUL behind it, after a line feed. Exit
# code 68: it isn't a repository.
set -eu
cd "$1"
[ -e .git ] || exit 68
pulled=refs/kodama/pulled
head=
git rev-parse -q --verify HEAD >/dev/null && head=HEAD
own() {
  [ "$head" ] || git show-ref -q --heads || return 0
  # shellcheck disable=SC2086 # nothing, or HEAD
  git log "$@" $head --branches --not --remotes --glob="$pulled/*" --
}
printf 'commits %s\n' "$(own --format=%h | wc -l)"
printf 'stashes %s\n' "$(git stash list | wc -l)"
own -5 --format='log %h %s'
printf '\n'
git status --porcelain -z --no-renames | head -c 65536
