# CLIENT: connects a client of kodama's tools with standard input and output, until either side ends.
client=$HOME/.kodama/tools/$1
[ -p "$client/up" ] && [ -p "$client/down" ] || refuse noClient
exec 3<&0
cat "$client/up" &
up=$!
# Opened for both directions, it doesn't wait for the client.
{ cat <&3; kill "$up"; } 1<>"$client/down" 2>/dev/null &
down=$!
wait "$up"
kill "$down" 2>/dev/null
exit 0
