# SECRETS WORKSPACE AGENT STATE: removes the surplus of a copy of complete volumes, in the pod before anything else is
# done there: the agent's sign-in, if SECRETS is `remove`, and the files that kodama stores for one pod only.
set -eu
remove_secrets() {
  for one in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    [ -e "$one" ] || [ -L "$one" ] || continue
    case ${one##*/} in
      .credentials.json* | .claude.json*) rm -rf "$one" ;;
      *) if [ -d "$one" ] && [ ! -L "$one" ]; then remove_secrets "$one"; fi ;;
    esac
  done
}
if [ "$1" = remove ]; then remove_secrets "$3"; fi
for one in "$2"/.kodama-* "$3"/.kodama-*; do rm -rf "$one"; done
for one in "$4"/* "$4"/.[!.]*; do
  case ${one##*/} in
    repository | files-pending | tasks | lost+found) ;;
    *) rm -rf "$one" ;;
  esac
done
rm -f "$4"/tasks/*/environment "$4"/tasks/*/runner "$4"/tasks/queue
