/**
 * The scripts that run in a pod for a copy: for any POSIX shell (dash, busybox, bash), with the programs that nearly
 * every image has. User input is never part of a script: it is passed as arguments.
 *
 * A size is read with `stat` first: busybox's `wc` reads each byte, a second for every 256 MiB.
 *
 * A script sends its messages to kodama on standard error, in lines that start with an unguessable mark; standard
 * output carries data only. Anything else on standard error is output of the programs.
 */
import { beginning, placing } from "./script_parts.ts";

/* The scripts that receive a folder in a pod: unpacked under a temporary name, compared, and moved to its path. */

/** The folder for unpacking: beside the destination, or in it if it exists. */
const unpacking = `unpack_in() {
if [ -d "$dest" ]; then temporary=\${dest%/}/.kodama-$1.new
else
[ -e "$dest" ] || [ -L "$dest" ] && refuse "isFile"
temporary=\${dir%/}/.kodama-$1.new
fi
}`;

/**
 * `put_in_place`: if the folder doesn't exist yet, all of it appears at once; otherwise the new content moves into it,
 * file by file, each of them whole; existing folders stay, with their other content.
 */
const puttingInPlace =
  `each='for one in * .[!.]* ..?*; do [ -e "$one" ] || [ -L "$one" ] || continue;'
check() (
cd "$1" || exit 1
eval "$each"'
if [ -d "$one" ] && [ ! -L "$one" ]; then
if [ -d "$2/$one" ] && [ ! -L "$2/$one" ]; then check "./$one" "$2/$one" || exit 1
elif [ -e "$2/$one" ] || [ -L "$2/$one" ]; then refuse "notFolder $2/$one"
fi
elif [ -d "$2/$one" ] && [ ! -L "$2/$one" ]; then refuse "notFile $2/$one"
fi
done'
)
merge() (
to=$2
cd "$1" || exit 1
set --
eval "$each"'
if [ -d "$one" ] && [ ! -L "$one" ] && [ -d "$to/$one" ]; then merge "./$one" "$to/$one" || exit 1
else
set -- "$@" "./$one"
if [ "$#" -ge 200 ]; then mv -f "$@" "$to/" || exit 1; set --; fi
fi
done'
[ "$#" = 0 ] || mv -f "$@" "$to/"
)
put_in_place() {
if [ -d "$dest" ]; then
check "$temporary/tree" "$dest" && merge "$temporary/tree" "$dest"
else mv "$temporary/tree" "$dest"
fi
code=$?
rm -rf "$temporary"
exit "$code"
}`;

/**
 * `checksums dest name key`: unpacks standard input. To tars, an archive that is cut between two entries is complete:
 * the file `end` after `tree/` proves that it is. It has one line: the checksum of all checksums, sorted.
 *
 * If the files here match it, the folder is moved to its path at once, which saves the second exec. If they don't, or
 * nothing sorts, the checksum of each file follows on standard output, and the sender decides: names with a newline
 * make lines of their own.
 *
 * GNU's tar has its own message for a full disk; what is written after it failed has the system's.
 */
const receiveFolder = `${beginning}
${placing}
${unpacking}
${puttingInPlace}
same() {
command -v sort >/dev/null 2>&1 && command -v cut >/dev/null 2>&1 || return 1
read -r wanted <"$temporary/end" || return 1
set -- $(sums_in "$temporary/tree" | sort | "$sum")
[ "\${1#\\\\}" = "$wanted" ]
}
need tar mv rm mkdir
place "$2" "$3" folder
unpack_in "$4"
choose "$1"
command -v find >/dev/null 2>&1 || sum=
tar_kind
rm -rf "$temporary"
mkdir "$temporary" || exit 1
say "ready \${sum:--} $tar"
tar -C "$temporary" -xpof -
code=$?
if [ "$code" != 0 ]; then
echo whether there is room | cat >"$temporary/.room"
rm -rf "$temporary"
give_up "$code"
fi
if ! [ -f "$temporary/end" ]; then
rm -rf "$temporary"
exit 1
fi
if [ "$sum" ] && ! same; then
sums_in "$temporary/tree"
say "got"
exit
fi
say "placing"
put_in_place`;

/** `dest name key`: moves the folder to its path. */
const placeFolder = `${beginning}
${placing}
${unpacking}
${puttingInPlace}
place "$1" "$2" folder
unpack_in "$3"
put_in_place`;

