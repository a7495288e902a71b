/** Output of the embedded cluster's commands. */
import type {
  ClusterEvent,
  ClusterState,
  DeadCluster,
  RunningCluster,
} from "../../../actions/cluster_control.ts";
import { plural } from "../../../base/plural.ts";
import { commandLine } from "../../../base/shell_quote.ts";
import { printable } from "../../../terminal/printable.ts";
import { BadValue, choice, count, text, value } from "../../parser/flag.ts";
import { jsonDocument } from "../../../present/json.ts";

const formats = choice(["json"]);

/** The flags that all cluster commands have. */
export const clusterFlags = {
  data: value("folder in which the cluster stores its objects", text, {
    placeholder: "DIR",
    completion: { kind: "files" },
  }),
  output: value("output format", formats.parse, { short: "o", ...formats }),
};

/** A port of this machine; undefined for 0, the convention for any free port. */
export function portNumber(raw: string): number | undefined {
  if (/^0+$/.test(raw)) return undefined;
  const port = count(raw);
  if (port > 65_535) throw new BadValue(raw, "a port is a number up to 65535");
  return port;
}

/** Returns the cluster that the flags name. */
export function clusterFolder({ data }: { data: string | undefined }): { data?: string } {
  return data === undefined ? {} : { data };
}

/** Returns the state as text, with the args that point kubectl and kodama at the cluster; or as JSON. */
export function clusterStateText(state: ClusterState, format: "json" | undefined): string {
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
export function clusterEventLine(event: ClusterEvent): string | undefined {
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
