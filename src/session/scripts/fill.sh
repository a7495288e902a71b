# Copies files into folders of a session's pod: beside the existing ones, and replaces those when all have arrived. Each
# folder is a separate volume, so that moving within it is renaming.
#
# $fill is the staging folder within a folder. $old has entries that are being moved away, $replaced all of them: the
# next run after an interruption reads its progress from these. The agent's sign-in stays.
set -eu
fill=.kodama-sync-fill old=.kodama-sync-old replaced=.kodama-sync-replaced

# each FROM TO WHICH: moves all entries; `rm` as TO removes them. `others` are all but the agent's sign-in.
each() {
  for one in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    [ -e "$one" ] || [ -L "$one" ] || continue
    case ${one##*/} in "$fill" | "$old" | "$replaced" | lost+found) continue ;; esac
    case $3${one##*/} in others.credentials.json | others.claude.json*) continue ;; esac
    if [ "$2" = rm ]; then rm -rf "$one"; else mv -f "$one" "$2/"; fi
  done
}
