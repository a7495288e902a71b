/** The scripts that receive a folder in a pod: unpacked under a temporary name, compared, and moved to its path. */
import { beginning, placing } from "./script_parts.ts";

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
export const receiveFolder = `${beginning}
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
export const placeFolder = `${beginning}
${placing}
${unpacking}
${puttingInPlace}
place "$1" "$2" folder
unpack_in "$3"
put_in_place`;
