/** Partial command lines -> candidates for the last argument. */
import assert from "node:assert/strict";
import type { Host } from "../../actions/host.ts";
import { MemoryTerminal } from "../../terminal/testing/memory_terminal.ts";
import { complete } from "./complete.ts";
import { programOf } from "../program.ts";

/** Returns the candidates, and the number with the shell's directives. */
async function offered(line: string, host?: () => Promise<Host>): Promise<[string[], string]> {
  const [program = "", ...args] = line.split(" ");
  const terminal = new MemoryTerminal();
  const exitCode = await complete(args, {
    program: programOf(program),
    terminal,
    signals: { listen: () => ({ [Symbol.dispose]: () => {} }) },
    environment: () => undefined,
    host: host ?? (() => Promise.reject<Host>(new Error("no machine"))),
    willDial: () => {},
    multiplexer: () => Promise.reject(new Error("no machine")),
    serveCluster: () => Promise.resolve(),
    serveSync: () => Promise.resolve(),
    serveEditor: () => Promise.resolve(true),
    serveTools: () => Promise.resolve(),
    serveWeb: () => Promise.resolve(),
  });
  await terminal.stdout.flush();
  assert.equal(exitCode, 0);
  const lines = terminal.written("stdout").trimEnd().split("\n");
  return [lines.slice(0, -1).map((one) => one.split("\t")[0] ?? ""), lines.at(-1) ?? ""];
}

const lines: readonly (readonly [line: string, offers: string[], directive?: string])[] = [
  ["kodama ex", ["exec"]],
  ["kodama cluster ", ["up", "down", "status"]],
  ["kodama -n prod cluster s", ["status"]],
  ["kodama nonsense ", []],
  ["kodama -", ["--help"]],
  ["kodama exec --outp", ["--output-mode", "--output"]],
  ["kodama exec --output ", ["json", "jsonl"]],
  ["kodama exec -o js", ["json", "jsonl"]],
  ["kodama exec --output=jsonl", ["jsonl"]],
  ["kodama exec -ito ", ["json", "jsonl"]],
  ["kodama exec -q --qui", []],
  ["kodama exec -n a --namesp", ["--namespace"]],
  ["kodama exec --timeout ", []],
  ["kodama exec --kubeconfig ", [], ":0"],
  ["kodama exec web-0 -- ", [], ":0"],
  ["kodama exec web-0 -- ls -", [], ":0"],
  ["kodama completion ", ["bash", "zsh", "fish", "powershell"]],
  ["kodama completion bash ", []],
  ["kpod --sort a", ["age"]],
  ["kwekash --li", ["--list"]],
  ["kodama exec -n ", []],
  ["kodama help clus", ["cluster"]],
  ["kodama help cluster ", ["up", "down", "status"]],
  ["kodama help exec ", []],
  ["kodama cp ./ap", [], ":0"],
  ["kodama run ./", [], ":0"],
  ["kodama run ../flows/", [], ":0"],
];

for (const [line, offers, directive = ":4"] of lines) {
  Deno.test(`offered after: ${line}`, async () => {
    assert.deepEqual(await offered(line), [offers, directive]);
  });
}

const clusterLines: readonly (readonly [line: string, offers: string[], directive?: string])[] = [
  ["kodama exec w", ["web-0", "web-1"]],
  ["kodama exec web-0 ", ["web-1", "db-0"]],
  ["kodama exec deploy/", ["deploy/front"]],
  ["kodama exec other/", ["other/far-0"]],
  ["kodama exec deploy/front -c ", ["log", "pg", "setup", "web"]],
  ["kodama exec web-0 -c ", ["log", "web"]],
  ["kodama exec -m db -c ", ["pg", "setup"]],
  ["kodama exec -l app=web -c ", ["log", "web"]],
  ["kodama pods --node ", ["n1", "n2"]],
  ["kodama pods --node=n2", ["n2"]],
  ["kodama pods -l a", ["app=db", "app=web"]],
  ["kodama pods -l app=w", ["app=web"]],
  ["kodama pods -l app=web,t", ["app=web,tier=back"]],
  ["kodama config set exec.outputMode g", ["group"]],
  ["kodama config set sync.useGitignore ", ["true", "false"]],
  ["kodama config set exec.fanout ", []],
  ["kodama config set nonsense ", []],
  ["kodama config get sync.", ["sync.useGitignore", "sync.excludePatterns"]],
];

/** Pods and a Deployment: the answers of a client's lists, by namespace. */
const clusterHost = (() => {
  const pod = (
    name: string,
    nodeName: string,
    labels: Record<string, string>,
    names: string[],
  ) => ({
    metadata: { name, labels },
    spec: {
      nodeName,
      containers: names.filter((one) => one !== "setup").map((name) => ({ name })),
      initContainers: names.filter((one) => one === "setup").map((name) => ({ name })),
    },
  });
  const pods: Record<string, ReturnType<typeof pod>[]> = {
    home: [
      pod("web-0", "n1", { app: "web" }, ["web", "log"]),
      pod("web-1", "n2", { app: "web" }, ["web", "log"]),
      pod("db-0", "n2", { app: "db", tier: "back" }, ["pg", "setup"]),
    ],
    other: [pod("far-0", "n3", {}, ["far"])],
  };
  const client = {
    defaultNamespace: "home",
    async *list(
      { plural }: { plural: string },
      { namespace = "", labelSelector }: { namespace?: string; labelSelector?: string },
    ) {
      const items = (pods[namespace] ?? []).filter(({ metadata: { labels } }) =>
        labelSelector === undefined || labelSelector === `app=${labels["app"]}`
      );
      yield { items: plural === "pods" ? items : [{ metadata: { name: "front" } }] };
    },
  };
  return { kube: () => Promise.resolve(client) } as unknown as Host;
})();

for (const [line, offers, directive = ":4"] of clusterLines) {
  Deno.test(`offered of a cluster after: ${line}`, async () => {
    const found = await offered(line, () => Promise.resolve(clusterHost));
    assert.deepEqual(found, [offers, directive]);
  });
}

Deno.test("contexts come from the kubeconfig; names that would steer the shell don't", async () => {
  const contexts = [{ name: "east", current: true }, { name: "e\x1b[2J", current: false }, {
    name: "e\nf",
    current: false,
  }];
  const host = { contexts: () => Promise.resolve(contexts) } as Partial<Host>;
  const offers = await offered("kodama exec --context ", () => Promise.resolve(host as Host));
  assert.deepEqual(offers, [["east"], ":4"]);
});
