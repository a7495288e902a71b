/**
 * All commands: name, one line, and where to load it from. Only this is read at the
 * start; the body of a command is loaded when it was chosen.
 */
import type { Command } from "./parser/command.ts";
import type { Branch, CommandLeaf } from "./parser/node.ts";
import { withGlobalFlags } from "./parser/global_flags.ts";

/** Headings of `kodama --help` and the commands under each. Every command of the root is listed once. */
const sections: NonNullable<Branch["sections"]> = [
  ["Pods", [
    ..."exec run shell tmux logs cp pods pick forward wait k watch top ui web runs".split(" "),
    ..."schedule workflow".split(" "),
  ]],
  ["Sessions", [
    ..."start list get attach open ssh-config share transfer set stop resume pull pr".split(" "),
    ..."clone snapshot snapshots restore delete session template image sync".split(" "),
  ]],
  ["Agents", ["prompt", "interrupt", "agent"]],
  ["Language models", ["ask", "memory", "instructions", "mcp", "model"]],
  ["Plugins", ["plugin"]],
  ["Embedded cluster", ["cluster"]],
  ["Housekeeping", ["config", "lsp", "completion", "doctor", "metrics", "version", "help"]],
];

/** Flags of pod commands that people put before the command, like kubectl's global flags: they take a value. */
export const leadingValueFlags: readonly string[] = [
  ..."-n --namespace --context --kubeconfig -o --output --color -v --verbose --as".split(" "),
  ..."--as-group --as-uid --cluster --user --server --token --request-timeout".split(" "),
];

const leaf = (summary: string, load: CommandLeaf["load"]): CommandLeaf => ({
  kind: "leaf",
  summary,
  dials: false,
  load,
});

const dialling = (summary: string, load: CommandLeaf["load"]): CommandLeaf => ({
  ...leaf(summary, async () => ({ command: withGlobalFlags((await load()).command) })),
  dials: true,
});

/** Adds `--explain` to a command. */
const explained = (command: CommandLeaf): CommandLeaf => ({
  ...command,
  load: async () => {
    const [{ withExplanation }, loaded] = await Promise.all([
      import("./commands/ask/explained.ts"),
      command.load(),
    ]);
    return { command: withExplanation(loaded.command) };
  },
});

const branch = (
  summary: string,
  commands: Branch["commands"],
  sections?: Branch["sections"],
): Branch => ({
  kind: "branch",
  summary,
  ...(sections === undefined ? {} : { sections }),
  commands,
});

/** Files with the commands of a group. */
const memory = () => import("./commands/memory.ts");
const instructions = () => import("./commands/instructions.ts");
const image = () => import("./commands/image.ts");
const template = () => import("./commands/template/template.ts");
const config = () => import("./commands/config/config.ts");
const cluster = () => import("./commands/cluster/cluster.ts");
const snapshots = () => import("./commands/snapshots/snapshots.ts");
const runs = () => import("./commands/runs/runs.ts");
const schedules = () => import("./commands/schedule.ts");
const prompts = () => import("./commands/prompt/prompt.ts");
const agent = () => import("./commands/agent/agent.ts");
const model = () => import("./commands/model/model.ts");
const plugin = () => import("./commands/plugin/plugin.ts");
const sync = () => import("./commands/sync/sync.ts");
const forwards = () => import("./commands/forward/forwards.ts");
const workflows = () => import("./commands/workflow/workflow.ts");
const sessionList = () => import("./commands/session/list.ts");
const sessionShare = () => import("./commands/session/share.ts");
const sessionBranch = () => import("./commands/session/branch.ts");
const sessionStop = () => import("./commands/session/stop.ts");
const sessionClone = () => import("./commands/session/clone.ts");
const sessionSsh = () => import("./commands/session/ssh.ts");
const trust = () => import("./commands/workflow/trust.ts");

