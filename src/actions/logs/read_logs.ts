/** The logs of every container of a selection: unmerged, merged by time, or followed. */
import { maxRequestsOf } from "./events.ts";
import { action, hint } from "../../base/hint.ts";
import type { KodamaError } from "../../base/errors.ts";
import { NoMatchError } from "../../base/errors.ts";
import type { Target } from "../../kube/select/target.ts";
import { filterLines, LineLimit, type LogLine } from "../../logs/line.ts";
import { mergeByTime, ReadAhead } from "../../logs/merge_by_time.ts";
import { readContainer } from "../../logs/read_container.ts";
import type { OpenLog } from "../../logs/reading.ts";
import { readPods } from "../../kube/select/read_pods.ts";
import { containerNames } from "../../kube/select/selection.ts";
import { type ContextFindings, Discovery, noMatch, unmatched } from "../exec/discover_targets.ts";
import type { Host } from "../host.ts";
import type { LogsEvent, LogsRequest } from "./events.ts";
import { exitCodeOfLogs, LogSources, namesPods, noted, openerOf, unreachedIn } from "./sources.ts";
import { findLogTargets } from "./targets.ts";

/**
 * Reads the logs. Without following, the lines of all containers are ordered by the servers' timestamps, in groups
 * of `maxRequests` containers; with following, they are emitted as they arrive. When the signal aborts, the lines
 * already read are emitted, then the end.
 *
 * @throws NoMatchError if no container has a log to read; KodamaError of the only context if it can't answer.
 */
export async function* readLogs(
  host: Host,
  requested: LogsRequest,
): AsyncGenerator<LogsEvent, void> {
  const random = Math.random;
  const options = await withNamedContainer(host, requested);
  const { contexts, signal } = options;
  // A second operand may be a container's name with a typo.
  const absent = secondOf(options) === undefined ? { absent: "target" } as const : {};
  const discovery = new Discovery(host, contexts, async (name, signal) => {
    const client = await host.kube(name);
    const found = await findLogTargets(client, options, { signal, random, ...absent });
    return { kind: "found", context: client.context, ...found };
  }, { signal });
  const first = await discovery.first();
  const sources = new LogSources(contexts);
  const notes = first.flatMap((findings) => noted(findings, contexts));
  const found = first.flatMap(targetsOf);
  if (found.length === 0 && first.every(({ kind }) => kind === "found")) {
    if (!mayMatchLater(options)) throw nothing(first, options);
    notes.push({ kind: "waitingForPods", ...unmatched(first) });
  }
  yield* notes;
  if (options.follow) {
    const { followLogs } = await import("./follow.ts");
    return yield* followLogs({ host, options, random, discovery, first, sources });
  }
  const reading = new WholeReading(host, { options, random, sources });
  let unreachedCount = first.reduce((sum, findings) => sum + unreachedIn(findings), 0);
  yield* reading.read(found);
  for await (const findings of discovery.rest()) {
    yield* noted(findings, contexts);
    unreachedCount += unreachedIn(findings);
    yield* reading.read(targetsOf(findings));
  }
  yield { kind: "ended", exitCode: exitCodeOfLogs(reading.errors, unreachedCount) };
}

/** Returns whether later pods can match: not if the pods are named individually, picked or sampled. */
function mayMatchLater({ follow, picked, selection }: LogsRequest): boolean {
  return follow && picked === undefined && selection.sample === undefined && !namesPods(selection);
}

/**
 * `POD CONTAINER`, as `kubectl logs` takes it: a second operand that isn't a pod but a container of the first names
 * the container.
 */
async function withNamedContainer(host: Host, options: LogsRequest): Promise<LogsRequest> {
  const { contexts, selection, signal } = options;
  const name = secondOf(options);
  if (name === undefined) return options;
  const client = await host.kube(contexts[0]);
  const { pods, missing } = await readPods(client, selection, signal);
  if (missing.length !== 1 || missing[0]?.name !== name) return options;
  const isContainer = pods.some((pod) => containerNames(pod).includes(name));
  if (!isContainer) return options;
  return {
    ...options,
    selection: { ...selection, operands: selection.operands.slice(0, 1) },
    container: [{ kind: "exact", name }],
  };
}

