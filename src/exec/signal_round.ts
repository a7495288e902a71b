/** One signal to a session in a pod, as a separate exec. */
import { Deadline, orAborted } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";
import type { ExecChannel } from "../kube/client.ts";
import type { Target } from "../kube/select/target.ts";
import type { OpenExec } from "./run_options.ts";
import { type RoundSignal, type Session, signalWords } from "./session_signal.ts";

/** A pod that doesn't answer may not delay the end of a run. */
const roundLimitMs = 5000;

/** More than the expected number is noise. */
const answerLimitBytes = 256;

/**
 * Signals every process that a command has started in its session.
 *
 * @returns how many were alive.
 * @throws KodamaError when the pod can't be reached in 5 s, or the answer isn't ours.
 */
export async function signalRound(
  signal: RoundSignal,
  session: Session,
  surroundings: { target: Target; open: OpenExec; clock: Clock },
): Promise<number> {
  const { target, open, clock } = surroundings;
  const { namespace, pod, container } = target;
  // Not bound to the run's own signal: that one has most likely aborted, which is the reason for this call.
  using deadline = new Deadline(clock, roundLimitMs);
  const command = signalWords(signal, session);
  const request = { namespace, pod, container, command, stdin: false, tty: false };
  try {
    const opening = open(target, request, deadline.signal);
    await using channel = await orAborted(opening, deadline.signal, (late) => void late.close());
    return await orAborted(readAnswer(channel), deadline.signal);
  } catch (error) {
    if (!deadline.expired) throw error;
    throw new KodamaError("timeout", `no answer from pod ${pod} in ${roundLimitMs / 1000}s`);
  }
}

async function readAnswer(channel: ExecChannel): Promise<number> {
  let answer = "";
  const decoder = new TextDecoder();
  for await (const { stream, bytes } of channel.output) {
    if (stream === "stdout" && answer.length < answerLimitBytes) {
      answer += decoder.decode(bytes.subarray(0, answerLimitBytes), { stream: true });
    }
  }
  const end = await channel.end;
  const count = /^\d{1,6}(?=\r?\n$)/.exec(answer)?.[0];
  if (count !== undefined) return Number(count);
  throw new KodamaError("server", `ending it answered nothing (${wordsOf(end)})`);
}

function wordsOf(end: Awaited<ExecChannel["end"]>): string {
  switch (end.kind) {
    case "exited":
      return `exit code ${end.exitCode}`;
    case "refused":
      return end.status.message ?? "refused";
    case "cut":
      return end.reason;
  }
}
