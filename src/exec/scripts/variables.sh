# Sets variables whose values are lines of standard input: everyone in the pod sees arguments, and servers log them. The
# arguments are the number of variables, then the name and the number of lines of each; they are dropped. 125 like `env`:
# nothing was started.
kodama_count=$1
shift
while [ "$kodama_count" -gt 0 ]; do
  kodama_value= kodama_lines=$2
  while [ "$kodama_lines" -gt 0 ]; do
    IFS= read -r kodama_line || { echo "values of variables are missing" >&2; exit 125; }
    kodama_value=$kodama_value$kodama_line
    kodama_lines=$((kodama_lines - 1))
    [ "$kodama_lines" = 0 ] || kodama_value="$kodama_value
"
  done
  export "$1=$kodama_value"
  shift 2
  kodama_count=$((kodama_count - 1))
done
unset kodama_count kodama_value kodama_lines kodama_line
