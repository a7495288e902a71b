# Defines `born ID`, which sets `$birth` to a value that distinguishes a process from a later one of the same id; empty
# if there is none.
born() {
  text=
  { while read -r line; do text="$text $line"; done <"/proc/$1/stat"; } 2>/dev/null
  # shellcheck disable=SC2086 # the fields are split here
  set -- ${text##*) }
  birth=${20-}
}