/** Returns the second of two operands if it may name a container. */
function secondOf({ contexts, selection, picked, container }: LogsRequest): string | undefined {
  const [, second, ...others] = selection.operands;
  if (second?.kind !== "pod" || second.namespace !== undefined) return undefined;
  const isPlain = others.length === 0 && contexts.length < 2 && picked === undefined &&
    container.length === 0 && selection.namespaces.kind !== "all";
  return isPlain ? second.name : undefined;
}

function targetsOf(findings: ContextFindings): readonly Target[] {
  return findings.kind === "found" ? findings.targets : [];
}

function nothing(all: readonly ContextFindings[], { follow, previous }: LogsRequest): NoMatchError {
  const skipped = all.flatMap((one) => one.kind === "found" ? one.skipped : []);
  const [first] = skipped;
  if (first === undefined) return noMatch(all);
  const others = skipped.length > 1 ? ` (and ${skipped.length - 1} more)` : "";
  return new NoMatchError(
    `no log to read; ${first.pod}: ${first.reason}${others}`,
    follow || previous
      ? {}
      : { hint: hint`${action("logs", { follow: true })} waits for containers to start` },
  );
}

/** Bytes read ahead of all logs that are merged. */
const aheadBytes = 32 * 1024 * 1024;

/** Logs that are read to their ends. */
class WholeReading {
  readonly errors: KodamaError[] = [];
  readonly #options: LogsRequest;
  readonly #random: () => number;
  readonly #sources: LogSources;
  readonly #ahead = new ReadAhead(aheadBytes);
  /** Events of readers other than lines. */
  #notes: LogsEvent[] = [];

  constructor(
    private readonly host: Host,
    { options, random, sources }: {
      options: LogsRequest;
      random: () => number;
      sources: LogSources;
    },
  ) {
    this.#options = options;
    this.#random = random;
    this.#sources = sources;
  }

  /** Reads group after group: a group is merged, so all of its logs are open at once. */
  async *read(targets: readonly Target[]): AsyncGenerator<LogsEvent, void> {
    const { signal } = this.#options;
    const maxRequests = maxRequestsOf(this.#options);
    if (targets.length === 0) return;
    const firstSource = this.#sources.count;
    yield this.#sources.add(targets, { joined: false });
    if (targets.length > maxRequests) {
      yield { kind: "queued", waiting: targets.length - maxRequests, slots: maxRequests };
    }
    for (let at = 0; at < targets.length && !signal.aborted; at += maxRequests) {
      const group = targets.slice(at, at + maxRequests);
      const bulk = group.length > 1;
      const readers = group.map((target, index) =>
        this.#lines(target, { source: firstSource + at + index, bulk })
      );
      for await (const merged of mergeByTime(readers)) {
        if (this.#notes.length > 0) yield* this.#notes.splice(0);
        const lines = filterLines(merged, this.#options);
        if (lines.length > 0) yield { kind: "lines", lines };
      }
      yield* this.#notes.splice(0);
    }
  }

  async *#lines(
    target: Target,
    { source, bulk }: { source: number; bulk: boolean },
  ): AsyncGenerator<LogLine[], void> {
    const start = this.#options;
    const { previous, signal } = start;
    const opener = openerOf(this.host, target, { bulk });
    const open: OpenLog = bulk
      ? async (query, signal) => this.#ahead.of(await opener(query, signal))
      : opener;
    const { clock } = this.host;
    const random = this.#random;
    const limit = new LineLimit(this.#options);
    for await (
      const event of readContainer(open, { source, start, previous, clock, random, signal })
    ) {
      if (event.kind === "lines") {
        const lines = limit.take(event.lines);
        if (lines.length > 0) yield lines;
        if (limit.isReached) return;
      } else {
        if (event.kind === "failed") this.errors.push(event.error);
        this.#notes.push({ ...event, source });
      }
    }
  }
}
