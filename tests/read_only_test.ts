/**
 * Read-only mode from the command line to the API server: whatever the command is, no request arrives that changes
 * something, by the server's own record of its requests; and what only reads still works.
 */
import assert from "node:assert/strict";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { startFaultyApi } from "./harness/faulty_api.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";

const drive = "weka-drive-0";
const inDrives = ["-n", "weka-operator-system", "-m", "weka-drive"];

/** Commands that would change something, and a part of what each of them says instead. */
const changing: readonly (readonly [line: readonly string[], message: RegExp])[] = [
  [["exec", ...inDrives, "--yes", "--", "rm", "/tmp/x"], /cannot run rm \/tmp\/x: context /],
  [["exec", "-n", "weka-operator-system", drive, "--", "sh", "-c", "id"], /is read-only/],
  [["exec", "-it", "-n", "weka-operator-system", drive, "--", "sh"], /is read-only/],
  [["shell", "-n", "weka-operator-system", drive], /cannot open a shell in weka-drive-0/],
  [["cp", "--yes", ...inDrives, "HERE", ":/tmp/x"], /cannot copy into pods/],
  [["run", "--yes", "restart-all"], /cannot run the workflow restart-all|is read-only/],
  [["run", "--yes", "steps"], /nothing may be changed|is read-only/],
  [["start", "work", "-n", "default"], /cannot start a session/],
  [["k", "--yes", "delete", "pod", drive], /cannot run kubectl delete: context /],
  [["k", "--yes", "neat"], /cannot run kubectl/],
];

Deno.test("in read-only mode no request arrives that changes something, and reads work", async (t) => {
  await using cluster = await startTestCluster("weka:computes=0,clients=0");
  await using api = await startFaultyApi(cluster);
  const requests: string[] = [];
  api.choose = ({ method, url, headers }) => {
    const { pathname } = new URL(url);
    requests.push(`${method} ${pathname}${headers.has("upgrade") ? " upgrade" : ""}`);
    return "pass";
  };
  const config = `${cluster.folder}/home/.kodama`;
  await Deno.mkdir(`${config}/workflows`, { recursive: true });
  await Deno.writeTextFile(`${cluster.folder}/here`, "x");
  await Deno.writeTextFile(
    `${config}/workflows/restart-all.yaml`,
    "namespace: weka-operator-system\nmatch: weka-drive\ncommand: [rm, -f, /tmp/x]\n",
  );
  await Deno.writeTextFile(
    `${config}/workflows/steps.yaml`,
    "select: { namespace: weka-operator-system, match: weka-drive }\n" +
      "steps:\n  - kubectl: [delete, pod, weka-drive-0]\n",
  );
  const recorded = { ...cluster.env, KUBECONFIG: api.kubeconfig };
  const modes: Record<string, { env: Record<string, string>; flags: string[]; settings?: string }> =
    {
      "the variable": { env: { KODAMA_READ_ONLY: "1" }, flags: [] },
      "the flag": { env: {}, flags: ["--read-only"] },
      "the policy": { env: {}, flags: [], settings: "gate: {contexts: {'*': read-only}}\n" },
    };
  for (const [mode, { env, flags, settings }] of Object.entries(modes)) {
    await t.step(`by ${mode}`, async () => {
      await Deno.writeTextFile(`${config}/config.yaml`, settings ?? "");
      const kodama = new KodamaInProcess({ ...recorded, ...env });
      for (const [[command = "", ...args], message] of changing) {
        const words = args.map((arg) => arg === "HERE" ? `${cluster.folder}/here` : arg);
        const { code, stderr } = await kodama.run([command, ...flags, ...words]);
        const line = [command, ...args].join(" ");
        assert.equal(code === 0, false, `${line} succeeded`);
        assert.match(stderr, message, line);
      }
      const wrong = requests.filter((one) =>
        !one.startsWith("GET ") && !/ \/apis\/authorization\.k8s\.io\//.test(one) ||
        one.endsWith(" upgrade") || /\/(exec|attach)$/.test(one)
      );
      assert.deepEqual(wrong, []);
      const direct = new KodamaInProcess({ ...cluster.env, ...env });
      const read = (line: string[]) => direct.run([line[0] ?? "", ...flags, ...line.slice(1)]);
      const hostname = await read(["exec", "-n", "weka-operator-system", drive, "--", "hostname"]);
      assert.deepEqual([hostname.code, hostname.stdout], [0, `${drive}\n`], hostname.stderr);
      const pods = await read(["pods", ...inDrives, "-o", "name"]);
      assert.equal(pods.code, 0, pods.stderr);
      const copied = await read([
        ...[
          "cp",
          "-n",
          "weka-operator-system",
          `${drive}:/etc/hostname`,
          `${cluster.folder}/${mode}`,
        ],
      ]);
      assert.equal(copied.code, 0, copied.stderr);
    });
  }
});
