/** The targets of a selection in several contexts, none of which may hold up the others. */
import { BoundedQueue } from "../base/bounded_queue.ts";
import { KodamaError } from "../base/errors.ts";
import type { Selection, SkippedPod, Target } from "../kube/target.ts";
import type { Host } from "./host.ts";

/** What one context answered. */
export type ContextFindings =
  | { kind: "found"; context: string; targets: readonly Target[]; skipped: readonly SkippedPod[] }
  /** `context` is as it was asked for: empty for the current one. */
  | { kind: "failed"; context: string; error: KodamaError };

/** How long the contexts that have answered wait for the others. */
const stragglerMs = 1000;

/** Findings by context, in the order in which they come. */
export class Discovery {
  readonly #host: Host;
  readonly #findings: AsyncIterator<ContextFindings, void>;
  /** Asked for and not yet taken: a wait that was given up doesn't lose what comes. */
  #coming: Promise<IteratorResult<ContextFindings, void>> | undefined;

  /** Asks every context at once; the current one where none is named. */
  constructor(
    host: Host,
    contexts: readonly string[],
    selection: Selection,
    options: { signal: AbortSignal },
  ) {
    this.#host = host;
    const names = contexts.length === 0 ? [undefined] : [...new Set(contexts)];
    const queue = new BoundedQueue<ContextFindings>(names.length);
    const asked = names.map(async (name) =>
      await queue.push(await askContext(host, name, selection, options.signal))
    );
    Promise.all(asked).then(() => queue.close(), (error: unknown) => queue.fail(error));
    this.#findings = queue[Symbol.asyncIterator]();
  }

  /** Every context's answer, as it comes. After {@link first}: those that it didn't wait for. */
  async *rest(): AsyncGenerator<ContextFindings, void> {
    for (;;) {
      const result = await (this.#coming ?? this.#findings.next());
      this.#coming = undefined;
      if (result.done === true) return;
      yield result.value;
    }
  }

  /** Waits until there is a target, then no more than a second for the other contexts. */
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
      // At the end, the answer that there is no more stays for `rest`.
      if (result.done === true) return all;
      this.#coming = undefined;
      all.push(result.value);
    }
  }
}

async function askContext(
  host: Host,
  name: string | undefined,
  selection: Selection,
  signal: AbortSignal,
): Promise<ContextFindings> {
  try {
    const client = await host.kube(name);
    const { targets, skipped } = await host.select(client, selection, { signal });
    return { kind: "found", context: client.context, targets, skipped };
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    return { kind: "failed", context: name ?? "", error };
  }
}
