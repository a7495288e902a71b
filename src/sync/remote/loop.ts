/**
 * The program that runs in a pod for a synchronisation: one sh loop that answers requests, for any POSIX shell (dash,
 * busybox, bash) with the programs that nearly every image has. Names from users and pods are never part of a script:
 * they are passed as arguments, or as data through standard input.
 *
 * A request is a line: a verb and numbers. Its lists follow in blocks of a fixed size, padded with NULs, because only
 * `dd` reads a pipe without reading too far. An answer is the output of the verb, and a line with the mark, `end` and a
 * number. Names are lines: those that contain a line break are omitted from every listing.
 *
 * Standard error carries unsolicited messages: a heartbeat every few seconds, and changes.
 */
import { farWatch } from "./watch.ts";

/** Bytes per block of lists. */
export const listBlock = 512;
/** Bytes per block of archives: a record of tar. */
export const archiveBlock = 10_240;

/** Prefix of kodama's own names in the folder; no listing has them. */
export const reservedPrefix = ".kodama-sync-";

/**
 * The exit code of a loop whose own folder was removed, by a `git clean` for example. Redirections don't end the shell
 * then, as they would with a special builtin such as `:`, so that it can report it.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_01
 */
export const stageRemovedCode = 75;

/**
 * Lines of listings: `MODE SIZE MTIME CTIME INODE NAME`. GNU's programs print times as numbers; busybox's print
 * fractions of a second only as part of a date.
 */
const formats =
  `if stat -c '%f %.9Y' . >/dev/null 2>&1 && [ "$(stat -c %.9Y .)" != "$(stat -c %Y .)" ]
then form='%f %s %.9Y %.9Z %i'
else form='%f %s %y %z %i'
fi
gnu=
case $form-$(find . -maxdepth 0 -printf '%C@' 2>/dev/null) in *%.9Y*-*.*) gnu=1 ;; esac`;

const beginning = `LC_ALL=C TZ=UTC0
export LC_ALL TZ
umask 022
mark=$1 root=$2 key=$3 fresh=$4
nl='
'
say() { printf '%s\\n' "$mark$*"; }
refuse() { say "refused $*"; exit 1; }
for tool in cat chmod cp dd find head ln mkdir mv readlink rm rmdir sleep stat tar tr xargs; do
command -v "$tool" >/dev/null 2>&1 || refuse "noTool $tool"
done
mkdir -p "$root" 2>/dev/null
cd "$root" 2>/dev/null || refuse noFolder
stage=${reservedPrefix}$key
mkdir -p "$stage" 2>/dev/null && : >"$stage/err" || refuse readOnly
[ -s "$stage/id" ] || printf '%s\\n' "$fresh" >"$stage/id"
read -r id <"$stage/id"
old=
[ -f "$stage/pid" ] && read -r old <"$stage/pid"
case $old in
'' | *[!0-9]* | $$) ;;
*) case $(tr '\\000' ' ' <"/proc/$old/cmdline" 2>/dev/null) in *kodama-sync*"$key"*) kill "$old" 2>/dev/null ;; esac ;;
esac
printf '%s\\n' "$$" >"$stage/pid"
rm -rf "$stage/new"
full=
[ "$(printf abcdef | dd bs=2 count=2 iflag=fullblock 2>/dev/null)" = abcd ] && full=1
take() {
if [ "$full" ]; then dd bs="$1" count="$2" iflag=fullblock 2>/dev/null
else dd bs=1 count="$(($1 * $2))" 2>/dev/null
fi
}
lines() { take ${listBlock} "$1" | tr -d '\\000'; }
words() { lines "$1" | tr '\\n' '\\000'; }
sum=
for one in sha256sum cksum; do command -v "$one" >/dev/null 2>&1 && sum=$one && break; done
[ "$sum" ] || refuse noTool sha256sum
case $(tar --version 2>/dev/null) in *GNU*) tar='tar --format=gnu --no-unquote' ;; *) tar=tar ;; esac
tell() { printf '%s\\n' "$mark$*" >&2; }
beater= watcher= arrived=0
over() {
trap '' TERM
[ "$beater" ] && kill -9 "$beater" 2>/dev/null
stop_watch
for one in "$stage"/*; do [ "$one" = "$stage/id" ] || rm -rf "$one"; done
exit "\${1:-0}"
}
# Half of a request may have been read and half of its work be lost: the next loop starts over, for the same folder.
require_stage() {
[ -f "$stage/id" ] && return
mkdir -p "$stage" && printf '%s\\n' "$id" >"$stage/id"
over ${stageRemovedCode}
}
stop_watch() {
[ "$watcher" ] || return 0
{ kill "$watcher" $(cat "$stage/watch"); wait "$watcher"; } 2>/dev/null
watcher=
rm -f "$stage/watch" "$stage/fifo" "$stage-ready"
}
trap 'over 0' TERM HUP`;

