/** Shells as images have them, for the far end of a synchronisation. */
import type { TestShell } from "../../src/sync/testing/shell_channel.ts";

/** Lines as busybox's `inotifyd - FOLDER:MASK…` writes them: letters of what happened, the folder, a name. */
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

/** busybox with none but its own programs; undefined where this machine has none. */
const busybox = await (async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-busybox-" });
  const { stdout, success } = await new Deno.Command("busybox", { args: ["--list"] }).output()
    .catch(() => ({ stdout: new Uint8Array(), success: false }));
  if (!success) return undefined;
  const program = new TextDecoder().decode(
    (await new Deno.Command("sh", { args: ["-c", "command -v busybox"] }).output()).stdout,
  ).trim();
  for (const name of new TextDecoder().decode(stdout).trim().split("\n")) {
    await Deno.symlink(program, `${folder}/${name}`);
  }
  // Debian's busybox is built without it: this one writes the same lines.
  if (!new TextDecoder().decode(stdout).includes("\ninotifyd\n")) {
    await Deno.writeTextFile(`${folder}/inotifyd`, inotifydStandIn, { mode: 0o755 });
  }
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  return { name: "busybox", path: folder };
})();
/** dash with GNU's programs. */
export const dash: TestShell = { name: "GNU", path: "/bin:/usr/bin" };

/** All that this machine has. */
export const shells: readonly TestShell[] = [dash, ...(busybox === undefined ? [] : [busybox])];
