# ROOT KEY FRESH PERL: the program that runs in a pod for a synchronisation: one loop that answers requests, for any
# POSIX shell (dash, busybox, bash) with the programs that nearly every image has. KEY distinguishes it from others of
# the same folder, FRESH identifies a folder that is new, and PERL is the text of watch.pl. Names from users and pods
# are data: arguments, or lines on standard input.
#
# A request is a line: a verb and numbers. Its lists follow in blocks of a fixed size (512), padded with NULs, because
# only `dd` reads a pipe without reading too far. An answer is the output of the verb, and the message `end` with a
# code. Names are lines: those that contain a line feed are omitted from every listing.
#
# Standard error carries unsolicited messages: a heartbeat every few seconds, and changes.
LC_ALL=C TZ=UTC0
export LC_ALL TZ
umask 022
root=$1 key=$2 fresh=$3 perl=$4
# No listing has names with this prefix.
prefix=.kodama-sync-
nl='
'
need cat chmod cp dd find head ln mkdir mv readlink rm rmdir sleep stat tar tr xargs
mkdir -p "$root" 2>/dev/null
cd "$root" 2>/dev/null || refuse noFolder
[ "$(stat -c %d:%i .)" != "$(stat -c %d:%i /)" ] || refuse wholeContainer
stage=$prefix$key
mkdir -p "$stage" 2>/dev/null && : >"$stage/err" || refuse readOnly
# A repository that is made in the folder, or cloned into it, isn't to have it.
[ -s "$stage/.gitignore" ] || printf '*\n' >"$stage/.gitignore"
[ -s "$stage/id" ] || printf '%s\n' "$fresh" >"$stage/id"
read -r id <"$stage/id"
agreed=
[ -f "$stage/agreed" ] && read -r agreed <"$stage/agreed"

# Ends the loop of a connection that broke.
old=
[ -f "$stage/pid" ] && read -r old <"$stage/pid"
case $old in
  '' | *[!0-9]* | "$$") ;;
  *)
    case $(tr '\000' ' ' <"/proc/$old/cmdline" 2>/dev/null) in
      *kodama-sync*"$key"*) kill "$old" 2>/dev/null ;;
    esac
    ;;
esac
printf '%s\n' "$$" >"$stage/pid"
rm -rf "$stage/new"

full=
[ "$(printf abcdef | dd bs=2 count=2 iflag=fullblock 2>/dev/null)" = abcd ] && full=1
take() {
  if [ "$full" ]; then
    dd bs="$1" count="$2" iflag=fullblock 2>/dev/null
  else
    dd bs=1 count="$(($1 * $2))" 2>/dev/null
  fi
}
lines() { take 512 "$1" | tr -d '\000'; }
names() { lines "$1" | tr '\n' '\000'; }
sum=
for one in sha256sum cksum; do command -v "$one" >/dev/null 2>&1 && sum=$one && break; done
[ "$sum" ] || refuse noTool sha256sum
case $(tar --version 2>/dev/null) in
  *GNU*) tar='tar --format=gnu --no-unquote' ;;
  *) tar=tar ;;
esac

# Lines of listings: `MODE SIZE MTIME CTIME INODE NAME`. GNU's programs print times as numbers; busybox's print
# fractions of a second only as part of a date.
if stat -c '%f %.9Y' . >/dev/null 2>&1 && [ "$(stat -c %.9Y .)" != "$(stat -c %Y .)" ]; then
  form='%f %s %.9Y %.9Z %i'
else
  form='%f %s %y %z %i'
fi
gnu=
case $form-$(find . -maxdepth 0 -printf '%C@' 2>/dev/null) in *%.9Y*-*.*) gnu=1 ;; esac

heartbeat= watcher= arrived=0
finish() {
  trap '' TERM
  [ "$heartbeat" ] && kill -9 "$heartbeat" 2>/dev/null
  stop_watch
  for one in "$stage"/*; do
    case $one in "$stage/id" | "$stage/agreed" | "$stage/now") ;; *) rm -rf "$one" ;; esac
  done
  exit "${1:-0}"
}

# The last agreement of both sides, and a mark that no earlier state of the folder has. Each is written in place, with
# the same length as before: a full disk has the room, and a kill leaves one or the other.
keep() { printf '%s\n' "$2" 2>/dev/null 1<>"$stage/$1"; }
count=100000000 now=
mark_now() {
  count=$((count + 1))
  keep now "$fresh-$count"
  now=
  read -r now <"$stage/now"
} 2>/dev/null
is_ours() {
  found=
  read -r found <"$stage/now"
  [ "$found" = "$now" ] || return
  found=
  read -r found <"$stage/agreed"
  [ "$found" = "$agreed" ]
} 2>/dev/null

# If the loop's own folder was removed, by a `git clean` for example, half of a request may have been read and half of
# its work be lost: the next loop starts over, for the same folder. Redirections don't end the shell then, as they would
# with a special builtin such as `:`, so that it can report it by its exit code.
# https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_01
#
# If it is of another time, the whole folder may be, restored from a copy: the next loop reads the agreement of then.
require_stage() {
  [ -f "$stage/id" ] && is_ours && return
  # A removal that has begun ends soon.
  for _ in 1 2 3 4 5; do
    [ -f "$stage/id" ] || break
    [ -f "$stage/now" ] && { [ -f "$stage/agreed" ] || ! [ "$agreed" ]; } && break
    sleep 0.2
  done
  [ -f "$stage/id" ] && finish 75
  # A removal that isn't finished may remove the folder between the two commands.
  for _ in 1 2 3 4 5; do
    mkdir -p "$stage" && keep agreed "$agreed" && printf '%s\n' "$id" >"$stage/id" && break
  done 2>/dev/null
  finish 75
}
stop_watch() {
  [ "$watcher" ] || return 0
  {
    # shellcheck disable=SC2046 # one process an argument
    kill "$watcher" $(cat "$stage/watch")
    wait "$watcher"
  } 2>/dev/null
  watcher=
  rm -f "$stage/watch" "$stage/fifo" "$stage-ready"
}
trap 'finish 0' TERM HUP
