/** Runs one action in the pods of a step: events, stored output, and the failure budget. */
import { orAborted } from "../../base/abort.ts";
import type { DraftFile } from "../../base/draft_file.ts";
import { KodamaError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import { Capture } from "../../exec/capture.ts";
import type { ChangeAction } from "../../gate/change.ts";
import { isKnownReadOnly } from "../../gate/commands.ts";
import { LineInterleaver } from "../../exec/interleave_lines.ts";
import type { Outcome } from "../../exec/outcome.ts";
import { compressNames, outputFileName } from "../../exec/target_names.ts";
import { runOnTargets } from "../../exec/run_on_targets.ts";
import type { TargetRun } from "../../exec/run_options.ts";
import { runTarget } from "../../exec/run_target.ts";
import { stepLine, type StepTargetEnd, targetEnded } from "../step_events.ts";
import type { StepEnd } from "../step_kind.ts";
import type { Fanout } from "../pod_fields.ts";
import { deadEnds, type EndsOutput, podOutputOf, troubleIn, withRecords } from "./pod_output.ts";
import { sizeText } from "./cut_values.ts";
import { targetsEvent } from "./named_targets.ts";
import type { StepContext } from "./step_context.ts";
import type { StepTarget } from "./named_targets.ts";
import type { Copying } from "./environment.ts";

/** Between TERM and KILL. */
const graceMs = 2000;

/** The command, and its bounds. */
interface FanOut {
  command: readonly string[];
  shell: boolean;
  bounds: Fanout;
  /** Maximum of each stream that is stored for expressions. */
  maxOutputBytes: number;
  environment?: Readonly<Record<string, string>>;
  workdir?: string;
  /** Exit codes of a success; 0 if absent. */
  expected?: readonly number[];
  /** A folder: the whole standard output is written to a file there. */
  save?: string;
  /** The change to confirm; absent if nothing changes in the pods. */
  change?: ChangeAction;
  /** Runs in each target instead of the command; its result is in the target's end. */
  copy?: Copying;
}

/** Runs the command in every target that an earlier run hasn't ended. */
export async function fanOut(
  step: StepContext,
  all: readonly StepTarget[],
  work: FanOut,
  outputOf: (ends: readonly StepTargetEnd[], limitBytes: number) => EndsOutput = podOutputOf,
): Promise<StepEnd> {
  await step.emit(targetsEvent(step, all));
  const there = all.filter(({ unreachable }) => unreachable === undefined);
  const remaining = there.filter((one) => step.retained.get(one) === undefined);
  const ends = there.flatMap((one) => step.retained.get(one) ?? []);
  ends.push(...await deadEnds(step, all));
  const { change } = work;
  if (
    change !== undefined && remaining.length > 0 &&
    !await step.confirmChange(change, remaining.map(({ target }) => target))
  ) {
    const refused = { kind: "refused", reason: "declined" } as const;
    return { outcome: refused, ...withRecords(step, ends, outputOf(ends, work.maxOutputBytes)) };
  }
  const positions = remaining.map((one) =>
    one.position ?? { index: there.indexOf(one), total: there.length }
  );
  await using round = new Round(step, remaining, { ...work, positions });
  ends.push(...await round.run());
  const order = new Map(all.map(({ name }, at) => [name, at]));
  ends.sort((a, b) => (order.get(a.name) ?? 0) - (order.get(b.name) ?? 0));
  if (work.bounds.outputMode === "fold") await emitFolded(step, ends);
  const found = withRecords(step, ends, outputOf(ends, work.maxOutputBytes));
  if (step.signal.aborted) return { outcome: { kind: "cancelled" }, ...found };
  const outcome = troubleIn(all, ends, work.bounds.maxFail);
  return { outcome: outcome ?? { kind: "ok" }, ...found };
}

/** The work, and the index that each target's command is given. */
type PositionedWork = FanOut & { positions: readonly { index: number; total: number }[] };

/** One fan-out. Disposing of it closes its open files. */
class Round implements AsyncDisposable {
  readonly #ends: StepTargetEnd[] = [];
  readonly #captures = new Map<number, { stdout: Capture; stderr: Capture }>();
  readonly #lines = new LineInterleaver();
  readonly #files = new Map<number, DraftFile>();

  constructor(
    private readonly step: StepContext,
    private readonly targets: readonly StepTarget[],
    private readonly work: PositionedWork,
  ) {}

  async run(): Promise<readonly StepTargetEnd[]> {
    if (this.targets.length === 0) return [];
    for await (const event of this.#events()) {
      switch (event.kind) {
        case "targetStarted":
          await this.#start(event.target);
          break;
        case "output":
          await this.#output(event.target, event.stream, event.bytes);
          break;
        case "targetEnded":
          await this.#end(event.target, event.outcome, event.durationMs);
      }
    }
    return this.#ends;
  }

  #events() {
    const { environment: { open, clock, nonce }, signal } = this.step;
    const { command, shell, bounds, environment, workdir, expected, positions, copy } = this.work;
    const { fanout, connectTimeoutMs, timeoutMs, serial, maxFail } = bounds;
    // The setup around the command, and what ends it, only read if the command does.
    const { change } = this.work;
    const reads = change === undefined ||
      change.kind === "command" && isKnownReadOnly(change.command, change);
    return runOnTargets(this.targets.map(({ target }) => target), command, {
      open: (target, request, within) => open(target, { ...request, reads }, within),
      clock,
      signal,
      nonce: nonce(),
      graceMs,
      fanout,
      connectTimeoutMs,
      shell,
      strict: shell,
      // A copy uses the index in its own work, which omits what an earlier run has ended.
      ...(copy === undefined
        ? {
          positionOf: (target: number) =>
            positions[target] ?? { index: target, total: positions.length },
          ...(reads ? {} : { perform: (run: TargetRun) => this.#recorded(run) }),
        }
        : { perform: copy.perform }),
      // Without batches the budget decides how the step ends, and doesn't skip targets.
      ...(serial === undefined ? {} : { serial, maxFail }),
      ...definedOnly({ timeoutMs, environment, workdir, expected }),
    });
  }

  /** Runs the command once the record has that it is about to be sent; its time limits start then. */
  async #recorded(run: TargetRun): Promise<Outcome> {
    const { cancelled } = run;
    const one = this.targets.find(({ target }) => target === run.target);
    try {
      if (one !== undefined) await orAborted(this.step.starts(one), cancelled);
    } catch (error) {
      if (cancelled.aborted) return { kind: "cancelled" };
      if (!(error instanceof KodamaError)) throw error;
      return { kind: "unreachable", reason: error.message };
    }
    return await runTarget(run);
  }

  async #start(target: number): Promise<void> {
    const { save, maxOutputBytes } = this.work;
    const capture = () => new Capture(maxOutputBytes);
    this.#captures.set(target, { stdout: capture(), stderr: capture() });
    if (save === undefined) return;
    const path = `${save}/${outputFileName(this.#name(target))}.out`;
    this.#files.set(target, await this.step.create(path));
  }

  async #output(target: number, stream: "stdout" | "stderr", bytes: Uint8Array): Promise<void> {
    this.#captures.get(target)?.[stream].push(bytes);
    if (stream === "stdout") await this.#files.get(target)?.write(bytes);
    const isSaved = stream === "stdout" && this.work.save !== undefined;
    if (this.work.bounds.outputMode !== "prefix" || isSaved) return;
    await this.#emitLines(this.#lines.push(target, stream, bytes));
  }

  async #end(target: number, outcome: Outcome, durationMs: number): Promise<void> {
    await this.#emitLines(this.#lines.end(target));
    if (this.work.bounds.outputMode === "group") await this.#emitBlock(target);
    await this.#endFile(target, outcome);
    const captures = this.#captures.get(target);
    this.#captures.delete(target);
    const copied = this.work.copy?.copied(this.#name(target));
    const end: StepTargetEnd = {
      target: this.targets[target]?.target as StepTargetEnd["target"],
      name: this.#name(target),
      outcome,
      stdout: textOf(captures?.stdout),
      stderr: textOf(captures?.stderr),
      ...cutOf(captures),
      durationMs,
      ...(copied === undefined ? {} : { copied }),
    };
    this.#ends.push(end);
    const { key, environment } = this.step;
    await this.step.emit(targetEnded(key, end, environment.clock.now()));
  }

  /** The file gets its name if the command was ok; otherwise an earlier file stays. */
  async #endFile(target: number, outcome: Outcome): Promise<void> {
    const file = this.#files.get(target);
    this.#files.delete(target);
    if (file === undefined) return;
    if (outcome.kind === "ok") return await file.complete();
    await reportIncomplete(this.step, this.#name(target), await file.keep());
  }

  /** Emits both streams of a target in one piece. */
  async #emitBlock(target: number): Promise<void> {
    for (const stream of ["stdout", "stderr"] as const) {
      const bytes = this.#captures.get(target)?.[stream].bytes ?? new Uint8Array();
      await this.#emitLines([
        ...this.#lines.push(target, stream, bytes),
        ...this.#lines.end(target),
      ]);
      const omittedBytes = this.#captures.get(target)?.[stream].omittedBytes ?? 0;
      if (omittedBytes > 0) {
        await reportCut(this.step, this.#name(target), { stream, omittedBytes });
      }
    }
  }

  async #emitLines(
    lines: readonly { target: number; stream: "stdout" | "stderr"; bytes: Uint8Array }[],
  ) {
    for (const { target, stream, bytes } of lines) {
      const name = this.#name(target);
      await this.step.emit(stepLine(this.step.key, decode(bytes), { name, stream }));
    }
  }

  #name(target: number): string {
    return this.targets[target]?.name ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const file of this.#files.values()) await file[Symbol.asyncDispose]();
  }
}