/* The scripts that receive one file in a pod: first its bytes, then, after the comparison, its name. */

/**
 * A file is written in pieces, each at its own offset, and read back right away for its checksum: so this is computed
 * while the remainder arrives, over what is in the file. A second writer, orphaned by a broken connection, writes the
 * same bytes at the same offsets. `$part` is the file, `$size` its final size, `$begin` the block to start with.
 *
 * Why not `tee`: busybox's moves 1 KiB at a time. If `dd` is missing or has no full blocks, `cat` writes the input, and
 * the file is read when it is complete.
 */
const receiving = `block=262144
piece=64
in_pieces() { dd bs=1 count=0 iflag=fullblock status=none </dev/null >/dev/null 2>&1; }
blocks() { dd if="$part" bs="$block" skip="$1" count="$2" status=none; }
take() {
at=$begin
while [ "$((at * block))" -lt "$size" ] && [ -f "$part" ]; do
dd of="$part" bs="$block" seek="$at" count="$piece" iflag=fullblock conv=notrunc status=none || give_up 1
echo
at=$((at + piece))
size_of "$part"
[ "$bytes" -lt "$size" ] && [ "$bytes" -lt "$((at * block))" ] && break
done
}
follow() {
[ "$begin" = 0 ] || blocks 0 "$begin"
at=$begin
while read -r line; do
blocks "$at" "$piece"
at=$((at + piece))
done
}`;

/** `checksums dest name key size`: appends standard input to the bytes of an earlier attempt. */
const receiveFile = `${beginning}
${placing}
${receiving}
need cat mv rm
command -v stat >/dev/null 2>&1 || need wc
place "$2" "$3" file
size=$5
[ -d "$dest" ] && refuse "isFolder"
part=\${dir%/}/.kodama-$4.part
choose "$1"
in_pieces && pieces=1 || pieces=
[ -L "$part" ] && rm -f "$part"
begin=0
[ -f "$part" ] && [ "$pieces" ] && [ "$sum" ] && size_of "$part" && begin=$((bytes / block))
[ "$((begin * block))" -gt "$size" ] && begin=0
check=-
[ "$begin" -gt 0 ] && { set -- $(blocks 0 "$begin" | "$sum"); check=\${1#\\\\}; }
say "have $((begin * block)) \${sum:--} $check"
read -r from || exit 1
check=-
if [ "$from" = 0 ]; then
begin=0
rm -f "$part"
(umask 077; : >"$part") || exit 1
else dd of="$part" bs="$block" seek="$begin" count=0 status=none </dev/null || exit 1
fi
if ! [ "$pieces" ]; then
cat >"$part" || give_up 1
[ "$sum" ] && sum_of "$part"
elif [ "$sum" ]; then
set -- $(take | follow | "$sum")
check=\${1#\\\\}
else take >/dev/null
fi
size_of "$part"
say "got $bytes $check"
[ "$bytes" = "$size" ]`;

/** `dest name key mode time`: gives the received file its name. An empty mode or time isn't changed. */
const placeFile = `${beginning}
${placing}
place "$1" "$2" file
[ -d "$dest" ] && refuse "isFolder"
part=\${dir%/}/.kodama-$3.part
[ "$4" ] && chmod "$4" "$part"
[ "$5" ] && TZ=UTC0 touch -t "$5" "$part"
mv -f "$part" "$dest"`;

/**
 * Keywords of the scripts' messages. `stopped`: no more input is needed; what arrives is read all the same, because
 * some runtimes (containerd 1.6) never report the exit of a command that hasn't read all its input.
 */
export type FarWord =
  | "refused"
  | "stopped"
  | "have"
  | "got"
  | "placing"
  | "ready"
  | "file"
  | "folder"
  | "prefix"
  | "whole"
  | "sum"
  | "end";

/** `dest name key`: removes received data that isn't needed. */
const discard = `${beginning}
${placing}
place "$1" "$2" either
rm -rf "\${dir%/}/.kodama-$3.new" "\${dest%/}/.kodama-$3.new" "\${dir%/}/.kodama-$3.part"`;

/**
 * `watch pid`: waits for a process, and kills it if kodama is gone: servers don't kill it when the connection ends. The
 * process that feeds it through a pipe ends with it. `$code` is its exit code.
 */
