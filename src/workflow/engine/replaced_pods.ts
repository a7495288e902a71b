/** Which pods of an earlier run no longer exist: what it did in them is to be done in those that replace them. */
import { KodamaError } from "../../base/errors.ts";
import { type Target, wholeSelection } from "../../kube/select/target.ts";
import type { Environment } from "./environment.ts";
import type { RetainedEnd } from "./step_identity.ts";

/** Returns the targets in which a step, or the steps within it, did something in the earlier run. */
function targetsOf({ ends = [], innerTargets = [] }: RetainedEnd): Target[] {
  return [...ends.map(({ target }) => target), ...innerTargets];
}

/** Returns whether pods in which a retained step was ok were replaced: it then runs in those that weren't there. */
export async function isOutdated(
  part: RetainedEnd,
  replaced: ReplacedPods,
  signal: AbortSignal,
): Promise<boolean> {
  if (part.isDecided === true || part.outcome.kind !== "ok" || signal.aborted) return false;
  return (await replaced.of(part, signal)).length > 0;
}

/** The pods of an earlier run, compared with those that there are now. Lists each namespace once. */
export class ReplacedPods {
  readonly #lists = new Map<string, Promise<ReadonlySet<string> | undefined>>();

  constructor(private readonly find: Environment["find"]) {}

  /** Returns those of the targets of a retained step that aren't there any more; pods of unreachable contexts are. */
  async of(part: RetainedEnd, signal: AbortSignal): Promise<readonly Target[]> {
    const replaced: Target[] = [];
    for (const target of targetsOf(part)) {
      if (target.uid === undefined) continue;
      const uids = await this.#uids(target, signal);
      if (uids?.has(target.uid) === false) replaced.push(target);
    }
    return replaced;
  }

  async #uids(
    { context, namespace }: Target,
    signal: AbortSignal,
  ): Promise<ReadonlySet<string> | undefined> {
    const key = JSON.stringify([context, namespace]);
    const listing = this.#lists.get(key) ?? this.#list(context, namespace, signal);
    this.#lists.set(key, listing);
    return await listing;
  }

  /** Returns the uids of all pods; undefined if they can't be listed. */
  async #list(
    context: string,
    namespace: string,
    signal: AbortSignal,
  ): Promise<ReadonlySet<string> | undefined> {
    const selection = {
      ...wholeSelection,
      namespaces: { kind: "named", names: [namespace] } as const,
      allPhases: true,
    };
    try {
      const found = await this.find({ contexts: [context], selection, all: true }, signal);
      if (found.dead.length > 0) return undefined;
      return new Set(found.targets.flatMap(({ uid }) => uid ?? []));
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      return undefined;
    }
  }
}
