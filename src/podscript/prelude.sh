# Starts every script that reports to kodama. $1 is the mark of its own lines; the script's own arguments follow.
# Functions may be unused: a script is a list of such files (launch.ts).
mark=$1
shift

# A message for kodama: between the data on standard output, or beside it on standard error.
say() { printf '%s\n' "$mark$*"; }
report() { say "$@" >&2; }

# refuse REASON [DETAIL]: ends the script, or the subshell, before it has done anything.
refuse() {
  report "refused $*"
  exit 1
}
need() {
  for tool; do
    command -v "$tool" >/dev/null 2>&1 || refuse "noTool $tool"
  done
}
