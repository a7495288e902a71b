import assert from "node:assert/strict";
import { ManualClock } from "../base/testing/manual_clock.ts";
import type { Host } from "./host.ts";
import { checkVersion, isNewer, newestOf } from "./newest_version.ts";
import { simulatedHost } from "./testing/simulated_host.ts";

Deno.test("the newest version is read from npm's document, from GitHub's, and from a file of one's own", () => {
  for (
    const [text, expected] of [
      ['{"name":"kodama-cli","dist-tags":{"latest":"1.2.3","next":"2.0.0-rc.1"}}', "1.2.3"],
      ['{"tag_name":"v0.10.0","name":"x"}', "0.10.0"],
      ['{"version":"1.0.0-rc.1"}', "1.0.0-rc.1"],
      ['{"version":"1.0"}', undefined],
      ['{"version":"1.0.0\\u001b[31m"}', undefined],
      ["[]", undefined],
      ["null", undefined],
      ["<html>", undefined],
    ] as const
  ) assert.equal(newestOf(text), expected, text);
});

Deno.test("versions are compared by their numbers, and a pre-release comes before its release", () => {
  const inOrder = ["0.1.0", "0.2.0", "0.10.0", "1.0.0-rc.1", "1.0.0", "1.0.1"];
  for (const [index, one] of inOrder.entries()) {
    for (const [at, other] of inOrder.entries()) {
      assert.equal(isNewer(one, other), index > at, `${one} and ${other}`);
    }
  }
});

Deno.test("nothing is requested without an address; an address without a version is an error", async () => {
  const requested: string[] = [];
  const hostWith = (settings: string, answer: { status: number; body: string }): Host => {
    const { host } = simulatedHost({}, { files: { "/config/config.yaml": settings } });
    const fetch = ({ url }: { url: string }) => {
      requested.push(url);
      return Promise.resolve({ ...answer, headers: {}, truncated: false });
    };
    const machine = { local: { fetch } } as unknown as Awaited<ReturnType<Host["workflowMachine"]>>;
    return { ...host, clock: new ManualClock(), workflowMachine: () => Promise.resolve(machine) };
  };
  const { signal } = new AbortController();
  const none = { status: 200, body: "" };
  await assert.rejects(checkVersion(hostWith("{}", none), "0.1.0", signal), { kind: "usage" });
  const file = hostWith("releases: { url: file:///etc/passwd }", none);
  await assert.rejects(checkVersion(file, "0.1.0", signal), /isn't an address/);
  assert.deepEqual(requested, []);
  const settings = "releases: { url: https://releases.example/kodama-cli }";
  const lost = hostWith(settings, { status: 404, body: "" });
  await assert.rejects(
    checkVersion(lost, "0.1.0", signal),
    /releases.example answered with .* 404/,
  );
  const found = hostWith(settings, { status: 200, body: '{"version":"0.2.0"}' });
  assert.deepEqual(await checkVersion(found, "0.1.0", signal), {
    installed: "0.1.0",
    newest: "0.2.0",
    isOutdated: true,
  });
});
