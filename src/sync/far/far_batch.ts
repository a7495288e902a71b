/** Steps that go over to a pod together: an archive of what is new, the lines that say where it goes, what became of each. */
import type { TreeEntry } from "../../copy/entry.ts";
import { writeTar } from "../../copy/tar_writer.ts";
import type { FileEntry } from "../model.ts";
import type { ChangeResult, Content, StepFailure, StepResult, Wanted } from "../tree.ts";
import type { Digests } from "./far_digests.ts";
import { failureOf } from "./far_failure.ts";
import type { FarKnowledge } from "./far_knowledge.ts";
import type { FarLink } from "./far_link.ts";
import { inRecords, nothing, once } from "./far_records.ts";
import { entryAfter, linesOfChange, modeFor, type NumberedStep } from "./far_steps.ts";
import { archiveBlock } from "./far_loop.ts";
import { ListingReader } from "./listing.ts";

/** What steps are carried out with. */
export interface FarScene {
  link: FarLink;
  knowledge: FarKnowledge;
  digests: Digests;
  /** The program of the pod that sums. */
  program: string;
}

/** Reads what steps need from the other end. */
export type Contents = (wanted: readonly Wanted[]) => AsyncIterable<Content>;

/** Up to so much is summed in the pod before it gets its name; for more, its count of bytes has to do. */
const summed = { files: 1000, bytes: 32 * 1024 * 1024 };
const encoder = new TextEncoder();

/** What the pod said of a batch. */
interface Said {
  begun: string;
  bad: boolean;
  left: Set<string>;
  /** By the number of a line's change. */
  ends: Map<number, ChangeResult>;
}

/** Steps that go over together. Used once. */
export class Batch {
  /** Digests of what was sent, by the number of the step. */
  readonly #sent = new Map<number, string>();
  /** Names in the archive of what turned out to be other than planned. */
  readonly #dropped = new Map<number, string>();

  constructor(
    private readonly scene: FarScene,
    private readonly steps: readonly NumberedStep[],
    private readonly contents: Contents,
  ) {}

