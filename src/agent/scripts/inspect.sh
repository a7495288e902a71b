# The state of a task. Names start with `kodama_`: an assignment to a variable that the container exports would reach
# the agent, whose runner these lines are a part of.

# kodama_born PID: sets $kodama_birth to a value that distinguishes a process from a later one of the same id, empty if
# there is none (or a zombie): proc(5).
kodama_born() {
  kodama_text= kodama_birth=
  { while read -r kodama_line; do kodama_text="$kodama_text $kodama_line"; done <"/proc/$1/stat"; } 2>/dev/null
  # shellcheck disable=SC2086 # fields
  set -- ${kodama_text##*) }
  case ${1-} in
    Z | X) ;;
    *) kodama_birth=${20-} ;;
  esac
}
kodama_boot() {
  kodama_boot=-
  { read -r kodama_boot </proc/sys/kernel/random/boot_id; } 2>/dev/null
}

# kodama_claimed FOLDER: sets $kodama_state by the claim: `alive` if its process exists, `killed`, or `restarted` if the
# container isn't the one in which the claim was made.
kodama_claimed() {
  kodama_pid= kodama_since= kodama_then= kodama_first=
  { read -r kodama_pid kodama_since kodama_then kodama_first <"$1/claim"; } 2>/dev/null
  kodama_boot
  kodama_born 1
  kodama_state=killed
  [ "$kodama_then $kodama_first" = "$kodama_boot $kodama_birth" ] || {
    kodama_state=restarted
    return
  }
  kodama_born "$kodama_pid"
  [ "$kodama_pid" ] && [ "$kodama_birth" = "$kodama_since" ] && kodama_state=alive
}

# kodama_comes FOLDER: whether the container has yet to start the runner of a queued task: `queue` names the process that
# did so last, the first of an earlier container. A pod without it starts none.
kodama_comes() {
  [ -e "$1/runner" ] && ! [ -e "$1/began" ] || return 1
  kodama_pid= kodama_since=
  { read -r kodama_pid kodama_since <"${1%/*}/queue"; } 2>/dev/null || return 1
  kodama_born "$kodama_pid"
  [ "$kodama_birth" != "$kodama_since" ]
}

# kodama_inspect FOLDER: sets $kodama_state: `ended`, or as `kodama_claimed`; a task that is still to come is `alive`.
kodama_inspect() {
  [ -e "$1/exit" ] || {
    kodama_claimed "$1"
    [ "$kodama_state" != alive ] && kodama_comes "$1" && kodama_state=alive
  }
  [ -e "$1/exit" ] && kodama_state=ended
}
kodama_size() { kodama_bytes=$(stat -c %s "$1" 2>/dev/null) || kodama_bytes=$(($(wc -c <"$1"))); }
