/** Copies whose links are cut: they resume, or report that they didn't. */
import assert from "node:assert/strict";
import { until } from "../processes.ts";
import { SlowLink } from "../../harness/slow_link.ts";
import { CuttingLink } from "./cutting_link.ts";
import { kodamaStart } from "./kodama.ts";
import { type Fixture, onFault } from "./fixture.ts";

const size = 48 * 1024 * 1024;
/** The bytes of each connection, before it is cut. */
const limit = 20_000_000;

/** The fields of a copy's report that are checked here. */
interface CopyReport {
  outcome: string;
  resumedBytes: number | null;
  checksum: string | null;
  error: string | null;
}

/** A folder with a file of random bytes, a pod that has it too, and `kodama cp` beside them. */
async function openCopies({ namespace }: Fixture) {
  const folder = await Deno.makeTempDir({ prefix: "kodama-cut-copy-" });
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  await Deno.writeFile(`${folder}/file`, bytes);
  await namespace.startPod("one", {});
  const start = (kubeconfig: string, words: readonly string[]) => {
    const args = ["cp", "-n", namespace.name, "-o", "jsonl", ...words];
    const { words: [program = "", ...rest], ...surroundings } = kodamaStart(kubeconfig, args, [
      folder,
    ]);
    const options = { ...surroundings, args: rest, stdout: "piped", stderr: "piped" } as const;
    return new Deno.Command(program, options).output();
  };
  const cp = async (kubeconfig: string, ...words: string[]) => {
    const { code, stdout, stderr } = await start(kubeconfig, words);
    const text = new TextDecoder().decode(stdout);
    const said = new TextDecoder().decode(stderr);
    assert.notEqual(text, "", said);
    return { code, said, report: JSON.parse(text) as CopyReport };
  };
  const sumHere = async (name: string) => {
    const hash = await crypto.subtle.digest("SHA-256", await Deno.readFile(`${folder}/${name}`));
    return new Uint8Array(hash).toHex();
  };
  const sumThere = async (path: string) =>
    (await namespace.kubectl("exec", "one", "--", "sha256sum", path)).split(" ")[0];
  return {
    folder,
    cp,
    sumHere,
    sumThere,
    kubeconfig: namespace.cluster.kubeconfig,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

onFault("a copy whose links are cut goes on where it was, both ways", async (fixture) => {
  await using copies = await openCopies(fixture);
  const { folder, cp, sumHere, sumThere, kubeconfig } = copies;
  const server = JSON.parse(await Deno.readTextFile(kubeconfig)).clusters[0].cluster.server;
  await using link = new CuttingLink(server, () => limit, () => limit);
  await link.writeKubeconfig(kubeconfig, `${folder}/cutting`);
  const cutting = `${folder}/cutting`;
  const wanted = await sumHere("file");
  for (
    const [from, to] of [[`${folder}/file`, "one:/tmp/file"], ["one:/tmp/file", `${folder}/back`]]
  ) {
    const { code, said, report } = await cp(cutting, from ?? "", to ?? "");
    assert.deepEqual([code, report.outcome], [0, "ok"], said);
    assert.notEqual(report.checksum, null);
    assert.ok((report.resumedBytes ?? 0) > limit, JSON.stringify(report));
  }
  assert.equal(await sumThere("/tmp/file"), wanted);
  assert.equal(await sumHere("back"), wanted);
});

onFault(
  "a cut copy that may not go on is unknown, and the same command goes on",
  async (fixture) => {
    await using copies = await openCopies(fixture);
    const { folder, cp, sumHere, sumThere, kubeconfig } = copies;
    const server = JSON.parse(await Deno.readTextFile(kubeconfig)).clusters[0].cluster.server;
    await using link = new CuttingLink(server, () => Infinity, () => limit);
    await link.writeKubeconfig(kubeconfig, `${folder}/cutting`);
    const words = [`${folder}/file`, "one:/tmp/file", "--retries", "0"];
    const broken = await cp(`${folder}/cutting`, ...words);
    assert.deepEqual([broken.code, broken.report.outcome], [4, "unknown"], broken.said);
    const there = await fixture.namespace.tryKubectl(
      "exec",
      "one",
      "--",
      "test",
      "-e",
      "/tmp/file",
    );
    assert.equal(there.code, 1);
    const { code, report } = await cp(kubeconfig, ...words);
    assert.deepEqual([code, report.outcome], [0, "ok"]);
    assert.ok((report.resumedBytes ?? 0) > limit / 2, JSON.stringify(report));
    assert.equal(await sumThere("/tmp/file"), await sumHere("file"));
  },
);

onFault(
  "a copy out of a pod whose packets are dropped says so in time, and goes on later",
  async (fixture) => {
    await using copies = await openCopies(fixture);
    const { folder, cp, sumHere, kubeconfig } = copies;
    assert.equal((await cp(kubeconfig, `${folder}/file`, "one:/tmp/file")).code, 0);
    const words = ["one:/tmp/file", `${folder}/back`, "--retries", "0"];
    {
      await using _slow = await fixture.rig.throttle(2_000_000);
      const copying = cp(kubeconfig, ...words);
      await until("a part of it", async () => {
        for await (const { name } of Deno.readDir(folder)) {
          if (name.endsWith(".part")) {
            return (await Deno.stat(`${folder}/${name}`)).size > 1_000_000;
          }
        }
        return false;
      });
      await using _cut = await fixture.rig.cut("client");
      const { code, report } = await copying;
      assert.deepEqual([code, report.outcome], [4, "unknown"], report.error ?? "");
      assert.match(report.error ?? "", /no answer from the server/);
      await assert.rejects(Deno.lstat(`${folder}/back`), Deno.errors.NotFound);
    }
    const { code, report } = await cp(kubeconfig, ...words);
    assert.equal(code, 0);
    assert.ok((report.resumedBytes ?? 0) > 500_000, JSON.stringify(report));
    assert.equal(await sumHere("back"), await sumHere("file"));
  },
);

onFault(
  "a copy into a pod whose link falls silent says so in time, and goes on later",
  async (fixture) => {
    await using copies = await openCopies(fixture);
    const { folder, cp, sumHere, sumThere, kubeconfig } = copies;
    const words = [`${folder}/file`, "one:/tmp/file", "--retries", "0"];
    const server = JSON.parse(await Deno.readTextFile(kubeconfig)).clusters[0].cluster.server;
    {
      await using link = SlowLink.open(server, { delayMs: 0 });
      await link.kubeconfigFor(kubeconfig, `${folder}/slow`);
      using _silent = link.holdAfter(limit);
      const { code, report } = await cp(`${folder}/slow`, ...words);
      assert.deepEqual([code, report.outcome], [4, "unknown"], report.error ?? "");
      assert.match(report.error ?? "", /no answer from the server/);
      const there = await fixture.namespace.tryKubectl(
        "exec",
        "one",
        "--",
        "test",
        "-e",
        "/tmp/file",
      );
      assert.equal(there.code, 1);
    }
    const { code, report } = await cp(kubeconfig, ...words);
    assert.equal(code, 0);
    assert.ok((report.resumedBytes ?? 0) > 500_000, JSON.stringify(report));
    assert.equal(await sumThere("/tmp/file"), await sumHere("file"));
  },
);
