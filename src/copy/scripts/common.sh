# Common to the scripts of copies: for any POSIX shell (dash, busybox, bash), with the programs that nearly every image
# has. Data is on standard output, and messages are on standard error.
LC_ALL=C
export LC_ALL

# Sets $path.
rooted() {
  case $1 in
    /*) path=$1 ;;
    *) path=$(pwd)/$1 ;;
  esac
}

# Sets $sum to the first of the given checksum programs that there is.
choose() {
  sum=
  for one in $1; do
    command -v "$one" >/dev/null 2>&1 && sum=$one && break
  done
}

# Sets $bytes. With `stat` if there is one: busybox's `wc` reads each byte, a second for every 256 MiB.
size_of() {
  bytes=$(stat -c %s "$1" 2>/dev/null) || bytes=$(($(wc -c <"$1")))
}

# The checksums of a folder, batched through `cut`: GNU's programs write each line by itself, and each would be a
# message on the network.
sums_in() {
  find "$1" -type f -exec "$sum" {} + | if command -v cut >/dev/null 2>&1; then cut -d " " -f 1; else cat; fi
}

# Sets $check to the first field of a checksum program's line.
# shellcheck disable=SC2086 # the line is split on purpose
first_field() {
  set -- $1
  check=${1#\\}
}
sum_of() { first_field "$("$sum" "$1")"; }

# Reads what arrives all the same: some runtimes (containerd 1.6) never report the exit of a command that hasn't read
# all its input.
give_up() {
  report stopped
  cat >/dev/null
  exit "$1"
}

# Sets $tar to `gnu`, `tar` or nothing.
tar_kind() {
  tar=
  case $(tar --version 2>/dev/null) in
    *GNU*) tar=gnu ;;
    *) command -v tar >/dev/null 2>&1 && tar=tar ;;
  esac
}
