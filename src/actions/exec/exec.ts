/** Runs one command in every matching pod: from a selection to the outcomes of its targets. */
import { hint, option } from "../../base/hint.ts";
import { BoundedQueue } from "../../base/bounded_queue.ts";
import { commandFields, fanOutFields } from "../../exec/exec.ts";
import { valuesOf } from "../../operation/operation.ts";
import { definedOnly } from "../../base/json_value.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { exitCodeOfRun, SummaryBuilder } from "../../exec/summary.ts";
import type { RunEvent } from "../../exec/run_options.ts";
import { FoundPods } from "../../exec/found_pods.ts";
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
import { plural } from "../../base/plural.ts";
import { type Change, isConfirmed, isReading, needsQuestion } from "../confirm_change.ts";
import {
  type ContextFindings,
  defaultedNotes,
  Discovery,
  type FindIn,
  matchesText,
  noMatch,
  selectIn,
} from "./discover_targets.ts";
import type { EarlierTargets, ExecEvent, ExecOptions } from "./events.ts";
import { chosenSettings, type ExecSettings } from "./settings.ts";
import type { Host } from "../host.ts";
import { type OutputPresenter, presentOutput } from "./present_output.ts";
import type { RecordResult } from "./record_run.ts";
import { printsSecrets } from "./secret_reads.ts";
import { sourcesOf } from "./secret_sources.ts";
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
  readonly #contexts: readonly string[];
  readonly #settings: Promise<ExecSettings>;
  readonly #earlier: EarlierRun | undefined;
  readonly #files: OutputFiles | undefined;
  readonly #targets: Target[] = [];
  readonly #names: string[] = [];
  readonly #pods: FoundPods;
  readonly #discovery: Discovery;
  /** Events of the time before the run, which are emitted at once. */
  readonly #waits: BoundedQueue<ExecEvent>;
  #isFinding = true;
  /** Emitted before the next event: notes about contexts that arrived during the run. */
  #notes: ExecEvent[] = [];
  /** Resolved by a note while no event of the run has come; absent if all contexts have answered. */
  #noted: PromiseWithResolvers<void> | undefined;
  #failedContexts = 0;

  constructor(private readonly host: Host, private readonly options: ExecOptions) {
    const { earlier, signal, outputFolder } = options;
    this.#pods = new FoundPods(host.clock);
    this.#earlier = earlier && new EarlierRun(host, earlier);
    this.#contexts = this.#earlier?.contexts ?? options.contexts;
    this.#files = outputFolder && new OutputFiles(host, outputFolder);
    this.#waits = new BoundedQueue(Math.max(1, this.#contexts.length));
    this.#settings = chosenSettings(host, options);
    const find = this.#earlier?.find ?? selectIn(host, options.selection, {
      outcomes: { requireAll: options.requireAll },
    });
    const { connectTimeoutMs } = options;
    this.#discovery = new Discovery(host, this.#contexts, find, {
      signal,
      ...(connectTimeoutMs === undefined ? {} : { limit: Promise.resolve(connectTimeoutMs) }),
      retries: true,
      onWait: (wait) => this.#report(wait),
    });
  }

  async *events(): AsyncGenerator<ExecEvent, void> {
    // Prepared while the cluster is queried for the pods.
    const recording = this.options.unrecorded
      ? Promise.resolve(undefined)
      : Promise.all([import("./record_run.ts"), this.#settings])
        .then(([{ RunRecorder }, { records }]) =>
          new RunRecorder(this.host, this.options, records)
        );
    recording.catch(() => {});
    const { stdin: source, terminal } = this.options;
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
    const notes = [...this.#takeNotes(), ...this.#earlier ? [] : defaultedNotes(first)];
    yield* notes;
    const parts = nameParts(first);
    const naming = { ...parts, context: parts.context || new Set(this.#contexts).size > 1 };
    this.#add(first, (target) => targetName(target, naming));
    await this.#files?.check(this.#names);
    if (!await this.#confirmed()) return;
    await using recorder = await recording;
    const { command, shell = false } = this.options;
    const sources = findings.flatMap((found) => found.kind === "found" ? sourcesOf(found) : []);
    if (printsSecrets(command, { shell, sources })) recorder?.withoutOutputs();
    recorder?.begin();
    for (const note of notes) recorder?.follow(note);
    await using _files = this.#files;
    await using input = this.#openInput(stdin);
    const run = runOnTargets(first, this.options.command, this.#runOptions(settings, input));
    const presenter = presentOutput(settings.outputMode, {
      targets: this.#targets,
      foldStderr: this.options.foldStderr ?? false,
      diff: this.options.diff ?? false,
    });
    const summary = new SummaryBuilder();
    for await (const event of this.#withNotes(run)) {
      if (event === undefined) {
        for (const note of this.#takeNotes()) {
          recorder?.follow(note);
          yield note;
        }
        continue;
      }
      if (event.kind === "targetsAdded") this.#add(event.targets, (t) => targetName(t, naming));
      await this.#save(event);
      recorder?.followOutput(event);
      this.options.observe?.(event);
      const paths = this.#files?.incomplete ?? [];
      if (event.kind === "runEnded" && paths.length > 0) yield { kind: "outputIncomplete", paths };
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

  /** Yields the events of the run, and undefined for notes that wait for none of them. */
  async *#withNotes(run: AsyncIterable<RunEvent>): AsyncGenerator<RunEvent | undefined, void> {
    const events = run[Symbol.asyncIterator]();
    let next: Promise<IteratorResult<RunEvent, void>> | undefined;
    try {
      for (;;) {
        next ??= events.next();
        // A promise for each event: one for the whole run would collect a reaction of each.
        this.#noted &&= Promise.withResolvers();
        const result = await (this.#noted ? Promise.race([next, this.#noted.promise]) : next);
        if (result === undefined) {
          yield undefined;
          continue;
        }
        next = undefined;
        if (result.done === true) return;
        yield result.value;
      }
    } finally {
      await events.return?.();
    }
  }

  /**
   * If something depends on all targets, such as a question, waits for all contexts; otherwise starts with those that
   * are known.
   */
  async #firstFindings(): Promise<ContextFindings[]> {
    const { terminal, oneTarget, serial, outputFolder } = this.options;
    const all = [terminal, oneTarget, serial, outputFolder].some((one) => one !== undefined);
    if (all) return await Array.fromAsync(this.#discovery.rest());
    const first = await this.#discovery.first();
    const targets = first.flatMap((one) => one.kind === "found" ? one.targets : []);
    if (!await this.#needsQuestion(targets)) return first;
    return [...first, ...await Array.fromAsync(this.#discovery.rest())];
  }

  async *#laterTargets(): AsyncGenerator<readonly Target[], void> {
    for await (const findings of this.#discovery.rest()) {
      const isUnasked = findings.kind === "found" && findings.targets.length > 0 &&
        await this.#needsQuestion([...this.#targets, ...findings.targets]);
      yield this.#note(isUnasked ? unasked(findings) : findings);
    }
    this.#noted = undefined;
  }

  async #needsQuestion(targets: readonly Target[]): Promise<boolean> {
    const { confirm } = this.options;
    return await needsQuestion(this.host, confirm, this.#change(targets));
  }

  #change(targets: readonly Target[]): Change {
    const action = { kind: "command" as const, ...this.#judged() };
    return { action, targets, ...definedOnly({ because: this.options.because }) };
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
    this.#pods.add(findings.targets);
    const several = new Set(this.#contexts).size > 1 ? { several: true } as const : {};
    if (skipped.length > 0) this.#notes.push({ kind: "podsSkipped", context, skipped, ...several });
    return findings.targets;
  }

  #report(wait: ExecEvent): void {
    if (this.#isFinding) void this.#waits.push(wait);
    else {
      this.#notes.push(wait);
      this.#noted?.resolve();
    }
  }

  #endWaits(): void {
    this.#isFinding = false;
    if (this.#contexts.length > 1) this.#noted = Promise.withResolvers();
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
    const { confirm, terminal, oneTarget } = this.options;
    if ((terminal !== undefined || oneTarget) && this.#targets.length > 1) {
      throw new UsageError(`a terminal is for one pod, and ${matchesText(this.#names)}`, {
        hint: hint`narrow the selection, or leave out ${option("tty")}`,
      });
    }
    return await isConfirmed(this.host, confirm, this.#change(this.#targets));
  }

  /** What decides whether the command only reads. */
  #judged() {
    const { command, shell = false, environment = {} } = this.options;
    return { command, shell, variables: Object.keys(environment) };
  }

  #runOptions(settings: ExecSettings, input: StdinSource | undefined): RunOptions {
    const earlier = this.#earlier;
    return targetRunOptions(this.options, settings, {
      open: async (target, request, signal, onSent) => {
        const refusal = earlier?.refusals.get(target);
        if (refusal !== undefined) throw refusal;
        const client = await this.host.kube(target.context);
        await this.#pods.requireSame(client, target, signal);
        // Only a read-only client needs to know.
        const reads = client.readOnly !== undefined && await isReading(this.host, this.#judged());
        return await client.exec(reads ? { ...request, reads } : request, {
          signal,
          ...(onSent && { onSent }),
        });
      },
      onUnwatched: (context) =>
        this.host.note(
          `a policy of context ${context} refuses standard input, so commands there aren't ended if kodama is killed`,
        ),
      clock: this.host.clock,
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
        return await files.end(event.target, event.outcome.kind);
    }
  }

  /** Standard input of all targets; a single target reads it directly if no other can be added. */
  #openInput(stdin: StandardInput | undefined): StdinSource | undefined {
    if (stdin === undefined) return undefined;
    const single = this.#targets.length === 1 && new Set(this.#contexts).size <= 1;
    return single ? directInput(stdin) : sharedInput(stdin, () => this.host.files.spool());
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
    const maxExitCode = this.options.maxExitCode ?? false;
    const failedContexts = this.#failedContexts;
    const stopped = this.options.signal.aborted;
    const exitCode = exitCodeOfRun(event.outcomes, { failedContexts, maxExitCode, stopped });
    return [...last, { ...event, summary: summary.build(this.#names), exitCode }];
  }
}

/** A question in the middle of a run could not be answered by what was shown of it. */
function unasked({ context, targets }: ContextFindings & { kind: "found" }): ContextFindings {
  const error = new KodamaError(
    "conflict",
    `context ${context} answered after the run had begun, and its ${
      plural(targets.length, "pod")
    } would need a confirmation`,
    { hint: hint`run it in ${option("context", context)} alone` },
  );
  return { kind: "failed", context, error };
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
  & Pick<RunOptions, "open" | "onUnwatched" | "clock" | "later" | "positionOf">
  & { input: StdinSource | undefined };

/** Returns the options of the fan-out. */
function targetRunOptions(
  options: ExecOptions,
  { fanout, connectTimeoutMs }: ExecSettings,
  { input, ...parts }: RunParts,
): RunOptions {
  const { terminal, strict, signal, graceMs = defaultGraceMs } = options;
  return {
    ...parts,
    ...valuesOf({ ...fanOutFields, ...commandFields }, options),
    ...{ signal, fanout, connectTimeoutMs, graceMs },
    nonce: crypto.randomUUID(),
    ...definedOnly({ terminal, strict, input }),
  };
}

/* The targets of an earlier run, found again: the same pods, or reported as different. */

/** The targets of an earlier run in the contexts that have answered. */
class EarlierRun {
  /** Why a target is refused. */
  readonly refusals = new Map<Target, KodamaError>();
  /** The index and total passed to a target's command. */
  readonly positions = new Map<Target, { index: number; total: number }>();

  constructor(private readonly host: Host, private readonly earlier: EarlierTargets) {}

  get contexts(): readonly string[] {
    return [...new Set(this.earlier.targets.map(({ context }) => context))];
  }

  /** Returns one context's targets in their earlier order. */
  readonly find: FindIn = async (context = "", signal) => {
    const client = await this.#client(context);
    const members = this.earlier.targets.filter((target) => target.context === context);
    const now = new Map<string, Target>();
    for (const [namespace, targets] of Map.groupBy(members, (target) => target.namespace)) {
      const selection = podsOf(namespace, targets);
      const found = await this.host.select(client, selection, { signal });
      for (const target of found.targets) now.set(keyOf(target), target);
    }
    const targets = members.map((target) => this.#current(target, now.get(keyOf(target))));
    return { kind: "found", context, targets, skipped: [], nearest: [] };
  };

  async #client(context: string): Promise<KubeClient> {
    // Inside a pod there is no kubeconfig, and so no context to name.
    const named = (await this.host.contexts()).length > 0;
    const client = await this.host.kube(named ? context : undefined);
    if (client.context === context) return client;
    throw new KodamaError("config", `that run was in context "${context}", which isn't here`);
  }

  #current(then: Target, now: Target | undefined): Target {
    const { targets, positions, recreated } = this.earlier;
    // A pod that didn't exist then was named by the user.
    const isSame = now?.uid === then.uid || then.uid === undefined;
    const isAccepted = now !== undefined && (isSame || recreated);
    // The current pod, with the container of the earlier run. If the pod isn't accepted, the record gets the earlier
    // one: otherwise the next rerun would run in this pod.
    const target = isAccepted ? { ...now, container: then.container || now.container } : then;
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
