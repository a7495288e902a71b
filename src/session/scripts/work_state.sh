# WORKSPACE: describes the work since the checkout.
set -eu
cd "$1"
base=$(git config kodama.base || true)
since=HEAD
if [ -n "$base" ]; then since="refs/remotes/origin/$base..HEAD"; fi
printf 'branch %s\n' "$(git symbolic-ref -q --short HEAD || echo HEAD)"
printf 'commit %s\n' "$(git rev-parse -q --verify HEAD || true)"
printf 'commits %s\n' "$(git rev-list --count "$since" -- 2>/dev/null || echo 0)"
printf 'uncommitted %s\n' "$(git status --porcelain | wc -l)"
git log -5 --format='log %h %s' "$since" -- 2>/dev/null || true
