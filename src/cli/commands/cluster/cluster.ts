/** `kodama cluster`. */
import type {
  ClusterEvent,
  ClusterStart,
  ClusterState,
  DeadCluster,
  RunningCluster,
} from "../../../actions/cluster_control.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { failure, success } from "../../exit_codes.ts";
import type { Invocation } from "../../invocation.ts";
import { defineCommand } from "../../parser/command.ts";
import { BadValue, choice, count, text, toggle, value } from "../../parser/flag.ts";
import { plural } from "../../../base/plural.ts";
import { commandLine } from "../../../base/shell_quote.ts";
import { printable } from "../../../terminal/printable.ts";
import { jsonDocument } from "../../../present/json.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Sink } from "../../../terminal/sink.ts";

/* Output of the embedded cluster's commands. */

/** The flags that all cluster commands have. */
const clusterFlags = {
  data: value("folder in which the cluster stores its objects", text, {
    placeholder: "DIR",
    completion: { kind: "files" },
  }),
  output: value("output format", choice(["json"]), { short: "o" }),
};

/** A port of this machine; undefined for 0, the convention for any free port. */
function portNumber(raw: string): number | undefined {
  if (/^0+$/.test(raw)) return undefined;
  const port = count(raw);
  if (port > 65_535) throw new BadValue(raw, "a port is a number up to 65535");
  return port;
}

/** Returns the cluster that the flags name. */
function clusterFolder({ data }: { data: string | undefined }): { data?: string } {
  return data === undefined ? {} : { data };
}

/** Returns the state as text, with the args that point kubectl and kodama at the cluster; or as JSON. */
function clusterStateText(state: ClusterState, format: "json" | undefined): string {
  if (format === "json") return jsonDocument(state);
  return stateLines(state).map((line) => `${printable(line)}\n`).join("");
}

function stateLines(state: ClusterState): string[] {
  switch (state.phase) {
    case "stopped":
      if (state.ended !== null) return endedLines(state.ended);
      return state.died === null ? ["The embedded cluster is not running."] : diedLines(state.died);
    case "starting":
      return [`The embedded cluster is starting: ${startingText(state.pods)}.`];
    case "running":
      return runningLines(state);
  }
}

function runningLines({ server, context, kubeconfig, world, pods, data }: RunningCluster) {
  return [
    `The embedded cluster runs at ${server}`,
    `  world    ${world}`,
    `  context  ${context}`,
    `  pods     ${podsText(pods)}`,
    ...(data === null ? [] : [`  stored in${data}`]),
    "",
    "To use it in this shell:",
    `  export KUBECONFIG=${commandLine([kubeconfig])}`,
  ];
}

function endedLines({ server, world, pods, pid, data }: RunningCluster): string[] {
  const what = `world ${world}, ${plural(pods.expected, "pod")}, process ${pid}`;
  return [
    `The embedded cluster at ${server} has ended (${what}).`,
    ...(data === null
      ? []
      : [`Its objects stay: kodama cluster up --data ${commandLine([data])} uses them again.`]),
  ];
}

function diedLines({ pid, startedAt, log }: DeadCluster): string[] {
  return [
    `The embedded cluster is not running: process ${pid}, started at ${startedAt}, was killed or crashed.`,
    `  log      ${log}`,
  ];
}

function podsText({ ready, expected }: RunningCluster["pods"]): string {
  return expected === 0 ? "none" : `${ready} of ${expected} ready`;
}

/** Before the API server answers, no pods are known. */
function startingText(pods: RunningCluster["pods"]): string {
  return pods.expected === 0 ? "waiting for its API server" : `waiting for pods: ${podsText(pods)}`;
}

/** Returns the progress line for standard error; undefined for an event that needs none. */
function clusterEventLine(event: ClusterEvent): string | undefined {
  switch (event.kind) {
    case "joined":
      return "another start of the cluster is under way: waiting for it";
    case "progress":
      return startingText(event.pods);
    case "stopping":
      return `waiting for process ${event.pid} to end its pods`;
    case "killed":
      return `process ${event.pid} did not end in time and was killed`;
    case "ready":
      return undefined;
  }
}

type Format = "json" | undefined;

