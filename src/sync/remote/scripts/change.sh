# The requests `put`, `commit` and `agree`.
#
# `put`: lines with the number of blocks (10,240) of an archive that follow, the last one 0; it is unpacked aside. tar's
# complaints are part of the answer: a file of it may not fit on the disk.
do_put() {
  rm -rf "$stage/new"
  mkdir "$stage/new"
  {
    while read -r count && [ "$count" != 0 ]; do take 10240 "$count"; done
  } | {
    complaints=$(tar -C "$stage/new" -xmof - 2>&1)
    code=$?
    [ "$code" = 0 ] || printf '%s\n' "$complaints" | head -n 5
    cat >/dev/null
    exit "$code"
  }
}

# Returns whether a path leads through real folders.
clear_way() {
  rest=$1 way=
  while :; do
    case $rest in
      */*) ;;
      *) return 0 ;;
    esac
    way=$way${rest%%/*}
    { [ -d "$way" ] && ! [ -L "$way" ]; } || return 1
    way=$way/ rest=${rest#*/}
  done
}
as_expected() {
  clear_way "$2" || return 1
  case $1 in
    -) ! [ -e "$2" ] && ! [ -L "$2" ] ;;
    d) [ -d "$2" ] && ! [ -L "$2" ] ;;
    *) [ "$(stat -c "$form" "./$2" 2>/dev/null)" = "$1" ] ;;
  esac
}
has_sum() {
  case $("$sum" <"$2") in
    "$1" | "$1 "*) ;;
    *) return 1 ;;
  esac
}
merge() (
  to=$2
  cd "$1" || exit 1
  set --
  for one in * .[!.]* ..?*; do
    [ -e "$one" ] || [ -L "$one" ] || continue
    if ! [ -e "$to/$one" ] && ! [ -L "$to/$one" ]; then
      set -- "$@" "./$one"
      if [ "$#" -ge 200 ]; then
        mv -n "$@" "$to/" || exit 1
        set --
      fi
    elif [ -d "$one" ] && ! [ -L "$one" ] && [ -d "$to/$one" ] && ! [ -L "$to/$one" ]; then
      merge "./$one" "$to/$one" || exit 1
    fi
  done
  [ "$#" = 0 ] || mv -n "$@" "$to/"
)
print_remaining() {
  # shellcheck disable=SC2016 # of the inner shell
  [ -d "$stage/new/n" ] && find "$stage/new/n" ! -type d \
    -exec sh -c 'for one do printf "remaining %s\n" "$one"; done' sh {} +
}
change() {
  case $1 in
    file) chmod "$2" "$stage/new/b/$4" && mv -f "$stage/new/b/$4" "./$3" ;;
    link)
      rm -f "$stage/link"
      ln -s "$4" "$stage/link" && mv -f "$stage/link" "./$3"
      ;;
    mode) chmod "$2" "./$3" ;;
    folder) mkdir "./$3" ;;
    unlink) rm "./$3" ;;
    rmdir) rmdir "./$3" ;;
  esac
}

# `commit BLOCKS`: lines, each with its answer. `check` compares the received files with `sums`. `drop NAME` discards a
# received file. `merge` moves received files to empty paths, whole folders at once. The others change a path in an
# expected state (`-` nothing, `d` a folder, else its text in `list`); `need` is a path that must be unchanged, `same` a
# file that must have a content, because a change of it may not have changed its text.
do_commit() {
  unchanged=1 number=0
  lines "$1" >"$stage/steps" || return 9
  [ "$arrived" = 0 ] || {
    arrived=0
    rm -rf "$stage/new"
    return 9
  }
  stamp
  here=$(pwd)
  while IFS= read -r verb; do
    case $verb in
      check)
        if [ "$sum" = sha256sum ] && [ -f "$stage/new/sums" ]; then
          (cd "$stage/new" && sha256sum -c sums) >/dev/null 2>&1 || {
            say bad
            return 1
          }
        fi
        ;;
      drop)
        IFS= read -r one
        rm -f "$stage/new/$one"
        ;;
      merge)
        merge "$stage/new/n" "$here" 2>>"$stage/err"
        print_remaining
        ;;
      need)
        IFS= read -r expected
        IFS= read -r path
        as_expected "$expected" "$path" || unchanged=
        ;;
      same)
        IFS= read -r hash
        IFS= read -r path
        clear_way "$path" && [ -f "./$path" ] && ! [ -L "./$path" ] && has_sum "$hash" "./$path" \
          || unchanged=
        ;;
      own)
        IFS= read -r hash
        IFS= read -r path
        IFS= read -r to
        IFS= read -r mode
        to=$stage/new/$to
        mkdir -p "${to%/*}"
        if clear_way "$path" && [ -f "./$path" ] && ! [ -L "./$path" ] \
          && cp "./$path" "$to" 2>"$stage/err" && chmod "$mode" "$to"; then
          has_sum "$hash" "$to" || rm -f "$to"
        fi
        ;;
      *)
        IFS= read -r expected
        IFS= read -r mode
        IFS= read -r path
        IFS= read -r with
        if ! [ "$unchanged" ] || ! as_expected "$expected" "$path"; then
          printf 'changed %s\n' "$number"
        elif [ "$verb" = file ] && ! [ -f "$stage/new/b/$with" ]; then
          printf 'changed %s\n' "$number"
        elif change "$verb" "$mode" "$path" "$with" 2>"$stage/err"; then
          printf 'done %s\n' "$number"
        else
          printf 'failed %s ' "$number"
          head -n 1 "$stage/err"
          echo
        fi
        unchanged=1 number=$((number + 1))
        ;;
    esac
  done <"$stage/steps"
  rm -rf "$stage/new"
  mark_now
  printf 'mark %s\n' "$now"
}

# `agree AGREEMENT`: stores that both sides have agreed.
do_agree() {
  mark_now
  keep agreed "$1"
  agreed=
  read -r agreed <"$stage/agreed"
  [ "$agreed" = "$1" ]
}