  /** New things for places where nothing is. */
  async *additions(): AsyncGenerator<StepResult> {
    const nameOf = ({ action }: NumberedStep) => `n/${action.path}`;
    const said = await this.#settled(this.steps, nameOf, () => [
      ...this.#firstLines(),
      ...this.steps.flatMap((step) => this.#ownLine(step, nameOf(step))),
      "merge",
    ]);
    if ("kind" in said) return yield* this.#allFailed(said);
    yield* this.#results(said, (step) => {
      const stays = said.left.has(nameOf(step)) || this.#isMissing(step);
      return stays ? { kind: "changed" } : { kind: "done", entry: undefined };
    });
  }

  /** One place after the other. */
  async *changes(): AsyncGenerator<StepResult> {
    const nameOf = ({ at }: NumberedStep) => `b/${at}`;
    const lines = new Map<number, string[]>();
    for (const { at, action } of this.steps) {
      const found = linesOfChange(action, this.scene.knowledge, String(at));
      if (found !== undefined) lines.set(at, found);
    }
    const known = this.steps.filter(({ at }) => lines.has(at));
    const said = await this.#settled(known, nameOf, () => [
      ...this.#firstLines(),
      ...known.flatMap((step) => [
        ...this.#ownLine(step, nameOf(step)),
        ...lines.get(step.at) ?? [],
      ]),
    ]);
    if ("kind" in said) return yield* this.#allFailed(said);
    const order = new Map(known.map(({ at }, number) => [at, number]));
    yield* this.#results(said, ({ at }) => {
      const number = order.get(at);
      return (number === undefined ? undefined : said.ends.get(number)) ?? { kind: "changed" };
    });
  }

  #isMissing({ at, action }: NumberedStep): boolean {
    if (action.kind !== "put" || action.entry.kind !== "file") return false;
    return action.from.side !== action.side && !this.#sent.has(at);
  }

  *#allFailed(failure: StepFailure): Generator<StepResult> {
    for (const { at } of this.steps) yield { at, result: failure };
  }

  #firstLines(): string[] {
    const dropped = [...this.#dropped.values()].flatMap((name) => ["drop", name]);
    return ["check", ...dropped];
  }

  /** A content that the pod has already. */
  #ownLine({ action }: NumberedStep, to: string): string[] {
    if (action.kind !== "put" || action.entry.kind !== "file") return [];
    if (action.from.side !== action.side) return [];
    const hash = this.scene.program === "cksum"
      ? action.entry.digest.replace("-", " ")
      : action.entry.digest;
    return ["own", hash, action.from.path, to, modeFor(action.entry, undefined)];
  }

  /** Sends what is new, as an archive that the pod unpacks aside. */
  async #put(
    write: (bytes: Uint8Array) => Promise<void>,
    entries: AsyncIterable<TreeEntry>,
  ): Promise<void> {
    await write(encoder.encode("put\n"));
    for await (const bytes of inRecords(writeTar(entries, { sparse: false }))) {
      await write(encoder.encode(`${bytes.length / archiveBlock}\n`));
      await write(bytes);
    }
    await write(encoder.encode("0\n"));
  }

  async *#entries(
    steps: readonly NumberedStep[],
    nameOf: (step: NumberedStep) => string,
  ): AsyncGenerator<TreeEntry> {
    const named = { mtime: 0 };
    const empty = { kind: "file", mode: 0o600, size: 0, body: nothing() } as const;
    // Some tars take an archive without entries for a damaged one.
    yield { ...named, ...empty, path: encoder.encode("begun") };
    const wanted: (Wanted & { step: NumberedStep })[] = [];
    for (const step of steps) {
      const { action } = step;
      const path = encoder.encode(nameOf(step));
      if (action.kind === "makeFolder" && path[0] === 0x6e) {
        yield { ...named, kind: "folder", path, mode: 0o755 };
      } else if (action.kind === "put" && action.entry.kind === "symlink") {
        if (path[0] !== 0x6e) continue;
        const target = encoder.encode(action.entry.target);
        yield { ...named, kind: "symbolicLink", path, mode: 0o777, target };
      } else if (action.kind === "put" && action.entry.kind === "file") {
        if (action.from.side === action.side) continue;
        wanted.push({ path: action.from.path, entry: action.entry, step });
      }
    }
    const sums: string[] = [];
    if (wanted.length > 0) {
      for await (const { at, size, body } of this.contents(wanted)) {
        const one = wanted[at];
        if (one === undefined) continue;
        const name = nameOf(one.step);
        const mode = Number.parseInt(modeFor(one.entry, undefined), 8) | 0o600;
        const path = encoder.encode(name);
        yield { ...named, kind: "file", path, mode, size, body: this.#noted(body, one, name) };
        const sent = this.#sent.get(one.step.at);
        if (sent !== undefined && !name.includes("\\")) sums.push(`${sent}  ${name}\n`);
      }
    }
    const bytes = wanted.reduce((sum, { entry }) => sum + entry.size, 0);
    const few = wanted.length <= summed.files && bytes <= summed.bytes;
    const text = encoder.encode(few && this.scene.program === "sha256sum" ? sums.join("") : "");
    if (text.length === 0) return;
    const path = encoder.encode("sums");
    yield { ...named, kind: "file", path, mode: 0o600, size: text.length, body: once(text) };
  }

  /** The content, summed as it goes over. What isn't the planned one isn't given its name. */
  async *#noted(
    body: AsyncIterable<Uint8Array>,
    { entry, step }: { entry: FileEntry; step: NumberedStep },
    name: string,
  ): AsyncGenerator<Uint8Array> {
    const sum = this.scene.digests.make();
    for await (const bytes of body) {
      sum.update(bytes);
      yield bytes;
    }
    if (sum.result() === entry.digest) this.#sent.set(step.at, entry.digest);
    else this.#dropped.set(step.at, name);
  }

  /**
   * Sends the steps in one breath, and gives what the pod says of them; a failure of all of them where it
   * could not unpack what was sent.
   */
  async #settled(
    steps: readonly NumberedStep[],
    nameOf: (step: NumberedStep) => string,
    lines: () => string[],
  ): Promise<Said | StepFailure> {
    const { link, knowledge } = this.scene;
    const said: Said = { begun: "", bad: false, left: new Set(), ends: new Map() };
    const beginning = new ListingReader();
    const after = new ListingReader();
    const paths = this.steps.map(({ action }) => action.path);
    const trouble: string[] = [];
    const [unpacked, begun] = await Promise.all([
      steps.some(isSent)
        ? link.ask(
          (write) => this.#put(write, this.#entries(steps, nameOf)),
          (answer) =>
            answer.lines((line) => {
              if (trouble.length < 5) trouble.push(line);
            }),
        )
        : 0,
      link.askLines((blocks) => `commit ${blocks}`, lines, (answer) =>
        answer.lines((line) => {
          if (line.startsWith("S ")) beginning.take(line);
          else takeEnd(line, said);
        }, (words) => {
          if (words === "bad") said.bad = true;
        })),
      // So that what is known of the places is what they are, whoever changed them.
      link.askLines(
        (blocks) => `list 0 ${blocks}`,
        () => paths.map((path) => `./${path}`),
        (answer) => answer.lines((line) => after.take(line)),
      ),
    ]);
    knowledge.update(paths, after.result());
    if (unpacked !== 0) return failureOf(trouble.join("; "));
    // What it needs for itself are a few lines in a file.
    if (begun !== 0 && !said.bad) return failureOf("No space left for a list of steps");
    said.begun = beginning.result().begun;
    if (said.bad) {
      return { kind: "failed", reason: "other", message: "what arrived isn't what was sent" };
    }
    return said;
  }

  *#results(
    said: Said,
    endOf: (step: NumberedStep) => ChangeResult,
  ): Generator<StepResult> {
    for (const step of this.steps) {
      const result = endOf(step);
      yield { at: step.at, result: result.kind === "done" ? this.#after(step, said) : result };
    }
  }

  #after({ action }: NumberedStep, { begun }: Said): ChangeResult {
    const { knowledge } = this.scene;
    const entry = entryAfter(action);
    const { path } = action;
    if (entry?.kind !== "file") return { kind: "done", entry };
    knowledge.placed(path, entry.digest, begun);
    const there = knowledge.entry(path);
    // Somebody was faster: the next look tells what it is now.
    if (there?.kind !== "file" || there.size !== entry.size) return { kind: "changed" };
    return { kind: "done", entry: there };
  }
}

/** Whether something of it goes over in an archive. */
function isSent({ action }: NumberedStep): boolean {
  return action.kind === "put" || action.kind === "makeFolder";
}

function takeEnd(line: string, said: Said): void {
  const [, left] = /^left [^/]+\/new\/(.*)$/s.exec(line) ?? [];
  if (left !== undefined) return void said.left.add(left);
  const [, kind, number, rest = ""] = /^(done|changed|failed) (\d{1,9})(?: (.*))?$/.exec(line) ??
    [];
  if (kind === undefined) return;
  const result: ChangeResult = kind === "done"
    ? { kind: "done", entry: undefined }
    : kind === "changed"
    ? { kind: "changed" }
    : failureOf(rest);
  said.ends.set(Number(number), result);
}
