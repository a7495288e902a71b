import assert from "node:assert/strict";
import { isKnownReadOnly } from "./commands.ts";

/** Commands, and whether they read only: as a program with arguments, and never as a line of shell. */
const table: Readonly<Record<string, boolean>> = {
  "cat /etc/hosts": true,
  "ls -l": true,
  "weka version": true,
  "hostname": true,
  "hostname -f": true,
  "date": true,
  "date +%s": true,
  "sh --version": true,
  "find /etc -name x": true,
  "ss -tlnp": true,
  "ip a": true,
  "ip -4 addr show": true,
  "mount": true,
  "dmesg -T": true,
  "ip -br -c link show": true,
  "curl --version": true,
  "git version": true,
  "systemctl status": true,
  "/bin/ls": false,
  "evil.sh --help": false,
  "evil.sh --version": false,
  "constructor --help": false,
  "ip -b a": false,
  "ip -batch a": false,
  "ip -n other a": false,
  "git status": false,
  "/tmp/x/ls -l": false,
  "./ls": false,
  "rm -r x": false,
  "hostname x": false,
  "date -s 12:00": false,
  "date 010100002030": false,
  "sh -c ls": false,
  "weka local stop": false,
  "weka version stop": false,
  "x --version -f": false,
  "env rm x": false,
  "ss -K": false,
  "ss -tK": false,
  "ip link set eth0 down": false,
  "ip addr show eth0 ; x": false,
  "find / -delete": false,
  "find / -exec rm {} +": false,
  "mount /dev/sda /mnt": false,
  "dmesg -C": false,
  "x status y": false,
  "rm status": false,
  "sh version": false,
  "constructor": false,
  "": false,
};

Deno.test("isKnownReadOnly() knows readers by a bare program name and its arguments", () => {
  for (const [line, expected] of Object.entries(table)) {
    assert.equal(isKnownReadOnly(line.split(" ")), expected, line);
  }
});

Deno.test("isKnownReadOnly() counts variables that a program could act upon as a change", () => {
  const reads = (...variables: string[]) => isKnownReadOnly(["cat", "/etc/hosts"], { variables });
  assert.equal(reads(), true);
  assert.equal(reads("LANG", "LC_ALL", "TZ", "COLUMNS"), true);
  for (
    const name of ["PATH", "LD_DEBUG", "LD_PRELOAD", "BASH_ENV", "ENV", "GCONV_PATH", "IFS", "A"]
  ) {
    assert.equal(reads("LANG", name), false, name);
  }
  const own = { readOnly: ["redis-cli info"], variables: ["PATH"] };
  assert.equal(isKnownReadOnly(["redis-cli", "info"], own), false);
});

Deno.test("isKnownReadOnly() never trusts a line of shell, as one argument or with --shell", () => {
  const lines = ["rm -rf /x/ls", "echo a > /tmp/x", "ls && reboot", "ls;reboot", "ls", "$(ls)"];
  for (const line of lines) {
    assert.equal(isKnownReadOnly([line], { shell: true }), false, line);
    assert.equal(isKnownReadOnly(line.split(" "), { shell: true }), false, line);
    if (line !== "ls") assert.equal(isKnownReadOnly([line]), false, line);
  }
});

Deno.test("isKnownReadOnly() knows fewer readers while arguments aren't known", () => {
  const reads = (line: string) => isKnownReadOnly(line.split(" "), { open: true });
  assert.equal(reads("df -P ${{x}}"), true);
  assert.equal(reads("find ${{x}}"), false);
  assert.equal(reads("weka ${{x}}"), false);
});

Deno.test("isKnownReadOnly() takes further programs and their first arguments from the settings", () => {
  const readOnly = ["redis-cli info", "myreader", " "];
  const reads = (line: string, shell = false) =>
    isKnownReadOnly(line.split(" "), { readOnly, shell });
  assert.equal(reads("redis-cli info memory"), true);
  assert.equal(reads("redis-cli flushall"), false);
  assert.equal(reads("myreader anything"), true);
  assert.equal(reads("myreader anything", true), false);
  assert.equal(reads("/tmp/myreader"), false);
});
