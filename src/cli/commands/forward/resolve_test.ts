/** Args -> options. */
import assert from "node:assert/strict";
import { backgroundArgs } from "./flags.ts";
import { testResolve } from "../../testing/resolve.ts";

const selection = {
  namespaces: { kind: "default" },
  operands: [],
  match: [],
  exclude: [],
  sort: "name",
  shuffle: false,
  allPhases: true,
};
const port = (local: number, remote: number | string = local) => ({
  local: { kind: "port", port: local },
  remote,
});
const web = { kind: "workload", plural: "services", name: "web" };
const db = { kind: "workload", plural: "services", name: "db" };

const base = {
  options: {
    contexts: [],
    selection,
    groups: [{ targets: [web], ports: [port(8080, 80)] }],
    balance: false,
    free: false,
    address: "localhost",
    graceMs: 30_000,
    traffic: { inspect: false, version: "0.1.0" },
  },
  isEmpty: false,
  typed: { name: "svc-web", line: ["svc/web", "8080:80"] },
  isRepeatable: true,
  detach: false,
  pick: false,
  format: "text",
  live: true,
  quiet: false,
};
/** The args themselves are stored, to start the same again. */
function typedToo(
  [more, changes]: (string | Record<string, unknown>)[],
): [string, Record<string, unknown>] {
  const { typed, ...others } = changes as { typed?: { name: string } };
  const line = ["svc/web", "8080:80", ...String(more).split(" ")];
  return [String(more), { ...others, typed: { ...typed, line } }];
}
const chosen = (changes: Record<string, unknown>) => ({
  options: { selection: { ...selection, ...changes } },
});
const groups = (name: string, line: string, ...all: unknown[]) => ({
  ...base,
  typed: { name, line: line.split(" ") },
  options: { ...base.options, groups: all },
});

Deno.test("backgroundArgs(): paths are absolute, and the context is fixed", () => {
  const line =
    "-n shop svc/web unix:run/a.sock:80 --kubeconfig k -d --name w -o json --record=r.har -q";
  assert.deepEqual(
    backgroundArgs(line.split(" "), { context: "lab", workingDir: "/home/me" }),
    "-n shop svc/web unix:/home/me/run/a.sock:80 --kubeconfig /home/me/k --record=/home/me/r.har --context=lab"
      .split(" "),
  );
});

testResolve([
  {
    line: "forward svc/web 8080:80",
    options: base,
    changes: [
      ["--balance", { options: { balance: true } }],
      ["--free", { options: { free: true } }],
      ["--address 0.0.0.0", { options: { address: "0.0.0.0" } }],
      ["--grace 5s", { options: { graceMs: 5000 } }],
      ["-o jsonl", { format: "jsonl" }],
      ["--no-live", { live: false }],
      ["--metrics 9090", { options: { metrics: { hostname: "127.0.0.1", port: 9090 } } }],
      ["--metrics [::1]:0", { options: { metrics: { hostname: "::1", port: 0 } } }],
      ["--inspect", { options: { traffic: { inspect: true } }, isRepeatable: false }],
      ["--record f.har", { record: "f.har" }],
      [
        "--fault latency=1s",
        {
          options: {
            traffic: {
              faults: {
                latencyMs: 1000,
                jitterMs: 0,
                bandwidth: undefined,
                drop: 0,
                reset: 0,
              },
            },
          },
        },
      ],
      ["--detach", { detach: true }],
      ["-d --name w", { detach: true, typed: { name: "w" } }],
      ["-q", { quiet: true }],
      ["-P", { pick: true, isRepeatable: false }],
      ["-n a -n b", chosen({ namespaces: { kind: "named", names: ["a", "b"] } })],
      ["-A", chosen({ namespaces: { kind: "all" } })],
      ["-m x", chosen({ match: [{ kind: "substring", text: "x" }] })],
      ["-x y", chosen({ exclude: [{ kind: "substring", text: "y" }] })],
      ["-l app=web", chosen({ labelSelector: "app=web" })],
      [
        "--field-selector status.podIP=10.0.0.7",
        chosen({ fieldSelector: "status.podIP=10.0.0.7" }),
      ],
      ["--node n1", chosen({ node: "n1" })],
      ["--from-run last --failed --skipped --differing --same-as web-0", {
        options: {
          groups: [{
            targets: [web, { kind: "pod", name: "web-0" }],
            ports: [port(8080, 80)],
          }],
        },
        isRepeatable: false,
      }],
      ["--context c", { options: { contexts: ["c"] } }],
    ].map(typedToo),
    errors: [
      ["1:2:3", /2:3 is not a port/],
      ["8000-8002:80", /3 local ports can't lead to 1/],
      ["0", /ports are 1 to 65535/],
      ["70000", /ports are 1 to 65535/],
      ["9-8", /9-8 ends before it starts/],
      ["--metrics x", /not a port or an address/],
      ["--name w", /--name is for --detach/],
      ["--detach --inspect", /--inspect and --detach/],
      ["--fault speed=1", /the names are latency/],
    ],
  },
  {
    line: "forward svc/web 8443:https svc/db 5432 http",
    options: groups(
      "svc-web",
      "svc/web 8443:https svc/db 5432 http",
      { targets: [web], ports: [port(8443, "https")] },
      { targets: [db], ports: [port(5432), { local: { kind: "same" }, remote: "http" }] },
    ),
  },
  {
    line: "forward web-0 shop/web-1 :80 8000-8001:9000-9001 unix:/run/a:80",
    options: groups("web-0", "web-0 shop/web-1 :80 8000-8001:9000-9001 unix:/run/a:80", {
      targets: [{ kind: "pod", name: "web-0" }, { kind: "pod", name: "web-1", namespace: "shop" }],
      ports: [
        { local: { kind: "free" }, remote: 80 },
        port(8000, 9000),
        port(8001, 9001),
        { local: { kind: "unix", path: "/run/a" }, remote: 80 },
      ],
    }),
  },
  { line: "forward list", options: {}, changes: [["-o yaml", { format: "yaml" }]] },
  { line: "forward status w", options: { name: "w" }, changes: [["-o json", { format: "json" }]] },
  { line: "forward logs", options: {} },
  {
    line: "forward stop w",
    options: { name: "w", forget: false },
    changes: [["--forget", { forget: true }]],
  },
  {
    line: "forward up w",
    options: { name: "w", yes: false },
    changes: [["--yes", { yes: true }], ["-o json", { format: "json" }]],
  },
  { line: "forward --free", error: /nothing to forward to/ },
  { line: "forward 8080:80", error: /the ports are given, and no pod/ },
], {
  // The content of a file: the parser's own test.
  from: {} as never,
});
