/**
 * The guard: what a front end lets run, asks about, or refuses, for each operation that may change pods, with and
 * without someone to ask, where nothing may be changed, and of files that nobody has approved.
 */
import assert from "node:assert/strict";
import type { Host } from "../src/actions/host.ts";
import { KodamaError } from "../src/base/errors.ts";
import { machineHost } from "../src/host/host.ts";
import { MemoryTerminal } from "../src/terminal/testing/memory_terminal.ts";
import { execTool } from "../src/toolbox/pod_tools.ts";
import { Runs } from "../src/web/runs.ts";
import { startIdleCluster } from "./harness/idle_cluster.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";

/** What a front end does with a request: `asks` if a person decides, who says no. */
type Verdict = string;

const reads = ["hostname"];
const writes = ["touch", "/tmp/x"];
const requests = {
  "reads 23 pods": { command: reads, pods: ["sts/cache"] },
  "writes 2 pods": { command: writes, pods: ["sts/db"] },
  "writes 23 pods": { command: writes, pods: ["sts/cache"] },
  "writes unchosen": { command: writes, pods: [] },
};
type Request = (typeof requests)[keyof typeof requests];

/** A way to request it. */
interface Situation {
  person: boolean;
  readOnly: boolean;
}

/** The decided verdicts, a part for each front end. */
const table = await Deno.readTextFile(new URL("./guard_table.txt", import.meta.url));

Deno.test("every front end lets run, asks about and refuses the same", async (t) => {
  await using cluster = await startIdleCluster("shop");
  const kodama = new KodamaInProcess(cluster.env);
  const environment = (name: string) => cluster.env[name];
  const namespaces = ["default"];

  /** Runs a command line at a terminal whose user says no, or without one. */
  async function lineVerdict(args: readonly string[], { person, readOnly }: Situation) {
    const { code, stderr } = await kodama.run(args, {
      env: { KODAMA_PROGRESS: "none", ...(readOnly ? { KODAMA_READ_ONLY: "1" } : {}) },
      ...(person ? { stdin: "n\nn\nn\n", terminals: ["stdin", "stderr"] as const } : {}),
    });
    if (/\[y\/N/.test(stderr)) return "asks";
    if (stderr.includes("0/30")) return "offers the picker";
    // The container's only answer is that the command has started.
    if (code === 0 || stderr.includes("did not report its end")) return "runs";
    const [, message = stderr] = /^error: (.*)$/m.exec(stderr) ?? [];
    return message.replaceAll(cluster.folder, "");
  }

  await using clients = new AsyncDisposableStack();
  const [open, readOnlyHost] = [false, true].map((readOnly): Host => {
    const terminal = new MemoryTerminal();
    const { kubeconfig } = cluster;
    const host = machineHost({ terminal, environment, kubeconfig, readOnly });
    clients.defer(async () => await (await host.kube())[Symbol.asyncDispose]());
    return host;
  }) as [Host, Host];
  const hostOf = (readOnly: boolean) => readOnly ? readOnlyHost : open;

  async function verdictOf(start: (ask: () => boolean) => Promise<unknown>): Promise<Verdict> {
    let hasAsked = false;
    const ask = () => {
      hasAsked = true;
      return false;
    };
    try {
      await start(ask);
      return hasAsked ? "asks" : "runs";
    } catch (error) {
      if (hasAsked) return "asks";
      assert.ok(error instanceof KodamaError, String(error));
      return `${error.kind}: ${error.message}`;
    }
  }

  const faces: Record<string, (request: Request, situation: Situation) => Promise<Verdict>> = {
    "command line": async ({ command, pods }, situation) =>
      await lineVerdict(["exec", "-q", "-n", "default", ...pods, "--", ...command], situation),
    tools: async ({ command, pods }, { person, readOnly }) =>
      await verdictOf(async (ask) => {
        const { text, isError } = await execTool.call({ command, pods, namespaces }, {
          host: hostOf(readOnly),
          signal: new AbortController().signal,
          confirm: person ? () => Promise.resolve(ask()) : undefined,
        });
        const [line = ""] = text.split("\n");
        const [kind = "", ...rest] = line.split(": ");
        if (isError) throw new KodamaError(kind as KodamaError["kind"], rest.join(": "));
      }),
    page: async ({ command, pods }, { readOnly }) => {
      const runs = new Runs(hostOf(readOnly));
      const verdict = await verdictOf((ask) =>
        runs.start(
          { kind: "exec", input: { command, pods, namespaces } },
          { ask: () => Promise.resolve(ask()) },
          new AbortController().signal,
        )
      );
      await runs.end();
      return verdict;
    },
  };
  for (const isTrusted of [true, false]) {
    faces[isTrusted ? "workflow" : "workflow, untrusted"] = async (
      { command, pods },
      situation,
    ) => {
      const path = `${cluster.folder}/w.yaml`;
      await Deno.writeTextFile(
        path,
        JSON.stringify({
          select: { namespace: "default", ...(pods.length === 0 ? {} : { pods }) },
          steps: [{ exec: command }],
        }),
      );
      return await lineVerdict(["run", path, ...(isTrusted ? ["--trust"] : [])], situation);
    };
  }

  for (const [face, judge] of Object.entries(faces)) {
    await t.step(face, async () => {
      const lines: string[] = [];
      for (const person of face === "page" ? [true] : [true, false]) {
        for (const readOnly of [false, true]) {
          for (const [name, request] of Object.entries(requests)) {
            const where = `${person ? "someone" : "no one"}${readOnly ? ", read-only" : ""}`;
            const verdict = await judge(request, { person, readOnly });
            lines.push(`${where.padEnd(18)} ${name.padEnd(15)} ${verdict}`);
          }
        }
      }
      assert.equal(lines.join("\n"), partOf(face));
    });
  }
});

function partOf(face: string): string | undefined {
  const parts = table.trimEnd().split("\n\n").map((part) => part.split("\n"));
  return parts.find(([name]) => name === face)?.slice(1).join("\n");
}
