# place PATH NAME KIND [HOW]: resolves the destination as `cp` does: in an existing folder, under its own name; otherwise
# the name that was given. $dest is the path, $dir the folder of its temporary name, on the same file system. $how is
# which it was: `in` or `as`, decided here unless an earlier attempt has.
place() {
  how=${4-}
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
  [ "$how" ] || if [ -d "$dest" ]; then how=in; else how=as; fi
  if [ "$how" = in ]; then
    [ "$2" = . ] || dest=${dest%/}/$2
  elif [ -d "$dest" ]; then
    :
  elif [ "$slash" ] && [ "$3" = file ]; then
    refuse noFolder
  fi
  dir=${dest%/*}
  [ "$dir" ] || dir=/
  [ -d "$dir" ] || refuse noParent
}
