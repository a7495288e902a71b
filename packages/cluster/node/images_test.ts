import assert from "node:assert/strict";
import { type Image, ImageStore, loadImages, parseReference } from "./images.ts";

Deno.test("a reference gets the registry and the tag that a runtime fills in", () => {
  const cases: [string, string, string][] = [
    ["busybox", "docker.io/library/busybox", "latest"],
    ["busybox:1.36", "docker.io/library/busybox", "1.36"],
    ["acme/tool", "docker.io/acme/tool", "latest"],
    ["quay.io/weka.io/weka-in-container:4.4.2", "quay.io/weka.io/weka-in-container", "4.4.2"],
    ["localhost/tool", "localhost/tool", "latest"],
    ["registry:5000/tool:v1", "registry:5000/tool", "v1"],
    [`alpine@sha256:${"a".repeat(64)}`, "docker.io/library/alpine", "latest"],
  ];
  for (const [text, repository, tag] of cases) {
    assert.deepEqual(parseReference(text), { repository, tag }, text);
  }
});

Deno.test("what isn't a reference is none", () => {
  for (const text of ["", "UPPER", "a b", "a:b:c", "tool:", "/tool", "a//b", "../a"]) {
    assert.equal(parseReference(text), undefined, text);
  }
});

const image = (names: string[], digest: string): Image => ({
  names,
  base: "host",
  env: {},
  entrypoint: [],
  cmd: [],
  workingDir: "/",
  pause: false,
  rootfs: undefined,
  digest,
});

Deno.test("a whole repository goes before its last part, and a later image before an earlier", () => {
  const images = new ImageStore([
    image(["tool"], "first"),
    image(["tool"], "second"),
    image(["quay.io/acme/tool"], "exact"),
  ]);
  assert.equal(images.resolve("ghcr.io/x/tool:1")?.image.digest, "second");
  assert.equal(images.resolve("quay.io/acme/tool:1")?.image.digest, "exact");
  assert.equal(images.resolve("other"), undefined);
  assert.deepEqual(images.resolve("tool:2")?.reference, "docker.io/library/tool:2");
});

Deno.test("every shipped image is valid, and what its entrypoint names is there", async () => {
  const root = decodeURIComponent(new URL("../images", import.meta.url).pathname);
  const images = await loadImages([root]);
  for (
    const name of ["busybox", "debian:12", "static", "weka-in-container:4.4.2", "weka-operator"]
  ) {
    const resolved = images.resolve(name);
    assert.ok(resolved, name);
    const [program] = resolved.image.entrypoint;
    if (program === undefined) continue;
    assert.ok(((await Deno.stat(`${resolved.image.rootfs}${program}`)).mode ?? 0) & 0o111, program);
  }
});

Deno.test("an image file that isn't valid is named in the error", async () => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/bad`);
    for (const text of ["{", `{"names":[]}`, `{"names":["a"],"base":"moon"}`]) {
      await Deno.writeTextFile(`${root}/bad/image.json`, text);
      await assert.rejects(loadImages([root]), /bad\/image\.json: /);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
