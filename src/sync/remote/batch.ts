/** Steps sent to a pod together: a parcel of new content, lines with its destinations, and the result of each. */
import { sameContent } from "../core/model.ts";
import type { ActionFailure, ChangeResult, StepResult } from "../core/tree.ts";
import type { RemoteIndex } from "./remote_index.ts";
import type { RemoteLink } from "./link.ts";
import { type Contents, type Packing, Parcel, type Summing } from "./upload.ts";
import { entryAfter, hashOf, linesOfChange, modeFor, type NumberedStep } from "./steps.ts";
import { isBefore, ListingReader } from "./listing.ts";

/** The context of steps. */
export interface BatchContext extends Summing {
  link: RemoteLink;
  index: RemoteIndex;
}

/** The pod's answer to a batch. */
interface BatchAnswer {
  /** When the last listing before it was started. */
  listedAt: string;
  startedAt: string;
  /** The mark of the folder after all changes. */
  mark: string;
  bad: boolean;
  remaining: Set<string>;
  /** The ends of the changes, by the number in their line. */
  ends: Map<number, ChangeResult>;
}

/** Steps that are sent together. Used once. */
export class RemoteBatch {
  constructor(
    private readonly context: BatchContext,
    private readonly steps: readonly NumberedStep[],
    private readonly contents: Contents,
  ) {}