/** Emits equal outputs once, under the names of all their targets. */
export async function emitFolded(step: StepContext, ends: readonly StepTargetEnd[]): Promise<void> {
  const groups = Map.groupBy(
    ends,
    ({ stdout, stderr, cut }) => JSON.stringify([stdout, stderr, cut]),
  );
  const largestFirst = [...groups.values()].sort((a, b) => b.length - a.length);
  for (const members of largestFirst) {
    const name = compressNames(members.map(({ name }) => name));
    for (const stream of ["stdout", "stderr"] as const) {
      const text = members[0]?.[stream].replace(/\n$/, "") ?? "";
      for (const line of text === "" ? [] : text.split("\n")) {
        await step.emit(stepLine(step.key, line, { name, stream }));
      }
      const omittedBytes = members[0]?.cut?.[stream]?.bytes ?? 0;
      if (omittedBytes > 0) await reportCut(step, name, { stream, omittedBytes });
    }
  }
}

/** Reports where the output of a failed target is. */
export async function reportIncomplete(
  step: StepContext,
  name: string,
  path: string | undefined,
): Promise<void> {
  if (path === undefined) return;
  const text = `the incomplete output is ${path}`;
  await step.emit(stepLine(step.key, text, { name, stream: "stderr" }));
}

/** Reports that an output is cut. */
async function reportCut(
  step: StepContext,
  name: string,
  { stream, omittedBytes }: { stream: "stdout" | "stderr"; omittedBytes: number },
): Promise<void> {
  const what = stream === "stdout" ? "standard output" : "standard error";
  const text = `${
    sizeText(omittedBytes)
  } more of its ${what} aren't shown; a larger maxOutput shows them`;
  await step.emit(stepLine(step.key, text, { name, stream: "stderr" }));
}

/** Returns what was cut from the streams of a target. */
export function cutOf(
  captures: { stdout: Capture; stderr?: Capture } | undefined,
): Pick<StepTargetEnd, "truncated" | "cut"> {
  const omittedBytes = (capture: Capture | undefined) =>
    capture !== undefined && capture.omittedBytes > 0
      ? { bytes: capture.omittedBytes, hash: capture.omittedHash }
      : undefined;
  const cut = definedOnly({
    stdout: omittedBytes(captures?.stdout),
    stderr: omittedBytes(captures?.stderr),
  });
  return Object.keys(cut).length === 0 ? { truncated: false } : { truncated: true, cut };
}

function textOf(capture: Capture | undefined): string {
  return capture === undefined ? "" : decode(capture.bytes);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