/** Returns how to load one command of such a file. */
const from = <Name extends string>(
  load: () => Promise<{ commands: Readonly<Record<Name, Command>> }>,
  name: Name,
): CommandLeaf["load"] =>
async () => ({ command: (await load()).commands[name] });

/** The session commands: they are at the root, and below `session` too. */
const sessionCommands = {
  start: dialling(
    "start a session, or resume an interrupted start",
    () => import("./commands/session/start.ts"),
  ),
  list: dialling("list sessions", from(sessionList, "list")),
  get: dialling("show one session", from(sessionList, "get")),
  attach: dialling("open a shell in a session", () => import("./commands/session/attach.ts")),
  open: dialling("open a session in an editor", from(sessionSsh, "open")),
  "ssh-config": dialling("make a session a host of SSH clients", from(sessionSsh, "ssh-config")),
  share: dialling("print how a teammate can attach", from(sessionShare, "share")),
  transfer: dialling("give a session another owner", from(sessionShare, "transfer")),
  set: dialling(
    "change image, resources and limits of a session",
    () => import("./commands/session/set.ts"),
  ),
  stop: dialling("stop a session and keep its volumes", from(sessionStop, "stop")),
  resume: dialling("start a stopped session again", from(sessionStop, "resume")),
  pull: dialling("fetch a session's branch into this repository", from(sessionBranch, "pull")),
  pr: dialling("open a pull request of a session's branch", from(sessionBranch, "pr")),
  clone: dialling("clone a session", from(sessionClone, "clone")),
  snapshot: dialling("save a session's files", from(snapshots, "snapshot")),
  restore: dialling("restore a session's files", from(sessionClone, "restore")),
  delete: dialling("delete a session", from(sessionStop, "delete")),
} satisfies Record<string, CommandLeaf>;

/** The commands of their snapshots: below `snapshots`, and `session snapshots`. */
const snapshotsCommands = {
  list: dialling("list snapshots", from(snapshots, "list")),
  delete: dialling("delete snapshots", from(snapshots, "delete")),
} satisfies Record<string, CommandLeaf>;

function synonym(name: keyof typeof sessionCommands): CommandLeaf {
  return { ...sessionCommands[name], synonymOf: [name] };
}

function sessionSynonyms(): Branch["commands"] {
  const names = Object.keys(sessionCommands) as (keyof typeof sessionCommands)[];
  return Object.fromEntries(names.map((name) => [name, synonym(name)]));
}

