# WORKSPACE BYTES: writes the commit that the work started from and the paths that git doesn't track, each with a NUL behind
# it, then a line feed and at most BYTES of the differences. Programs that the repository configures for them aren't run.
set -eu
cd "$1"
base=$(git config kodama.base || true)
since=
if [ -n "$base" ]; then since=$(git merge-base "refs/remotes/origin/$base" HEAD 2>/dev/null || true); fi
if [ -z "$since" ]; then since=$(git rev-parse -q --verify HEAD); fi
printf '%s\0' "$since"
git ls-files -z --others --exclude-standard | head -c 32768
printf '\n'
git diff --no-ext-diff --no-textconv --no-color "$since" -- | head -c "$2"
