/** The pods of a run as they were selected: a later pod of the same name is another one. */
import type { Clock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";
import type { KubeClient } from "../kube/client.ts";
import { PODS } from "../kube/resources.ts";
import type { Target } from "../kube/select/target.ts";
import type { Pod } from "../kube/types.ts";

/** A pod that was read within this time before isn't read again. */
const freshMs = 1000;

/** The pods of one run, with the time at which they were read. */
export class FoundPods {
  readonly #readMs = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /** Notes that pods were just read. */
  add(targets: readonly Target[]): void {
    const now = this.clock.elapsedMs();
    for (const target of targets) this.#readMs.set(keyOf(target), now);
  }

  /**
   * Reads a pod again, unless it was just read: a question, or the turn of a pod among many, may take long.
   *
   * @throws KodamaError `conflict` if another pod has its name now. A pod that can't be read is left to what follows.
   */
  async requireSame(
    client: Pick<KubeClient, "get">,
    target: Target,
    signal: AbortSignal,
  ): Promise<void> {
    const { namespace, pod, uid } = target;
    const readMs = this.#readMs.get(keyOf(target));
    if (uid === undefined || readMs === undefined) return;
    if (this.clock.elapsedMs() - readMs < freshMs) return;
    let now: string | undefined;
    try {
      now = (await client.get<Pod>(PODS, pod, { namespace }, { signal })).metadata?.uid;
    } catch (error) {
      if (error instanceof KodamaError) return;
      throw error;
    }
    if (now === undefined || now === uid) return void this.add([target]);
    throw new KodamaError(
      "conflict",
      `pod "${pod}" was replaced by another one since it was selected`,
    );
  }
}

function keyOf({ context, namespace, pod, uid }: Target): string {
  return JSON.stringify([context, namespace, pod, uid]);
}
