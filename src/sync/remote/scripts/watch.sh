# The requests `watch` and `changed`: how the folder is watched without a poll: by inotifywait, by busybox's inotifyd,
# or by watch.pl (`perl-base` is in every image made from Debian), whichever the image has.
#
# Each reports changed paths: `w PATH`, `d PATH` for a new folder with all that is in it, `all` if events were missed.
#
# The first two don't report when they are ready: they are once they report a file that is touched repeatedly until then.
probe() {
  ready=
  (while [ -e "$stage/fifo" ]; do
    : >"$stage-ready"
    sleep 0.1
  done) >/dev/null 2>&1 &
  prober=$!
}
set_ready() {
  [ "$ready" ] && return
  ready=1
  kill "$prober"
  rm -f "$stage-ready"
  report by "$1"
}

# Folders are given once, so that the reader of a new folder's event has to start the watcher again.
by_inotifyd() {
  set -- . '(' -name "$prefix*"
  while IFS= read -r one; do set -- "$@" -o -path "$one"; done <"$stage/pruned"
  find "$@" ')' -prune -o -type d -print 2>/dev/null >"$stage/folders"
  set --
  while IFS= read -r one; do set -- "$@" "$one:wenymdDM"; done <"$stage/folders"
  [ "$#" -le 4000 ] || return
  rm -f "$stage/fifo"
  mkfifo "$stage/fifo" || return
  inotifyd - "$@" >"$stage/fifo" 2>/dev/null &
  printf '%s\n' "$!" >"$stage/watch"
  probe
  tab=$(printf '\t')
  while IFS=$tab read -r what dir name; do
    case $name in
      "$prefix"*)
        set_ready inotifyd
        continue
        ;;
      '') continue ;;
    esac
    kind=w
    case $what in *[ny]*) [ -d "$dir/$name" ] && kind=d ;; esac
    report "$kind" "$dir/$name"
  done <"$stage/fifo"
}
by_inotifywait() {
  rm -f "$stage/fifo"
  mkfifo "$stage/fifo" || return
  inotifywait -q -m -r -e close_write,attrib,moved_to,moved_from,create,delete \
    --exclude '/\.kodama-sync-[^/]*/' --format '%e|%w%f' . >"$stage/fifo" 2>/dev/null &
  printf '%s\n' "$!" >"$stage/watch"
  probe
  while IFS= read -r one; do
    case $one in
      *"|./$prefix"*) set_ready inotifywait ;;
      *ISDIR*'|'*) report d "${one#*|}" ;;
      *) report w "${one#*|}" ;;
    esac
  done <"$stage/fifo"
}
by_perl() {
  set --
  while IFS= read -r one; do set -- "$@" "$one"; done <"$stage/pruned"
  perl -e "$perl" "$mark" "$(uname -m)" "$prefix" "$@" &
  printf '%s\n' "$!" >"$stage/watch"
  wait
}

# `watch BLOCKS [NAME]`: watches all but the given folders, and reports `by NAME`; `by none` if nothing can, or when it
# fails: then `changed` is polled.
do_watch() {
  stop_watch
  lines "$1" >"$stage/pruned"
  touch -d "@$(($(date +%s) - 2))" "$stage/stamp" 2>/dev/null || true >"$stage/stamp"
  true >"$stage/later"
  how=none
  for one in ${2:-perl inotifyd inotifywait}; do
    command -v "$one" >/dev/null 2>&1 && how=$one && break
  done
  if [ "$how" = none ]; then
    report by none
    return
  fi
  (
    "by_$how"
    report by none
  ) </dev/null >/dev/null &
  watcher=$!
}

# `changed TURN`: prints what changed. With TURN 1 it also moves the time since which changes count: at most every two
# seconds, because some systems store times in whole seconds.
do_changed() {
  set -- "$1" . '(' -name "$prefix*"
  while IFS= read -r one; do set -- "$@" -o -path "$one"; done <"$stage/pruned"
  turn=$1
  shift
  find "$@" ')' -prune -o -newer "$stage/stamp" -print 2>/dev/null
  if [ "$turn" = 1 ]; then
    mv -f "$stage/later" "$stage/stamp"
    true >"$stage/later"
  fi
}
