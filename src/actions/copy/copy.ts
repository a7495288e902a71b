/** Copies files and folders to and from the pods of a selection: from options to outcomes of targets. */
import { absolutePath } from "../../base/absolute_path.ts";
import { BoundedQueue } from "../../base/bounded_queue.ts";
import { definedOnly } from "../../base/json_value.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import {
  type CopyTotals,
  type FileSource,
  knownBytes,
  type TreeSource,
} from "../../copy/source.ts";
import { FoundPods } from "../../exec/found_pods.ts";
import { exitCodeOfRun, SummaryBuilder } from "../../exec/summary.ts";
import type { RunEvent, RunOptions } from "../../exec/run_options.ts";
import { runOnTargets } from "../../exec/run_on_targets.ts";
import { nameParts, targetName } from "../../exec/target_names.ts";
import type { Selection, Target } from "../../kube/select/target.ts";
import { isConfirmed } from "../confirm_change.ts";
import type { CopyEvent, CopyOptions, PlannedCopy } from "./events.ts";
import { checkApart, plannedCopy } from "./paths.ts";
import { ProgressBoard } from "./progress.ts";
import { type CopyScene, copyTarget } from "./copy_target.ts";
import {
  type ContextFindings,
  defaultedNotes,
  Discovery,
  noMatch,
  selectIn,
} from "../exec/discover_targets.ts";
import { chosenSettings, type ExecSettings } from "../exec/settings.ts";
import type { Host } from "../host.ts";
import type { RunRecorder } from "../exec/record_run.ts";

/** How many events may wait for the consumer. */
const queuedEvents = 64;

/**
 * Copies. If the answer to the question is no, nothing is copied and no more events follow.
 *
 * @throws KodamaError if a local source can't be read; NoMatchError if no pod can be a target; UsageError if the
 *   way or the confirmation doesn't allow it.
 */
export async function* cp(host: Host, options: CopyOptions): AsyncGenerator<CopyEvent, void> {
  yield* new CopyRun(host, options).events();
}

/** A call of {@link cp}. Used once. */
class CopyRun {
  readonly #pods: FoundPods;
  readonly #stop = new AbortController();
  readonly #queue = new BoundedQueue<CopyEvent>(queuedEvents);
  readonly #totals: (CopyTotals | undefined)[] = [];
  #names: string[] = [];
  #copies: PlannedCopy[] = [];
  #failedContexts = 0;

  constructor(private readonly host: Host, private readonly options: CopyOptions) {
    this.#pods = new FoundPods(host.clock);
  }

  async *events(): AsyncGenerator<CopyEvent, void> {
    const { way, selection, planOnly = false } = this.options;
    const settings = await chosenSettings(this.host, this.options);
    const local = way.kind === "toPods" ? await this.#localSource(way.local) : undefined;
    const waits = new BoundedQueue<CopyEvent>(queuedEvents);
    const looking = this.#look(selection, settings, waits).finally(() => waits.close());
    looking.catch(() => {});
    yield* waits;
    const { targets, notes } = await looking;
    yield* notes;
    yield* defaultedNotes(targets);
    const sourcePod = way.kind === "podToPods"
      ? await this.#sourcePod(way.source, settings)
      : undefined;
    this.#plan(targets);
    if (planOnly) return yield this.#planned(targets, local);
    if (!await this.#confirmed(targets)) return;
    yield* this.#run(targets, settings, { local, sourcePod });
  }

  async #localSource(path: string): Promise<FileSource | TreeSource> {
    const files = await this.host.copyFiles();
    const source = await files.source(absolutePath(path, this.host.places.workingDir));
    if (source.kind === "file" && path.endsWith("/")) {
      throw new KodamaError("conflict", `${path} is a file, and not a folder`);
    }
    return source;
  }

