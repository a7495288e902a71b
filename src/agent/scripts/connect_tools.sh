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
# A client that hasn't opened `up` yet waits for a reader, and meanwhile is a writer of `down`: it has one until it has
# removed its folder, for half a minute.
{
  turn=0
  exec 5<>"$client/up" && while [ -p "$client/up" ] && [ "$turn" -lt 30 ]; do
    turn=$((turn + 1))
    sleep 1
  done
} <&- 3<&- >/dev/null 2>&1 &
exit 0
