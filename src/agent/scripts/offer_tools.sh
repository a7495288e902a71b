# CLIENT: offers kodama's tools to the agents of this pod until standard input ends. CLIENT is the text of a file that
# their programs start, `tools_client.sh`: it reports itself by a line in `calls`, and waits for `connect_tools.sh`.
need cat chmod mkdir mkfifo mv rm
[ "$HOME" ] || refuse noHome
tools=$HOME/.kodama/tools
{
  mkdir -p "$tools" && chmod 700 "$tools" &&
    printf '%s\n' "$1" >"$tools/mcp.new" && mv "$tools/mcp.new" "$tools/mcp" &&
    rm -f "$tools/calls" && mkfifo -m 600 "$tools/calls" && echo $$ >"$tools/server"
} 2>/dev/null || refuse noTools

exec 3<&0 4<>"$tools/calls"
while IFS= read -r call <&4; do report "client $call"; done &
calls=$!

# An entry that is there already is an error to it, and stays as it is.
PATH=$PATH:$HOME/.local/bin:$HOME/.claude/local
command -v claude >/dev/null 2>&1 &&
  claude mcp add --scope user kodama -- sh "$tools/mcp" </dev/null >/dev/null 2>&1 &&
  report "registered claude"
report ready

cat <&3 >/dev/null
kill "$calls"
# Another kodama may have taken over meanwhile.
{ read -r server <"$tools/server"; } 2>/dev/null
[ "$server" = $$ ] && rm -f "$tools/server" "$tools/calls"
exit 0
