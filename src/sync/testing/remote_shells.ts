/** Shells as images have them, for the remote end of a synchronisation. */
import { busyboxShell } from "../../kube/testing/image_shells.ts";
import type { TestShell } from "./shell_channel.ts";
import { writeProgram } from "../../base/testing/program_file.ts";

/** Lines as busybox's `inotifyd - FOLDER:MASK…` writes them: letters of the event, the folder, a name. */
const inotifydStandIn = `#!/usr/bin/perl
$| = 1;
shift @ARGV;
my ($arch) = (\`/usr/bin/uname -m\` =~ /(\\w+)/);
my ($init, $add) = $arch eq "x86_64" ? (294, 254) : (26, 27);
my $fd = syscall($init, 0);
open(my $in, "<&=", $fd) or exit 1;
my %bits = (e => 0x4, w => 0x8, m => 0x40, y => 0x80, n => 0x100, d => 0x200, D => 0x400, M => 0x800);
my %at;
for my $word (@ARGV) {
  my ($folder, $letters) = $word =~ /^(.*):(\\w+)$/;
  my $mask = 0;
  $mask |= $bits{$_} for split //, $letters;
  my $path = $folder;
  $at{syscall($add, $fd, $path, $mask)} = $folder;
}
while (my $got = sysread($in, my $buffer, 65536)) {
  for (my $from = 0; $from < $got;) {
    my ($watch, $mask, $cookie, $length) = unpack("iIII", substr($buffer, $from, 16));
    my $name = unpack("Z*", substr($buffer, $from + 16, $length));
    $from += 16 + $length;
    my $letters = join "", grep { $mask & $bits{$_} } sort keys %bits;
    print "$letters\\t$at{$watch}\\t$name\\n" if $letters ne "";
  }
}
`;

/** busybox; undefined if this machine has none. */
const busybox = await (async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-busybox-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  const shell = await busyboxShell(folder);
  // Debian's busybox is built without it: this program writes the same lines.
  if (shell !== undefined && await Deno.lstat(`${folder}/inotifyd`).catch(() => null) === null) {
    await writeProgram(`${folder}/inotifyd`, inotifydStandIn);
  }
  return shell;
})();

/** dash with GNU's programs. */
export const dash: TestShell = { name: "GNU", path: "/bin:/usr/bin" };

/** All shells of this machine. */
export const shells: readonly TestShell[] = [dash, ...(busybox === undefined ? [] : [busybox])];
