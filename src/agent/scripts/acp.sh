# FOLDER SENDER: kodama's half of the Agent Client Protocol, in the pod, because a task runs while no one is connected.
# Standard input is the agent's output, and goes on to standard output, to be stored. What the agent is to read is
# appended to `prompt`, which the process SENDER sends. https://agentclientprotocol.com/protocol/v1/overview
#
#     ask           present if users approve its tools: else each is allowed here
#     conversation  the id of the session to continue, as JSON; may be missing
#     cwd           the agent's working folder
#     turn          the request with the prompt, up to the id of the session
#     cancel        made here: what ends the turn
#     pending       a folder made here: what ends the wait for an approval, by its request
#
# It ends with 0 if the agent has answered, and with 1 if its output ended before.
task=$1 sender=$2

# Prints what a line of JSON is: fields separated by tabs, which no value of JSON contains. Values stay JSON.
# shellcheck disable=SC2016 # of awk
program='
function path(i, text) {
  text = key[1]
  for (i = 2; i <= depth; i++) text = text "." key[i]
  return text
}
function note(value) { if (depth >= 1 && depth <= 4) found[path()] = value }
function literal() {
  if (token != "") note(token)
  token = ""
}
function structure(text, i, c) {
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c == "{" || c == "[") {
      note(c)
      depth++
      kind[depth] = c
      key[depth] = c == "[" ? 0 : ""
      naming[depth] = c == "{"
    } else if (c == "}" || c == "]") {
      literal()
      depth--
    } else if (c == ",") {
      literal()
      if (kind[depth] == "[") key[depth]++
      else naming[depth] = 1
    } else if (c == ":") naming[depth] = 0
    else if (c != " " && c != "\t" && c != "\r") token = token c
  }
}
function escaped(text) {
  match(text, /[\\]*$/)
  return RLENGTH % 2
}
function option(first, second, n, at, chosen) {
  for (n = 0; ("params.options." n ".kind") in found; n++) {
    at = "params.options." n
    if (found[at ".kind"] == first) return found[at ".optionId"]
    if (found[at ".kind"] == second) chosen = found[at ".optionId"]
  }
  return chosen
}
BEGIN { FS = "\n" }
{
  count = split($0, part, "\"")
  for (at = 1; at <= count; at++) {
    structure(part[at])
    if (at == count) break
    text = part[++at]
    while (escaped(part[at]) && at < count) text = text "\"" part[++at]
    if (naming[depth]) key[depth] = text
    else note("\"" text "\"")
  }
  id = found["id"]
  method = found["method"]
  if (method == "\"session/update\"") print "update"
  else if (method == "\"session/request_permission\"" && id != "")
    print "asked\t" id "\t" option("\"allow_once\"", "\"allow_always\"")
  else if (method != "") print (id == "" ? "notice" : "request\t" id)
  else if (id == "") print "other"
  else if ("error" in found) print "failed"
  else if (id == "0") {
    capabilities = "result.agentCapabilities."
    how = "new"
    if (found[capabilities "loadSession"] == "true") how = "load"
    if (found[capabilities "sessionCapabilities.resume"] == "{") how = "resume"
    print "ready\t" found["result.protocolVersion"] "\t" how
  } else if (id == "1") print "session\t" found["result.sessionId"]
  else print "ended"
}'

# A line of JSON: `echo` of some shells changes its backslashes.
json() { printf '%s\n' "$1"; }
send() { json "$1" >>"$task/prompt"; }
reply() { send "{\"jsonrpc\":\"2.0\",\"id\":$1,\"result\":{\"outcome\":$2}}"; }
cancelled='{"outcome":"cancelled"}'

# open_session HOW
open_session() {
  cwd=
  IFS= read -r cwd <"$task/cwd"
  cwd=$(printf '%s' "$cwd" | sed 's/["\\]/\\&/g')
  params="\"cwd\":\"$cwd\",\"mcpServers\":[]"
  how=$1
  if [ -e "$task/conversation" ]; then
    read -r session <"$task/conversation"
    [ "$how" = new ] && echo "the agent can't continue a session: this is a new one"
  else how=new; fi
  [ "$how" = new ] || params="$params,\"sessionId\":$session"
  send "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session/$how\",\"params\":{$params}}"
}

# Sends the prompt.
take_turn() {
  mkdir -p "$task/pending"
  json "{\"jsonrpc\":\"2.0\",\"method\":\"session/cancel\",\"params\":{\"sessionId\":$session}}" >"$task/cancel.new"
  mv "$task/cancel.new" "$task/cancel"
  { tr -d '\n' <"$task/turn" && json "$session}}"; } >>"$task/prompt"
}

# asked ID OPTION
asked() {
  if ! [ -e "$task/ask" ]; then
    outcome=$cancelled
    [ "$2" ] && outcome="{\"outcome\":\"selected\",\"optionId\":$2}"
    reply "$1" "$outcome"
    return
  fi
  name=${1#\"}
  name=${name%\"}
  case $name in
    "" | *[!0-9A-Za-z_-]*) ;;
    *) json "{\"jsonrpc\":\"2.0\",\"id\":$1,\"result\":{\"outcome\":$cancelled}}" >"$task/pending/$name" ;;
  esac
  json "$line"
}

# The turn is over: an agent ends when its input does, or is ended.
finish() {
  [ "$over" ] && return
  over=1
  kill "$sender"
  agent=
  read -r agent <"$task/agent"
  for signal in TERM KILL; do
    turn=0
    while [ "$turn" -lt 25 ]; do
      turn=$((turn + 1))
      sleep 0.2 || sleep 1
      kill -0 "$agent" || exit
    done
    kill "-$signal" "$agent"
  done >/dev/null 2>&1 &
  guard=$!
}

over= guard= session= phase=opening
tab=$(printf '\t')
while IFS= read -r line || [ "$line" ]; do
  case $line in
    '{"jsonrpc":"2.0","method":"session/update",'*) kind=update id='' rest='' ;;
    '{'*)
      IFS=$tab read -r kind id rest <<END
$(json "$line" | LC_ALL=C awk "$program")
END
      ;;
    *) kind=text id='' rest='' ;;
  esac
  # A session that is continued may repeat its history first.
  [ "$kind" = update ] && [ "$phase" = opening ] && continue
  [ "$kind" = asked ] || json "$line"
  case $kind in
    ready) if [ "$id" = 1 ]; then open_session "$rest"; else finish; fi ;;
    session)
      session=${id:-$session} phase=turn
      take_turn
      ;;
    asked) asked "$id" "$rest" ;;
    request)
      send "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":-32601,\"message\":\"Method not found\"}}"
      ;;
    ended | failed) finish ;;
  esac
done
[ "$guard" ] && kill "$guard"
[ "$over" ]
