/** `wait`: for a time, or until the selected pods are ready, running or deleted. */
import * as v from "valibot";
import { formatDuration, parseDuration } from "../../base/duration.ts";
import { numberType } from "../../expression/type.ts";
import { countFromOne, described, durationPattern } from "../fields.ts";
import { passed } from "../../base/abort.ts";
import { timeoutAfter } from "../step_events.ts";
import { defineStep, failed, ok, type StepEnd } from "../step_kind.ts";
import { podEntries } from "../pod_fields.ts";
import { KodamaError } from "../../base/errors.ts";
import { outagePolicy, retry } from "../../base/retry.ts";
import { LiveList, type LiveSource, type Outage } from "../../kube/live_list.ts";
import { podSources } from "../../kube/select/live_pods.ts";
import { matchesPattern } from "../../kube/select/selection.ts";
import { PODS } from "../../kube/resources.ts";
import type { Pod } from "../../kube/types.ts";
import {
  type OwnedPod,
  ownedPod,
  rememberOwners,
  unfinishedRollouts,
  workloads,
} from "../../wait/owners.ts";
import { readiness, type Verdict } from "../../wait/readiness.ts";
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
  /** Pods count that their workload is still to replace. */
  outdated: boolean;
}

/** A selected pod. */
interface WaitedPod {
  client: PodSource["client"];
  verdict: Verdict;
  owned: OwnedPod;
}

