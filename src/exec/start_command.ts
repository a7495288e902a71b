/**
 * Shell lines that exec a command, or report why they can't.
 *
 * A shell that fails in `exec` prefixes its message with its own name and the line of its script, which is kodama's and
 * means nothing to a user. So a command that is certainly missing is reported before, with the runtime's message that
 * kubectl shows and a shell's exit codes. Otherwise `exec` decides: `test -x` is unreliable if an old seccomp profile
 * refuses faccessat2(2).
 */

/** Replaces the shell with the command of its arguments. Without single quotes, because it is embedded in some. */
export const startScript = `kodama_why=
case $1 in
"") kodama_why="executable file not found in \\$PATH" ;;
*/*) [ -e "$1" ] || [ -h "$1" ] || kodama_why="no such file or directory" ;;
*)
kodama_rest=$PATH: kodama_why="executable file not found in \\$PATH"
while [ "$kodama_rest" ] && [ "$kodama_why" ]; do
kodama_folder=\${kodama_rest%%:*} kodama_rest=\${kodama_rest#*:}
if [ -e "\${kodama_folder:-.}/$1" ] && ! [ -d "\${kodama_folder:-.}/$1" ]; then kodama_why=; fi
done ;;
esac
[ "$kodama_why" ] && { echo "exec: \\"$1\\": $kodama_why" >&2; exit 127; }
[ -d "$1" ] && case $1 in */*) echo "exec: \\"$1\\": is a directory" >&2; exit 126 ;; esac
eval "exec \\"\\$@\\""`;

/** Goes to the folder of the first argument, which is then dropped. 125 like `env --chdir`: nothing was started. */
export const folderScript = `cd "$1" 2>/dev/null || {
kodama_why="not allowed"
[ -d "$1" ] || kodama_why="not a directory"
[ -e "$1" ] || kodama_why="no such directory"
echo "cannot change to $1: $kodama_why" >&2
exit 125
}
shift`;
