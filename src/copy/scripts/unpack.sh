# unpack_in KEY: sets $temporary, the folder for unpacking: beside the destination, or in it if it exists.
unpack_in() {
  if [ -d "$dest" ]; then
    temporary=${dest%/}/.kodama-$1.new
  else
    [ -e "$dest" ] || [ -L "$dest" ] && refuse isFile
    temporary=${dir%/}/.kodama-$1.new
  fi
}

# check FROM TO: refuses if a file is where a folder is to be, or the other way round.
check() (
  cd "$1" || exit 1
  for one in * .[!.]* ..?*; do
    [ -e "$one" ] || [ -L "$one" ] || continue
    if [ -d "$one" ] && [ ! -L "$one" ]; then
      if [ -d "$2/$one" ] && [ ! -L "$2/$one" ]; then
        check "./$one" "$2/$one" || exit 1
      elif [ -e "$2/$one" ] || [ -L "$2/$one" ]; then
        refuse "notFolder $2/$one"
      fi
    elif [ -d "$2/$one" ] && [ ! -L "$2/$one" ]; then
      refuse "notFile $2/$one"
    fi
  done
)

# merge FROM TO: moves the content, each file whole; existing folders stay, with their other content.
merge() (
  to=$2
  cd "$1" || exit 1
  set --
  for one in * .[!.]* ..?*; do
    [ -e "$one" ] || [ -L "$one" ] || continue
    if [ -d "$one" ] && [ ! -L "$one" ] && [ -d "$to/$one" ]; then
      merge "./$one" "$to/$one" || exit 1
    else
      set -- "$@" "./$one"
      if [ "$#" -ge 200 ]; then
        mv -f "$@" "$to/" || exit 1
        set --
      fi
    fi
  done
  [ "$#" = 0 ] || mv -f "$@" "$to/"
)

# If the folder doesn't exist yet, all of it appears at once; otherwise the new content moves into it.
put_in_place() {
  if [ -d "$dest" ]; then
    check "$temporary/tree" "$dest" && merge "$temporary/tree" "$dest"
  else
    mv "$temporary/tree" "$dest"
  fi
  code=$?
  rm -rf "$temporary"
  exit "$code"
}
