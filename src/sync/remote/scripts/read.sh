# The requests `list`, `sum` and `get`.
#
# `list` and `commit` start with the time of this file system, after `S`: a file whose last change is before it, and
# unchanged since, has the same content.
#
# `list 0 BLOCKS`: the given paths. `list 1 BLOCKS`: everything except the content of the given folders. Then, after
# `E`, the complaints of the programs.
# shellcheck disable=SC2016 # of inner shells
links='for one do if [ -L "$one" ]; then printf "L %s\n>" "$one"; readlink "$one"; fi; done'
inspect() {
  # shellcheck disable=SC2016 # of the inner shell
  names "$1" | xargs -0 sh -c 'form=$1; shift; stat -c "$form %n" -- "$@"; '"$links" sh "$form"
}
walk() {
  set -- "$@" ')' -prune
  if [ "$gnu" ]; then
    find "$@" -printf '%y%m %s %T@ %C@ %i %p\n' -o -name "$prefix*" -prune -o \
      '(' -name "*$nl*" -o -lname "*$nl*" ')' -prune -printf 'N %h\n' -o \
      -type l -printf 'l%m %s %T@ %C@ %i %p\nL %p\n>%l\n' -o -printf '%y%m %s %T@ %C@ %i %p\n'
  else
    # shellcheck disable=SC2016 # of the inner shell
    find "$@" -exec stat -c "$form %n" {} + -o -name "$prefix*" -prune -o \
      -name "*$nl*" -prune -exec sh -c 'for one do printf "N %s\n" "${one%/*}"; done' sh {} + -o \
      -exec stat -c "$form %n" {} + -type l -exec sh -c "$links" sh {} +
  fi
}
stamp() {
  mark_now
  printf 'S %s\n' "$(stat -c "$form" "$stage/now")"
}
do_list() {
  stamp
  if [ "$1" = 0 ]; then
    inspect "$2" 2>"$stage/err"
  else
    if [ "$2" = 0 ]; then true >"$stage/pruned"; else lines "$2" >"$stage/pruned"; fi
    set -- . '(' -path "./$prefix"
    while IFS= read -r one; do set -- "$@" -o -path "$one"; done <"$stage/pruned"
    walk "$@" 2>"$stage/err"
  fi
  while IFS= read -r one; do printf 'E %s\n' "$one"; done <"$stage/err"
}

# `sum BLOCKS`: prints a line with the checksum of each file.
do_sum() { names "$1" | xargs -0 "$sum" 2>/dev/null; }

# `get BLOCKS`: an archive of the files, whose names must fit a command line: not every tar reads them from a file.
do_get() {
  # shellcheck disable=SC2086 # several arguments
  names "$1" | xargs -0 $tar --no-recursion -cf - 2>"$stage/err"
}
