# place PATH NAME KIND: resolves the destination as `cp` does: in an existing folder, under its own name; otherwise the
# name that was given. $dest is the path, $dir the folder of its temporary name, on the same file system.
place() {
  rooted "$1"
  dest=$path
  slash=
  case $dest in */) slash=1 ;; esac
  while :; do
    case $dest in
      ?*/) dest=${dest%/} ;;
      *) break ;;
    esac
  done
  if [ -d "$dest" ]; then
    [ "$2" = . ] || dest=${dest%/}/$2
  elif [ "$slash" ] && [ "$3" = file ]; then
    refuse noFolder
  fi
  dir=${dest%/*}
  [ "$dir" ] || dir=/
  [ -d "$dir" ] || refuse noParent
}
