# DEST NAME KEY HOW: removes received data that isn't needed.
place "$1" "$2" either "$4"
rm -rf "${dir%/}/.kodama-$3.new" "${dest%/}/.kodama-$3.new" "${dir%/}/.kodama-$3.part"
