/** `wait`: for a time, or until the selected pods are ready, running or deleted. */
import * as v from "valibot";
import { formatDuration, parseDuration } from "../../base/duration.ts";
import { numberType } from "../../expression/type.ts";
import { countFromOne, described, durationPattern } from "../fields.ts";
import { passed } from "../../base/abort.ts";
import { defineStep, failed, ok, type StepEnd } from "../step_kind.ts";
import { podEntries } from "../pod_fields.ts";
import { KodamaError } from "../../base/errors.ts";
import { retry, type RetryPolicy } from "../../base/retry.ts";
import { LiveList, type LiveSource, type Outage } from "../../kube/live_list.ts";
import { podSources } from "../../kube/select/live_pods.ts";
import { matchesPattern } from "../../kube/select/selection.ts";
import type { Pod } from "../../kube/types.ts";
import { isAmong, type SelectFields, type Where } from "../selection_fields.ts";
import type { StepContext } from "../engine/step_context.ts";

/* Waits until the pods of a selection are in a state. */

/** States that can be waited for. */
const podStates = ["ready", "running", "gone"] as const;

/** One of them. */
type AwaitedState = typeof podStates[number];

/** The condition of a wait. */
interface PodWait {
  state: AwaitedState;
  /** The selection of the step; the workflow's if absent. */
  select: SelectFields | undefined;
  /** Minimum number of pods; none for `gone`. */
  least: number;
}

/** Maximum time for which a server may be unreachable during a wait. */
const maxOutageMs = 60_000;

/** Short, so that a server that comes back within that time is noticed. */
const reconnect: RetryPolicy = { delayMs: 500, maxDelayMs: 5000, jitter: 0.5 };

/** A wait without a `timeout` of its own ends after this. */
const longestWaitMs = 30 * 60_000;

/** The time limits are checked at this interval; pods that may not be watched are polled at it. */
const tickMs = 500;

/** A workload may be created during a wait, and a cron job starts other jobs: it is read again at this interval. */
const workloadsMs = 2000;

/** Returns when all pods are in the state, or at the step's time limit or half an hour. */
async function waitForPods(step: StepContext, wait: PodWait): Promise<StepEnd> {
  const waiting = new WaitForPods(step, wait);
  try {
    return await waiting.run();
  } catch (error) {
    if (!step.signal.aborted) throw error;
    return { outcome: { kind: "cancelled" }, output: { pods: waiting.good } };
  }
}

class WaitForPods {
  readonly #step: StepContext;
  readonly #wait: PodWait;
  readonly #where: Where;
  readonly #startedMs: number;
  #printed = "";
  /** The number of pods in the state. */
  good = 0;

  constructor(step: StepContext, wait: PodWait) {
    this.#step = step;
    this.#wait = wait;
    this.#where = step.where(wait.select);
    this.#startedMs = step.environment.clock.elapsedMs();
  }

  async run(): Promise<StepEnd> {
    for (;;) {
      const end = await this.#follow(await this.#sources());
      if (end !== undefined) return end;
    }
  }

