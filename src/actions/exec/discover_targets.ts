/** Finds the targets of a selection in several contexts; none blocks the others. */
import { action, type Hint, hint, option } from "../../base/hint.ts";
import { BoundedQueue } from "../../base/bounded_queue.ts";
import { KodamaError, NoMatchError } from "../../base/errors.ts";
import { compressNames } from "../../exec/target_names.ts";
import type { NearMatch } from "../../kube/select/nearest_matches.ts";
import type { FoundTargets } from "../../kube/select/find_targets.ts";
import type { Selection } from "../../kube/select/target.ts";
import type { Host } from "../host.ts";

/** The result of one context. */
export type ContextFindings =
  | { kind: "found"; context: string } & FoundTargets
  /** `context` is as given: empty for the current one. */
  | { kind: "failed"; context: string; error: KodamaError };

/** Finds the targets in one context; the current one if none is named. */
export type FindIn = (
  context: string | undefined,
) => Promise<Extract<ContextFindings, { kind: "found" }>>;

/** Returns a function that resolves a selection. `bulk`: much data will pass through each of the pods. */
export function selectIn(
  host: Host,
  selection: Selection,
  signal: AbortSignal,
  { bulk = false } = {},
): FindIn {
  return async (name) => {
    const opened = await host.kube(name);
    const client = bulk ? opened.forBulk() : opened;
    const found = await host.select(client, selection, { signal });
    return { kind: "found", context: client.context, ...found };
  };
}

/** How long the contexts that have answered wait for the others. */
const stragglerMs = 1000;

/** Findings by context, in the order in which they arrive. */
export class Discovery {
  readonly #host: Host;
  readonly #findings: AsyncIterator<ContextFindings, void>;
  /** Requested and not yet consumed: a cancelled wait doesn't lose the result. */
  #coming: Promise<IteratorResult<ContextFindings, void>> | undefined;

  /** Queries every context at once; the current one if none is named. */
  constructor(
    host: Host,
    contexts: readonly string[],
    find: FindIn,
    options: { signal: AbortSignal },
  ) {
    this.#host = host;
    const names = contexts.length === 0 ? [undefined] : [...new Set(contexts)];
    const queue = new BoundedQueue<ContextFindings>(names.length);
    const asked = names.map(async (name) =>
      await queue.push(await askContext(name, find, options.signal))
    );
    Promise.all(asked).then(() => queue.close(), (error: unknown) => queue.fail(error));
    this.#findings = queue[Symbol.asyncIterator]();
  }