/** The root. Keys are the names that a person types. */
export const tree: Branch = branch("pick pods, run things in all of them at once", {
  exec: explained(
    dialling("run one command in every matching pod", () => import("./commands/exec/exec.ts")),
  ),
  run: explained(dialling("run a checked-in workflow", () => import("./commands/run/run.ts"))),
  shell: dialling("open a shell in one pod", () => import("./commands/shell/shell.ts")),
  tmux: dialling("open a pane of tmux for each pod", () => import("./commands/tmux/tmux.ts")),
  logs: explained(
    dialling("logs of every matching container", () => import("./commands/logs/logs.ts")),
  ),
  cp: dialling("copy files to and from every matching pod", () => import("./commands/cp/cp.ts")),
  pods: explained(
    dialling("list the pods that a selection matches", () => import("./commands/pods/pods.ts")),
  ),
  pick: dialling("choose pods, and print their names", () => import("./commands/pick/pick.ts")),
  forward: {
    ...explained(
      dialling("forward local ports to pods", () => import("./commands/forward/forward.ts")),
    ),
    commands: {
      list: leaf("list forwards in the background", from(forwards, "list")),
      status: leaf("show what they have carried", from(forwards, "status")),
      logs: leaf("print their messages", from(forwards, "logs")),
      stop: leaf("stop forwards in the background", from(forwards, "stop")),
      up: leaf("start a named set of forwards", from(forwards, "up")),
    },
  },
  ui: dialling(
    "show objects, logs and runs in tabs and tiled panes",
    () => import("./commands/ui.ts"),
  ),
  web: dialling(
    "serve a page of sessions and runs to a browser",
    () => import("./commands/web.ts"),
  ),
  top: dialling("show the CPU and memory of pods and nodes", () => import("./commands/top/top.ts")),
  wait: explained(
    dialling("wait until objects are in a state", () => import("./commands/wait.ts")),
  ),
  k: {
    ...leaf("run kubectl, and confirm what it changes first", () => import("./commands/k/k.ts")),
    passesArgs: true,
  },
  watch: explained(dialling("watch objects change", () => import("./commands/watch.ts"))),
  runs: branch("list and rerun past runs", {
    list: explained(leaf("list past runs", from(runs, "list"))),
    show: explained(leaf("show how each pod of a run ended", from(runs, "show"))),
    report: leaf("write a run as an HTML page", from(runs, "report")),
    diff: leaf("show what has changed between two runs", from(runs, "diff")),
    rerun: dialling(
      "run a past run again, or its failed pods",
      () => import("./commands/runs/rerun.ts"),
    ),
    follow: dialling("follow a run in the cluster to its end", from(runs, "follow")),
    stop: dialling("stop a run in the cluster", from(runs, "stop")),
    shard: dialling("run one shard, in a pod of a run in the cluster", from(runs, "shard")),
  }),
  schedule: branch("run workflows in the cluster at set times", {
    add: dialling("run a workflow at set times", from(schedules, "add")),
    list: dialling("list schedules", from(schedules, "list")),
    remove: dialling("remove a schedule, with its runs", from(schedules, "remove")),
  }),
  workflow: branch("list, check and create workflow files", {
    list: leaf("list the workflows that can be run", from(workflows, "list")),
    show: leaf("show what a workflow does", from(workflows, "show")),
    check: leaf("report problems in workflow files", from(workflows, "check")),
    rights: leaf("print the Role that a workflow needs", from(workflows, "rights")),
    test: leaf("run tests of workflows", from(workflows, "test")),
    new: leaf("create a workflow file", () => import("./commands/workflow/new.ts")),
    schema: leaf("print the JSON Schema of workflow files", from(workflows, "schema")),
    trust: branch("manage which workflows may run", {
      add: leaf("review a workflow and trust it", from(trust, "add")),
      list: leaf("list what is trusted", from(trust, "list")),
      revoke: leaf("revoke trust", from(trust, "revoke")),
      lock: leaf("print a lock file, for CI", from(trust, "lock")),
    }),
  }),
  ...sessionCommands,
  ls: synonym("list"),
  snapshots: branch("snapshots of sessions in the cluster", snapshotsCommands),
  session: branch("all session commands, grouped", {
    ...sessionSynonyms(),
    ls: synonym("list"),
    snapshots: branch("snapshots of sessions in the cluster", {
      list: { ...snapshotsCommands.list, synonymOf: ["snapshots", "list"] },
      delete: { ...snapshotsCommands.delete, synonymOf: ["snapshots", "delete"] },
    }),
  }),
  prompt: dialling("give a task to a session's agent", from(prompts, "prompt")),
  interrupt: dialling("stop a session's agent", from(prompts, "interrupt")),
  agent: branch("tasks of a session's agent", {
    list: dialling("list the agent's tasks", from(agent, "list")),
    logs: dialling("show what the agent did for a task", from(agent, "logs")),
    watch: dialling("notify when an agent waits or has ended", from(agent, "watch")),
    approve: dialling("let the agent use a tool that it waits for", from(agent, "approve")),
    deny: dialling("refuse the agent a tool that it waits for", from(agent, "deny")),
  }),
  template: branch("session templates", {
    list: leaf("list templates", from(template, "list")),
    show: leaf("print a template", from(template, "show")),
  }),
  image: branch("the image of sessions", {
    build: leaf("build it, and push it", from(image, "build")),
    check: dialling("check whether sessions can use an image", from(image, "check")),
  }),
  sync: branch("keep a local folder and one in a pod in sync", {
    start: dialling("keep two folders in sync", from(sync, "start")),
    list: leaf("list the syncs of this machine", from(sync, "list")),
    status: leaf("show the state of a sync", from(sync, "status")),
    flush: leaf("wait until both sides are in sync", from(sync, "flush")),
    undo: leaf("put back files that the pod removed or replaced", from(sync, "undo")),
    conflicts: leaf("list the copies stored for conflicts", from(sync, "conflicts")),
    pause: leaf("pause a sync", from(sync, "pause")),
    resume: leaf("resume a paused sync", from(sync, "resume")),
    stop: leaf("stop a sync", from(sync, "stop")),
    up: leaf("start syncs again after a reboot", from(sync, "up")),
  }),
  ask: dialling(
    "answer a question about the cluster, or do a task",
    () => import("./commands/ask/ask.ts"),
  ),
  memory: branch("what models have noted about a context", {
    show: leaf("print the notes", from(memory, "show")),
    set: leaf("replace the notes", from(memory, "set")),
    clear: leaf("remove the notes", from(memory, "clear")),
    enable: leaf("let models use notes", from(memory, "enable")),
    disable: leaf("let no model use notes", from(memory, "disable")),
  }),
  instructions: branch("what models should always know from you", {
    show: leaf("print the instructions", from(instructions, "show")),
    set: leaf("replace the instructions", from(instructions, "set")),
    clear: leaf("remove the instructions", from(instructions, "clear")),
  }),
  mcp: {
    ...dialling("serve kodama's tools to an agent", () => import("./commands/mcp/mcp.ts")),
    commands: {
      install: leaf(
        "register the MCP server with Claude Code or VS Code",
        () => import("./commands/mcp/install.ts"),
      ),
    },
  },
  model: branch("the language models that kodama asks", {
    list: leaf("list models, and where their keys are", from(model, "list")),
    show: leaf("show how models are reached", from(model, "show")),
    test: leaf("ask models a question, and measure them", from(model, "test")),
    stats: leaf("print what models have cost", from(model, "stats")),
  }),
  plugin: branch("panes of your own, in WebAssembly", {
    new: leaf("create a plugin's project", from(plugin, "new")),
    build: leaf("build a plugin's project", from(plugin, "build")),
    list: leaf("list the configured plugins", from(plugin, "list")),
    check: leaf("check a plugin's file", from(plugin, "check")),
    test: leaf("run a plugin without a screen", from(plugin, "test")),
  }),
  cluster: branch("the embedded Kubernetes, for trying things out", {
    up: leaf("start the embedded cluster", from(cluster, "up")),
    down: leaf("stop the embedded cluster", from(cluster, "down")),
    status: leaf(
      "print whether the embedded cluster is running, and its address",
      from(cluster, "status"),
    ),
  }),
  config: branch("read and change the settings", {
    get: leaf("print one setting", from(config, "get")),
    set: leaf("change one setting", from(config, "set")),
    unset: leaf("return one setting to its default", from(config, "unset")),
    view: leaf("print all settings", from(config, "view")),
    path: leaf("print the path of config.yaml", from(config, "path")),
    schema: leaf("print the JSON Schema of the settings", from(config, "schema")),
  }),
  lsp: leaf("serve an editor of workflow files", () => import("./commands/lsp.ts")),
  completion: leaf("print a completion script", () => import("./commands/completion.ts")),
  doctor: dialling("check what kodama needs here", () => import("./commands/doctor.ts")),
  metrics: dialling(
    "print metrics of sessions, agents, runs and forwards",
    () => import("./commands/metrics.ts"),
  ),
  version: leaf("print the version", () => import("./commands/version.ts")),
  help: leaf("explain a command", async () => {
    const { commandOf } = await import("./commands/help.ts");
    return { command: commandOf(tree) };
  }),
}, sections);
