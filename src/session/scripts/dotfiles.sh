# FOLDER REPOSITORY COMMAND: clones a person's dotfiles into FOLDER, and installs them: by COMMAND if there is one, else by
# the first script of a usual name, else by links of the home folder to its files whose names start with a dot.
set -eu
folder=$1 repository=$2 command=$3
# A clone that was interrupted isn't a whole one.
if ! [ -d "$folder" ]; then
  rm -rf "$folder.new"
  GIT_TERMINAL_PROMPT=0 git clone -q --depth 1 --recurse-submodules --shallow-submodules -- "$repository" "$folder.new"
  mv "$folder.new" "$folder"
fi
cd "$folder"
if [ "$command" ]; then exec sh -c "$command"; fi
for script in install.sh install bootstrap.sh bootstrap setup.sh setup script/install script/bootstrap script/setup ""; do
  if [ -f "$script" ]; then break; fi
done
if [ -x "$script" ]; then exec "./$script"; fi
if [ "$script" ]; then exec sh "./$script"; fi
for file in .[!.]*; do
  case $file in .git | .github | .gitmodules | .gitignore) continue ;; esac
  if [ -e "$HOME/$file" ] || [ -L "$HOME/$file" ]; then
    echo "$HOME/$file exists, and stays"
  else ln -s "$folder/$file" "$HOME/$file"; fi
done
