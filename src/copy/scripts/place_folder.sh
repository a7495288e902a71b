# DEST NAME KEY: moves the received folder to its path.
place "$1" "$2" folder
unpack_in "$3"
put_in_place
