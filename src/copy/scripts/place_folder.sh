# DEST NAME KEY HOW: moves the received folder to its path.
place "$1" "$2" folder "$4"
unpack_in "$3"
put_in_place
