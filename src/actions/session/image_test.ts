import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import type { Host } from "../host.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { buildImage, type BuildImageOptions, sessionDockerfile } from "./image.ts";

/** A machine with these programs; each prints its name, and ends with the code. */
function machineWith(programs: Readonly<Record<string, number>>) {
  const { host } = simulatedHost({});
  const started: { line: string; stdin: string }[] = [];
  const machine: Host["machine"] = {
    ...host.machine,
    findProgram: (name) => Promise.resolve(name in programs ? `/bin/${name}` : undefined),
    async *lines(program, words, { stdin }) {
      started.push({ line: [program, ...words].join(" "), stdin });
      yield await Promise.resolve(`${program} works`);
      return programs[program] ?? 0;
    },
  };
  return { host: { ...host, machine }, started };
}

function build(host: Host, options: Partial<BuildImageOptions> = {}) {
  const { signal } = new AbortController();
  const image = "r.example/session:1";
  return Array.fromAsync(
    buildImage(host, { image, buildArgs: [], push: false, signal, ...options }),
  );
}

Deno.test("an image is built by the first builder there is, from the Dockerfile alone", async () => {
  const { host, started } = machineWith({ docker: 0, podman: 0 });
  const events = await build(host, { push: true, platform: "linux/arm64", buildArgs: ["A=b c"] });
  assert.deepEqual(started, [
    {
      line:
        "podman build --tag r.example/session:1 --platform linux/arm64 --build-arg A=b c --file - .",
      stdin: sessionDockerfile(),
    },
    { line: "podman push r.example/session:1", stdin: "" },
  ]);
  assert.deepEqual(events.at(-1), { kind: "built", image: "r.example/session:1", pushed: true });
  const other = machineWith({ docker: 0, podman: 0 });
  await build(other.host, { builder: "docker" });
  assert.deepEqual(other.started.map(({ line }) => line), [
    "docker build --tag r.example/session:1 -",
  ]);
});

Deno.test("a build that fails isn't pushed; a name isn't an option of the builder", async () => {
  const { host, started } = machineWith({ buildah: 3 });
  await assert.rejects(
    build(host, { push: true }),
    (error) =>
      error instanceof KodamaError && error.message === "buildah build failed with exit code 3",
  );
  assert.equal(started.length, 1);
  await assert.rejects(build(host, { image: "--file=/etc/passwd" }), /can't be the name/);
  await assert.rejects(build(machineWith({}).host), /none of buildah, podman, docker is on PATH/);
});

Deno.test("everything in the Dockerfile that isn't Debian's is pinned by a checksum", () => {
  const dockerfile = sessionDockerfile();
  assert.match(dockerfile, /^ARG BASE=\S+@sha256:[0-9a-f]{64}$/m);
  const names = [...dockerfile.matchAll(/^ARG (\w+)_VERSION=/gm)].map(([, name]) => name);
  assert.deepEqual(names, ["CLAUDE_CODE", "HELIX", "ZELLIJ"]);
  for (const name of names) {
    for (const architecture of ["AMD64", "ARM64"]) {
      const checksum = `^ARG ${name}_SHA(?:256|512)_${architecture}=[0-9a-f]{64,128}$`;
      assert.match(dockerfile, new RegExp(checksum, "m"));
    }
  }
  // A download is checked before it is unpacked.
  assert.equal(dockerfile.match(/curl -f|npm pack/g)?.length, names.length);
  assert.ok(dockerfile.lastIndexOf("--check -") < dockerfile.indexOf("tar -x"));
});