  /** Yields every context's result as it arrives; after {@link first}, those that it didn't wait for. */
  async *rest(): AsyncGenerator<ContextFindings, void> {
    for (;;) {
      const result = await (this.#coming ?? this.#findings.next());
      this.#coming = undefined;
      if (result.done === true) return;
      yield result.value;
    }
  }

  /** Waits until there is a target, then at most a second for the other contexts. */
  async first(): Promise<ContextFindings[]> {
    const all: ContextFindings[] = [];
    for await (const findings of this.rest()) {
      all.push(findings);
      if (findings.kind === "found" && findings.targets.length > 0) break;
    }
    const late = Promise.withResolvers<"late">();
    using _timer = this.#host.clock.timer(stragglerMs, () => late.resolve("late"));
    for (;;) {
      this.#coming ??= this.#findings.next();
      const result = await Promise.race([this.#coming, late.promise]);
      if (result === "late") return all;
      // When the queue has ended, its final result stays for `rest`.
      if (result.done === true) return all;
      this.#coming = undefined;
      all.push(result.value);
    }
  }
}

async function askContext(
  name: string | undefined,
  find: FindIn,
  signal: AbortSignal,
): Promise<ContextFindings> {
  try {
    return await find(name);
  } catch (error) {
    if (signal.aborted) throw cancelled(signal);
    if (!(error instanceof KodamaError)) throw error;
    return { kind: "failed", context: name ?? "", error };
  }
}

/** Nothing was started: there are no outcomes to report, so this is an error. */
function cancelled({ reason }: AbortSignal): KodamaError {
  if (reason instanceof KodamaError) return reason;
  return new KodamaError("cancelled", "cancelled before any command started", { cause: reason });
}

/**
 * Returns the error of a selection that matches no pod in any context.
 *
 * @param options.listed the pods of the namespace have already been listed for the user.
 */
export function noMatch(
  all: readonly ContextFindings[],
  options: { listed?: boolean } = {},
): NoMatchError {
  const found = all.filter((findings) => findings.kind === "found");
  const skipped = found.flatMap((findings) => findings.skipped);
  const [first] = skipped;
  if (first !== undefined) {
    const others = skipped.length > 1 ? ` (and ${skipped.length - 1} more)` : "";
    return new NoMatchError(
      `no running pod ${askedText(found)}; ${first.pod}: ${first.reason}${others}`,
      { hint: `\`kubectl describe pod ${first.pod} -n ${first.namespace}\` says more` },
    );
  }
  const nearest = found.flatMap((findings) => findings.nearest).slice(0, 3);
  const advice = nearest.length > 0
    ? `did you mean ${nearest.map(nearText).join(" or ")}?`
    : wayOut(found, options.listed ?? false);
  return new NoMatchError(
    `no pod ${askedText(found)}`,
    advice === undefined ? {} : { hint: advice },
  );
}

/** Returns the advice if nothing matches and nothing is similar; none if there is no pod at all. */
function wayOut(
  found: readonly (ContextFindings & { kind: "found" })[],
  listed: boolean,
): Hint | undefined {
  const [first] = found;
  if (first?.requested?.everywhere === true) {
    return first.requested.text === ""
      ? undefined
      : hint`\`${action("pods", { allNamespaces: true })}\` lists all pods`;
  }
  return listed ? elsewhere : hint`\`${action("pods")}\` lists the pods; ${elsewhere}`;
}

const elsewhere = hint`${option("namespace")} or ${option("allNamespaces")} looks elsewhere`;

/** Returns the selection that no pod matches yet, its scope, and similar names. */
export function unmatched(
  all: readonly ContextFindings[],
): { words: string; where: string; nearest: string[] } {
  const found = all.filter((findings) => findings.kind === "found");
  const nearest = found.flatMap((findings) => findings.nearest).slice(0, 3).map(nearText);
  return { words: found[0]?.requested?.text ?? "", where: whereText(found), nearest };
}

/** `matches -m drive in namespace "web" (context lab)`: the request and its scope. */
function askedText(found: readonly (ContextFindings & { kind: "found" })[]): string {
  const words = found[0]?.requested?.text ?? "";
  const where = whereText(found);
  return words === "" ? where : `matches ${words} ${where}`;
}

/** `in namespace "web" (context lab)`. */
function whereText(found: readonly (ContextFindings & { kind: "found" })[]): string {
  const scopes = found.map(({ requested: asked, context }) =>
    `${asked?.scope ?? "what was given"} (context ${context})`
  );
  return `in ${scopes.slice(0, 3).join(" or ")}${scopes.length > 3 ? " or elsewhere" : ""}`;
}

/** `drive (weka-drive-[0-2])`; only the text if it is the whole name. */
function nearText({ text, names }: NearMatch): string {
  const [only, ...others] = names;
  return others.length === 0 && only === text ? text : `${text} (${compressNames(names)})`;
}

/** The maximum number of names in the text: an error isn't a list. */
const reportedNames = 20;

/** `3 match: web-0, web-1, web-2`, for an error of an action that takes only one. */
export function matchesText(names: readonly string[]): string {
  const more = names.length > reportedNames ? ` and ${names.length - reportedNames} more` : "";
  return `${names.length} match: ${names.slice(0, reportedNames).join(", ")}${more}`;
}
