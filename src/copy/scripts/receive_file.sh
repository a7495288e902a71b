# CHECKSUMS DEST NAME KEY SIZE: appends standard input to the bytes of an earlier attempt.
#
# A file is written in pieces, each at its own offset, and read back right away for its checksum: so this is computed
# while the remainder arrives, over what is in the file. A second writer, orphaned by a broken connection, writes the
# same bytes at the same offsets. $part is the file, $start the block to start with.
#
# Why not `tee`: busybox's moves 1 KiB at a time. If `dd` is missing or has no full blocks, `cat` writes the input, and
# the file is read when it is complete.
block=262144
piece=64
in_pieces() { dd bs=1 count=0 iflag=fullblock status=none </dev/null >/dev/null 2>&1; }
blocks() { dd if="$part" bs="$block" skip="$1" count="$2" status=none; }

# Prints a line for each piece that is in the file.
take() {
  at=$start
  while [ "$((at * block))" -lt "$size" ] && [ -f "$part" ]; do
    dd of="$part" bs="$block" seek="$at" count="$piece" iflag=fullblock conv=notrunc status=none || give_up 1
    echo
    at=$((at + piece))
    size_of "$part"
    [ "$bytes" -lt "$size" ] && [ "$bytes" -lt "$((at * block))" ] && break
  done
}
follow() {
  [ "$start" = 0 ] || blocks 0 "$start"
  at=$start
  while read -r _; do
    blocks "$at" "$piece"
    at=$((at + piece))
  done
}

need cat mv rm
command -v stat >/dev/null 2>&1 || need wc
place "$2" "$3" file
size=$5
[ -d "$dest" ] && refuse isFolder
part=${dir%/}/.kodama-$4.part
choose "$1"
pieces=
in_pieces && pieces=1
[ -L "$part" ] && rm -f "$part"
start=0
[ -f "$part" ] && [ "$pieces" ] && [ "$sum" ] && size_of "$part" && start=$((bytes / block))
[ "$((start * block))" -gt "$size" ] && start=0
check=-
[ "$start" -gt 0 ] && first_field "$(blocks 0 "$start" | "$sum")"
report "have $((start * block)) ${sum:--} $check"
read -r from || exit 1
check=-
if [ "$from" = 0 ]; then
  start=0
  rm -f "$part"
  (umask 077 && : >"$part") || exit 1
else
  dd of="$part" bs="$block" seek="$start" count=0 status=none </dev/null || exit 1
fi
if ! [ "$pieces" ]; then
  cat >"$part" || give_up 1
  [ "$sum" ] && sum_of "$part"
elif [ "$sum" ]; then
  first_field "$(take | follow | "$sum")"
else
  take >/dev/null
fi
size_of "$part"
report "got $bytes $check"
[ "$bytes" = "$size" ]
