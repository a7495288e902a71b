/** Notes on a run beside its output, with the same text in every command that reads pods. */
import { printable } from "../terminal/printable.ts";
import type { DefaultedContainers } from "../exec/defaulted_containers.ts";
import { compressNames } from "../exec/target_names.ts";
import { plural } from "../base/plural.ts";
import { formatDuration } from "../base/duration.ts";
import type { RunEventData } from "../exec/event_shapes.ts";

/** A context that can't be used, while others can. One that the error already names isn't named again. */
export function failedContextText(
  { context, error: { message } }: { context: string; error: { message: string } },
): string {
  if (message.includes(`context ${JSON.stringify(context)}`)) return message;
  const [, behind] = message.split(`context ${context}`, 2);
  // Names of contexts may contain colons, and one name may be a prefix of another.
  const named = behind !== undefined && /^(?:$|[\s,)]|:\s)/.test(behind);
  return named ? message : `context ${context}: ${message}`;
}

/** A context that takes long, or whose server is down and retried. The current context may have no name yet. */
export function waitingContextText(
  { context, reason, limitMs }: { context: string; reason: string; limitMs: number | undefined },
): string {
  const whom = context === "" ? "the cluster" : `context ${context}`;
  const most = limitMs === undefined ? "" : ` (${formatDuration(limitMs)} at most)`;
  return `waiting for ${whom}: ${reason}${most}`;
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
  if (reason === "does not exist") return `not found: ${name}`;
  if (!isNotReady({ reason })) return `skipped ${name}: ${reason}`;
  return `not ready: ${name} (${reason.replace(/^(?:is|has) /, "").replace(": ", ", ")})`;
}

/** Returns whether a pod is skipped because of its state. */
export function isNotReady({ reason }: { reason: string }): boolean {
  return !/^has (?:no container|the labels of|the same server as) /.test(reason);
}

/** Returns whether a pod is a target by another context. */
function isElsewhere({ reason }: { reason: string }): boolean {
  return reason.startsWith("has the same server as ");
}

/** Returns the pods of an event that can't be used, a line each. */
export function skippedPodTexts(
  { context, skipped, several }: {
    context: string;
    skipped: readonly { pod: string; reason: string }[];
    several?: true;
  },
): string[] {
  const twice = skipped.filter(isElsewhere);
  const [first] = twice;
  return [
    ...skipped.filter((one) => !isElsewhere(one)).map((one) =>
      skippedPodText(one, several ? context : undefined)
    ),
    ...(first === undefined ? [] : [
      skippedPodText({ ...first, pod: compressNames(twice.map(({ pod }) => pod)) }, context),
    ]),
  ];
}

/** Choices that the note on default containers names. */
const namedChoices = 3;

/** Returns the note on default containers, in kubectl's words: a line for each choice. */
export function defaultedTexts(
  { choices }: { choices: readonly DefaultedContainers[] },
): string[] {
  const texts = choices.slice(0, namedChoices).map(({ container, outOf, count }) => {
    const where = choices.length === 1 ? "" : ` (in ${plural(count, "pod")})`;
    return `defaulted container "${container}" out of: ${outOf.join(", ")}${where}`;
  });
  const more = choices.slice(namedChoices).reduce((sum, { count }) => sum + count, 0);
  return more === 0 ? texts : [...texts, `defaulted other containers in ${plural(more, "pod")}`];
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

/** Returns the note on files of targets that weren't ok. */
export function incompleteOutputText({ paths }: { paths: readonly string[] }): string {
  const [first = "", ...others] = paths;
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  return `incomplete output: ${printable(first)}${more}`;
}

/** Returns the note on a run that continues without a record. */
export function notRecordedText({ error }: { error: { message: string } }): string {
  return `this run is not recorded: ${error.message}`;
}

/** How a target or a step ended, in the fields of the events. */
interface EndData {
  outcome: string;
  exitCode?: number | null | undefined;
  signal?: string | null | undefined;
  error?: string | null | undefined;
}

/** `failed with exit code 3`, `unreachable: no route to host`. */
export function endText({ outcome, exitCode, signal, error }: EndData): string {
  const code = outcome === "failed" && typeof exitCode === "number"
    ? ` with exit code ${exitCode}${signal ? ` (${signal})` : ""}`
    : "";
  return `${outcome}${code}${error && error !== outcome ? `: ${error}` : ""}`;
}

/** Returns the note on an event that belongs to no target's output; undefined if it has none. */
export function noteOf(event: RunEventData): string | undefined {
  switch (event.event) {
    case "runWaits":
      return `waiting for run ${event.holder} of "${event.group}"`;
    case "contextFailed":
      return failedContextText({ context: event.context, error: { message: event.error } });
    case "contextWaiting":
      return waitingContextText({ ...event, limitMs: event.limitMs ?? undefined });
    case "podSkipped":
      return skippedPodText(event);
    case "stepRetried":
      return `${event.step}: attempt ${event.attempt} follows: ${event.reason}`;
    case "notRecorded":
      return notRecordedText({ error: { message: event.error } });
    default:
      return undefined;
  }
}
