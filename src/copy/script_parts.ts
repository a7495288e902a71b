/** Parts common to kodama's scripts in pods; `far_scripts.ts` describes these. */

/**
 * In every script `$1` is the mark; the script's own arguments follow.
 *
 * The checksums of a folder are batched through `cut`: GNU's programs write each line by itself, and each would be a
 * message on the network.
 */
export const beginning = `LC_ALL=C
export LC_ALL
mark=$1
shift
say() { echo "$mark$*" >&2; }
refuse() { say "refused $*"; exit 1; }
need() { for tool; do command -v "$tool" >/dev/null 2>&1 || refuse "noTool $tool"; done; }
rooted() { case $1 in /*) path=$1 ;; *) path=$(pwd)/$1 ;; esac; }
choose() { sum=; for one in $1; do command -v "$one" >/dev/null 2>&1 && sum=$one && break; done; }
size_of() { bytes=$(stat -c %s "$1" 2>/dev/null) || bytes=$(($(wc -c <"$1"))); }
sums_in() { find "$1" -type f -exec "$sum" {} + | if command -v cut >/dev/null 2>&1; then cut -d " " -f 1; else cat; fi; }
sum_of() { set -- $("$sum" "$1"); check=\${1#\\\\}; }
give_up() { say stopped; cat >/dev/null; exit "$1"; }
tar_kind() { tar=; case $(tar --version 2>/dev/null) in *GNU*) tar=gnu ;; *) command -v tar >/dev/null 2>&1 && tar=tar ;; esac; }`;

/**
 * Resolves the destination as `cp` does: in an existing folder, under its own name; otherwise the name that was given.
 * `$dest` is the path, `$dir` the folder of its temporary name, on the same file system.
 */
export const placing = `place() {
rooted "$1"
dest=$path
slash=
case $dest in */) slash=1 ;; esac
while :; do case $dest in ?*/) dest=\${dest%/} ;; *) break ;; esac; done
if [ -d "$dest" ]; then
[ "$2" = . ] || dest=\${dest%/}/$2
elif [ "$slash" ] && [ "$3" = file ]; then refuse "noFolder"
fi
dir=\${dest%/*}
[ "$dir" ] || dir=/
[ -d "$dir" ] || refuse "noParent"
}`;
