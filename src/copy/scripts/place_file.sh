# DEST NAME KEY MODE TIME: gives the received file its name. An empty mode or time isn't changed.
place "$1" "$2" file
[ -d "$dest" ] && refuse isFolder
part=${dir%/}/.kodama-$3.part
[ "$4" ] && chmod "$4" "$part"
[ "$5" ] && TZ=UTC0 touch -t "$5" "$part"
mv -f "$part" "$dest"
