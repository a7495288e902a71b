# Suites and their results, for `.ci/run` and `.ci/nightly`, which source this file at the top of a checkout.
#
#     KODAMA_CI_CACHE            where built tools are kept (default: ~/.cache/kodama-ci)
set -uo pipefail
export CI=true NO_COLOR=1 DENO_NO_UPDATE_CHECK=1
exec </dev/null

readonly deno_version=2.9.6 kubectl_minimum=31
readonly cache=${KODAMA_CI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kodama-ci}
readonly logs=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$logs"' EXIT
passed=0 failed=0 skipped=0 failures=() flaky=()

heading() { printf '\n== %s\n' "$*"; }

# log_of NAME: the file with what a suite has printed.
log_of() { echo "$logs/${1//[^a-z0-9]/-}"; }

# count NAME EXIT LOG: adds the results that a suite printed, or the suite itself where it prints none.
count() {
  local name=$1 code=$2 log=$3 p=0 f=0 s=0 line
  while IFS= read -r line; do
    [[ $line =~ ([0-9]+)\ passed ]] && p=$((p + BASH_REMATCH[1]))
    [[ $line =~ ([0-9]+)\ failed ]] && f=$((f + BASH_REMATCH[1]))
    [[ $line =~ ([0-9]+)\ (ignored|skipped) ]] && s=$((s + BASH_REMATCH[1]))
  done < <(grep -E '^((ok|FAILED) \| )?[0-9]+ passed' "$log")
  # Tests that passed when they were run once more.
  while IFS= read -r line; do
    flaky+=("$name: ${line#FLAKY }")
  done < <(grep '^FLAKY ' "$log")
  if ((p + f + s == 0 && code == 0)); then p=1; fi
  if ((code != 0 && f == 0)); then f=1; fi
  if ((f > 0)); then failures+=("$name"); fi
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# suite NAME COMMAND…: runs it and counts its results.
suite() {
  local name=$1 log
  shift
  log=$(log_of "$name")
  heading "$name: $*"
  "$@" 2>&1 | tee "$log"
  count "$name" "${PIPESTATUS[0]}" "$log"
}

# begin NAME COMMAND…: a suite that runs beside the others; finish NAME shows it and counts its results.
declare -A begun
begin() {
  local name=$1 log
  shift
  log=$(log_of "$name")
  heading "$name, beside what follows: $*"
  (
    "$@" >"$log" 2>&1
    echo $? >"$log.exit"
  ) &
  begun[$name]=$!
}
finish() {
  local name=$1 log
  log=$(log_of "$name")
  wait "${begun[$name]}"
  heading "$name"
  cat "$log"
  count "$name" "$(cat "$log.exit")" "$log"
}

# skip NAME REASON: a suite that this machine can't run.
skip() {
  heading "$1: skipped, $2"
  skipped=$((skipped + 1))
}

# Debian packages by the program or file that shows they are there; only root can install them.
provide() {
  local package=$1 shown_by=$2
  command -v "$shown_by" >/dev/null || [[ -e $shown_by ]] && return 0
  [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null || return 1
  heading "installing $package"
  { apt-get install -y --no-install-recommends "$package" ||
    { apt-get update && apt-get install -y --no-install-recommends "$package"; }; } >"$logs/apt" 2>&1 ||
    { tail -5 "$logs/apt"; return 1; }
}

# is_empty FOLDER: says what is in it, if anything is.
is_empty() {
  [[ -z $(ls -A "$1") ]] || { ls -lA "$1"; return 1; }
}

# A kubectl that speaks WebSocket for exec (1.31 and later): that of PATH, or one built by Go.
provide_kubectl() {
  local minor key
  minor=$(kubectl version --client -o json 2>/dev/null | sed -n 's/.*"minor": "\([0-9]*\).*/\1/p')
  if [[ -n $minor ]] && ((minor >= kubectl_minimum)); then return 0; fi
  command -v go >/dev/null || return 1
  key=$(sha256sum .ci/kubectl/go.mod .ci/kubectl/go.sum | sha256sum | cut -c1-16)
  if [[ ! -x $cache/kubectl-$key/kubectl ]]; then
    heading "building kubectl"
    mkdir -p "$cache/kubectl-$key"
    local version=k8s.io/component-base/version
    (cd .ci/kubectl && nice -n 15 go build -trimpath \
      -ldflags "-s -w -X $version.gitVersion=v1.34.4 -X $version.gitMajor=1 -X $version.gitMinor=34" \
      -o "$cache/kubectl-$key/kubectl.new" k8s.io/kubernetes/cmd/kubectl) || return 1
    mv "$cache/kubectl-$key/kubectl.new" "$cache/kubectl-$key/kubectl"
  fi
  PATH=$cache/kubectl-$key:$PATH
}

# The Deno that the suites run in.
provide_deno() {
  local deno
  deno=$(npx -y "deno@$deno_version" eval 'console.log(Deno.execPath())') || exit 1
  PATH=$(dirname "$deno"):$PATH
  deno --version
}

# The folder that tests put their own into; nothing_left is the suite that finds it empty.
readonly temporary=$logs/temporary
mkdir "$temporary"
nothing_left() { suite "nothing left of the tests" is_empty "$temporary"; }

# errors NAME: the end of a long output is what is read first.
errors() {
  local log
  log=$(log_of "$1")
  heading "errors of $1"
  # The last lines of a suite that isn't Deno's.
  if grep -q '^ ERRORS $' "$log"; then sed -n '/^ ERRORS $/,/^ FAILURES $/{//d;/./p}' "$log" | head -60
  else tail -20 "$log"; fi
}
# Prints the errors, the names of what failed and the sum; returns whether nothing has failed.
result() {
  local name summary
  for name in "${flaky[@]+"${flaky[@]%%:*}"}" "${failures[@]+"${failures[@]}"}"; do
    echo "$name"
  done | sort -u | while IFS= read -r name; do errors "$name"; done
  heading "result"
  for name in "${flaky[@]+"${flaky[@]}"}"; do
    echo "FLAKY $name"
  done
  for name in "${failures[@]+"${failures[@]}"}"; do
    echo "failed: $name"
    sed -n '/^ FAILURES $/,/^FAILED /{//d;s/^./  &/p}' "$(log_of "$name")" | head -20
  done
  summary="$passed passed, $failed failed"
  if ((skipped > 0)); then summary+=", $skipped skipped"; fi
  echo "$summary"
  ((failed == 0))
}