  /** Adds new entries at empty paths. */
  async *additions(): AsyncGenerator<StepResult> {
    const nameOf = ({ action }: NumberedStep) => `n/${action.path}`;
    const parcel = this.#parcel({ steps: this.steps, nameOf, whole: true });
    const answer = await this.#send(parcel, () => [
      ...this.steps.flatMap((step) => this.#ownLine(step, nameOf(step))),
      "merge",
    ]);
    if ("kind" in answer) return yield* this.#allFailed(answer);
    yield* this.#results(answer, (step) => {
      const stays = answer.remaining.has(nameOf(step)) || parcel.lacks(step);
      return stays ? { kind: "changed" } : { kind: "done", entry: undefined };
    });
  }

  /** Changes paths one by one. */
  async *changes(): AsyncGenerator<StepResult> {
    const nameOf = ({ at }: NumberedStep) => `b/${at}`;
    const lines = new Map<number, string[]>();
    for (const { at, action } of this.steps) {
      const found = linesOfChange(action, this.context.index, String(at));
      if (found !== undefined) lines.set(at, found);
    }
    const known = this.steps.filter(({ at }) => lines.has(at));
    const parcel = this.#parcel({ steps: known, nameOf, whole: false });
    const answer = await this.#send(parcel, () =>
      known.flatMap((step) => [
        ...this.#ownLine(step, nameOf(step)),
        ...lines.get(step.at) ?? [],
      ]));
    if ("kind" in answer) return yield* this.#allFailed(answer);
    const order = new Map(known.map(({ at }, number) => [at, number]));
    yield* this.#results(answer, ({ at }) => {
      const number = order.get(at);
      return (number === undefined ? undefined : answer.ends.get(number)) ?? { kind: "changed" };
    });
  }

  #parcel(packing: Packing): Parcel {
    return new Parcel(packing, this.context, this.contents);
  }

  *#allFailed(failure: ActionFailure): Generator<StepResult> {
    for (const { at } of this.steps) yield { at, result: failure };
  }

  /** Returns the line for a content that the pod has already. */
  #ownLine({ action }: NumberedStep, to: string): string[] {
    if (action.kind !== "put" || action.entry.kind !== "file") return [];
    if (action.from.side !== action.side) return [];
    return [
      "own",
      hashOf(action.entry.digest),
      action.from.path,
      to,
      modeFor(action.entry, undefined),
    ];
  }

  /**
   * Sends parcel and lines without waiting in between, and returns the pod's answer; a failure of all of them if it
   * could not unpack the parcel.
   *
   * @param lines created when the parcel has been sent.
   */
  async #send(parcel: Parcel, lines: () => string[]): Promise<BatchAnswer | ActionFailure> {
    const { link, index } = this.context;
    const received: BatchAnswer = {
      listedAt: index.listedAt,
      startedAt: "",
      mark: "",
      bad: false,
      remaining: new Set(),
      ends: new Map(),
    };
    const before = new ListingReader();
    const after = new ListingReader();
    const paths = this.steps.map(({ action }) => action.path);
    const complaints: string[] = [];
    const bytes = this.steps.reduce(
      (sum, { action }) =>
        sum + (action.kind === "put" && action.entry.kind === "file" ? action.entry.size : 0),
      0,
    );
    const [unpackCode, commitCode] = await Promise.all([
      parcel.isEmpty
        ? 0
        : link.request((write) => parcel.send(write), (answer) =>
          answer.lines((line) => {
            if (complaints.length < 5) complaints.push(line);
          }), bytes),
      link.requestLines(
        (blocks) => `commit ${blocks}`,
        () => ["check", ...parcel.dropped.flatMap((name) => ["drop", name]), ...lines()],
        (answer) =>
          answer.lines((line) => {
            if (line.startsWith("S ")) before.take(line);
            else if (line.startsWith("mark ")) received.mark = line.slice(5);
            else takeEnd(line, received);
          }, (message) => {
            if (message === "bad") received.bad = true;
          }),
        bytes,
      ),
      // So that the known entries match the real ones after a change by anybody.
      link.requestLines(
        (blocks) => `list 0 ${blocks}`,
        () => paths.map((path) => `./${path}`),
        (answer) => answer.lines((line) => after.take(line)),
      ),
    ]);
    index.update(paths, after.result());
    if (received.mark !== "") index.mark = received.mark;
    if (unpackCode !== 0) return remoteFailure(complaints.join("; "));
    // The script's own needs are a few lines in a file.
    if (commitCode !== 0 && !received.bad) {
      return remoteFailure("No space left for a list of steps");
    }
    received.startedAt = before.result().startedAt;
    if (received.bad) {
      return { kind: "failed", reason: "other", message: "what arrived isn't what was sent" };
    }
    return received;
  }

  *#results(
    answer: BatchAnswer,
    endOf: (step: NumberedStep) => ChangeResult,
  ): Generator<StepResult> {
    for (const step of this.steps) {
      const result = endOf(step);
      yield { at: step.at, result: result.kind === "done" ? this.#after(step, answer) : result };
    }
  }

  #after({ action }: NumberedStep, { listedAt, startedAt }: BatchAnswer): ChangeResult {
    const { index } = this.context;
    const entry = entryAfter(action);
    const { path } = action;
    // The received file may have been removed before it was moved: then its absence doesn't imply a failure.
    if (entry?.kind !== "file") {
      return sameContent(index.entry(path), entry) ? { kind: "done", entry } : { kind: "changed" };
    }
    // Received files get the time of their arrival: this is a file of someone else.
    const modified = index.stat(path)?.modified ?? "";
    if (action.kind === "put" && isBefore(modified, listedAt)) return { kind: "changed" };
    index.placed(path, entry.digest, startedAt);
    const there = index.entry(path);
    // Changed concurrently: the next inspection finds its current state.
    if (there?.kind !== "file" || there.size !== entry.size) return { kind: "changed" };
    return { kind: "done", entry: there };
  }
}

function takeEnd(line: string, answer: BatchAnswer): void {
  const [, left] = /^remaining [^/]+\/new\/(.*)$/s.exec(line) ?? [];
  if (left !== undefined) return void answer.remaining.add(left);
  const [, kind, number, rest = ""] = /^(done|changed|failed) (\d{1,9})(?: (.*))?$/.exec(line) ??
    [];
  if (kind === undefined) return;
  const result: ChangeResult = kind === "done"
    ? { kind: "done", entry: undefined }
    : kind === "changed"
    ? { kind: "changed" }
    : remoteFailure(rest);
  answer.ends.set(Number(number), result);
}

/** Returns the failure for a message of the pod's programs. */
export function remoteFailure(message: string): ActionFailure {
  // GNU's tar reports of a full disk only how much was written.
  const reason = /No space left|[Qq]uota exceeded|ENOSPC|Wrote only \d+ of \d+ bytes/.test(message)
    ? "full"
    : /Permission denied|Operation not permitted|Read-only file system/.test(message)
    ? "denied"
    : /not empty/i.test(message)
    ? "notEmpty"
    : /No such file/.test(message)
    ? "missing"
    : "other";
  return { kind: "failed", reason, message: message || "the pod gave no reason" };
}
