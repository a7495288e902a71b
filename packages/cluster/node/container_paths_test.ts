/** A container's paths in commands and variables, where its root is a folder of the machine. */
import assert from "node:assert/strict";
import { ContainerPaths } from "./container_paths.ts";

const paths = new ContainerPaths("/R", {
  owned: ["/work/", "/work/inner", "/", "/etc/hostname"],
  machine: ["/tmp/kodama-1", "/home/me/.kodama/cluster/node"],
});

const cases: readonly [text: string, translated: string][] = [
  ["/work", "/R/work"],
  ["/work/a b", "/R/work/a b"],
  ["--dir=/work/x", "--dir=/R/work/x"],
  ["cat '/work/a' \"/tmp/b\";rm /tmp/c", "cat '/R/work/a' \"/R/tmp/b\";rm /R/tmp/c"],
  ["a:/tmp:/work", "a:/R/tmp:/R/work"],
  ["echo x >/tmp/f && (cd /work)", "echo x >/R/tmp/f && (cd /R/work)"],
  ["${TMPDIR:-/tmp}/x `/work/run`", "${TMPDIR:-/R/tmp}/x `/R/work/run`"],
  ["cat /etc/hostname", "cat /R/etc/hostname"],
  ["/home/kodama/.claude", "/R/home/kodama/.claude"],
  // Nothing of the container's own.
  ['"$HOME"/tmp $HOME/tmp x/tmp', '"$HOME"/tmp $HOME/tmp x/tmp'],
  [
    "/workshop /tmp.d /etc/hostname.new /etc/hosts",
    "/workshop /tmp.d /etc/hostname.new /etc/hosts",
  ],
  ["https://host/tmp /usr/tmp", "https://host/tmp /usr/tmp"],
  // The machine's own paths, as commands in the container print them.
  ["/tmp/kodama-1/2f/tmp/x", "/tmp/kodama-1/2f/tmp/x"],
  ["A=/home/me/.kodama/cluster/node/claims/x", "A=/home/me/.kodama/cluster/node/claims/x"],
];
for (const [text, translated] of cases) {
  Deno.test(`\`ContainerPaths.translate()\`: ${text}`, () => {
    assert.equal(paths.translate(text), translated);
  });
}
