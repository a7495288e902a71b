/** One target of a run, from opening its stream to its one outcome. */
import { Deadline, orAborted } from "../base/abort.ts";
import { KodamaError } from "../base/errors.ts";
import type { ExecChannel, ExecRequest } from "../kube/client.ts";
import { LinkError } from "../kube/failures.ts";
import { type Attempt, hasLeader } from "./attempt.ts";
import { Conversation } from "./command_stream.ts";
import type { Outcome } from "./model.ts";
import { withPreamble } from "./preamble.ts";
import type { RunOptions, TargetRun } from "./run_options.ts";
import { readStartFailure, saysNoShell, withoutCommand } from "./runtime_errors.ts";
import type { Target } from "../kube/select/target.ts";

/** The start of the reason if a target lacks a shell and one is required. */
export const noShellReason = "the image has no sh";

/** Runs the command in the target. Rejects only on a bug in kodama. */
export async function runTarget(run: TargetRun): Promise<Outcome> {
  const { options, target, index, total } = run;
  const words = commandWords(run.command, target, {
    index,
    shell: options.shell ?? false,
    substitute: options.substitute ?? false,
  });
  // To a shell's `exec`, a first arg like this is an option. As a program's name it is next to impossible.
  if (words[0]?.startsWith("-") === true) return endOf(await attempt(run, words, "bare"));
  const { nonce, environment, workdir, graceMs } = options;
  const wrapped = withPreamble(words, target, {
    nonce,
    index,
    total,
    ...(hasLeader(options) ? { leader: isWatched(options) ? { watch: { graceMs } } : {} } : {}),
    ...(environment === undefined ? {} : { environment }),
    ...(workdir === undefined ? {} : { workdir }),
  });
  const first = await attempt(run, wrapped, "preamble");
  if (first.kind === "ended") return first.outcome;
  const wish = wishForShell(options);
  if (wish !== undefined) {
    return { kind: "failed", exitCode: 127, reason: `${noShellReason}, which ${wish} needs` };
  }
  return endOf(await attempt(run, words, "bare"));
}

/** Returns whether standard input is free to notify the pod when kodama exits (`watch.ts`). */
function isWatched(options: RunOptions): boolean {
  return hasLeader(options) && options.input === undefined;
}

/** Returns the requested option that requires a shell. */
function wishForShell(options: RunOptions): string | undefined {
  if (options.shell === true) return "a command line";
  if (options.workdir !== undefined) return "a working directory";
  if (options.environment !== undefined) return "setting variables";
  return undefined;
}

function endOf(attempt: Attempt): Outcome {
  if (attempt.kind === "ended") return attempt.outcome;
  // Returns a bare attempt for `sh` itself.
  return { kind: "failed", exitCode: 127, reason: noShellReason };
}

async function attempt(
  run: TargetRun,
  words: readonly string[],
  form: "preamble" | "bare",
): Promise<Attempt> {
  const opened = await openStream(run, words, form);
  if (!("channel" in opened)) return opened;
  await using channel = opened.channel;
  return await new Conversation(run, channel, form).untilEnd();
}

/**
 * Opens a stream for args in the target, and retries while its server is down. Returns the channel, or how the attempt
 * ended. In the form `preamble`, the args start with `sh` and may use standard input.
 */
export async function openStream(
  run: TargetRun,
  words: readonly string[],
  form: "preamble" | "bare",
): Promise<{ channel: ExecChannel } | Attempt> {
  const { options, target, outages } = run;
  if (run.cancelled.aborted) return ended({ kind: "cancelled" });
  const limitMs = outages.limitMs(target.context);
  using deadline = new Deadline(options.clock, limitMs, run.cancelled);
  const { namespace, pod, container } = target;
  const request: ExecRequest = {
    namespace,
    pod,
    container,
    command: words,
    stdin: options.input !== undefined || (form === "preamble" && isWatched(options)),
    tty: options.terminal !== undefined,
  };
  const { signal } = deadline;
  let sent = false;
  const ask = () => {
    sent = false;
    const opening = options.open(target, request, signal, () => sent = true);
    return orAborted(opening, signal, (late) => void late.close());
  };
  try {
    return { channel: await outages.retry(target.context, ask, signal) };
  } catch (error) {
    const rest = sent ? { left: "it was asked for, and the command may have begun" } : {};
    if (run.cancelled.aborted && !deadline.expired) return ended({ kind: "cancelled", ...rest });
    if (error instanceof LinkError) return ended(outcomeOfLink(error));
    if (deadline.expired) {
      if (!sent) outages.giveUp(target.context);
      return ended({ kind: "timeout", limit: "connect", afterMs: limitMs, ...rest });
    }
    if (!(error instanceof KodamaError)) throw error;
    if (form === "preamble" && saysNoShell(error.message)) return { kind: "noShell" };
    const failure = readStartFailure(error.message);
    if (failure !== undefined) return ended({ kind: "failed", ...failure });
    if (error.kind === "forbidden" || error.kind === "unauthorized") {
      return ended(outcomeOfRefusal(error));
    }
    return ended({ kind: "unreachable", reason: withoutCommand(error.message) });
  }
}

function outcomeOfLink({ message, failure }: LinkError): Outcome {
  if (failure.sent !== "all") return { kind: "unreachable", reason: message };
  const reason = `the link broke before the server's answer, and the command may have begun`;
  return { kind: "unknown", reason: `${reason}: ${failure.reason}` };
}

/** Without the pod's name, so that the same refusal reads the same in every pod. */
function outcomeOfRefusal({ message, hint }: KodamaError): Outcome {
  const reason = message.replace(/^pods "[^"]*" is forbidden: /, "");
  return { kind: "forbidden", reason, ...(hint === undefined ? {} : { hint }) };
}

function ended(outcome: Outcome): Attempt {
  return { kind: "ended", outcome };
}

/* The args of a command as one target runs them. */

/** Replaces `{pod}` and similar placeholders in an arg by the target's own names; other braces stay unchanged. */
function substituted(word: string, target: Target, index: number): string {
  const values: Readonly<Record<string, string>> = {
    pod: target.pod,
    namespace: target.namespace,
    node: target.node,
    ip: target.ip,
    index: String(index),
  };
  return word.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/**
 * Returns the args that one target runs. With `shell`, the args are joined by spaces into one line, like ssh; a shell
 * in the image reads it.
 */
function commandWords(
  command: readonly string[],
  target: Target,
  options: { index: number; shell?: boolean; substitute?: boolean },
): readonly string[] {
  const words = options.substitute === true
    ? command.map((word) => substituted(word, target, options.index))
    : command;
  return options.shell === true ? ["sh", "-c", words.join(" ")] : words;
}
