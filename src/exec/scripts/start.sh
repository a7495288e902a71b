# Replaces the shell with the command of its arguments, or reports why it can not.
#
# A shell that fails in `exec` prefixes its message with its own name and the line of its script, which is the one of
# kodama and means nothing to a user. So a command that is certainly missing is reported before, with the message of the
# runtime that kubectl shows, and the exit codes of a shell. Otherwise `exec` decides: `test -x` is unreliable if an old
# seccomp profile refuses faccessat2(2).
#
# Without single quotes, because it is embedded in some.
kodama_why=
case $1 in
  "") kodama_why="executable file not found in \$PATH" ;;
  */*) [ -e "$1" ] || [ -h "$1" ] || kodama_why="no such file or directory" ;;
  *)
    kodama_rest=$PATH: kodama_why="executable file not found in \$PATH"
    while [ "$kodama_rest" ] && [ "$kodama_why" ]; do
      kodama_folder=${kodama_rest%%:*} kodama_rest=${kodama_rest#*:}
      if [ -e "${kodama_folder:-.}/$1" ] && ! [ -d "${kodama_folder:-.}/$1" ]; then kodama_why=; fi
    done ;;
esac
[ "$kodama_why" ] && { echo "exec: \"$1\": $kodama_why" >&2; exit 127; }
[ -d "$1" ] && case $1 in */*) echo "exec: \"$1\": is a directory" >&2; exit 126 ;; esac
eval "exec \"\$@\""
