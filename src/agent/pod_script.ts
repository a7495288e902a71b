/** The scripts that kodama runs in a pod to start a task, to inspect tasks, and to end a task; and their failures. */
import { action, hint } from "../base/hint.ts";
import { orAborted } from "../base/abort.ts";
import { KodamaError } from "../base/errors.ts";
import { plainText } from "../base/plain_text.ts";
import { outcomeOfEnd } from "../exec/outcome.ts";
import { reportsNoShell } from "../exec/runtime_errors.ts";
import type { ExecChannel, ExecRequest } from "../kube/client.ts";
import type { Target } from "../kube/select/target.ts";
import { scriptCommand, type ScriptParts, scriptText } from "../base/shell_script.ts";
import { newMark } from "../podscript/messages.ts";
import prelude from "../podscript/prelude.sh" with { type: "text" };
import {
  explainRefusal,
  type Refusals,
  RunningScript,
  type ScriptFailure,
} from "../podscript/running_script.ts";
import acp from "./scripts/acp.sh" with { type: "text" };
import answer from "./scripts/answer.sh" with { type: "text" };
import add from "./scripts/add.sh" with { type: "text" };
import follow from "./scripts/follow.sh" with { type: "text" };
import inspect from "./scripts/inspect.sh" with { type: "text" };
import interrupt from "./scripts/interrupt.sh" with { type: "text" };
import read from "./scripts/read.sh" with { type: "text" };
import runner from "./scripts/runner.sh" with { type: "text" };
import connectTools from "./scripts/connect_tools.sh" with { type: "text" };
import offerTools from "./scripts/offer_tools.sh" with { type: "text" };
import toolsClient from "./scripts/tools_client.sh" with { type: "text" };
import tasksFolder from "./scripts/tasks_folder.sh" with { type: "text" };

/** How much of a task's output stays on the pod's disk; approximate, because it is checked every few MiB. */
export const maxEventBytes = 16 * 1024 * 1024;

/** How much of the end of any further output is stored. */
export const tailBytes = 256 * 1024;

const start = [prelude, tasksFolder];

/** The scripts by name. */
export const agentScripts = {
  add: [...start, add],
  answer: [...start, inspect, answer],
  read: [...start, inspect, read],
  follow: [...start, inspect, follow],
  interrupt: [...start, inspect, interrupt],
  runner: [
    `kodama_max_bytes=${maxEventBytes} kodama_tail_bytes=${tailBytes}\n`,
    inspect,
    runner,
  ],
  acp: [acp],
  offerTools: [prelude, offerTools],
  connectTools: [prelude, connectTools],
  toolsClient: [toolsClient],
} as const satisfies Record<string, ScriptParts>;

/** Scripts that are files in the pod. */
type FileScript = "runner" | "acp" | "toolsClient";

/** The file `runner` of a task's folder. */
export function runnerText(): string {
  return `${scriptText(agentScripts.runner)}\n`;
}

/** The file `talk` of a task whose agent speaks the Agent Client Protocol. */
export function acpText(): string {
  return `${scriptText(agentScripts.acp)}\n`;
}

/** This process's access to pods. */
export interface PodStreamOpener {
  /** Opens a stream in the target's container; rejects with a `KodamaError`, or with the signal's reason. */
  open: (target: Target, request: ExecRequest, signal: AbortSignal) => Promise<ExecChannel>;
}

/** The link ended before the script did: it isn't known whether it completed. */
export class CutError extends KodamaError {
  override readonly name = "CutError";

  constructor(target: Target, reason: string) {
    super("unreachable", `the link to ${target.pod} broke: ${reason}`, {
      hint: hint`what was started in the pod continues: \`${
        action("agent.list", { name: "NAME" })
      }\` shows it`,
    });
  }
}