const watching = `exec 3<&0 </dev/null
watch() {
(while read -r line; do :; done; kill "$1") <&3 >/dev/null 2>&1 &
watcher=$!
wait "$1"
code=$?
{ kill "$watcher"; wait "$watcher"; } 2>/dev/null
return "$code"
}`;

/**
 * `checksums path`: reports what is there, reads how to send it, and sends it. A file is sent as it is, from an offset,
 * or with its holes as an archive; a folder as an archive, followed by a line with the checksum of each file. A file's
 * checksum is computed while it is sent; if the file has grown meanwhile, that of its original length is computed then.
 *
 * An archive is buffered into large pieces. busybox's tar writes a small file in three, each of which is a message of
 * its own through the node and the server: 10,000 of them took 1.7 s of their CPU time, and buffered 0.2 s.
 */
const send = `${beginning}
${watching}
rooted "$2"
choose "$1"
[ -e "$path" ] || refuse "missing"
[ -r "$path" ] || refuse "unreadable"
if [ -d "$path" ]; then
need tar
command -v find >/dev/null 2>&1 || sum=
tar_kind
say "folder \${sum:--} $tar"
elif [ -f "$path" ]; then
need cat
tar_kind
meta() { set -- $(stat -L -c '%s %f %Y %b %B' "$path" 2>/dev/null); size=\${1:-0} rest="\${2:--} \${3:--} \${4:--} \${5:--}"; }
meta
if [ "$size" = 0 ]; then
size=-
command -v wc >/dev/null 2>&1 && size=$(($(wc -c <"$path")))
fi
say "file \${sum:--} \${tar:--} $size $rest"
else refuse "special"
fi
read -r how at <&3 || exit 1
if [ "$how" = archive ]; then
gather=cat
command -v dd >/dev/null 2>&1 && gather='dd ibs=32k obs=64k'
kinds=
[ "$tar" = gnu ] && kinds='--format=gnu --sparse'
if [ -d "$path" ]; then what=. from=$path; else what=./\${path##*/} from=\${path%/*}/ kinds="$kinds -h"; fi
{
tar -C "$from" $kinds -cf - "$what" </dev/null
say "end $?"
check=
if [ -d "$path" ]; then [ "$sum" ] && cd "$path" && sums_in .
else
[ "$sum" ] && sum_of "$path"
say "sum \${check:--}"
fi
} | { $gather <&4 2>/dev/null & watch $!; } 4<&0
else
if [ "$at" != 0 ] && [ "$sum" ]; then
set -- $(head -c "$at" "$path" | "$sum")
say "prefix \${1#\\\\}"
fi
summing=
if [ "$sum" ] && [ "$size" != - ]; then
(sum_of "$path"; say "whole \${check:--}") &
summing=$!
fi
if [ "$at" = 0 ]; then cat "$path" & else tail -c "+$((at + 1))" "$path" & fi
watch $!
check=
if [ "$summing" ]; then
wait "$summing"
check=whole
was=$size
meta
[ "$size" = "$was" ] || { set -- $(head -c "$was" "$path" | "$sum"); check=\${1#\\\\}; }
fi
say "sum \${check:--}"
say "end $code"
fi`;

/** `sum path (name size)…`: prints for each file a line with the checksum of its first `size` bytes. */
const sumBeginnings = `${beginning}
sum=$1
rooted "$2"
cd "$path" || exit 1
shift 2
while [ "$#" -gt 0 ]; do
head -c "$2" "./$1" | "$sum" || exit 1
shift 2
done`;

/** The scripts by name. */
const scripts = {
  receiveFile,
  placeFile,
  receiveFolder,
  placeFolder,
  discard,
  send,
  sumBeginnings,
} as const;

/** Which script. */
export type FarScript = keyof typeof scripts;

/** Returns the command of an exec that runs a script. */
export function farCommand(script: FarScript, mark: string, args: readonly string[]): string[] {
  return ["sh", "-c", scripts[script], "kodama", mark, ...args];
}

/** Returns the path in the pod that a script copies to or from, for its errors; undefined if it copies nothing. */
export function copiedPath(script: FarScript, args: readonly string[]): { path?: string } {
  const copies: readonly FarScript[] = ["receiveFile", "receiveFolder", "send"];
  const path = copies.includes(script) ? args[1] : undefined;
  return path === undefined ? {} : { path };
}
