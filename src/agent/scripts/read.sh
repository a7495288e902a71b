# NEWEST ONLY LIMIT: prints the tasks, the oldest first: the newest N (all for 0), or the one of that number, each with
# the last LIMIT bytes of its events. The messages are between these, on standard output.
one_line() { read -r line <"$1"; } 2>/dev/null

# describe FOLDER: prints all data of a task except its events.
describe() {
  kodama_inspect "$1"
  say "task ${1##*/} $kodama_state"
  line=
  one_line "$1/began" && say "started $line"
  one_line "$1/exit" && say "exit $line"
  one_line "$1/task" && say "request $line"
  [ -e "$1/exit" ] || for answer in "$1"/answers/*; do
    [ -e "$answer" ] && say "answered ${answer##*/}"
  done
}
need tail head
numbers=
[ -d "$root" ] && for one in "$root"/[1-9]*; do
  one=${one##*/}
  case $one in *[!0-9]*) continue ;; esac
  [ -e "$root/$one/again" ] && continue
  [ "$2" = 0 ] || [ "$2" = "$one" ] && numbers="$numbers
$one"
done
numbers=$(echo "$numbers" | sort -n)
# shellcheck disable=SC2086 # one number an argument
set -- "$1" "$3" $numbers
newest=$1 limit=$2
shift 2
[ "$newest" = 0 ] || while [ "$#" -gt "$newest" ]; do shift; done
for one; do
  task=$root/$one
  describe "$task"
  file=$task/events.jsonl
  [ -e "$file" ] || {
    say "events 0 0"
    continue
  }
  kodama_size "$file"
  all=$kodama_bytes at=0
  [ "$all" -gt "$limit" ] && at=$((all - limit))
  say "events $all $((all - at))"
  tail -c "+$((at + 1))" "$file" | head -c "$((all - at))"
  if [ -s "$file.end" ]; then
    kodama_size "$file.end"
    say "tail $kodama_bytes"
    head -c "$kodama_bytes" "$file.end"
  fi
done
say end
