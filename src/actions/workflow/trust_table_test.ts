/** The tables of `docs/security.md` about the workflows and devcontainers of a repository. */
import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { readDevContainer } from "../../session/dev_container.ts";
import { stepKinds } from "../../workflow/step_registry.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { readWorkflow } from "./files.ts";
import { ensureTrusted } from "./trust.ts";
import { trustSubject } from "./trust_subject.ts";

const page = await Deno.readTextFile(new URL("../../../docs/security.md", import.meta.url));

/** Returns the first two cells of each row of the table with this head. */
function tableOf(head: string): (readonly [name: string, text: string])[] {
  const table = page.split("\n\n").find((part) => part.startsWith(`| ${head} `)) ?? "";
  return [...table.matchAll(/^\| `([^`]+)` *\| (.+?) *\|$/gm)]
    .map(([, name = "", text = ""]) => [name, text] as const);
}

/** Steps of each kind, and whether a workflow of them needs trust. */
const samples: Readonly<
  Record<string, readonly (readonly [steps: string, needsTrust: boolean])[]>
> = {
  exec: [
    ["[{exec: [cat, /etc/hostname]}]", false],
    ["[{exec: [touch, /tmp/x]}]", true],
    ["[{exec: cat /etc/hostname}]", true],
    ["[{exec: [cat, /etc/hostname], env: {PATH: /tmp}}]", true],
    ["[{exec: [cat, /run/secrets/x]}]", true],
    ["[{exec: [env]}]", true],
    ["[{exec: [getent, hosts, data.example]}]", true],
  ],
  logs: [["[{logs: {tail: 1}}]", false]],
  copy: [
    ["[{copy: {from: a, to: ':/tmp/a'}}]\npermissions: {read: [a]}", true],
    ["[{copy: {from: ':/etc/hostname', to: a}}]\npermissions: {write: [a]}", true],
  ],
  wait: [["[{wait: ready}]", false], ["[{wait: 1s}]", false]],
  forward: [["[{forward: 80}]", false]],
  tmux: [["[{tmux: []}]", true], ["[{tmux: [uptime]}]", true], ["[{tmux: [reboot]}]", true]],
  kubectl: [
    ["[{kubectl: [get, pods]}]", false],
    ["[{kubectl: [get, secrets]}]", true],
    ["[{kubectl: [get, --raw, /api]}]", true],
    ["[{kubectl: [delete, pod, x]}]", true],
  ],
  apply: [["[{apply: [a.yaml]}]\npermissions: {read: [a.yaml]}", true]],
  shell: [["[{shell: [ls]}]\npermissions: {run: [ls]}", true]],
  script: [["[{script: kodama.output(1)}]", false]],
  http: [["[{http: https://a.example/}]\npermissions: {net: [a.example]}", true]],
  prompt: [["[{prompt: Go on?}]", false]],
  pick: [["[{pick: Which?, from: [a, b]}]", false]],
  check: [["[{check: '${{ true }}'}]", false]],
  workflow: [["[{workflow: ./reads.yaml}]", false], ["[{workflow: ./changes.yaml}]", true]],
  group: [["[{group: {steps: [{exec: [ls]}]}}]", false], [
    "[{group: {steps: [{exec: [reboot]}]}}]",
    true,
  ]],
  foreach: [
    ["[{foreach: [a], steps: [{exec: [ls]}]}]", false],
    ["[{foreach: [a], steps: [{exec: [reboot]}]}]", true],
  ],
  parallel: [
    ["[{parallel: [{exec: [ls]}]}]", false],
    ["[{parallel: [{exec: [reboot]}]}]", true],
  ],
  batches: [
    ["[{batches: {serial: [1], steps: [{exec: [ls]}]}}]", false],
    ["[{batches: {serial: [1], steps: [{exec: [reboot]}]}}]", true],
  ],
};

async function needsTrust(steps: string): Promise<boolean> {
  const select = "select: {match: web}\n";
  const { host } = simulatedHost({}, {
    files: {
      "/project/workflows/x.yaml": `${select}steps: ${steps}\n`,
      "/project/workflows/reads.yaml": `${select}steps: [{exec: [ls]}]\n`,
      "/project/workflows/changes.yaml": `${select}steps: [{exec: [reboot]}]\n`,
      "/project/workflows/a.yaml": "",
    },
  });
  const subject = await trustSubject(host, await readWorkflow(host, "x"));
  try {
    await ensureTrusted(host, subject, { trustNow: false });
    return false;
  } catch (error) {
    if (error instanceof KodamaError && error.kind === "untrusted") return true;
    throw error;
  }
}

Deno.test("docs/security.md says of each kind of step whether it runs without trust", async () => {
  const rows = new Map(tableOf("step"));
  assert.deepEqual([...rows.keys()], stepKinds.map(({ name }) => name));
  for (const [name, text] of rows) {
    const answers = new Set<boolean>();
    for (const [steps, expected] of samples[name] ?? []) {
      assert.equal(await needsTrust(steps), expected, `${name}: ${steps}`);
      answers.add(expected);
    }
    assert.ok(answers.size > 0, `no sample of ${name}`);
    assert.equal(text === "no", !answers.has(false), `${name}: ${text}`);
    assert.equal(/^(?:yes|it can only)/.test(text), !answers.has(true), `${name}: ${text}`);
  }
});

/** A value of each property of the specification. https://containers.dev/implementors/json_reference/ */
const properties: Readonly<Record<string, unknown>> = {
  image: "debian",
  build: { dockerfile: "Dockerfile", args: {} },
  dockerFile: "Dockerfile",
  context: "..",
  dockerComposeFile: "compose.yaml",
  service: "a",
  runServices: ["a"],
  appPort: [80],
  containerEnv: { A: "b" },
  remoteEnv: { A: "b" },
  containerUser: "me",
  remoteUser: "me",
  updateRemoteUserUID: false,
  userEnvProbe: "loginShell",
  mounts: ["source=/,target=/x,type=bind"],
  workspaceMount: "source=/,target=/x,type=bind",
  workspaceFolder: "/x",
  runArgs: ["--privileged"],
  init: true,
  privileged: true,
  capAdd: ["SYS_ADMIN"],
  securityOpt: ["seccomp=unconfined"],
  overrideCommand: false,
  shutdownAction: "none",
  forwardPorts: [80],
  portsAttributes: { 80: { onAutoForward: "openBrowser" } },
  otherPortsAttributes: {},
  features: { "./own": {} },
  overrideFeatureInstallOrder: ["./own"],
  secrets: { A: {} },
  customizations: { vscode: {} },
  extensions: ["a"],
  settings: { a: 1 },
  hostRequirements: { cpus: 2 },
  initializeCommand: "x",
  onCreateCommand: "x",
  updateContentCommand: "x",
  postCreateCommand: "x",
  postStartCommand: "x",
  postAttachCommand: "x",
  waitFor: "postCreateCommand",
  name: "a",
};

Deno.test("docs/security.md has the properties of a devcontainer.json that count, and no others", () => {
  const counting = Object.entries(properties).filter(([name, value]) => {
    const { honoured } = readDevContainer({
      path: ".devcontainer/devcontainer.json",
      text: JSON.stringify({ [name]: value }),
      folderName: "a",
      localVariables: new Map(),
    });
    return honoured.includes(name);
  }).map(([name]) => name);
  assert.deepEqual(tableOf("property").map(([name]) => name).toSorted(), counting.toSorted());
});
