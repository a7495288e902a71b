# CLIENT: connects a client of kodama's tools with standard input and output, until either side ends.
client=$HOME/.kodama/tools/$1
[ -p "$client/up" ] && [ -p "$client/down" ] || refuse noClient
# Before `up`, which the client waits for. Opened for both directions, it doesn't wait itself.
exec 3<&0 4<>"$client/down"
cat "$client/up" 4>&- &
up=$!
{ cat <&3; kill "$up"; } >&4 4>&- 2>/dev/null &
down=$!
exec 4>&-
wait "$up"
kill "$down" 2>/dev/null
# A client that hasn't opened `up` yet waits for a reader, and meanwhile is a writer of `down`.
(: 5<>"$client/up") 2>/dev/null
exit 0
