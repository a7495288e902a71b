/**
 * A mark in the environment of a local command, by which all that it has started is found: a process group has lost those
 * that called setsid, and parents forget the children of those that have ended.
 */

/** The variable; its value differs for each command. */
export const commandMark = "KODAMA_COMMAND";

/**
 * For `sh -c SCRIPT sh SIGNAL GROUP MARK`: sends a signal to the processes of a group, and once to each other process
 * that has the mark. Only proc(5) shows the environment; elsewhere, processes that have left the group continue.
 *
 * KILL is repeated until no such process is found twice, as they may start more, and as a process shows no environment
 * in the moment in which it becomes another program. Those of other users can't be read, which grep's exit code reports
 * as an error.
 */
export const signalScript = `
kill -s "$1" -- "-$2"
[ -e /proc/self/environ ] || exit 0
name=$1 group=$2 mark=$3 left=100 without=0
while [ "$left" -gt 0 ] && [ "$without" -lt 2 ]; do
  others=
  for file in $(grep -lsaF -e "${commandMark}=$mark" /proc/[0-9]*/environ); do
    pid=\${file#/proc/} pid=\${pid%/environ}
    read -r stat <"/proc/$pid/stat" || continue
    set -- \${stat##*) }
    [ "$3" = "$group" ] || { kill -s "$name" "$pid" && others=yes; }
  done
  [ "$name" = KILL ] || break
  [ "$others" ] && without=0 || { without=$((without + 1)); sleep 0.1 || sleep 1; }
  left=$((left - 1))
done 2>/dev/null
`;
