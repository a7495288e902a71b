# WORKSPACE SIZE: writes the checked-out branch to standard output, and its name and hash to standard error first. A
# `thin` bundle is without the origin's commits. A bundle contains complete objects and is verified by the git that
# reads it: a broken link can't produce half a branch. Exit code 68: there is no commit.
set -eu
cd "$1"
branch=$(git symbolic-ref -q --short HEAD) && commit=$(git rev-parse -q --verify HEAD) || exit 68
printf 'branch %s\ncommit %s\nuncommitted %s\n' "$branch" "$commit" "$(git status --porcelain | wc -l)" >&2
if [ "$2" = thin ]; then
  exec git bundle create -q - "$branch" --not --remotes=origin
fi
exec git bundle create -q - "$branch"