  /** Returns every context's targets: the question and the check for distinct paths depend on all of them. */
  async #look(
    selection: Selection,
    { connectTimeoutMs }: ExecSettings,
    waits: BoundedQueue<CopyEvent>,
  ): Promise<{ targets: Target[]; notes: CopyEvent[] }> {
    const { contexts, signal } = this.options;
    const find = selectIn(this.host, selection, {
      bulk: true,
      outcomes: { requireAll: this.options.requireAll },
    });
    const discovery = new Discovery(this.host, contexts, find, {
      signal,
      ...(this.options.connectTimeoutMs === undefined
        ? {}
        : { limit: Promise.resolve(connectTimeoutMs) }),
      retries: true,
      onWait: (wait) => void waits.push(wait),
    });
    const findings = await Array.fromAsync(discovery.rest());
    const notes = findings.flatMap((found) => this.#note(found));
    const targets = findings.flatMap((found) => found.kind === "found" ? found.targets : []);
    this.#pods.add(targets);
    if (targets.length === 0 && this.#failedContexts === 0) throw noMatch(findings);
    return { targets, notes };
  }

  /** Returns the events of a context's findings. Throws if the context failed and was the only context. */
  #note(findings: ContextFindings): CopyEvent[] {
    const { context } = findings;
    if (findings.kind === "failed") {
      if (new Set(this.options.contexts).size <= 1) throw findings.error;
      this.#failedContexts += 1;
      return [{ kind: "contextFailed", context, error: findings.error }];
    }
    const { skipped } = findings;
    const several = new Set(this.options.contexts).size > 1 ? { several: true } as const : {};
    return skipped.length === 0 ? [] : [{ kind: "podsSkipped", context, skipped, ...several }];
  }

  async #sourcePod(selection: Selection, settings: ExecSettings): Promise<Target> {
    const { targets } = await this.#look(selection, settings, new BoundedQueue(queuedEvents));
    const [first, ...others] = targets;
    if (first !== undefined && others.length === 0) return first;
    throw new UsageError(`a copy between pods has one source, and ${targets.length} match`, {
      hint: "name its namespace, context or container",
    });
  }

  #plan(targets: readonly Target[]): void {
    const { contexts, way } = this.options;
    const parts = nameParts(targets);
    const naming = { ...parts, context: parts.context || new Set(contexts).size > 1 };
    this.#names = targets.map((target) => targetName(target, naming));
    this.#copies = targets.map((target, at) => plannedCopy(way, target, this.#names[at] ?? ""));
    if (way.kind === "fromPods") checkApart(this.#copies);
  }

  #planned(targets: readonly Target[], local: FileSource | TreeSource | undefined): CopyEvent {
    const bytes = (local && knownBytes(local)) ?? null;
    return { kind: "planned", targets, copies: this.#copies, bytes };
  }

  /** Copies out of pods change nothing there, and need no confirmation. */
  async #confirmed(targets: readonly Target[]): Promise<boolean> {
    const { confirm, way } = this.options;
    if (way.kind === "fromPods") return true;
    const [, , from = "", to = ""] = this.#words();
    return await isConfirmed(this.host, confirm, { action: { kind: "copy", from, to }, targets });
  }

  /** Returns the copy as a command line, for the question and the record of events. */
  #words(): string[] {
    const { way } = this.options;
    switch (way.kind) {
      case "toPods":
        return ["kodama", "cp", way.local, `:${way.remote}`];
      case "fromPods":
        return ["kodama", "cp", `:${way.remote}`, way.local];
      case "podToPods":
        return ["kodama", "cp", this.#copies[0]?.from ?? "", `:${way.to}`];
    }
  }

  async *#run(
    targets: readonly Target[],
    settings: ExecSettings,
    source: Pick<CopyScene, "local" | "sourcePod">,
  ): AsyncGenerator<CopyEvent, void> {
    const board = new ProgressBoard(this.host.clock, (progress) => {
      // A consumer that is behind gets the next report.
      if (this.#queue.size === 0) void this.#queue.push({ kind: "progress", progress });
    });
    const scene: CopyScene = {
      ...source,
      options: this.options,
      files: await this.host.copyFiles(),
      workingDir: this.host.places.workingDir,
      meterOf: (target, expected) => board.meter(target, expected),
      doneBytes: (target) => board.done(target),
      nameOf: (target) => this.#names[target] ?? "",
      note: (target, text) => void this.#queue.push({ kind: "note", target, text }),
      resumable: new Set(),
      destinations: new Map(),
      ended: (target, totals) => void (this.#totals[target] = totals),
    };
    const { RunRecorder } = await import("../exec/record_run.ts");
    await using recorder = new RunRecorder(this.host, {
      ...this.options,
      command: this.#words(),
      copy: true,
    }, settings.records);
    recorder.begin();
    const run = runOnTargets(targets, this.#words(), this.#runOptions(scene, settings));
    const pumping = this.#pump(run, recorder);
    try {
      yield* this.#queue;
    } finally {
      this.#queue.discard();
      this.#stop.abort();
      await pumping;
    }
  }

  /** Never rejects: errors are passed to the consumer. */
  async #pump(run: AsyncIterable<RunEvent>, recorder: RunRecorder): Promise<void> {
    const summary = new SummaryBuilder();
    try {
      for await (const event of run) {
        const translated = this.#translate(event, summary);
        if (translated === undefined) continue;
        recorder.follow(translated);
        if (translated.kind === "runEnded") {
          const record = await recorder.settled();
          if (record.kind === "failed") {
            await this.#queue.push({ kind: "notRecorded", error: record.error });
          }
        }
        await this.#queue.push(translated);
      }
      this.#queue.close();
    } catch (error) {
      this.#queue.fail(error);
    }
  }

  #runOptions(scene: CopyScene, { fanout, connectTimeoutMs }: ExecSettings): RunOptions {
    const { serial, maxFail, failFast, signal } = this.options;
    return {
      open: async (target, request, within, onSent) => {
        const client = await this.host.kube(target.context);
        await this.#pods.requireSame(client, target, within);
        const reads = this.options.way.kind === "fromPods";
        return await client.exec({ ...request, reads }, {
          signal: within,
          ...(onSent && { onSent }),
        });
      },
      clock: this.host.clock,
      signal: AbortSignal.any([signal, this.#stop.signal]),
      fanout,
      connectTimeoutMs,
      graceMs: 0,
      nonce: "",
      perform: (run) => copyTarget(scene, run),
      ...definedOnly({ serial, maxFail, failFast }),
    };
  }

  #translate(
    event: RunEvent,
    summary: SummaryBuilder,
  ): Extract<CopyEvent, { kind: RunEvent["kind"] }> | undefined {
    switch (event.kind) {
      case "runStarted":
        return { ...event, names: [...this.#names] };
      case "targetsAdded":
      case "output":
        return undefined;
      case "targetStarted":
        return event;
      case "targetEnded": {
        summary.ended(event.target, event.outcome);
        const copy = this.#copies[event.target] ?? { from: "", to: "" };
        return { ...event, copy, totals: this.#totals[event.target] ?? null };
      }
      case "runEnded": {
        const exitCode = exitCodeOfRun(event.outcomes, {
          failedContexts: this.#failedContexts,
          stopped: this.options.signal.aborted,
        });
        const sum = (part: "files" | "bytes") =>
          this.#totals.reduce((total, one) => total + (one?.[part] ?? 0), 0);
        const copied = { files: sum("files"), bytes: sum("bytes") };
        return { ...event, ...copied, summary: summary.build(this.#names), exitCode };
      }
    }
  }
}
