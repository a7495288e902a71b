/** What a grant covers, and what it only appears to cover. */
import assert from "node:assert/strict";
import { noPermissions, type Permissions } from "./model.ts";
import { absolute, grants, isWithin } from "./permissions.ts";

const folder = "/repo/workflows";

Deno.test("`grants()` covers a folder and its content, not folders with the same prefix", () => {
  for (const kind of ["read", "write"] as const) {
    const granted = { ...noPermissions, [kind]: ["data", "/srv/in"] };
    const covers = (what: string) => grants(granted, { kind, what }, folder);
    for (const what of ["data", "data/a", "./data/x/..", "/repo/workflows/data/b", "/srv/in/c"]) {
      assert.equal(covers(what), true, what);
    }
    const others = [
      "data-of-others",
      "data/../secret",
      "../data",
      "/data",
      "/srv/inner",
      "/srv",
      ".",
    ];
    for (const what of others) assert.equal(covers(what), false, what);
    const other = kind === "read" ? "write" : "read";
    assert.equal(grants(granted, { kind: other, what: "data/a" }, folder), false);
  }
});

Deno.test("`grants()` covers every path for the root", () => {
  assert.equal(isWithin("/etc", "/"), true);
  assert.equal(absolute("../../../../etc/passwd", folder), "/etc/passwd");
  assert.equal(absolute("/../a//./b/", folder), "/a/b");
  assert.equal(
    grants({ ...noPermissions, read: ["/"] }, { kind: "read", what: "/etc" }, folder),
    true,
  );
});

Deno.test("`grants()` covers a host on all ports, or on the given one", () => {
  const covers = (granted: string, what: string) =>
    grants({ ...noPermissions, net: [granted] }, { kind: "net", what }, folder);
  assert.equal(covers("example.com", "example.com:443"), true);
  assert.equal(covers("example.com:443", "example.com:443"), true);
  assert.equal(covers("example.com:443", "example.com:80"), false);
  for (const what of ["evil-example.com:443", "example.com.evil.net:443", "sub.example.com:443"]) {
    assert.equal(covers("example.com", what), false, what);
  }
});

Deno.test("`grants()` compares names of programs and variables exactly", () => {
  for (const kind of ["run", "env"] as const) {
    const covers = (grant: Permissions["run"], what: string) =>
      grants({ ...noPermissions, [kind]: grant }, { kind, what }, folder);
    assert.deepEqual([covers(["GIT"], "GIT"), covers(["GIT"], "GIT_DIR")], [true, false]);
    assert.deepEqual([covers(true, "anything"), covers(false, "anything")], [true, false]);
  }
});
