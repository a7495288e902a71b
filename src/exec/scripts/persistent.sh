# Starts or finds a persistent shell, stays until it ends or is detached, and exits with its code. Continues with the
# next script if the pod has no multiplexer.
#
# It reads `$requested`, `$root`, `$id`, `$keep`, `$columns`, `$rows`, `$identity`, `$kodama_parent` (exported) and the
# arguments, and calls `say`; `$goodbye` is printed before the exit code, because a server may report success for a link
# that broke (marked_line.ts). It comes after born.sh and attached.sh. Without single quotes, because it is embedded in
# some.
# Sets `$kind` of the shell in a folder, empty if it has ended.
alive() {
  kind= owner= since=
  [ -e "$1/code" ] && return
  { read -r owner since <"$1/owner"; } 2>/dev/null
  [ "$owner" ] || return
  born "$owner"
  [ "$birth" = "$since" ] || return
  for kind in dtach tmux ""; do [ "$kind" ] && [ -S "$1/$kind" ] && return; done
}
# Holds the shell in a folder.
own() {
  born $$
  echo "$$ $birth" >"$1/client"
}
is_gone() {
  process= since=
  { read -r process since <"$1/client"; } 2>/dev/null || return
  born "$process"
  [ "$birth" != "$since" ]
}
# Holds the shell in a folder unless a living process holds it.
claim() {
  is_gone "$1" && rm -f "$1/client"
  (set -C; own "$1") 2>/dev/null
}
# After `alive` found none in a folder: whether no one needs the folder any more.
is_left() {
  if [ -e "$1/code" ]; then
    { read -r code ended <"$1/code" && read -r now rest </proc/uptime; } 2>/dev/null || return
    [ "$((${now%%.*} - ${ended:-0}))" -gt "$keep" ]
  else
    [ "$owner" ] || is_gone "$1"
  fi
}
described() {
  { read -r line <"$1/command"; } 2>/dev/null
  [ "$line" = "$identity" ]
}
has_terminal() {
  for place in /etc/terminfo /lib/terminfo /usr/lib/terminfo /usr/share/terminfo; do
    [ -e "$place/${1%"${1#?}"}/$1" ] && return 0
  done
  return 1
}
say_within() {
  text= rest="$mark$1 $kind $id"
  while case $rest in *:*) ;; *) false ;; esac; do
    text="$text${rest%%:*}\072"
    rest=${rest#*:}
  done
  text="$text$rest\r\n"
  while [ "$rows" -gt 0 ]; do
    text="$text\n"
    rows=$((rows - 1))
  done
  tmux -S "$folder/tmux" set-option -g "terminal-overrides[77]" "*:smcup=$text" 2>/dev/null
}
join() {
  if [ "$kind" = dtach ]; then
    say "$1" "$kind"
    dtach -a "$folder/dtach" -E -z -r winch
  else
    has_terminal "$TERM" || TERM=xterm-256color
    say_within "$1" || say "$1" "$kind"
    tmux -S "$folder/tmux" attach-session -d >/dev/null
  fi
}
leave() {
  { read -r code ended <"$folder/code"; } 2>/dev/null || exit 0
  rm -rf "$folder"
  rmdir "$root" 2>/dev/null
  echo "$goodbye$code"
  exit "$code"
}

folder=$root/$id
if [ "$requested" = same ]; then
  alive "$folder"
  [ "$kind" ] && { own "$folder"; join back; leave; }
  code=
  { read -r code ended <"$folder/code"; } 2>/dev/null
  rm -rf "$folder"
  say gone "$code"
  exit 0
fi
for old in "$root"/*; do
  [ "$requested" = any ] || break
  [ -d "$old" ] || continue
  alive "$old"
  [ "$kind" ] || { is_left "$old" && rm -rf "$old"; continue; }
  attached "$old" && continue
  described "$old" && claim "$old" || continue
  id=${old##*/} folder=$old
  join back
  leave
done

kind=
for program in dtach tmux; do
  command -v "$program" >/dev/null 2>&1 && { kind=$program; break; }
done
for program in mkdir rm sleep; do
  command -v "$program" >/dev/null 2>&1 || kind=
done
# Twice if need be: the last shell to end removes `$root`, perhaps between the two.
made() { (umask 077 && mkdir -p "$folder") 2>/dev/null; }
if [ "$kind" ] && { made || made; }; then
  own "$folder"
  echo "$identity" >"$folder/command"
  set -- sh -c "eval \"\$kodama_parent\"" kodama-shell "$folder" "$keep" "$@"
  if [ "$kind" = dtach ]; then
    dtach -n "$folder/dtach" -E -z -r winch "$@" && { join new; leave; }
  else
    inner=screen
    for one in screen-256color tmux-256color; do has_terminal "$one" && inner=$one; done
    # tmux without features of its own. What it would clear on exit is the last output of the shell.
    # shellcheck disable=SC2028 # tmux reads the same with and without the escapes that some echos expand
    echo "set -g status off
set -g prefix None
set -g prefix2 None
unbind-key -a
unbind-key -a -T root
set -g mouse off
set -s escape-time 0
set -g focus-events on
set -g set-titles on
set -g set-titles-string \"#T\"
set -g remain-on-exit off
set -g destroy-unattached off
set -g history-limit 0
set -ga terminal-overrides \",*:smcup@:rmcup@:clear=\\\\033[999;1H\\\\n\"
set -g default-terminal $inner" >"$folder/conf"
    tmux -S "$folder/tmux" -f "$folder/conf" new-session -d -x "$columns" -y "$rows" -- "$@" 2>/dev/null &&
    { join new; leave; }
  fi
  rm -rf "$folder"
  shift 6
fi
rmdir "$root" 2>/dev/null
