# WORKSPACE PUSH TOKEN VARIABLE...: describes the checked-out branch, and with PUSH 1 pushes it first. A commit that isn't at
# the origin yet may contain neither a copy of a sync's conflict nor the value of a variable or of the file TOKEN: what
# was pushed can't be taken back. Exit code 68: there is no commit; 69: it was refused, with the reason.
set -eu
cd "$1"
push=$2 token=$3
shift 3
branch=$(git symbolic-ref -q --short HEAD) && git rev-parse -q --verify HEAD >/dev/null || exit 68
base=$(git config kodama.base || true)

# values NAME: prints what mustn't be pushed. Short values occur by chance.
value() { if [ "$1" = "$token" ]; then cat "$token"; else printenv "$1"; fi 2>/dev/null | grep -E '.{8}' || true; }
commits() { git log "$@" HEAD --not --remotes=origin --; }
contains() {
  patterns=$(for one; do value "$one"; done)
  [ "$patterns" ] && commits -p --text --format=%B | grep -qF -e "$patterns"
}
if [ "$push" = 1 ]; then
  copy=$(commits --format= --name-only --diff-filter=AMR |
    grep -E '[.]conflict-(local|remote)-[0-9TZ-]+$' | head -n 1) || true
  if [ "$copy" ]; then
    echo "the commits contain a copy of a sync's conflict: $copy" >&2
    exit 69
  fi
  if contains "$@" "$token"; then
    for one in "$@" "$token"; do
      if contains "$one"; then
        [ "$one" = "$token" ] && one="git's token"
        echo "the commits contain the value of $one" >&2
        exit 69
      fi
    done
  fi
  git push -q origin "HEAD:refs/heads/$branch"
fi
printf 'branch %s\nbase %s\n' "$branch" "$base"
printf 'ahead %s\n' "$(git rev-list --count "refs/remotes/origin/$base..HEAD" -- 2>/dev/null || echo 0)"
printf 'unpushed %s\n' "$(git rev-list --count HEAD --not --remotes=origin)"
printf 'uncommitted %s\n' "$(git status --porcelain | wc -l)"
printf 'pushed %s\n' "$push"
