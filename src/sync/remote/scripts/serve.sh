# Answers requests until the input ends.
was=
{ read -r was <"$stage/now"; } 2>/dev/null
mark_now
say "hello $sum $id ${was:--} $now $agreed"
# The heartbeats end with the loop: by KILL, because a shell that was forked a moment ago may lose a TERM before it has
# reset the loop's trap; and by themselves, if the loop was killed and their standard error is still open.
(
  while sleep 5 2>/dev/null && kill -0 $$ 2>/dev/null; do
    printf '%s\n' "${mark}beat" >&2 || {
      kill $$
      exit
    }
  done
) </dev/null >/dev/null &
heartbeat=$!
while read -r verb one two; do
  code=0
  require_stage
  case $verb in
    list) do_list "$one" "$two" ;;
    sum) do_sum "$one" ;;
    get) do_get "$one" || code=$? ;;
    put)
      do_put || code=$?
      arrived=$code
      ;;
    commit) do_commit "$one" || code=$? ;;
    agree) do_agree "$one" || code=$? ;;
    watch) do_watch "$one" "$two" ;;
    changed) do_changed "$one" ;;
    ping) ;;
    bye) break ;;
    *) code=2 ;;
  esac
  require_stage
  say "end $code"
done
finish 0
