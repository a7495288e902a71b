/** Commands that name credentials, of a model that would have the judge work for minutes. */
import assert from "node:assert/strict";
import { namesCredentials } from "./credentials.ts";

Deno.test("namesCredentials() finds paths behind anything, in linear time", () => {
  const units = [":", "=", "/", " ", "a=", ":a", "=e", "e", "x.", "proc/", "etc/kubernetes/", "./"];
  for (const unit of units) {
    const long = unit.repeat(48 * 1024 / unit.length);
    for (const program of ["cat", "ps", "find"]) {
      const command = [program, `${long}!`];
      assert.equal(typeof namesCredentials(command), "boolean");
      assert.ok(namesCredentials([program, `${long} /run/secrets/x`]), unit);
    }
  }
  for (
    const path of ["/etc/tls/a", "x=/proc/1/environ", "a:b/.ssh/id_rsa", "/etc/kubernetes/a.conf"]
  ) {
    assert.ok(namesCredentials(["cat", path]), path);
  }
});

Deno.test("namesCredentials() lets a program print names below usual paths, and no list of names", () => {
  const rows: Readonly<Record<string, boolean>> = {
    "ls -l /etc/app/tls": false,
    "du -s /etc/app/tls": false,
    "find /etc/app/tls -name x.key": false,
    "du --files0-from=/etc/app/tls/list": true,
    "find -files0-from /etc/app/tls/list": true,
    "find /etc/app/tls/ -exec cat {} +": true,
    "cat /etc/app/tls/list": true,
  };
  for (const [line, expected] of Object.entries(rows)) {
    assert.equal(namesCredentials(line.split(" ")), expected, line);
  }
});
