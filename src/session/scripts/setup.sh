# WORKSPACE MARKS LOGS NAME COMMAND...: runs a command of the project's setup, once in this pod. MARKS is a folder that
# ends with the pod. What the command writes is progress, and goes into a file: background processes may hold it open. The last
# lines of one that fails are printed.
set -eu
workspace=$1 marks=$2 log=$3/$4.log mark=$2/$4
mkdir -p "$marks" "$3"
shift 4
# Of starts at the same moment one runs it.
if command -v flock >/dev/null; then
  exec 9>>"$mark.lock"
  flock 9
fi
if [ -e "$mark" ]; then exit 0; fi
cd "$workspace"
: >"$log"
tail -n +1 -f "$log" >&2 9>&- &
tail=$!
code=0
"$@" </dev/null >>"$log" 2>&1 9>&- || code=$?
kill "$tail" 2>/dev/null || true
wait "$tail" 2>/dev/null || true
if [ "$code" = 0 ]; then : >"$mark"; else tail -n 5 "$log"; fi
exit "$code"