/** `kodama cluster up`. */
const up = defineCommand({
  description:
    "Starts a small Kubernetes on this machine: a real API server for kubectl and kodama, whose pods " +
    "are local processes. It needs no other program and no network, and runs until kodama cluster " +
    "down. If it is running already, its address is printed.\n\n" +
    "Each start creates the objects of its world, and nothing else remains of an earlier start. With " +
    "--data, objects, claims, port and credentials are stored in a folder, and the next start with " +
    "that folder uses them again.",
  flags: {
    world: value(
      "objects to start with: weka, fleet, empty, or a file of manifests; sizes follow a colon (default weka)",
      text,
      { placeholder: "WORLD" },
    ),
    port: value("port of the API server on 127.0.0.1 (default a free one)", portNumber, {
      placeholder: "PORT",
    }),
    foreground: toggle("run in the foreground, until Ctrl-C"),
    ...clusterFlags,
  },
  examples: {
    "Start a cluster": "kodama cluster up",
    "With 300 drive pods": "kodama cluster up --world weka:drives=300",
    "With the objects of a file": "kodama cluster up --world ./pods.yaml",
    "With objects that are stored in a folder": "kodama cluster up --data ./lab",
  },
  seeAlso: ["kodama cluster status --help", "kodama cluster down --help"],
  resolve: ({ flags: { world, port, foreground, output, data } }) => ({
    start: {
      ...clusterFolder({ data }),
      ...(world === undefined ? {} : { world }),
      ...(port === undefined ? {} : { port }),
    },
    foreground,
    format: output,
  }),
  async run({ start, foreground, format }, invocation) {
    if (foreground) return await serve(start, format, invocation);
    const { host, signals, terminal } = invocation;
    const opened = await host();
    const control = await opened.cluster();
    using wait = new DelayedProgress(terminal.stderr, opened.clock);
    const state = await interruptible(
      signals,
      (signal) => control.up({ ...start, signal, onEvent: wait.notice }),
    );
    await terminal.stdout.write(clusterStateText(state, format));
    return success;
  },
});

/** Unlike other work, the command waits for its end: its pods run until then. */
async function serve(
  start: ClusterStart,
  format: Format,
  { host, signals, terminal }: Invocation,
): Promise<number> {
  const opened = await host();
  const control = await opened.cluster();
  const stop = new AbortController();
  using _listening = signals.listen(() => stop.abort());
  using wait = new DelayedProgress(terminal.stderr, opened.clock);
  const progress = (event: ClusterEvent) => {
    if (event.kind !== "ready") return wait.notice(event);
    // A closed pipe isn't an error here: the cluster keeps running until it is stopped.
    terminal.stdout.write(clusterStateText(event.state, format)).catch(() => {});
  };
  await control.serve({ ...start, signal: stop.signal, onEvent: progress });
  return success;
}

/** `kodama cluster down`. */
const down = defineCommand({
  description:
    "Stops the embedded cluster and all processes in its pods, and prints what it stopped. The files " +
    "of its pods are deleted; the objects and claims of a cluster with --data are retained. It is not " +
    "an error if no cluster is running.",
  flags: clusterFlags,
  examples: {
    "Stop the cluster": "kodama cluster down",
    "Stop a cluster that stores its objects in a folder": "kodama cluster down --data ./lab",
  },
  seeAlso: ["kodama cluster up --help starts a cluster."],
  resolve: ({ flags }) => ({ folder: clusterFolder(flags), format: flags.output }),
  async run({ folder, format }, { host, signals, terminal }) {
    const opened = await host();
    const control = await opened.cluster();
    using wait = new DelayedProgress(terminal.stderr, opened.clock);
    const state = await interruptible(
      signals,
      (signal) => control.down({ ...folder, signal, onEvent: wait.notice }),
    );
    await terminal.stdout.write(clusterStateText(state, format));
    return success;
  },
});

/** `kodama cluster status`. */
const status = defineCommand({
  description:
    "Prints whether the embedded cluster is running, its address, how many of its pods are ready, and " +
    "how to use it.",
  flags: clusterFlags,
  examples: {
    "Show the status": "kodama cluster status",
    "As JSON, for a script": "kodama cluster status -o json",
  },
  exitCodes: [["0", "it is running"], ["1", "it is not running, or is still starting"]],
  seeAlso: ["kodama cluster up --help starts a cluster."],
  resolve: ({ flags }) => ({ folder: clusterFolder(flags), format: flags.output }),
  async run({ folder, format }, { host, terminal }) {
    const state = await (await (await host()).cluster()).status(folder);
    await terminal.stdout.write(clusterStateText(state, format));
    return state.phase === "running" ? success : failure;
  },
});

/* Progress lines of a wait on standard error, once it has lasted longer than expected. */

/** A shorter wait gets no message. */
const silentMs = 1000;

/** Prints the events, starting with the latest one before the first message was due. Dispose of it at the end. */
export class DelayedProgress implements Disposable {
  readonly #timer: Disposable;
  #silent = true;
  #latest: string | undefined;

  constructor(private readonly sink: Sink, clock: Clock) {
    this.#timer = clock.timer(silentMs, () => {
      this.#silent = false;
      this.#write();
    });
  }

  /** The callback for the events of the wait. */
  readonly notice = (event: ClusterEvent): void => {
    this.#latest = clusterEventLine(event);
    if (!this.#silent) this.#write();
  };

  #write(): void {
    if (this.#latest === undefined) return;
    // Informational: the wait depends neither on its speed nor on anyone reading it.
    this.sink.write(`${printable(this.#latest)}\n`).catch(() => {});
    this.#latest = undefined;
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }
}

/** The commands of this file, by name. */
export const commands = { up, down, status };