  /** Returns the end; undefined if the selected workloads have changed. */
  async #follow(sources: readonly PodSource[]): Promise<StepEnd | undefined> {
    const { clock } = this.#step.environment;
    const { operands } = this.#where.selection;
    const hasWorkloads = operands.some(({ kind }) => kind === "workload");
    let readMs = clock.elapsedMs();
    const list = new LiveList<Pod, boolean>(sources, {
      clock,
      signal: this.#step.signal,
      reconnect,
      mayRetryStart: isUnreachable,
      pollMs: tickMs,
    });
    for await (const { objects, outage } of list.snapshots(tickMs)) {
      const nowMs = clock.elapsedMs();
      const end = outage === undefined
        ? this.#inspect([...objects.values()])
        : this.#unreachable(outage);
      if (end !== undefined) return end;
      if (this.#step.limitMs === undefined && nowMs - this.#startedMs >= longestWaitMs) {
        return this.#timeout();
      }
      if (!hasWorkloads || outage !== undefined || nowMs - readMs < workloadsMs) continue;
      const current = await this.#sources();
      readMs = clock.elapsedMs();
      if (scopesText(current) !== scopesText(sources)) return undefined;
    }
  }

  /** @param pods whether each is in the state. */
  #inspect(pods: readonly boolean[]): StepEnd | undefined {
    const { state, least } = this.#wait;
    this.good = pods.filter((isGood) => isGood).length;
    const isDone = state === "gone"
      ? pods.length === 0
      : pods.length >= least && this.good === pods.length;
    if (!isDone) {
      this.#print(
        state === "gone"
          ? `${pods.length} pods are there`
          : `${this.good} of ${Math.max(pods.length, least)} pods are ${state}`,
      );
      return undefined;
    }
    if (state === "gone" && this.#printed === "") {
      this.#step.line("no pod matches: there was nothing to wait for", "stderr");
    }
    return ok({ pods: pods.length });
  }

  #unreachable({ sinceMs, error }: Outage): undefined {
    if (this.#step.environment.clock.elapsedMs() - sinceMs > maxOutageMs) throw error;
    this.#print(error.message);
  }

  #timeout(): StepEnd {
    const limit = formatDuration(longestWaitMs);
    this.#step.line(`ended after ${limit}, the limit of a wait without \`timeout\``, "stderr");
    return { outcome: { kind: "timeout", afterMs: longestWaitMs }, output: { pods: this.good } };
  }

  #print(line: string): void {
    if (line !== this.#printed) this.#step.line(line, "stderr");
    this.#printed = line;
  }

  /** Returns the collections of pods in all contexts; reading workloads is retried while a server is unreachable. */
  async #sources(): Promise<PodSource[]> {
    const { signal, environment } = this.#step;
    const { contexts } = this.#where;
    const sinceMs = environment.clock.elapsedMs();
    return await retry(
      async () => {
        const found: PodSource[] = [];
        for (const context of contexts.length === 0 ? [undefined] : contexts) {
          const client = await environment.kube(context);
          const { state } = this.#wait;
          const transform = (pod: Pod) =>
            this.#isSelected(pod, client.context) ? isIn(pod, state) : undefined;
          const options = { signal, transform };
          found.push(...(await podSources(client, this.#where.selection, options)).sources);
        }
        return found;
      },
      {
        clock: environment.clock,
        signal,
        policy: reconnect,
        random: Math.random,
        mayRetry: isUnreachable,
        onFailure: (error) => this.#unreachable({ sinceMs, error: error as KodamaError }),
      },
    );
  }

  #isSelected(pod: Pod, context: string): boolean {
    const { only, selection: { match, exclude, node } } = this.#where;
    const { namespace = "", name = "" } = pod.metadata ?? {};
    return (match.length === 0 || match.some((one) => matchesPattern(name, one))) &&
      !exclude.some((one) => matchesPattern(name, one)) &&
      (node === undefined || pod.spec?.nodeName === node) &&
      isAmong({ context, namespace, pod: name }, only);
  }
}

type PodSource = LiveSource<Pod, boolean>;

function isUnreachable(error: unknown): error is KodamaError {
  return error instanceof KodamaError && error.kind === "unreachable";
}

function scopesText(sources: readonly PodSource[]): string {
  return JSON.stringify(sources.map(({ scope, name }) => [scope, name]));
}

/** A pod that is being deleted isn't ready or running, whatever its conditions say. */
function isIn({ metadata, status }: Pod, state: AwaitedState): boolean {
  if (metadata?.deletionTimestamp !== undefined) return false;
  if (state === "running") return status?.phase === "Running";
  return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ??
    false;
}

const expected = "ready, running, gone, or a duration such as 30s";

const isState = (text: string): text is AwaitedState =>
  (podStates as readonly string[]).includes(text);

const stateOrTime = new RegExp(`^(?:${podStates.join("|")}|${durationPattern})$`);

/** The kind `wait`. */
export const waitStep = defineStep({
  name: "wait",
  summary: "Waits for a time, or until the selected pods are ready, running or gone.",
  entries: {
    wait: described(
      v.pipe(
        v.string(expected),
        v.regex(stateOrTime, expected),
        v.check(
          (text) => !stateOrTime.test(text) || isState(text) || parseDuration(text) !== undefined,
          expected,
        ),
      ),
      "The state that all selected pods must reach: `ready`, `running` or `gone`, within 30m unless the step has a `timeout`; or a time such as `30s`.",
    ),
    select: podEntries.select,
    count: v.optional(
      described(
        countFromOne,
        "The minimum number of pods; 1 by default, in `batches` all of the batch.",
      ),
    ),
  },
  output: { pods: numberType },
  example: `
select: { namespace: weka-operator-system, match: compute }
steps:
  - wait: ready
    count: 2
    timeout: 1m
  - wait: running
    select: { namespace: weka-operator-system, pods: [weka-drive-0] }
  - wait: 10ms
`,
  rights: ({ wait }) => ({
    rights: podStates.some((state) => state === wait)
      ? [{ group: "", resource: "pods", verbs: ["watch"] }]
      : [],
  }),
  plan: ({ wait }) => {
    const state = isState(wait);
    return {
      does: state ? `wait until the pods are ${wait}` : `wait ${wait}`,
      where: state ? "pods" : "nowhere",
      effect: "reads",
    };
  },
  run: async ({ wait, select, count }, step) => {
    if (isState(wait)) {
      const least = count ?? step.batchSize ?? 1;
      return await waitForPods(step, { state: wait, select, least });
    }
    const delayMs = parseDuration(wait);
    if (delayMs === undefined) return failed(`wait: expected ${expected}, found ${wait}`);
    const isOver = await passed(step.environment.clock, delayMs, { signal: step.signal });
    return isOver ? ok({ pods: 0 }) : { outcome: { kind: "cancelled" }, output: { pods: 0 } };
  },
});
