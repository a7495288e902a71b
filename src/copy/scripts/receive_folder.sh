# CHECKSUMS DEST NAME KEY HOW: unpacks standard input. To tars, an archive that is cut between two entries is complete: the
# file `end` after `tree/` proves that it is. It has one line: the checksum of all checksums, sorted.
#
# If the files here match it, the folder is moved to its path at once, which saves the second exec. If they don't, or
# nothing sorts, the checksum of each file follows on standard output, and the sender decides: names with a line feed
# make lines of their own.
matches() {
  command -v sort >/dev/null 2>&1 && command -v cut >/dev/null 2>&1 || return 1
  read -r expected <"$temporary/end" || return 1
  first_field "$(sums_in "$temporary/tree" | sort | "$sum")"
  [ "$check" = "$expected" ]
}
need tar mv rm mkdir
place "$2" "$3" folder "$5"
unpack_in "$4"
choose "$1"
command -v find >/dev/null 2>&1 || sum=
tar_kind
rm -rf "$temporary"
mkdir "$temporary" || exit 1
report "ready ${sum:--} $how $tar"
tar -C "$temporary" -xpof -
code=$?
if [ "$code" != 0 ]; then
  # GNU's tar has its own message for a full disk; what is written after it failed has the system's.
  echo whether there is room | cat >"$temporary/.room"
  rm -rf "$temporary"
  give_up "$code"
fi
if ! [ -f "$temporary/end" ]; then
  rm -rf "$temporary"
  exit 1
fi
if [ "$sum" ] && ! matches; then
  sums_in "$temporary/tree"
  report got
  exit
fi
report placing
put_in_place