/** Maximum time for which a server may be unreachable during a wait. */
const maxOutageMs = 60_000;

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
  readonly #where: Where;
  readonly #startedMs: number;
  #printed = "";
  /** A pod of each owner that has had some, of each cluster. */
  readonly #known = new Map<PodSource["client"], Map<string, OwnedPod>>();
  /** The number of pods in the state. */
  good = 0;

  constructor(private readonly step: StepContext, private readonly wait: PodWait) {
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
    const { clock } = this.step.environment;
    const { operands } = this.#where.selection;
    const hasWorkloads = operands.some(({ kind }) => kind === "workload");
    let readMs = clock.elapsedMs();
    for await (const { objects, outage } of this.#list(sources).snapshots(tickMs)) {
      const nowMs = clock.elapsedMs();
      const end = outage === undefined
        ? await this.#inspect([...objects.values()], sources)
        : this.#unreachable(outage);
      if (end !== undefined) return end;
      if (this.step.limitMs === undefined && nowMs - this.#startedMs >= longestWaitMs) {
        return this.#timeout();
      }
      if (!hasWorkloads || outage !== undefined || nowMs - readMs < workloadsMs) continue;
      const current = await this.#sources();
      readMs = clock.elapsedMs();
      if (scopesText(current) !== scopesText(sources)) return undefined;
    }
  }

  #list(sources: readonly PodSource[]): LiveList<Pod, WaitedPod> {
    return new LiveList<Pod, WaitedPod>(sources, {
      clock: this.step.environment.clock,
      signal: this.step.signal,
      reconnect: outagePolicy.follow,
      mayRetryStart: isUnreachable,
      pollMs: tickMs,
    });
  }

  async #inspect(
    pods: readonly WaitedPod[],
    sources: readonly PodSource[],
  ): Promise<StepEnd | undefined> {
    for (const [client, own] of Map.groupBy(pods, (pod) => pod.client)) {
      rememberOwners(this.#knownOf(client), own.map(({ owned }) => owned));
    }
    if (!this.#areDone(pods)) return undefined;
    if (this.wait.state !== "gone" && !this.wait.outdated) {
      const unfinished = await this.#unfinished(pods);
      if (unfinished !== undefined) {
        this.#print(unfinished);
        return undefined;
      }
      // The pods were listed before their workloads, which may have had others since.
      for await (const { objects, outage } of this.#list(sources).snapshots()) {
        if (outage !== undefined) return this.#unreachable(outage);
        const current = [...objects.values()];
        if (!this.#areDone(current)) return undefined;
        if (current.some((one) => !pods.some((pod) => sameOwner(pod, one)))) return undefined;
        break;
      }
    }
    if (this.wait.state === "gone" && this.#printed === "") {
      this.step.line("no pod matches: there was nothing to wait for", "stderr");
    }
    return ok({ pods: this.wait.state === "gone" ? 0 : this.good });
  }

  /** Returns whether the pods themselves are in the state, and prints why not. */
  #areDone(pods: readonly WaitedPod[]): boolean {
    const { state, least } = this.wait;
    this.good = pods.filter(({ verdict }) => verdict.kind === "met").length;
    if (state === "gone") {
      if (pods.length > 0) this.#print(`${pods.length} pods are there`);
      return pods.length === 0;
    }
    if (pods.length >= least && this.good === pods.length) return true;
    const bad = pods.filter(({ verdict }) => verdict.kind !== "met");
    const first = bad.find(({ verdict }) => verdict.kind === "stuck") ?? bad[0];
    const reason = first === undefined || first.verdict.kind === "met" || state === "running"
      ? ""
      : `; ${first.owned.metadata.name}: ${first.verdict.reason}`;
    this.#print(`${this.good} of ${Math.max(pods.length, least)} pods are ${state}${reason}`);
    return false;
  }

  #knownOf(client: PodSource["client"]): Map<string, OwnedPod> {
    const known = this.#known.get(client) ?? new Map<string, OwnedPod>();
    this.#known.set(client, known);
    return known;
  }

  /** Returns which workload is still to replace or create pods, and why; undefined if none is. */
  async #unfinished(pods: readonly WaitedPod[]): Promise<string | undefined> {
    const { only, selection: { operands } } = this.#where;
    const some = only !== undefined ||
      operands.length > 0 && operands.every(({ kind }) => kind === "pod");
    try {
      for (const [client, known] of this.#known) {
        const own = pods.filter((pod) => pod.client === client).map(({ owned }) => owned);
        const [first] = await unfinishedRollouts(client, some ? own : [...own, ...known.values()], {
          some,
          signal: this.step.signal,
        });
        if (first !== undefined) return `${first.workload}: ${first.verdict.reason}`;
      }
      return undefined;
    } catch (error) {
      // The list of pods reports an outage that lasts.
      if (isUnreachable(error)) return error.message;
      if (!(error instanceof KodamaError) || error.kind !== "forbidden") throw error;
      const wayOut = "with `outdated: true` only the pods themselves are looked at";
      throw new KodamaError("forbidden", `${error.message}; ${wayOut}`);
    }
  }

  #unreachable({ sinceMs, error }: Outage): undefined {
    if (this.step.environment.clock.elapsedMs() - sinceMs > maxOutageMs) throw error;
    this.#print(error.message);
  }

  #timeout(): StepEnd {
    const limit = formatDuration(longestWaitMs);
    this.step.line(`ended after ${limit}, the limit of a wait without \`timeout\``, "stderr");
    return { outcome: timeoutAfter(longestWaitMs), output: { pods: this.good } };
  }

  #print(line: string): void {
    if (line !== this.#printed) this.step.line(line, "stderr");
    this.#printed = line;
  }

  /** Returns the collections of pods in all contexts; reading workloads is retried while a server is unreachable. */
  async #sources(): Promise<PodSource[]> {
    const { signal, environment } = this.step;
    const { contexts } = this.#where;
    const sinceMs = environment.clock.elapsedMs();
    return await retry(
      async () => {
        const found: PodSource[] = [];
        for (const context of contexts.length === 0 ? [undefined] : contexts) {
          const client = await environment.kube(context);
          const { state } = this.wait;
          const transform = (pod: Pod): WaitedPod | undefined =>
            this.#isSelected(pod, client.context)
              ? { client, verdict: verdictOf(pod, state), owned: ownedPod(pod) }
              : undefined;
          const options = { signal, transform };
          found.push(...(await podSources(client, this.#where.selection, options)).sources);
        }
        return found;
      },
      {
        clock: environment.clock,
        signal,
        policy: outagePolicy.follow,
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

type PodSource = LiveSource<Pod, WaitedPod>;

/** Returns whether two pods have the same owners: of a pod with others, the workload hasn't been read. */
function sameOwner({ owned: a }: WaitedPod, { owned: b }: WaitedPod): boolean {
  const uids = ({ metadata: { ownerReferences = [] } }: OwnedPod) =>
    ownerReferences.map(({ uid }) => uid).join();
  return uids(a) === uids(b);
}

function isUnreachable(error: unknown): error is KodamaError {
  return error instanceof KodamaError && error.kind === "unreachable";
}

function scopesText(sources: readonly PodSource[]): string {
  return JSON.stringify(sources.map(({ scope, name }) => [scope, name]));
}

/** A pod that is being deleted isn't ready or running, whatever its conditions say. */
function verdictOf(pod: Pod, state: AwaitedState): Verdict {
  if (state === "ready") return readiness(PODS, pod);
  const isRunning = pod.metadata?.deletionTimestamp === undefined &&
    pod.status?.phase === "Running";
  return isRunning ? { kind: "met" } : { kind: "waiting", reason: "it is not running" };
}

const workloadRights = workloads.map(({ group, plural }) => ({
  group,
  resource: plural,
  verbs: ["get"],
}));

const expected = "ready, running, gone, or a duration such as 30s";

const isState = (text: string): text is AwaitedState =>
  (podStates as readonly string[]).includes(text);

const stateOrTime = new RegExp(`^(?:${podStates.join("|")}|${durationPattern})$`);

/** The kind `wait`. */
export const waitStep = defineStep({
  name: "wait",
  summary:
    "Waits for a time, or until the selected pods are ready, running or gone. Pods are ready or running only when " +
    "their workloads have replaced all that they are to replace: right after a restart, the old pods don't count.",
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
    outdated: v.optional(
      described(
        v.boolean("true or false"),
        "Whether pods count that their workload is still to replace, as after a restart, and workloads that are still to create pods; false by default.",
      ),
    ),
  },
  output: { pods: numberType },
  example: `
select: { namespace: weka-operator-system, match: compute }
steps:
  - wait: ready
    count: 2
    outdated: false
    timeout: 1m
  - wait: running
    select: { namespace: weka-operator-system, pods: [weka-drive-0] }
  - wait: 10ms
`,
  rights: ({ wait, outdated }) => ({
    rights: podStates.some((state) => state === wait)
      ? [
        { group: "", resource: "pods", verbs: ["watch"] },
        ...(wait === "gone" || outdated === true ? [] : workloadRights),
      ]
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
  run: async ({ wait, select, count, outdated = false }, step) => {
    if (isState(wait)) {
      const least = count ?? step.batchSize ?? 1;
      return await waitForPods(step, { state: wait, select, least, outdated });
    }
    const delayMs = parseDuration(wait);
    if (delayMs === undefined) return failed(`wait: expected ${expected}, found ${wait}`);
    const isOver = await passed(step.environment.clock, delayMs, { signal: step.signal });
    return isOver ? ok({ pods: 0 }) : { outcome: { kind: "cancelled" }, output: { pods: 0 } };
  },
});
