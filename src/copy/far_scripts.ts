/**
 * What runs in a pod for a copy: lines for any POSIX shell (dash, busybox, bash), with the programs that nearly every
 * image has. What a person wrote is never part of a script: it is handed over as arguments.
 *
 * A size is asked of `stat` first: busybox's `wc` looks at each byte, a second for every 256 MiB.
 *
 * A script says what kodama waits for on standard error, in lines that begin with a mark nobody can guess; standard
 * output is data alone. Whatever else comes on standard error are the words of the programs.
 */
import { beginning, placing } from "./far_script_parts.ts";
import { placeFile, receiveFile } from "./receive_file_scripts.ts";
import { placeFolder, receiveFolder } from "./receive_folder_scripts.ts";

/**
 * First words of what scripts say. `stopped`: no more input is wanted; what comes is read all the same, for some
 * runtimes (containerd 1.6) never tell the end of a command that has left input unread.
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

/** `dest name key`: takes away what was received and isn't wanted. */
const discard = `${beginning}
${placing}
place "$1" "$2" either
rm -rf "\${dir%/}/.kodama-$3.new" "\${dest%/}/.kodama-$3.new" "\${dir%/}/.kodama-$3.part"`;

/**
 * `watch pid`: waits for a process, and ends it where kodama is gone: to a server, a link that ends is no reason to.
 * What feeds that process by a pipe ends with it. `$code` is how it ended.
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
 * `wanted path`: says what is there; sends it when it is told how. A file comes as it is, from an offset, or with its
 * holes as an archive; a folder as an archive, and behind it a line with the checksum of each file. A file's checksum
 * is made while it is sent; where it has grown meanwhile, that of what it was is made then.
 *
 * An archive is gathered into large pieces. busybox's tar writes a small file in three, each of which is a message of
 * its own through the node and the server: 10,000 of them took 1.7 s of their processors, and 0.2 s so.
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

/** `sum path (name size)…`: for each file the checksum of so many of its first bytes, a line for each. */
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

/** The words of an exec that runs a script. */
export function farCommand(script: FarScript, mark: string, args: readonly string[]): string[] {
  return ["sh", "-c", scripts[script], "kodama", mark, ...args];
}

/** The path in the pod that a script copies to or from, for its errors; none of a script that copies nothing. */
export function copiedPath(script: FarScript, args: readonly string[]): { path?: string } {
  const copies: readonly FarScript[] = ["receiveFile", "receiveFolder", "send"];
  const path = copies.includes(script) ? args[1] : undefined;
  return path === undefined ? {} : { path };
}
