# Defines `round SIGNAL`, which signals the processes of a session: it reads `$session` and `$spared` (ids that are
# neither counted nor killed), and counts in `$alive`. Shell builtins only, because an image may have neither `kill` nor
# `ps`.
#
# The group is signalled at once, so that no fork slips through, then the session's processes with groups of their own.
# Only if KILL must spare one is each process killed separately. Field order of /proc/PID/stat: proc(5); the name in it
# may hold blanks, parentheses and newlines.
round() {
  signal=$1
  alive=0 others= whole=1
  [ "$signal" = KILL ] && [ "$spared" ] && whole=
  for file in /proc/[0-9]*/stat; do
    text=
    { while read -r line; do text="$text $line"; done <"$file"; } 2>/dev/null
    # shellcheck disable=SC2086 # the fields are split here
    set -- ${text##*) }
    [ "$4" = "$session" ] || continue
    case $1 in Z | X) continue ;; esac
    process=${file#/proc/} process=${process%/stat}
    case " $spared " in *" $process "*) continue ;; esac
    alive=$((alive + 1))
    [ "$whole" ] && [ "$3" = "$session" ] || others="$others $process"
  done
  [ "$whole" ] && kill "-$signal" "-$session" 2>/dev/null
  for process in $others; do kill "-$signal" "$process" 2>/dev/null; done
}
