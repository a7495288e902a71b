# FOLDER (FILE PATH)... -- : links the editors' configuration into the home folder, which is empty in each new pod. FILE
# is in the folder, PATH below ~/.config.
folder=$1
shift
while [ "$1" != -- ]; do
  mkdir -p "$(dirname "$HOME/.config/$2")" && ln -sf "$folder/$1" "$HOME/.config/$2"
  shift 2
done
shift
