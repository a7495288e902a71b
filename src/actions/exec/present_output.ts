/** Converts the output of a run to the requested mode; one presenter for each output mode. */
import { Capture, captureLimitBytes, OrderedCapture } from "../../exec/capture.ts";
import { Fold } from "../../exec/fold.ts";
import { LineInterleaver } from "../../exec/interleave_lines.ts";
import type { RunEvent } from "../../exec/run_options.ts";
import { targetReport } from "../../exec/target_report.ts";
import type { Target } from "../../kube/select/target.ts";
import type { ExecEvent, OutputMode } from "./events.ts";

type Output = Extract<RunEvent, { kind: "output" }>;
type Ended = Extract<RunEvent, { kind: "targetEnded" }>;

/** Converts a run's bytes to events. Per target its calls come in order. */
export interface OutputPresenter {
  started(target: number, at: Date): void;
  output(event: Output): Iterable<ExecEvent>;
  /** Called before the target's `targetEnded` is emitted. */
  ended(event: Ended): Iterable<ExecEvent>;
  /** Called before `runEnded` is emitted. */
  done(names: readonly string[]): Promise<readonly ExecEvent[]>;
}

/** Returns the presenter of a mode. `targets` may still grow during the run. */
export function presentOutput(
  mode: OutputMode,
  options: { targets: readonly Target[]; foldStderr: boolean; diff: boolean },
): OutputPresenter {
  switch (mode) {
    case "prefix":
      return new LinePresenter();
    case "group":
      return new BlockPresenter();
    case "fold":
      return new FoldPresenter(options);
    case "report":
      return new ReportPresenter(options.targets);
    case "raw":
      return { ...silent, output: (event) => [event] };
    case "none":
      return silent;
  }
}

const silent: OutputPresenter = {
  started: () => {},
  output: () => [],
  ended: () => [],
  done: () => Promise.resolve([]),
};

class LinePresenter implements OutputPresenter {
  readonly #lines = new LineInterleaver();

  started(): void {}

  *output({ target, stream, bytes }: Output): Generator<ExecEvent, void> {
    for (const line of this.#lines.push(target, stream, bytes)) yield { kind: "line", ...line };
  }

  *ended({ target }: Ended): Generator<ExecEvent, void> {
    for (const line of this.#lines.end(target)) yield { kind: "line", ...line };
  }

  done(): Promise<readonly ExecEvent[]> {
    return Promise.resolve([]);
  }
}

class BlockPresenter implements OutputPresenter {
  readonly #captures = new Map<number, OrderedCapture>();

  started(): void {}

  output({ target, stream, bytes }: Output): ExecEvent[] {
    let capture = this.#captures.get(target);
    if (capture === undefined) {
      this.#captures.set(target, capture = new OrderedCapture(captureLimitBytes));
    }
    capture.push(stream, bytes);
    return [];
  }

  *ended({ target, outcome }: Ended): Generator<ExecEvent, void> {
    const capture = this.#captures.get(target);
    this.#captures.delete(target);
    const output = capture?.chunks ?? [];
    yield { kind: "block", target, outcome, output, omittedBytes: capture?.omittedBytes ?? 0 };
  }

  done(): Promise<readonly ExecEvent[]> {
    return Promise.resolve([]);
  }
}

/** Both streams of a running target. */
interface Streams {
  stdout: Capture;
  stderr: Capture;
}

class Captures {
  readonly #streams = new Map<number, Streams>();

  of(target: number): Streams {
    let streams = this.#streams.get(target);
    if (streams === undefined) {
      this.#streams.set(target, streams = { stdout: new Capture(), stderr: new Capture() });
    }
    return streams;
  }

  take(target: number): Streams {
    const streams = this.of(target);
    this.#streams.delete(target);
    return streams;
  }
}

class FoldPresenter implements OutputPresenter {
  readonly #fold = new Fold();
  readonly #captures = new Captures();
  readonly #lines = new LineInterleaver();

  readonly #diff: boolean;
  readonly foldStderr: boolean;

  constructor({ foldStderr, diff }: { foldStderr: boolean; diff: boolean }) {
    this.foldStderr = foldStderr;
    this.#diff = diff;
  }

  started(): void {}

  *output({ target, stream, bytes }: Output): Generator<ExecEvent, void> {
    if (stream === "stdout" || this.foldStderr) {
      this.#captures.of(target)[stream].push(bytes);
      return;
    }
    for (const line of this.#lines.push(target, stream, bytes)) yield { kind: "line", ...line };
  }

  *ended({ target, outcome }: Ended): Generator<ExecEvent, void> {
    for (const line of this.#lines.end(target)) yield { kind: "line", ...line };
    const { stdout, stderr } = this.#captures.take(target);
    this.#fold.add({ target, outcome, stdout, ...(this.foldStderr ? { stderr } : {}) });
  }

  async done(names: readonly string[]): Promise<readonly ExecEvent[]> {
    const groups = this.#fold.groups(names);
    if (!this.#diff) return [{ kind: "folded", groups }];
    const { withDiffs } = await import("../../exec/diff_groups.ts");
    return [{ kind: "folded", groups: await withDiffs(groups) }];
  }
}

class ReportPresenter implements OutputPresenter {
  readonly #captures = new Captures();
  readonly #startedAt = new Map<number, Date>();

  constructor(readonly targets: readonly Target[]) {}

  started(target: number, at: Date): void {
    this.#startedAt.set(target, at);
  }

  output({ target, stream, bytes }: Output): ExecEvent[] {
    this.#captures.of(target)[stream].push(bytes);
    return [];
  }

  *ended({ target: index, outcome, durationMs }: Ended): Generator<ExecEvent, void> {
    const target = this.targets[index];
    if (target === undefined) return;
    const startedAt = this.#startedAt.get(index);
    this.#startedAt.delete(index);
    const { stdout, stderr } = this.#captures.take(index);
    const report = targetReport({ target, outcome, startedAt, durationMs, stdout, stderr });
    yield { kind: "report", target: index, report };
  }

  done(): Promise<readonly ExecEvent[]> {
    return Promise.resolve([]);
  }
}
