# What an agent's program starts as an MCP server: standard input and output lead to the kodama of a user's machine.
tools=${0%/*}
server=
{ read -r server <"$tools/server"; } 2>/dev/null
[ "$server" ] && kill -0 "$server" 2>/dev/null || {
  echo "kodama isn't connected to this pod" >&2
  exit 1
}
client=$tools/c$$
mkdir -m 700 "$client" && mkfifo "$client/up" "$client/down" || exit 1
# Who opens `up` to read it would wait for a writer that has ended.
trap ': 5<>"$client/up"; rm -rf "$client"' EXIT
trap 'exit 1' HUP INT TERM
# Until kodama has opened both, `down` has a writer of its own: a reader that comes late would wait for another one.
exec 3<&0 4<>"$client/down"
{ exec cat 4>&-; } <"$client/down" 2>/dev/null &
down=$!
{ exec cat <&3 4>&-; } >"$client/up" 2>/dev/null &
up=$!
exec 4>&-
echo "c$$" 1<>"$tools/calls"
wait "$down"
kill "$up" 2>/dev/null
exit 0
