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
import { placeFile, receiveFile } from "./receive_file_scripts.ts";
import { placeFolder, receiveFolder } from "./receive_folder_scripts.ts";

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
