# After the command: `$kodama_code` is its exit code, which follows `$kodama_end` on both streams (marked_line.ts).
if [ "$kodama_watcher" ]; then
  [ "$kodama_lost" ] || kill -KILL "$kodama_watcher"
  wait "$kodama_watcher"
fi
echo "$kodama_end$kodama_code"
echo "$kodama_end$kodama_code" >&4
exit "$kodama_code"
