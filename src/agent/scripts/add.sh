# KEY: creates a task from the files on standard input, and starts its runner. `=NAME` starts a file, `+` precedes each
# of its lines, a dot ends all.
need mkdir mv rm date sleep dd tail cat
umask 077
mkdir -p "$root" 2>/dev/null || refuse noFolder
new=$root/.new-$1-$$
mkdir "$new" 2>/dev/null || refuse noFolder
trap 'rm -rf "$new"' HUP INT TERM
complete=
while IFS= read -r line; do
  case $line in
    .)
      complete=1
      break
      ;;
    =*) exec 3>"$new/${line#=}" || break ;;
    +*) printf '%s\n' "${line#+}" >&3 || break ;;
  esac
done
[ "$complete" ] || {
  rm -rf "$new"
  refuse incomplete
}
: >"$new/events.jsonl"
exec 3>&-
tools=
[ -e "$new/dialogue" ] && tools='mkfifo tee grep'
[ -e "$new/talk" ] && tools='mkfifo awk sed tr'
for tool in $tools; do
  command -v "$tool" >/dev/null 2>&1 && continue
  rm -rf "$new"
  refuse "noTool $tool"
done
run() {
  trap '' HUP
  command -v setsid >/dev/null 2>&1 && exec setsid sh "$new/runner" "$new"
  exec sh "$new/runner" "$new"
}
number=$(run </dev/null 2>/dev/null &)
case $number in
  "" | *[!0-9]*)
    rm -rf "$new"
    refuse notStarted
    ;;
esac
report "added $number"
