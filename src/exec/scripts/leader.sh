# The shell that runs a command in its pod and waits for it: see preamble.ts. Without single quotes, because it is
# embedded in some.
#
# Names of variables start with kodama, because an assignment to one that the container exports would reach the command.
# Its own standard error is discarded: shells report there when a command dies of a signal.
kodama_at=0
while [ "$kodama_at" -lt "$kodama_count" ]; do
  eval "set -- \"\$@\" \"\$kodama_word_$kodama_at\"; unset kodama_word_$kodama_at"
  kodama_at=$((kodama_at + 1))
done
unset kodama_script kodama_count kodama_at kodama_word
exec 4>&2 2>/dev/null
kodama_lost= kodama_watcher=
trap : TERM
trap kodama_lost=1 USR1
