/**
 * How a pod's folder is watched without a poll: by inotifywait, by busybox's inotifyd, or by the few lines of perl
 * below (`perl-base` is in every image made from Debian), whichever the image has.
 *
 * Each reports changed paths on standard error, after the mark: `w PATH`, `d PATH` for a new folder with all that is in
 * it, `all` if events were missed. `watch BLOCKS PRUNED` answers `by NAME`; with `none`, `changed SECONDS` is polled
 * for what changed since then.
 *
 * The numbers of Linux: https://man7.org/linux/man-pages/man7/inotify.7.html
 */

/**
 * Folders are added as they appear. A file being written is reported when it is closed: its creation alone isn't,
 * unless it is a link of either kind, which is never closed.
 */
const perl = `use strict;
$| = 1;
my ($mark, $machine, $own, @pruned) = @ARGV;
my $parent = getppid();
my %pruned = map { $_ => 1 } @pruned;
my %calls = (x86_64 => [294, 254], aarch64 => [26, 27], arm64 => [26, 27]);
my $call = $calls{$machine} or exit 3;
my $fd = syscall($call->[0], 02000000);
exit 3 if $fd < 0;
open(my $in, "<&=", $fd) or exit 3;
my %at;
my %told;
sub tell_ { my ($kind, $path) = @_; return if $path =~ /\\n/; $told{"$kind $path"} = 1; }
sub add {
  my ($dir) = @_;
  return 1 if $pruned{$dir};
  my $path = $dir;
  my $watch = syscall($call->[1], $fd, $path, 0x030003CC);
  return 0 if $watch < 0 && $! == 28;
  return 1 if $watch < 0;
  $at{$watch} = $dir;
  opendir(my $open, $dir) or return 1;
  my @names = readdir($open);
  closedir($open);
  for my $name (@names) {
    next if $name eq "." || $name eq ".." || index($name, $own) == 0;
    my $below = "$dir/$name";
    next if -l $below || !-d _;
    add($below) or return 0;
  }
  return 1;
}
add(".") or exit 3;
print STDERR "\${mark}by perl\\n";
my $buffer = "";
while (1) {
  my $bits = "";
  vec($bits, $fd, 1) = 1;
  my $ready = select(my $read = $bits, undef, undef, %told ? 0.01 : 30);
  if ($ready > 0) {
    my $got = sysread($in, $buffer, 65536);
    exit 0 unless $got;
    my $from = 0;
    while ($from + 16 <= $got) {
      my ($watch, $mask, $cookie, $length) = unpack("iIII", substr($buffer, $from, 16));
      my $name = unpack("Z*", substr($buffer, $from + 16, $length));
      $from += 16 + $length;
      if ($mask & 0x4000) { print STDERR "\${mark}all\\n"; next; }
      if ($mask & 0x8000) { delete $at{$watch}; next; }
      my $dir = $at{$watch};
      next unless defined $dir && $name ne "" && index($name, $own) != 0;
      my $path = "$dir/$name";
      if ($mask & 0x40000000) {
        if ($mask & 0x180) { tell_("d", $path); add($path) or exit 3; } else { tell_("w", $path); }
        next;
      }
      if ($mask == 0x100) { my @stat = lstat($path); next if @stat && -f _ && $stat[3] == 1 && $stat[7] == 0; }
      tell_("w", $path);
    }
  }
  if (%told && ($ready == 0 || keys %told > 500)) {
    if (keys %told > 2000) { print STDERR "\${mark}all\\n" or exit 0; }
    else { for my $line (sort keys %told) { print STDERR "$mark$line\\n" or exit 0; } }
    %told = ();
  }
  exit 0 if getppid() != $parent;
}`;

/**
 * busybox's: folders are given once, so that the reader of a new folder's event has to start the watcher again. It
 * doesn't report when it is ready: it is once it reports a file that is touched repeatedly until then.
 */
const inotifyd = `probe() {
told=
(while [ -e "$stage/fifo" ]; do : >"$stage-ready"; sleep 0.1; done) >/dev/null 2>&1 &
prober=$!
}
probed() {
[ "$told" ] && return
told=1
kill "$prober"
rm -f "$stage-ready"
tell by "$1"
}
by_inotifyd() {
set -- . '(' -name '.kodama-sync-*'
while IFS= read -r one; do set -- "$@" -o -path "$one"; done <"$stage/pruned"
find "$@" ')' -prune -o -type d -print 2>/dev/null >"$stage/folders"
set --
while IFS= read -r one; do set -- "$@" "$one:wenymdDM"; done <"$stage/folders"
[ "$#" -le 4000 ] || return
rm -f "$stage/fifo"
mkfifo "$stage/fifo" || return
inotifyd - "$@" >"$stage/fifo" 2>/dev/null &
printf '%s\\n' "$!" >"$stage/watch"
probe
tab=$(printf '\\t')
while IFS=$tab read -r what dir name; do
case $name in .kodama-sync-*) probed inotifyd ;; '') ;; *)
case $what in *[ny]*) [ -d "$dir/$name" ] && { tell d "$dir/$name"; continue; } ;; esac
tell w "$dir/$name" ;;
esac
done <"$stage/fifo"
}`;

const inotifywait = `by_inotifywait() {
rm -f "$stage/fifo"
mkfifo "$stage/fifo" || return
inotifywait -q -m -r -e close_write,attrib,moved_to,moved_from,create,delete \\
--exclude '/\\.kodama-sync-[^/]*/' --format '%e|%w%f' . >"$stage/fifo" 2>/dev/null &
printf '%s\\n' "$!" >"$stage/watch"
probe
while IFS= read -r one; do
case $one in *'|./.kodama-sync-'*) probed inotifywait ;; *ISDIR*'|'*) tell d "\${one#*|}" ;; *) tell w "\${one#*|}" ;; esac
done <"$stage/fifo"
}`;

/**
 * The functions of the loop. A watcher that fails reports `by none`. `changed 1` also moves the time since which
 * changes count: at most every two seconds, because some systems store times in whole seconds.
 */
export const farWatch = `perl='${perl}'
${inotifyd}
${inotifywait}
by_perl() {
set --
while IFS= read -r one; do set -- "$@" "$one"; done <"$stage/pruned"
perl -e "$perl" "$mark" "$(uname -m)" .kodama-sync- "$@" &
printf '%s\\n' "$!" >"$stage/watch"
wait
}
do_watch() {
stop_watch
lines "$1" >"$stage/pruned"
touch -d "@$(($(date +%s) - 2))" "$stage/stamp" 2>/dev/null || true >"$stage/stamp"
true >"$stage/later"
how=none
for one in \${2:-perl inotifyd inotifywait}; do command -v "$one" >/dev/null 2>&1 && how=$one && break; done
if [ "$how" = none ]; then tell by none; return; fi
("by_$how"; tell by none) </dev/null >/dev/null &
watcher=$!
}
do_changed() {
set -- "$1" . '(' -name '.kodama-sync-*'
while IFS= read -r one; do set -- "$@" -o -path "$one"; done <"$stage/pruned"
turn=$1
shift
find "$@" ')' -prune -o -newer "$stage/stamp" -print 2>/dev/null
if [ "$turn" = 1 ]; then mv -f "$stage/later" "$stage/stamp"; true >"$stage/later"; fi
}`;
