/** Runs one command in every matching pod: from a selection to the outcomes of its targets. */
import { hint, option } from "../../base/hint.ts";
import { BoundedQueue } from "../../base/bounded_queue.ts";
import { definedOnly } from "../../base/json_value.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { exitCodeOfRun, SummaryBuilder } from "../../exec/summary.ts";
import type { RunEvent } from "../../exec/run_options.ts";
import { runOnTargets } from "../../exec/run_on_targets.ts";
import type { RunOptions } from "../../exec/run_options.ts";
import {
  directInput,
  sharedInput,
  StandardInput,
  type StdinSource,
} from "../../exec/stdin_spool.ts";
import { nameParts, targetName } from "../../exec/target_names.ts";
import type { Selection, Target } from "../../kube/select/target.ts";
import { isConfirmed, isReading } from "../confirm_change.ts";
import {
  type ContextFindings,
  Discovery,
  type FindIn,
  matchesText,
  noMatch,
  selectIn,
} from "./discover_targets.ts";
import { findRetrying } from "./find_retrying.ts";
import type { EarlierTargets, ExecEvent, ExecOptions } from "./events.ts";
import { chosenSettings, type ExecSettings } from "./settings.ts";
import type { Host } from "../host.ts";
import { type OutputPresenter, presentOutput } from "./present_output.ts";
import type { RecordResult } from "./record_run.ts";
import { OutputFiles } from "./save_output.ts";
import type { KubeClient } from "../../kube/client.ts";

/**
 * Runs a command in the pods of a selection, after a question if it may change many. If the answer is no, nothing is
 * run and no more events follow.
 *
 * @throws NoMatchError if no pod can be a target; KodamaError of the only context if it can't answer; UsageError if
 *   the command, the terminal or the confirmation doesn't allow a run.
 */
export async function* exec(host: Host, options: ExecOptions): AsyncGenerator<ExecEvent, void> {
  if (options.command.length === 0) throw new UsageError("you must specify at least one command");
  yield* new ExecRun(host, options).events();
}

/** One call of {@link exec}. Used once. */
class ExecRun {
  readonly #host: Host;
  readonly #options: ExecOptions;
  readonly #contexts: readonly string[];
  readonly #settings: Promise<ExecSettings>;
  readonly #earlier: EarlierRun | undefined;
  readonly #files: OutputFiles | undefined;
  readonly #targets: Target[] = [];
  readonly #names: string[] = [];
  readonly #discovery: Discovery;
  /** Events of the time before the run, which are emitted at once. */
  readonly #waits: BoundedQueue<ExecEvent>;
  #isFinding = true;
  /** Emitted before the next event: notes about contexts that arrived during the run. */
  #notes: ExecEvent[] = [];
  #failedContexts = 0;

