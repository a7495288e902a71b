import assert from "node:assert/strict";
import { autoBranchName, checkedBranch, checkedSessionName } from "./names.ts";
import { repositoryAddress, sameRepository, withoutPassword } from "./repository_url.ts";

Deno.test("a session's name is a label of DNS, short enough for what is named after it", () => {
  for (const name of ["a", "my-work", "x".repeat(40), "1"]) {
    assert.equal(checkedSessionName(name), name);
  }
  for (const name of ["", "-a", "a-", "A", "a.b", "a/b", "x".repeat(41), "a\n"]) {
    assert.throws(() => checkedSessionName(name), { kind: "usage" }, name);
  }
});

Deno.test("repositories are named by HTTPS, SSH, git, or a host alone", () => {
  const read = (text: string) => {
    const { url, transport, host } = repositoryAddress(text);
    return `${transport} ${host} ${url}`;
  };
  assert.equal(
    read("github.com/myorg/myrepo"),
    "https github.com https://github.com/myorg/myrepo",
  );
  assert.equal(read("https://h:8443/a/b.git"), "https h:8443 https://h:8443/a/b.git");
  assert.equal(read("git@github.com:myorg/r.git"), "ssh github.com git@github.com:myorg/r.git");
  assert.equal(read("ssh://git@h:22/a/b"), "ssh h ssh://git@h:22/a/b");
  assert.equal(read("git://127.0.0.1:9418/r.git"), "git 127.0.0.1:9418 git://127.0.0.1:9418/r.git");
});

Deno.test("a repository is the same one by HTTPS and SSH, and another one at another place", () => {
  const same = (one: string, other: string) =>
    sameRepository(repositoryAddress(one), repositoryAddress(other));
  const alike = [
    "git@h.com:org/r.git",
    "ssh://git@h.com:2222/org/r",
    "https://H.com/org/r/",
    "h.com/org/r",
  ];
  for (const one of alike) assert.ok(same(one, "https://h.com/org/r.git"), one);
  for (const other of ["https://h.com/org/s", "git@h.org:org/r", "https://h.com:8443/org/r"]) {
    assert.ok(!same(other, "https://h.com/org/r"), other);
  }
});

Deno.test("an address with a password is refused, and the password isn't repeated", () => {
  const bad = ["https://u:s3cret@h/r", "https://s3cret@h/r", "https://h/r?token=s3cret"];
  for (const text of bad) {
    assert.throws(() => repositoryAddress(text), (error: Error & { hint?: string }) => {
      assert.doesNotMatch(`${error.message} ${error.hint}`, /s3cret/);
      return /the address of the repository at h holds/.test(error.message);
    });
  }
  assert.equal(withoutPassword("https://u:s3cret@h/r"), "https://h/r");
  assert.equal(withoutPassword("git@h:r"), "git@h:r");
});

Deno.test("options, paths and other schemes are refused as addresses", () => {
  const bad = ["", "-x", "--upload-pack=x", "/tmp/r", "./r", "file:///etc", "ext::sh", "a b", "x"];
  for (const text of bad) assert.throws(() => repositoryAddress(text), { kind: "usage" }, text);
});

Deno.test("a branch of a session's own has its name and the time in it", () => {
  const at = new Date("2025-01-15T14:30:00.000Z");
  assert.equal(autoBranchName("kodama/", "my-work", at), "kodama/my-work-20250115143000");
});

Deno.test("branches are those that git allows", () => {
  for (const name of ["main", "feature/new-api", "v1.2"]) assert.equal(checkedBranch(name), name);
  const bad = ["", "-x", "a..b", "a b", "a~1", "x.lock", "/a", "a/", "a//b", "@{u}", "a\\b", ".a"];
  for (const name of bad) assert.throws(() => checkedBranch(name), { kind: "usage" }, name);
});