/** Starts a script. Its failures are KodamaErrors; {@link CutError} if the link broke. */
export async function startAgentScript(
  streams: PodStreamOpener,
  target: Target,
  { script, args, signal }: {
    script: Exclude<keyof typeof agentScripts, FileScript>;
    args: readonly string[];
    signal: AbortSignal;
  },
): Promise<RunningScript> {
  const { namespace, pod, container } = target;
  const mark = newMark();
  const command = scriptCommand(agentScripts[script], [mark, ...args]);
  // Both scripts only print the runner's files.
  const reads = script === "read" || script === "follow";
  const request = { namespace, pod, container, command, stdin: true, tty: false, reads };
  const errorOf = (failure: ScriptFailure) => scriptError(target, failure, signal);
  try {
    const opening = streams.open(target, request, signal);
    const channel = await orAborted(opening, signal, (late) => void late.close());
    return new RunningScript(channel, mark, { signal, errorOf });
  } catch (error) {
    if (error instanceof KodamaError && reportsNoShell(error.message)) throw noShell(target);
    throw error;
  }
}

function noShell({ pod }: Target): KodamaError {
  return new KodamaError("environment", `the image of ${pod} has no sh, which agents need`);
}

function scriptError(target: Target, failure: ScriptFailure, signal: AbortSignal): Error {
  const { pod } = target;
  switch (failure.kind) {
    case "cancelled":
      return signal.reason;
    case "refused":
      return explainRefusal(refusals(pod), failure.refusal) ?? notStarted(pod);
    case "noShell":
      return noShell(target);
    case "flood":
      return new KodamaError("server", `kodama's script failed in ${pod}: too much output`);
    case "ended": {
      const { end, complaints } = failure;
      if (end.kind === "cut") return new CutError(target, plainText(end.reason));
      const outcome = outcomeOfEnd(end, { started: false });
      const output = plainText(complaints.join(" "));
      const reason = output || ("reason" in outcome && outcome.reason) ||
        (outcome.kind === "ok" ? "it ended early" : outcome.kind);
      return new KodamaError(
        outcome.kind === "unreachable" ? "unreachable" : "server",
        `kodama's script failed in ${pod}: ${reason}`,
        outcome.kind === "ok"
          ? { hint: hint`\`${action("agent.list", { name: "NAME" })}\` shows the pod's tasks` }
          : {},
      );
    }
  }
}

const retryHint =
  "nothing was started: run the command again; is the disk of its home folder full?";

function notStarted(pod: string): KodamaError {
  return new KodamaError("server", `the task couldn't be started in ${pod}`, { hint: retryHint });
}

function refusals(pod: string): Refusals<KodamaError> {
  return {
    noTool: (tool) =>
      new KodamaError("environment", `the image of ${pod} has no ${tool}`, {
        hint: "agents run in images with sh and coreutils or busybox",
      }),
    noHome: () =>
      new KodamaError("environment", `${pod} has no home folder: HOME isn't set`, {
        hint: "set HOME in the pod's spec to a folder on a volume",
      }),
    noFolder: () =>
      new KodamaError("environment", `${pod} can't write to ~/.kodama/tasks`, {
        hint: "the home folder must be writable for the container's user, and have room",
      }),
    noTools: () =>
      new KodamaError("environment", `${pod} can't have FIFOs in ~/.kodama/tools`, {
        hint: "the home folder must be writable for the container's user, and have room",
      }),
    noClient: () => new KodamaError("notFound", `the agent's program in ${pod} has ended`),
    noTask: (number) =>
      new KodamaError("notFound", `${pod} has no task ${number}`, {
        hint: hint`\`${action("agent.list", { name: "NAME" })}\` shows its tasks`,
      }),
    notAsking: (number) =>
      new KodamaError("conflict", `task ${number} of ${pod} doesn't wait for an approval`, {
        hint: hint`\`${action("agent.list", { name: "NAME" })}\` shows its state`,
      }),
    answered: () =>
      new KodamaError("conflict", "the request has been answered already", {
        hint: hint`\`${action("agent.list", { name: "NAME" })}\` shows the task's state`,
      }),
    idle: () =>
      new KodamaError("conflict", `no agent is working in ${pod}`, {
        hint: hint`\`${action("agent.list", { name: "NAME" })}\` shows its earlier tasks`,
      }),
    incomplete: () =>
      new KodamaError("server", `the task didn't arrive whole in ${pod}`, { hint: retryHint }),
    notStarted: () => notStarted(pod),
  };
}
