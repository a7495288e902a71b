/**
 * All commands: name, one line, and where to load it from. Only this is read at the
 * start; the body of a command is loaded when it was chosen.
 */
import type { Branch, CommandLeaf } from "./parser/node.ts";
import { withGlobalFlags } from "./parser/global_flags.ts";

/** Headings of `kodama --help` and the commands under each. Every command of the root is listed once. */
const sections: NonNullable<Branch["sections"]> = [
  ["Pods", [
    "exec",
    "run",
    "shell",
    "tmux",
    "logs",
    "cp",
    "pods",
    "pick",
    "forward",
    "wait",
    "k",
    "watch",
    "top",
    "runs",
    "workflow",
  ]],
  ["Sessions", [
    "start",
    "list",
    "get",
    "attach",
    "share",
    "stop",
    "resume",
    "pull",
    "clone",
    "snapshot",
    "snapshots",
    "restore",
    "delete",
    "session",
    "template",
    "sync",
  ]],
  ["Agents", ["prompt", "interrupt", "agent"]],
  ["Language models", ["ask", "memory", "instructions", "mcp", "model"]],
  ["Plugins", ["plugin"]],
  ["Embedded cluster", ["cluster"]],
  ["Housekeeping", ["config", "lsp", "completion", "doctor", "version", "help"]],
];

