/** One target of a run, from opening its stream to its one outcome. */
import { strictLine } from "../base/strict_line.ts";
import { Deadline, orAborted } from "../base/abort.ts";
import type { ExecChannel, ExecRequest } from "../kube/client.ts";
import { Conversation } from "./command_stream.ts";
import {
  type Attempt,
  ended,
  isPolicyRefusal,
  type Outcome,
  outcomeOfMissingShell,
  outcomeOfOpening,
} from "./outcome.ts";
import { withPreamble } from "./preamble.ts";
import { hasLeader, type RunOptions, type TargetRun } from "./run_options.ts";
import type { Target } from "../kube/select/target.ts";

/** Runs the command in the target. Rejects only on a bug in kodama. */
export async function runTarget(run: TargetRun): Promise<Outcome> {
  const { options, target, index, total } = run;
  const argv = argvFor(run.command, target, {
    index,
    shell: options.shell ?? false,
    strict: options.strict ?? false,
    substitute: options.substitute ?? false,
  });
  // To a shell's `exec`, a first arg like this is an option. As a program's name it is next to impossible.
  if (argv[0]?.startsWith("-") === true) return endOf(await attempt(run, argv, "bare"));
  const { nonce, environment, workdir, graceMs } = options;
  const wrapped = () =>
    withPreamble(argv, target, {
      nonce,
      index,
      total,
      ...(hasLeader(options) ? { leader: isWatched(run) ? { watch: { graceMs } } : {} } : {}),
      ...(environment === undefined ? {} : { environment }),
      ...(workdir === undefined ? {} : { workdir }),
    });
  const first = await watchedIfAllowed(run, () => attempt(run, wrapped(), "preamble"));
  if (first.kind === "ended") return first.outcome;
  const use = useOfShell(options);
  if (use !== undefined) return outcomeOfMissingShell(use);
  return endOf(await attempt(run, argv, "bare"));
}

/** Returns whether standard input is free to notify the pod when kodama exits (`preamble.ts`). */
function isWatched({ options, input, target, unwatched }: TargetRun): boolean {
  return hasLeader(options) && input === undefined && !unwatched.has(target.context);
}

/**
 * Returns the result of an attempt. If a policy of the cluster refuses it, it may do so because of the input, which the
 * user didn't request: it is repeated without.
 */
async function watchedIfAllowed(run: TargetRun, start: () => Promise<Attempt>): Promise<Attempt> {
  const { options, target: { context }, unwatched } = run;
  const wasWatched = isWatched(run);
  const first = await start();
  if (!wasWatched || !isPolicyRefusal(first)) return first;
  // Another target may have been refused meanwhile.
  if (!unwatched.has(context)) options.onUnwatched?.(context);
  unwatched.add(context);
  return await start();
}

/** Returns the requested option that requires a shell. */
function useOfShell(options: RunOptions): string | undefined {
  if (options.shell === true) return "a command line";
  if (options.workdir !== undefined) return "a working directory";
  if (options.environment !== undefined) return "setting variables";
  return undefined;
}

function endOf(attempt: Attempt): Outcome {
  // Only `sh` itself is missing from a bare attempt.
  return attempt.kind === "ended" ? attempt.outcome : outcomeOfMissingShell();
}

async function attempt(
  run: TargetRun,
  argv: readonly string[],
  form: "preamble" | "bare",
): Promise<Attempt> {
  const opened = await openStream(run, argv, form);
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
  argv: readonly string[],
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
    command: argv,
    stdin: run.input !== undefined || (form === "preamble" && isWatched(run)),
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
    const failure = outcomeOfOpening(error, {
      sent,
      cancelled: run.cancelled.aborted,
      expired: deadline.expired,
      connectTimeoutMs: limitMs,
      startsShell: form === "preamble",
    });
    const noAnswer = failure.kind === "ended" && failure.outcome.kind === "timeout" && !sent;
    if (noAnswer) outages.giveUp(target.context);
    return failure;
  }
}

/* The args of a command as one target runs them. */

/** Replaces `{pod}` and similar placeholders in an arg by the target's own names; other braces stay unchanged. */
function substituted(arg: string, target: Target, index: number): string {
  const values: Readonly<Record<string, string>> = {
    pod: target.pod,
    namespace: target.namespace,
    node: target.node,
    ip: target.ip,
    index: String(index),
  };
  return arg.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/**
 * Returns the args that one target runs. With `shell`, the args are joined by spaces into one line, like ssh; a shell
 * in the image reads it.
 */
function argvFor(
  command: readonly string[],
  target: Target,
  options: { index: number; shell?: boolean; strict?: boolean; substitute?: boolean },
): readonly string[] {
  const argv = options.substitute === true
    ? command.map((arg) => substituted(arg, target, options.index))
    : command;
  if (options.shell !== true) return argv;
  const line = argv.join(" ");
  return ["sh", "-c", options.strict === true ? strictLine(line) : line];
}