  constructor(host: Host, options: ExecOptions) {
    const { earlier, signal, outputFolder } = options;
    this.#host = host;
    this.#options = options;
    this.#earlier = earlier && new EarlierRun(host, earlier, signal);
    this.#contexts = this.#earlier?.contexts ?? options.contexts;
    this.#files = outputFolder && new OutputFiles(host, outputFolder);
    this.#waits = new BoundedQueue(Math.max(1, this.#contexts.length));
    this.#settings = chosenSettings(host, options);
    const find = findRetrying(this.#earlier?.find ?? selectIn(host, options.selection, signal), {
      clock: host.clock,
      signal,
      limit: this.#settings.then(({ connectTimeoutMs }) => connectTimeoutMs),
      onWait: (wait) => this.#report(wait),
    });
    this.#discovery = new Discovery(host, this.#contexts, find, { signal });
  }

  async *events(): AsyncGenerator<ExecEvent, void> {
    // Prepared while the cluster is queried for the pods.
    const recording = this.#options.unrecorded
      ? Promise.resolve(undefined)
      : Promise.all([import("./record_run.ts"), this.#settings])
        .then(([{ RunRecorder }, { records }]) =>
          new RunRecorder(this.#host, this.#options, records)
        );
    recording.catch(() => {});
    const { stdin: source, terminal } = this.#options;
    await using stdin = source && new StandardInput(source);
    // What isn't typed.
    if (terminal === undefined) stdin?.begin();
    const settings = await this.#settings;
    const finding = this.#firstFindings().finally(() => this.#endWaits());
    // The consumer may be slow; a failure is thrown after the queued events.
    finding.catch(() => {});
    yield* this.#waits;
    const findings = await finding;
    const first = findings.flatMap((found) => this.#note(found));
    // The error explains why no pod can be used, so the notes needn't.
    if (first.length === 0 && this.#failedContexts === 0) throw noMatch(findings);
    const notes = this.#takeNotes();
    yield* notes;
    const parts = nameParts(first);
    const naming = { ...parts, context: parts.context || new Set(this.#contexts).size > 1 };
    this.#add(first, (target) => targetName(target, naming));
    await this.#files?.check(this.#names);
    if (!await this.#confirmed()) return;
    await using recorder = await recording;
    recorder?.begin();
    for (const note of notes) recorder?.follow(note);
    await using _files = this.#files;
    await using input = this.#openInput(stdin);
    const run = runOnTargets(first, this.#options.command, this.#runOptions(settings, input));
    const presenter = presentOutput(settings.outputMode, {
      targets: this.#targets,
      foldStderr: this.#options.foldStderr ?? false,
      diff: this.#options.diff ?? false,
    });
    const summary = new SummaryBuilder();
    for await (const event of run) {
      if (event.kind === "targetsAdded") this.#add(event.targets, (t) => targetName(t, naming));
      await this.#save(event);
      recorder?.followOutput(event);
      this.#options.observe?.(event);
      const events = event.kind === "runEnded"
        ? await this.#end(event, presenter, summary)
        : this.#translate(event, presenter, summary);
      for (const one of [...this.#takeNotes(), ...events]) {
        recorder?.follow(one);
        if (one.kind === "runEnded" && recorder !== undefined) {
          yield* recordedEnd(one, await recorder.settled());
        } else yield one;
      }
    }
  }

  /** If something depends on all targets, waits for all contexts; otherwise starts with those that are known. */
  async #firstFindings(): Promise<ContextFindings[]> {
    const { confirm, terminal, oneTarget, serial, outputFolder } = this.#options;
    const all = [confirm, terminal, oneTarget, serial, outputFolder].some((one) =>
      one !== undefined
    );
    return all ? await Array.fromAsync(this.#discovery.rest()) : await this.#discovery.first();
  }

  async *#laterTargets(): AsyncGenerator<readonly Target[], void> {
    for await (const findings of this.#discovery.rest()) yield this.#note(findings);
  }

  /** Stores the notes about a context. Throws if the context failed and was the only one. */
  #note(findings: ContextFindings): readonly Target[] {
    if (findings.kind === "failed") {
      if (new Set(this.#contexts).size <= 1) throw findings.error;
      this.#failedContexts += 1;
      const { context, error } = findings;
      this.#notes.push({ kind: "contextFailed", context, error });
      return [];
    }
    const { context, skipped } = findings;
    const several = new Set(this.#contexts).size > 1 ? { several: true } as const : {};
    if (skipped.length > 0) this.#notes.push({ kind: "podsSkipped", context, skipped, ...several });
    return findings.targets;
  }

  #report(wait: ExecEvent): void {
    if (this.#isFinding) void this.#waits.push(wait);
    else this.#notes.push(wait);
  }

  #endWaits(): void {
    this.#isFinding = false;
    this.#waits.close();
  }

  #takeNotes(): ExecEvent[] {
    return this.#notes.splice(0);
  }

  #add(targets: readonly Target[], nameOf: (target: Target) => string): void {
    this.#targets.push(...targets);
    this.#names.push(...targets.map(nameOf));
  }

  async #confirmed(): Promise<boolean> {
    const { confirm, command, shell = false, terminal, oneTarget, because } = this.#options;
    if ((terminal !== undefined || oneTarget) && this.#targets.length > 1) {
      throw new UsageError(`a terminal is for one pod, and ${matchesText(this.#names)}`, {
        hint: hint`narrow the selection, or leave out ${option("tty")}`,
      });
    }
    return await isConfirmed(this.#host, confirm, {
      action: { kind: "command", command, shell },
      targets: this.#targets,
      ...definedOnly({ because }),
    });
  }

  #runOptions(settings: ExecSettings, input: StdinSource | undefined): RunOptions {
    const earlier = this.#earlier;
    return targetRunOptions(this.#options, settings, {
      open: async (target, request, signal, onSent) => {
        const refusal = earlier?.refusals.get(target);
        if (refusal !== undefined) throw refusal;
        const client = await this.#host.kube(target.context);
        const { command, shell = false } = this.#options;
        // Only a read-only client needs to know.
        const reads = client.readOnly !== undefined && await isReading(this.#host, command, shell);
        return await client.exec(reads ? { ...request, reads } : request, {
          signal,
          ...(onSent && { onSent }),
        });
      },
      clock: this.#host.clock,
      later: this.#laterTargets(),
      input,
      ...(earlier === undefined
        ? {}
        : { positionOf: (target) => this.#positionOf(target, earlier) }),
    });
  }

  #positionOf(target: number, { positions }: EarlierRun): { index: number; total: number } {
    const known = this.#targets[target];
    const position = known && positions.get(known);
    return position ?? { index: target, total: this.#targets.length };
  }

  /** Output is written to its file before it is shown, and a target's files are complete before its end is emitted. */
  async #save(event: RunEvent): Promise<void> {
    const files = this.#files;
    if (files === undefined) return;
    switch (event.kind) {
      case "targetStarted":
        return await files.begin(event.target, this.#names[event.target] ?? "");
      case "output":
        return await files.write(event.target, event.stream, event.bytes);
      case "targetEnded":
        return await files.end(event.target);
    }
  }

  /** Standard input of all targets; a single target reads it directly if no other can be added. */
  #openInput(stdin: StandardInput | undefined): StdinSource | undefined {
    if (stdin === undefined) return undefined;
    const single = this.#targets.length === 1 && new Set(this.#contexts).size <= 1;
    return single ? directInput(stdin) : sharedInput(stdin, () => this.#host.files.spool());
  }

  *#translate(
    event: Exclude<RunEvent, { kind: "runEnded" }>,
    presenter: OutputPresenter,
    summary: SummaryBuilder,
  ): Generator<ExecEvent, void> {
    switch (event.kind) {
      case "runStarted":
        return yield { ...event, names: [...this.#names] };
      case "targetsAdded": {
        if (event.targets.length === 0) return;
        return yield { ...event, names: this.#names.slice(-event.targets.length) };
      }
      case "targetStarted":
        presenter.started(event.target, event.at);
        return yield event;
      case "output":
        return yield* presenter.output(event);
      case "targetEnded":
        summary.ended(event.target, event.outcome);
        yield* presenter.ended(event);
        return yield event;
    }
  }

  async #end(
    event: Extract<RunEvent, { kind: "runEnded" }>,
    presenter: OutputPresenter,
    summary: SummaryBuilder,
  ): Promise<ExecEvent[]> {
    const last = await presenter.done(this.#names);
    const maxExitCode = this.#options.maxExitCode ?? false;
    const failedContexts = this.#failedContexts;
    const stopped = this.#options.signal.aborted;
    const exitCode = exitCodeOfRun(event.outcomes, { failedContexts, maxExitCode, stopped });
    return [...last, { ...event, summary: summary.build(this.#names), exitCode }];
  }
}

/** Yields the end of the run, with the result of its recording. */
function* recordedEnd(
  ended: Extract<ExecEvent, { kind: "runEnded" }>,
  record: RecordResult,
): Generator<ExecEvent, void> {
  if (record.kind === "failed") {
    yield { kind: "notRecorded", error: record.error };
    return yield ended;
  }
  const { id, rerunnable } = record;
  yield { ...ended, record: { id, rerunnable } };
}

/* The options of the fan-out, from the front end's options and the settings. */

/** Time to end by itself, between TERM and KILL. */
const defaultGraceMs = 2000;

/** The parts that only the run itself has. */
type RunParts =
  & Pick<RunOptions, "open" | "clock" | "later" | "positionOf">
  & { input: StdinSource | undefined };

/** Returns the options of the fan-out. */
function targetRunOptions(
  options: ExecOptions,
  { fanout, connectTimeoutMs }: ExecSettings,
  { input, ...parts }: RunParts,
): RunOptions {
  const { terminal, environment, workdir, timeoutMs, shell, substitute } = options;
  const { serial, maxFail, failFast } = options;
  return {
    ...parts,
    signal: options.signal,
    fanout,
    connectTimeoutMs,
    graceMs: options.graceMs ?? defaultGraceMs,
    nonce: crypto.randomUUID(),
    ...definedOnly({ timeoutMs, serial, maxFail, failFast }),
    ...definedOnly({ terminal, environment, workdir, shell, substitute }),
    ...definedOnly({ input }),
  };
}

/* The targets of an earlier run, found again: the same pods, or reported as different. */

/** The targets of an earlier run in the contexts that have answered. */
class EarlierRun {
  /** Why a target is refused. */
  readonly refusals = new Map<Target, KodamaError>();
  /** The index and total passed to a target's command. */
  readonly positions = new Map<Target, { index: number; total: number }>();
  readonly #host: Host;
  readonly #earlier: EarlierTargets;
  readonly #signal: AbortSignal;

  constructor(host: Host, earlier: EarlierTargets, signal: AbortSignal) {
    this.#host = host;
    this.#earlier = earlier;
    this.#signal = signal;
  }

  get contexts(): readonly string[] {
    return [...new Set(this.#earlier.targets.map(({ context }) => context))];
  }

  /** Returns one context's targets in their earlier order. */
  readonly find: FindIn = async (context = "") => {
    const client = await this.#client(context);
    const members = this.#earlier.targets.filter((target) => target.context === context);
    const now = new Map<string, Target>();
    for (const [namespace, targets] of Map.groupBy(members, (target) => target.namespace)) {
      const selection = podsOf(namespace, targets);
      const found = await this.#host.select(client, selection, { signal: this.#signal });
      for (const target of found.targets) now.set(keyOf(target), target);
    }
    const targets = members.map((target) => this.#current(target, now.get(keyOf(target))));
    return { kind: "found", context, targets, skipped: [], nearest: [] };
  };

  async #client(context: string): Promise<KubeClient> {
    // Inside a pod there is no kubeconfig, and so no context to name.
    const named = (await this.#host.contexts()).length > 0;
    const client = await this.#host.kube(named ? context : undefined);
    if (client.context === context) return client;
    throw new KodamaError("config", `that run was in context "${context}", which isn't here`);
  }

  #current(then: Target, now: Target | undefined): Target {
    const { targets, positions, recreated } = this.#earlier;
    const isAccepted = now !== undefined && (now.uid === then.uid || recreated);
    // The current pod, with the container of the earlier run. If the pod isn't accepted, the record gets the earlier
    // one: otherwise the next rerun would run in this pod.
    const target = isAccepted ? { ...now, container: then.container } : then;
    const position = positions[targets.indexOf(then)];
    if (position !== undefined) this.positions.set(target, position);
    if (!isAccepted) this.refusals.set(target, refusal(then, now));
    return target;
  }
}

/** Selects all pods of the namespace, or a few by matching their names: a missing name isn't an error here. */
function podsOf(namespace: string, targets: readonly Target[]): Selection {
  const names = [...new Set(targets.map(({ pod }) => pod))];
  const literal = names.map((name) => name.replace(/[^\w-]/g, "\\$&")).join("|");
  return {
    namespaces: { kind: "named", names: [namespace] },
    operands: [],
    match: [{ kind: "regExp", regExp: new RegExp(`^(?:${literal})$`) }],
    exclude: [],
    sort: "name",
    shuffle: false,
    allPhases: true,
  };
}

function refusal({ pod }: Target, now: Target | undefined): KodamaError {
  return now === undefined
    ? new KodamaError("notFound", `pod "${pod}" of that run is gone`)
    : new KodamaError(
      "conflict",
      `pod "${pod}" was recreated since that run, and recreated pods aren't accepted`,
    );
}

function keyOf({ namespace, pod }: Target): string {
  return `${namespace}/${pod}`;
}