/** Flags of pod commands that people put before the command, like kubectl's global flags: they take a value. */
export const leadingValueFlags: readonly string[] = [
  "-n",
  "--namespace",
  "--context",
  "--kubeconfig",
  "-o",
  "--output",
  "--color",
  "-v",
  "--verbose",
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

/** The session commands: they are at the root, and below `session` too. */
const sessionCommands = {
  start: dialling(
    "start a session, or resume an interrupted start",
    () => import("./commands/session/start.ts"),
  ),
  list: dialling("list sessions", () => import("./commands/session/list.ts")),
  get: dialling("show one session", () => import("./commands/session/get.ts")),
  attach: dialling("open a shell in a session", () => import("./commands/session/attach.ts")),
  share: dialling(
    "print how a teammate can attach",
    () => import("./commands/session/share.ts"),
  ),
  stop: dialling("stop a session and keep its volumes", () => import("./commands/session/stop.ts")),
  resume: dialling(
    "start a stopped session again",
    () => import("./commands/session/resume.ts"),
  ),
  pull: dialling(
    "fetch a session's branch into this repository",
    () => import("./commands/session/pull.ts"),
  ),
  clone: dialling("clone a session", () => import("./commands/session/clone.ts")),
  snapshot: dialling(
    "save a session's files",
    () => import("./commands/session/snapshot.ts"),
  ),
  restore: dialling(
    "restore a session's files",
    () => import("./commands/session/restore.ts"),
  ),
  delete: dialling("delete a session", () => import("./commands/session/delete.ts")),
} satisfies Record<string, CommandLeaf>;

/** The commands of their snapshots: below `snapshots`, and `session snapshots`. */
const snapshotsCommands = {
  list: dialling("list snapshots", () => import("./commands/snapshots/list.ts")),
  delete: dialling("delete snapshots", () => import("./commands/snapshots/delete.ts")),
} satisfies Record<string, CommandLeaf>;

function synonym(name: keyof typeof sessionCommands): CommandLeaf {
  return { ...sessionCommands[name], synonymOf: [name] };
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
    ...dialling("forward local ports to pods", () => import("./commands/forward/forward.ts")),
    commands: {
      list: leaf("list forwards in the background", () => import("./commands/forward/list.ts")),
      status: leaf("show what they have carried", () => import("./commands/forward/status.ts")),
      logs: leaf("print their messages", () => import("./commands/forward/logs.ts")),
      stop: leaf("stop forwards in the background", () => import("./commands/forward/stop.ts")),
      up: leaf("start a named set of forwards", () => import("./commands/forward/up.ts")),
    },
  },
  top: dialling(
    "show the CPU and memory of pods and nodes",
    () => import("./commands/top/top.ts"),
  ),
  wait: explained(
    dialling("wait until objects are in a state", () => import("./commands/wait.ts")),
  ),
  k: {
    ...leaf(
      "run kubectl, and confirm what it changes first",
      () => import("./commands/k/k.ts"),
    ),
    passesArgs: true,
  },
  watch: dialling("watch objects change", () => import("./commands/watch.ts")),
  runs: branch("list and rerun past runs", {
    list: explained(leaf("list past runs", () => import("./commands/runs/list.ts"))),
    show: explained(
      leaf("show how each pod of a run ended", () => import("./commands/runs/show.ts")),
    ),
    report: leaf("write a run as an HTML page", () => import("./commands/runs/report.ts")),
    diff: leaf("show what has changed between two runs", () => import("./commands/runs/diff.ts")),
    rerun: dialling(
      "run a past run again, or its failed pods",
      () => import("./commands/runs/rerun.ts"),
    ),
  }),
  workflow: branch("list, check and create workflow files", {
    list: leaf("list the workflows that can be run", () => import("./commands/workflow/list.ts")),
    show: leaf("show what a workflow does", () => import("./commands/workflow/show.ts")),
    check: leaf("report problems in workflow files", () => import("./commands/workflow/check.ts")),
    rights: leaf(
      "print the Role that a workflow needs",
      () => import("./commands/workflow/rights.ts"),
    ),
    graph: leaf("draw a workflow as a chart", () => import("./commands/workflow/graph.ts")),
    test: leaf("run tests of workflows", () => import("./commands/workflow/test.ts")),
    new: leaf("create a workflow file", () => import("./commands/workflow/new.ts")),
    upgrade: leaf(
      "rewrite workflow files of an earlier version of the format",
      () => import("./commands/workflow/upgrade.ts"),
    ),
    schema: leaf(
      "print the JSON Schema of workflow files",
      () => import("./commands/workflow/schema.ts"),
    ),
    trust: branch("manage which workflows may run", {
      add: leaf(
        "review a workflow and trust it",
        () => import("./commands/workflow/trust/add.ts"),
      ),
      list: leaf("list what is trusted", () => import("./commands/workflow/trust/list.ts")),
      revoke: leaf("revoke trust", () => import("./commands/workflow/trust/revoke.ts")),
      lock: leaf(
        "print a lock file, for CI",
        () => import("./commands/workflow/trust/lock.ts"),
      ),
    }),
  }),
  ...sessionCommands,
  ls: synonym("list"),
  snapshots: branch("snapshots of sessions in the cluster", snapshotsCommands),
  session: branch("all session commands, grouped", {
    start: synonym("start"),
    list: synonym("list"),
    ls: synonym("list"),
    get: synonym("get"),
    attach: synonym("attach"),
    share: synonym("share"),
    stop: synonym("stop"),
    resume: synonym("resume"),
    pull: synonym("pull"),
    clone: synonym("clone"),
    snapshot: synonym("snapshot"),
    snapshots: branch("snapshots of sessions in the cluster", {
      list: { ...snapshotsCommands.list, synonymOf: ["snapshots", "list"] },
      delete: { ...snapshotsCommands.delete, synonymOf: ["snapshots", "delete"] },
    }),
    restore: synonym("restore"),
    delete: synonym("delete"),
  }),
  prompt: dialling("give a task to a session's agent", () => import("./commands/prompt/prompt.ts")),
  interrupt: dialling("stop a session's agent", () => import("./commands/interrupt.ts")),
  agent: branch("tasks of a session's agent", {
    list: dialling("list the agent's tasks", () => import("./commands/agent/list.ts")),
    logs: dialling("show what the agent did for a task", () => import("./commands/agent/logs.ts")),
  }),
  template: branch("session templates", {
    list: leaf("list templates", () => import("./commands/template/list.ts")),
    show: leaf("print a template", () => import("./commands/template/show.ts")),
  }),
  sync: branch("keep a local folder and one in a pod in sync", {
    start: dialling("keep two folders in sync", () => import("./commands/sync/start.ts")),
    list: leaf("list the syncs of this machine", () => import("./commands/sync/list.ts")),
    status: leaf("show the state of a sync", () => import("./commands/sync/status.ts")),
    flush: leaf("wait until both sides are in sync", () => import("./commands/sync/flush.ts")),
    conflicts: leaf(
      "list the copies stored for conflicts",
      () => import("./commands/sync/conflicts.ts"),
    ),
    pause: leaf("pause a sync", () => import("./commands/sync/pause.ts")),
    resume: leaf("resume a paused sync", () => import("./commands/sync/resume.ts")),
    stop: leaf("stop a sync", () => import("./commands/sync/stop.ts")),
  }),
  ask: dialling(
    "answer a question about the cluster, or do a task",
    () => import("./commands/ask/ask.ts"),
  ),
  memory: branch("what models have noted about a context", {
    show: leaf("print the notes", () => import("./commands/memory/show.ts")),
    set: leaf("replace the notes", () => import("./commands/memory/set.ts")),
    clear: leaf("remove the notes", () => import("./commands/memory/clear.ts")),
    enable: leaf("let models use notes", () => import("./commands/memory/enable.ts")),
    disable: leaf("let no model use notes", () => import("./commands/memory/disable.ts")),
  }),
  instructions: branch("what models should always know from you", {
    show: leaf("print the instructions", () => import("./commands/instructions/show.ts")),
    set: leaf("replace the instructions", () => import("./commands/instructions/set.ts")),
    clear: leaf("remove the instructions", () => import("./commands/instructions/clear.ts")),
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
    list: leaf("list models, and where their keys are", () => import("./commands/model/list.ts")),
    show: leaf("show how models are reached", () => import("./commands/model/show.ts")),
    test: leaf("ask models a question, and measure them", () => import("./commands/model/test.ts")),
    stats: leaf("print what models have cost", () => import("./commands/model/stats.ts")),
  }),
  plugin: branch("panes of your own, in WebAssembly", {
    list: leaf("list the configured plugins", () => import("./commands/plugin/list.ts")),
    check: leaf("check a plugin's file", () => import("./commands/plugin/check.ts")),
    test: leaf("run a plugin without a screen", () => import("./commands/plugin/test.ts")),
  }),
  cluster: branch("the embedded Kubernetes, for trying things out", {
    up: leaf("start the embedded cluster", () => import("./commands/cluster/up.ts")),
    down: leaf("stop the embedded cluster", () => import("./commands/cluster/down.ts")),
    status: leaf(
      "print whether the embedded cluster is running, and its address",
      () => import("./commands/cluster/status.ts"),
    ),
  }),
  config: branch("read and change the settings", {
    get: leaf("print one setting", () => import("./commands/config/get.ts")),
    set: leaf("change one setting", () => import("./commands/config/set.ts")),
    unset: leaf("return one setting to its default", () => import("./commands/config/unset.ts")),
    view: leaf("print all settings", () => import("./commands/config/view.ts")),
    path: leaf("print the path of config.yaml", () => import("./commands/config/path.ts")),
    schema: leaf(
      "print the JSON Schema of the settings",
      () => import("./commands/config/schema.ts"),
    ),
  }),
  lsp: leaf("serve an editor of workflow files", () => import("./commands/lsp.ts")),
  completion: leaf("print a completion script", () => import("./commands/completion.ts")),
  doctor: dialling("check what kodama needs here", () => import("./commands/doctor.ts")),
  version: leaf("print the version", () => import("./commands/version.ts")),
  help: leaf("explain a command", async () => {
    const { commandOf } = await import("./commands/help.ts");
    return { command: commandOf(tree) };
  }),
}, sections);