/**
 * `list` and `commit` start with the time of this file system, after `S`: a file whose last change is before it, and
 * unchanged since, has the same content.
 *
 * `list 0 BLOCKS`: the given paths. `list 1 BLOCKS`: everything except the content of the given folders. Then, after
 * `E`, the complaints of the programs.
 */
const list =
  `links='for one do if [ -L "$one" ]; then printf "L %s\\n>" "$one"; readlink "$one"; fi; done'
look() {
words "$1" | xargs -0 sh -c 'form=$1; shift; stat -c "$form %n" -- "$@"; '"$links" sh "$form"
}
walk() {
set -- "$@" ')' -prune
if [ "$gnu" ]; then
find "$@" -printf '%y%m %s %T@ %C@ %i %p\\n' -o -name '${reservedPrefix}*' -prune -o \\
'(' -name "*$nl*" -o -lname "*$nl*" ')' -prune -printf 'N %h\\n' -o \\
-type l -printf 'l%m %s %T@ %C@ %i %p\\nL %p\\n>%l\\n' -o -printf '%y%m %s %T@ %C@ %i %p\\n'
else
find "$@" -exec stat -c "$form %n" {} + -o -name '${reservedPrefix}*' -prune -o \\
-name "*$nl*" -prune -exec sh -c 'for one do printf "N %s\\n" "\${one%/*}"; done' sh {} + -o \\
-exec stat -c "$form %n" {} + -type l -exec sh -c "$links" sh {} +
fi
}
stamp() { true >"$stage/now"; printf 'S %s\\n' "$(stat -c "$form" "$stage/now")"; }
do_list() {
stamp
if [ "$1" = 0 ]; then look "$2" 2>"$stage/err"
else
[ "$2" = 0 ] && true >"$stage/pruned" || lines "$2" >"$stage/pruned"
set -- . '(' -path ./${reservedPrefix}
while IFS= read -r one; do set -- "$@" -o -path "$one"; done <"$stage/pruned"
walk "$@" 2>"$stage/err"
fi
while IFS= read -r one; do printf 'E %s\\n' "$one"; done <"$stage/err"
}`;

/** `sum BLOCKS`: prints a line with the checksum of each file. */
const sums = `do_sum() { words "$1" | xargs -0 "$sum" 2>/dev/null; }`;

/** `get BLOCKS`: an archive of the files, whose names must fit a command line: not every tar reads them from a file. */
const get = `do_get() {
words "$1" | xargs -0 $tar --no-recursion -cf - 2>"$stage/err"
}`;

/**
 * `put`: lines with the number of blocks of an archive that follow, the last one 0; it is unpacked aside. tar's
 * complaints are part of the answer: a file of it may not fit on the disk.
 */
const put = `do_put() {
rm -rf "$stage/new"
mkdir "$stage/new"
{ while read -r count && [ "$count" != 0 ]; do take ${archiveBlock} "$count"; done; } | {
trouble=$(tar -C "$stage/new" -xmof - 2>&1)
code=$?
[ "$code" = 0 ] || printf '%s\\n' "$trouble" | head -n 5
cat >/dev/null
exit "$code"
}
}`;

/**
 * `commit BLOCKS`: lines, each with its answer. `check` compares the received files with `sums`. `drop NAME` discards a
 * received file. `merge` moves received files to empty paths, whole folders at once. The others change a path in an
 * expected state (`-` nothing, `d` a folder, else its text in `list`); `need` is a path that must be unchanged.
 */
