# URL BASE OWN AUTHOR EMAIL FILES_BY WORKSPACE STATE: creates a checkout, or finds the existing one. BASE is the default
# branch if it is empty; OWN starts at it, and if it is empty the base itself is checked out; the files of the branch
# come by `sync`, or by git.
#
# Finished steps are skipped, so that it may run again after any interruption: `init` and `fetch` continue where `clone`
# would refuse a folder that isn't empty (a new file system has `lost+found`).
#
# The marker and the repository are on two volumes, and either may have been lost: a repository without a marker is
# found by `kodama.base`, which is set on checkout, and an empty workspace is checked out again.
set -eu
url=$1 base=$2 own=$3 author=$4 email=$5 files_by=$6 workspace=$7 state=$8
# Its presence marks a complete checkout; it contains the repository's address.
marker=$state/repository
cd "$workspace"
# Of starts at the same moment one makes the checkout, and the others find it made. The lock ends when its holder exits.
if command -v flock >/dev/null; then
  exec 9>>"$state/checkout.lock"
  flock 9
fi
is_empty() {
  for one in * .[!.]* ..?*; do
    case $one in lost+found | .kodama-*) continue ;; esac
    if [ -e "$one" ] || [ -L "$one" ]; then return 1; fi
  done
}
require_url() {
  [ "$1" = "$url" ] && return
  echo "the workspace has $1" >&2
  exit 67
}
mark() {
  printf '%s' "$url" >"$marker.new"
  mv "$marker.new" "$marker"
}
made=
if [ -f "$marker" ]; then
  require_url "$(cat "$marker")"
  if is_empty; then rm "$marker"; fi
elif [ -e .git ] && git config --get kodama.base >/dev/null; then
  require_url "$(git config --get remote.origin.url || true)"
  mark
fi
if ! [ -f "$marker" ]; then
  made=1
  git init -q
  git remote add origin "$url" 2>/dev/null || git remote set-url origin "$url"
  if [ -z "$base" ]; then
    heads=$(git ls-remote --symref origin HEAD)
    base=$(printf '%s\n' "$heads" | sed -n 's|^ref: refs/heads/\(.*\)[[:space:]]HEAD$|\1|p')
  fi
  # What fetch starts in the background (git maintenance) doesn't hold the lock.
  git fetch --progress origin 9>&-
  branch=${own:-${base:-main}} from=$base
  # Of a workspace that was lost, what was pushed of the session's own branch.
  if [ -n "$own" ] && git rev-parse -q --verify "refs/remotes/origin/$own" >/dev/null; then from=$own; fi
  if [ -n "$from" ] && git rev-parse -q --verify "refs/remotes/origin/$from" >/dev/null; then
    if [ "$branch" = "$from" ]; then track=--track; else track=--no-track; fi
    if [ "$files_by" = sync ]; then
      : >"$state/files-pending"
      git update-ref "refs/heads/$branch" "refs/remotes/origin/$from"
      git symbolic-ref HEAD "refs/heads/$branch"
      git read-tree HEAD
      if [ $track = --track ]; then git branch -q --set-upstream-to="origin/$from"; fi
    else
      git checkout -q $track -B "$branch" "refs/remotes/origin/$from"
    fi
  elif [ -z "$(git for-each-ref refs/remotes/origin)" ]; then
    git symbolic-ref HEAD "refs/heads/$branch"
  else
    git for-each-ref --format='%(refname:lstrip=3)' refs/remotes/origin | head -20 | tr '\n' ' '
    exit 66
  fi
  git config push.autoSetupRemote true
  git config kodama.base "$base"
  if [ -n "$author" ]; then
    git config user.name "$author"
    git config user.email "$email"
  fi
  mark
fi
# A sync's own files, and the copies that its conflicts save: not to be committed by accident.
if [ -d .git ]; then
  mkdir -p .git/info
  for one in '/.kodama-sync-*' '*.conflict-local-*Z' '*.conflict-remote-*Z' '*.conflict-*Z-[0-9]*'; do
    grep -qsxF "$one" .git/info/exclude || printf '%s\n' "$one" >>.git/info/exclude
  done
fi
# A sync brings the files of submodules without their repositories.
if [ "$made" ] && git cat-file -e HEAD:.gitmodules 2>/dev/null; then
  if [ "$files_by" = sync ] || ! git submodule update --init --recursive >&2 9>&-; then echo lacks=submodules; fi
fi
if [ "$made" ] && ! git config --get filter.lfs.clean >/dev/null \
  && git grep -q -e filter=lfs HEAD -- .gitattributes '**/.gitattributes' 2>/dev/null; then echo lacks=lfs; fi
for one in .devcontainer/devcontainer.json .devcontainer.json; do
  if git cat-file -e "HEAD:$one" 2>/dev/null; then
    printf 'devcontainer=%s\n' "$one"
    break
  fi
done
printf 'made=%s\n' "$made"
printf 'branch=%s\n' "$(git symbolic-ref -q --short HEAD || echo HEAD)"
printf 'base=%s\n' "$(git config kodama.base || true)"
printf 'commit=%s\n' "$(git rev-parse -q --verify HEAD || true)"
