# MARK MACHINE PREFIX PRUNED...: reports changes by inotify, after the mark, for watch.sh.
#
# Folders are added as they appear. A file being written is reported when it is closed: its creation alone isn't, unless
# it is a link of either kind, which is never closed.
#
# The numbers of Linux: https://man7.org/linux/man-pages/man7/inotify.7.html
use strict;
$| = 1;
my ($mark, $machine, $prefix, @pruned) = @ARGV;
my $parent = getppid();
my %pruned = map { $_ => 1 } @pruned;
my %calls = (x86_64 => [294, 254], aarch64 => [26, 27], arm64 => [26, 27]);
my $call = $calls{$machine} or exit 3;
my $fd = syscall($call->[0], 02000000);
exit 3 if $fd < 0;
open(my $in, "<&=", $fd) or exit 3;
my %at;
my %changed;
sub note { my ($kind, $path) = @_; return if $path =~ /\n/; $changed{"$kind $path"} = 1; }
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
    next if $name eq "." || $name eq ".." || index($name, $prefix) == 0;
    my $below = "$dir/$name";
    next if -l $below || !-d _;
    add($below) or return 0;
  }
  return 1;
}
add(".") or exit 3;
print STDERR "${mark}by perl\n";
my $buffer = "";
while (1) {
  my $bits = "";
  vec($bits, $fd, 1) = 1;
  my $ready = select(my $read = $bits, undef, undef, %changed ? 0.01 : 30);
  if ($ready > 0) {
    my $got = sysread($in, $buffer, 65536);
    exit 0 unless $got;
    my $from = 0;
    while ($from + 16 <= $got) {
      my ($watch, $mask, $cookie, $length) = unpack("iIII", substr($buffer, $from, 16));
      my $name = unpack("Z*", substr($buffer, $from + 16, $length));
      $from += 16 + $length;
      if ($mask & 0x4000) { print STDERR "${mark}all\n"; next; }
      if ($mask & 0x8000) { delete $at{$watch}; next; }
      my $dir = $at{$watch};
      next unless defined $dir && $name ne "" && index($name, $prefix) != 0;
      my $path = "$dir/$name";
      if ($mask & 0x40000000) {
        if ($mask & 0x180) { note("d", $path); add($path) or exit 3; } else { note("w", $path); }
        next;
      }
      if ($mask == 0x100) { my @stat = lstat($path); next if @stat && -f _ && $stat[3] == 1 && $stat[7] == 0; }
      note("w", $path);
    }
  }
  if (%changed && ($ready == 0 || keys %changed > 500)) {
    if (keys %changed > 2000) { print STDERR "${mark}all\n" or exit 0; }
    else { for my $line (sort keys %changed) { print STDERR "$mark$line\n" or exit 0; } }
    %changed = ();
  }
  exit 0 if getppid() != $parent;
}
