# DEST NAME KEY: removes received data that isn't needed.
place "$1" "$2" either
rm -rf "${dir%/}/.kodama-$3.new" "${dest%/}/.kodama-$3.new" "${dir%/}/.kodama-$3.part"
