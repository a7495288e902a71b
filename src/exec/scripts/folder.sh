# Goes to the folder of the first argument, which is then dropped. 125 like `env --chdir`: nothing was started.
cd "$1" 2>/dev/null || {
  kodama_why="not allowed"
  [ -d "$1" ] || kodama_why="not a directory"
  [ -e "$1" ] || kodama_why="no such directory"
  echo "cannot change to $1: $kodama_why" >&2
  exit 125
}
shift