const commit = `clear_way() {
rest=$1 way=
while :; do case $rest in */*) ;; *) return 0 ;; esac
way=$way\${rest%%/*}
{ [ -d "$way" ] && ! [ -L "$way" ]; } || return 1
way=$way/ rest=\${rest#*/}
done
}
as_was() {
clear_way "$2" || return 1
case $1 in
-) ! [ -e "$2" ] && ! [ -L "$2" ] ;;
d) [ -d "$2" ] && ! [ -L "$2" ] ;;
*) [ "$(stat -c "$form" "./$2" 2>/dev/null)" = "$1" ] ;;
esac
}
merge() (
to=$2
cd "$1" || exit 1
set --
for one in * .[!.]* ..?*; do
[ -e "$one" ] || [ -L "$one" ] || continue
if ! [ -e "$to/$one" ] && ! [ -L "$to/$one" ]; then
set -- "$@" "./$one"
if [ "$#" -ge 200 ]; then mv -n "$@" "$to/" || exit 1; set --; fi
elif [ -d "$one" ] && ! [ -L "$one" ] && [ -d "$to/$one" ] && ! [ -L "$to/$one" ]; then merge "./$one" "$to/$one" || exit 1
fi
done
[ "$#" = 0 ] || mv -n "$@" "$to/"
)
left() { [ -d "$stage/new/n" ] && find "$stage/new/n" ! -type d -exec sh -c 'for one do printf "left %s\\n" "$one"; done' sh {} +; }
change() {
case $1 in
file) chmod "$2" "$stage/new/b/$4" && mv -f "$stage/new/b/$4" "./$3" ;;
link) rm -f "$stage/link"; ln -s "$4" "$stage/link" && mv -f "$stage/link" "./$3" ;;
mode) chmod "$2" "./$3" ;;
folder) mkdir "./$3" ;;
unlink) rm "./$3" ;;
rmdir) rmdir "./$3" ;;
esac
}
do_commit() {
need=1 number=0
lines "$1" >"$stage/steps" || return 9
[ "$arrived" = 0 ] || { arrived=0; rm -rf "$stage/new"; return 9; }
stamp
here=$(pwd)
while IFS= read -r verb; do
case $verb in
check)
if [ "$sum" = sha256sum ] && [ -f "$stage/new/sums" ]; then
(cd "$stage/new" && sha256sum -c sums) >/dev/null 2>&1 || { say "bad"; return 1; }
fi ;;
drop) IFS= read -r one; rm -f "$stage/new/$one" ;;
merge) merge "$stage/new/n" "$here" 2>>"$stage/err"; left ;;
need) IFS= read -r was; IFS= read -r path; as_was "$was" "$path" || need= ;;
own) IFS= read -r hash; IFS= read -r path; IFS= read -r to; IFS= read -r mode
to=$stage/new/$to
mkdir -p "\${to%/*}"
if clear_way "$path" && [ -f "./$path" ] && ! [ -L "./$path" ] && cp "./$path" "$to" 2>"$stage/err" && chmod "$mode" "$to"; then
case $("$sum" <"$to") in "$hash"*) ;; *) rm -f "$to" ;; esac
fi ;;
*)
IFS= read -r was; IFS= read -r mode; IFS= read -r path; IFS= read -r with
if ! [ "$need" ] || ! as_was "$was" "$path"; then printf 'changed %s\\n' "$number"
elif [ "$verb" = file ] && ! [ -f "$stage/new/b/$with" ]; then printf 'changed %s\\n' "$number"
elif change "$verb" "$mode" "$path" "$with" 2>"$stage/err"; then printf 'done %s\\n' "$number"
else printf 'failed %s ' "$number"; head -n 1 "$stage/err"; echo
fi
need=1 number=$((number + 1)) ;;
esac
done <"$stage/steps"
rm -rf "$stage/new"
}`;

/**
 * The heartbeats end with the loop: by KILL, because a shell that was forked a moment ago may lose a TERM before it has
 * reset the loop's trap; and by themselves, if the loop was killed and their standard error is still open.
 */
const serving = `say "hello $sum $(cat "$stage/id")"
(while sleep 5 2>/dev/null && kill -0 $$ 2>/dev/null; do printf '%s\\n' "\${mark}beat" >&2 || { kill $$; exit; }; done) </dev/null >/dev/null &
beater=$!
while read -r verb one two; do
code=0
require_stage
case $verb in
list) do_list "$one" "$two" ;;
sum) do_sum "$one" ;;
get) do_get "$one" || code=$? ;;
put) do_put || code=$?; arrived=$code ;;
commit) do_commit "$one" || code=$? ;;
watch) do_watch "$one" "$two" ;;
changed) do_changed "$one" ;;
ping) ;;
bye) break ;;
*) code=2 ;;
esac
require_stage
say "end $code"
done
over 0`;

const script = [beginning, formats, list, sums, get, put, commit, farWatch, serving].join("\n");

/** Returns the command of an exec: `mark` starts the loop's own lines, `key` identifies this synchronisation. */
export function farLoopCommand(
  { mark, root, key, fresh }: { mark: string; root: string; key: string; fresh: string },
): string[] {
  return ["sh", "-c", script, "kodama-sync", mark, root, key, fresh];
}

/** Returns the command of an exec that removes a synchronisation's own files in its folder after its loop. */
export function forgetCommand({ root, key }: { root: string; key: string }): string[] {
  return ["rm", "-rf", `${root.replace(/\/+$/, "")}/${reservedPrefix}${key}`];
}
