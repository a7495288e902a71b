/** What a grant covers, and what it only appears to cover. */
import assert from "node:assert/strict";
import { noPermissions, type Permissions } from "./model.ts";
import { absolute, grants, isWithin } from "./permissions.ts";

const folder = "/repo/workflows";

Deno.test("a folder that is granted is itself and what lies in it, not what is named alike", () => {
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

Deno.test("the root holds everything, and no path leads above it", () => {
  assert.equal(isWithin("/etc", "/"), true);
  assert.equal(absolute("../../../../etc/passwd", folder), "/etc/passwd");
  assert.equal(absolute("/../a//./b/", folder), "/a/b");
  assert.equal(
    grants({ ...noPermissions, read: ["/"] }, { kind: "read", what: "/etc" }, folder),
    true,
  );
});

Deno.test("a host that is granted is that host, on all ports or on one", () => {
  const covers = (granted: string, what: string) =>
    grants({ ...noPermissions, net: [granted] }, { kind: "net", what }, folder);
  assert.equal(covers("example.com", "example.com:443"), true);
  assert.equal(covers("example.com:443", "example.com:443"), true);
  assert.equal(covers("example.com:443", "example.com:80"), false);
  for (const what of ["evil-example.com:443", "example.com.evil.net:443", "sub.example.com:443"]) {
    assert.equal(covers("example.com", what), false, what);
  }
});

Deno.test("programs and variables are granted by their very names; all or none by one word", () => {
  for (const kind of ["run", "env"] as const) {
    const covers = (grant: Permissions["run"], what: string) =>
      grants({ ...noPermissions, [kind]: grant }, { kind, what }, folder);
    assert.deepEqual([covers(["GIT"], "GIT"), covers(["GIT"], "GIT_DIR")], [true, false]);
    assert.deepEqual([covers(true, "anything"), covers(false, "anything")], [true, false]);
  }
});
