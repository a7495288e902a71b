# The parent of a persistent shell: arguments FOLDER SECONDS, the time for which it stays without a client, then those
# of the command, which start.sh runs next, in a subshell. It comes after born.sh, attached.sh, round.sh and hang_up.sh. Without single quotes, because it is embedded.
folder=$1 keep=$2
shift 2
unset TMUX TMUX_PANE kodama_script kodama_parent
born $$
echo "$$ $birth" >"$folder/owner"
(
  trap "" HUP INT QUIT TERM
  read -r exempt rest </proc/self/stat
  idle=0
  while [ "$idle" -lt "$keep" ]; do
    sleep 5
    if attached "$folder"; then idle=0; else idle=$((idle + 5)); fi
  done
  session=$$
  hang_up 2
  rm -rf "$folder"
  rmdir "${folder%/*}" 2>/dev/null
) </dev/null >/dev/null 2>&1 &
keeper=$!
trap : INT QUIT
# A new shell waits for its first client: no one would see its earlier output.
turn=0
while [ "$turn" -lt 50 ] && ! attached "$folder"; do
  sleep 0.1 2>/dev/null || sleep 1
  turn=$((turn + 1))
done
