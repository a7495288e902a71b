# NUMBER REQUEST: appends the line on standard input to what the agent of a task reads, once.
task=$root/$1
[ -e "$task/claim" ] || refuse "noTask $1"
kodama_inspect "$task"
[ "$kodama_state" = alive ] && [ -e "$task/began" ] || refuse "notAsking $1"
[ -e "$task/dialogue" ] || [ -e "$task/talk" ] || refuse "notAsking $1"
IFS= read -r line || refuse incomplete
trap '' HUP INT TERM
mkdir -p "$task/answers"
mkdir "$task/answers/$2" 2>/dev/null || refuse answered
printf '%s\n' "$line" >>"$task/prompt" || {
  rmdir "$task/answers/$2"
  refuse noFolder
}
rm -f "$task/pending/$2"
report sent
