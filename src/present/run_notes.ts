/** Notes on a run beside its output, with the same text in every command that reads pods. */
import { compressNames } from "../actions/exec/events.ts";
import { formatDuration } from "../base/duration.ts";
import type { KodamaError } from "../base/errors.ts";

/** A context that can't be used, while others can. One that the error already names isn't named again. */
export function failedContextText(
  { context, error: { message } }: { context: string; error: KodamaError },
): string {
  if (message.includes(`context ${JSON.stringify(context)}`)) return message;
  const [, behind] = message.split(`context ${context}`, 2);
  // Names of contexts may contain colons, and one name may be a prefix of another.
  const named = behind !== undefined && /^(?:$|[\s,)]|:\s)/.test(behind);
  return named ? message : `context ${context}: ${message}`;
}

/** A server that is down, and is retried. The current context may have no name yet. */
export function waitingContextText(
  { context, reason, limitMs }: { context: string; reason: string; limitMs: number },
): string {
  const whom = context === "" ? "the cluster" : `context ${context}`;
  return `waiting for ${whom}: ${reason} (${formatDuration(limitMs)} at most)`;
}

/**
 * A pod that matches and can't be used: `not ready: web-0 (Pending, 0/1 containers ready)`.
 *
 * @param context in front of the name, if there are several.
 */
export function skippedPodText(
  { pod, reason }: { pod: string; reason: string },
  context?: string,
): string {
  const name = context === undefined ? pod : `${context}/${pod}`;
  if (reason.startsWith("has no container")) return `skipped ${name}: ${reason}`;
  return `not ready: ${name} (${reason.replace(/^(?:is|has) /, "").replace(": ", ", ")})`;
}

/** Returns the pods of an event that can't be used, a line each. */
export function skippedPodTexts(
  { context, skipped, several }: {
    context: string;
    skipped: readonly { pod: string; reason: string }[];
    several?: true;
  },
): string[] {
  return skipped.map((one) => skippedPodText(one, several ? context : undefined));
}

/** Returns the pods that a person has picked. */
export function pickedText(
  picked: readonly { context: string; namespace: string; pod: string }[],
): string {
  const [several, spread] = [
    new Set(picked.map(({ context }) => context)).size > 1,
    new Set(picked.map(({ namespace }) => namespace)).size > 1,
  ];
  const names = picked.map(({ context, namespace, pod }) =>
    [...(several ? [context] : []), ...(spread ? [namespace] : []), pod].join("/")
  );
  return `picked: ${compressNames([...new Set(names)])}`;
}

/** Returns the note on a run that continues without a record. */
export function notRecordedText({ error }: { error: KodamaError }): string {
  return `this run is not recorded: ${error.message}`;
}
