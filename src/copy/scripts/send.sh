# CHECKSUMS PATH: reports what is there, reads how to send it, and sends it. A file is sent as it is, from an offset, or
# with its holes as an archive; a folder as an archive, followed by a line with the checksum of each file. A file's
# checksum is computed while it is sent; if the file has grown meanwhile, that of its original length is computed then.
exec 3<&0 </dev/null

# watch PID: waits for a process, and kills it if kodama is gone: servers don't kill it when the connection ends. The
# process that feeds it through a pipe ends with it. $code is its exit code.
watch() {
  (
    while read -r _; do :; done
    kill "$1"
  ) <&3 >/dev/null 2>&1 &
  watcher=$!
  wait "$1"
  code=$?
  {
    kill "$watcher"
    wait "$watcher"
  } 2>/dev/null
  return "$code"
}

# Sets $size and $rest of the file.
# shellcheck disable=SC2046 # the line is split on purpose
inspect() {
  set -- $(stat -L -c '%s %f %Y %b %B' "$path" 2>/dev/null)
  size=${1:-0} rest="${2:--} ${3:--} ${4:--} ${5:--}"
}

rooted "$2"
choose "$1"
[ -e "$path" ] || refuse missing
[ -r "$path" ] || refuse unreadable
if [ -d "$path" ]; then
  need tar
  command -v find >/dev/null 2>&1 || sum=
  tar_kind
  report "folder ${sum:--} $tar"
elif [ -f "$path" ]; then
  need cat
  tar_kind
  inspect
  if [ "$size" = 0 ]; then
    size=-
    command -v wc >/dev/null 2>&1 && size=$(($(wc -c <"$path")))
  fi
  report "file ${sum:--} ${tar:--} $size $rest"
else
  refuse special
fi
read -r how at <&3 || exit 1
if [ "$how" = archive ]; then
  # An archive is buffered into large pieces. busybox's tar writes a small file in three, each of which is a message of
  # its own through the node and the server: 10,000 of them took 1.7 s of their CPU time, and buffered 0.2 s.
  gather='cat'
  command -v dd >/dev/null 2>&1 && gather='dd ibs=32k obs=64k'
  kinds=
  [ "$tar" = gnu ] && kinds='--format=gnu --sparse'
  if [ -d "$path" ]; then
    what=. from=$path
  else
    what=./${path##*/} from=${path%/*}/ kinds="$kinds -h"
  fi
  {
    # shellcheck disable=SC2086 # several arguments
    tar -C "$from" $kinds -cf - "$what" </dev/null
    report "end $?"
    # shellcheck disable=SC2030 # read before the subshell ends
    check=
    if [ -d "$path" ]; then
      [ "$sum" ] && cd "$path" && sums_in .
    else
      [ "$sum" ] && sum_of "$path"
      report "sum ${check:--}"
    fi
  } | {
    $gather <&4 2>/dev/null &
    watch $!
  } 4<&0
else
  if [ "$at" != 0 ] && [ "$sum" ]; then
    first_field "$(head -c "$at" "$path" | "$sum")"
    # shellcheck disable=SC2031 # the subshell is of the other branch
    report "prefix $check"
  fi
  summing=
  if [ "$sum" ] && [ "$size" != - ]; then
    (
      check=
      sum_of "$path"
      report "whole ${check:--}"
    ) &
    summing=$!
  fi
  if [ "$at" = 0 ]; then
    cat "$path" &
  else
    tail -c "+$((at + 1))" "$path" &
  fi
  watch $!
  check=
  if [ "$summing" ]; then
    wait "$summing"
    check=whole
    was=$size
    inspect
    [ "$size" = "$was" ] || first_field "$(head -c "$was" "$path" | "$sum")"
  fi
  report "sum ${check:--}"
  report "end $code"
fi
