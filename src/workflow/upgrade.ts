/**
 * Rewrites a workflow file of an earlier version of the format to the current one: only the text of fields that have
 * changed, so that comments and layout stay. Pure.
 */
import { isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from "yaml";
import { parseDuration } from "../base/duration.ts";
import { keyText, type SourceFile, YamlSource } from "../base/yaml/source.ts";
import { expressionMark, formatVersion } from "./fields.ts";

/** What replaces each field that earlier versions had, for messages. */
export const replacements: Readonly<Record<string, string>> = {
  retry: "`attempts` replaces it",
  continueOn: "`allowFailure: true` replaces it, or `any`",
  failFast: "`serial` replaces it, whose next batch doesn't start after a failure",
  cpuTime: "the step's `timeout` replaces it",
  shuffle: "`sort: random` replaces it",
  concurrency: "`fanout` replaces it",
  timeout: "`commandTimeout` replaces it in a file with `command`",
  extends: "a step `workflow` with parameters replaces it",
};

/** A file that was rewritten. */
interface Upgraded {
  text: string;
  /** One line for each change, with its line in the old file. */
  changes: readonly string[];
}

/** A replacement of a part of the text. */
interface Edit {
  start: number;
  end: number;
  text: string;
}

/** How many pods ran at the same time, unless a file set it: a batch of version 2 that stands for `failFast`. */
const defaultFanout = "32";

/**
 * Returns the file in the current version of the format.
 *
 * @param readBase returns the text of a workflow that a file of version 1 `extends`.
 * @throws FileError if it isn't YAML; the error of `readBase`.
 */
export async function upgraded(
  file: SourceFile,
  readBase: (name: string) => Promise<SourceFile>,
): Promise<Upgraded> {
  const whole = await withoutBase(file, readBase);
  const source = YamlSource.parse({ ...file, text: whole.text });
  const { contents } = source.document;
  if (!isMap(contents) || valueOf(contents, "version") !== undefined) {
    return { text: whole.text, changes: whole.changes };
  }
  const upgrader = new Upgrader(source);
  upgrader.file(contents);
  const changes = [...whole.changes, ...upgrader.changes];
  if (changes.length === 0) return { text: file.text, changes };
  return { text: withVersion(applied(whole.text, upgrader.edits)), changes };
}

/** Collects the edits of one file. */
class Upgrader {
  readonly edits: Edit[] = [];
  readonly changes: string[] = [];
  #fanout = defaultFanout;
  #hasTimeout = false;

  constructor(private readonly source: YamlSource) {}

  file(top: YAMLMap): void {
    const defaults = valueOf(top, "defaults");
    if (isMap(defaults)) {
      this.#fanout = this.#text(valueOf(defaults, "fanout")) ?? this.#fanout;
      this.#hasTimeout = valueOf(defaults, "timeout") !== undefined;
      this.#policy(defaults);
    }
    if (valueOf(top, "command") !== undefined) this.#rename(top, "timeout", "commandTimeout");
    this.#select(valueOf(top, "select"));
    for (const list of ["steps", "finally"]) this.#steps(valueOf(top, list));
  }

  #steps(list: Node | undefined): void {
    if (!isSeq(list)) return;
    for (const step of list.items) {
      if (!isMap(step)) continue;
      this.#policy(step);
      this.#cpuTime(step);
      this.#select(valueOf(step, "select"));
      if (valueOf(step, "foreach") !== undefined) this.#rename(step, "concurrency", "fanout");
      for (const inner of ["steps", "parallel"]) this.#steps(valueOf(step, inner));
    }
  }

  /** The fields that steps and `defaults` share. */
  #policy(map: YAMLMap): void {
    const retry = valueOf(map, "retry");
    this.#rename(map, "retry", "attempts");
    if (isMap(retry)) this.#rename(retry, "attempts", "most");
    const words: Record<string, string> = { nothing: "false", failure: "true", anything: "any" };
    this.#rename(map, "continueOn", "allowFailure", (value) => words[value] ?? value);
    const failFast = this.#text(valueOf(map, "failFast"));
    if (failFast === undefined) return;
    const fanout = this.#text(valueOf(map, "fanout")) ?? this.#fanout;
    if (failFast === "true" && valueOf(map, "serial") === undefined) {
      // The pods of one batch run at the same time, as those of the window did.
      this.#rename(map, "failFast", "serial", () => fanout);
    } else this.#remove(map, "failFast");
  }

  #cpuTime(step: YAMLMap): void {
    const own = this.#text(valueOf(step, "cpuTime"));
    if (own === undefined) return;
    const timeout = this.#text(valueOf(step, "timeout"));
    if (timeout === undefined) return this.#rename(step, "cpuTime", "timeout");
    const [ownMs = Infinity, timeoutMs = Infinity] = [own, timeout].map(parseDuration);
    // The shorter one was the limit.
    if (ownMs < timeoutMs) this.#replace(valueOf(step, "timeout"), own);
    this.#remove(step, "cpuTime");
  }

  #select(select: Node | undefined): void {
    if (!isMap(select)) return;
    const shuffle = this.#text(valueOf(select, "shuffle"));
    if (shuffle === undefined) return;
    const sort = valueOf(select, "sort");
    if (shuffle !== "true") return this.#remove(select, "shuffle");
    if (sort === undefined) return this.#rename(select, "shuffle", "sort", () => "random");
    this.#replace(sort, "random");
    this.#remove(select, "shuffle");
  }

  #rename(
    map: YAMLMap,
    from: string,
    to: string,
    value: (written: string) => string = (written) => written,
  ): void {
    const pair = pairOf(map, from);
    if (pair === undefined) return;
    const [start, end] = rangeOf(pair.key as Node);
    const written = this.#text(pair.value as Node);
    const now = written === undefined ? undefined : value(written);
    const suffix = now === undefined || now === written ? "" : `: ${now}`;
    this.#note(start, `${from} is ${to}${suffix}`);
    this.edits.push({ start, end, text: to });
    if (suffix !== "") this.#replace(pair.value as Node, now ?? "");
  }

  #replace(node: Node | undefined, text: string): void {
    if (node === undefined) return;
    const [start, end] = rangeOf(node);
    this.edits.push({ start, end, text });
  }

  #remove(map: YAMLMap, field: string): void {
    const pair = pairOf(map, field);
    if (pair === undefined) return;
    const { text } = this.source.file;
    const [start] = rangeOf(pair.key as Node);
    const end = rangeOf((pair.value ?? pair.key) as Node)[1];
    this.#note(start, `${field} is removed`);
    const at = map.items.indexOf(pair);
    const following = map.items[at + 1];
    if (following !== undefined) {
      // Up to the next field, which takes its position.
      this.edits.push({ start, end: rangeOf(following.key as Node)[0], text: "" });
      return;
    }
    const before = map.items[at - 1];
    if (map.flow === true) {
      const from = before === undefined ? start : rangeOf(before.value as Node)[1];
      this.edits.push({ start: from, end, text: "" });
      return;
    }
    const lineStart = text.lastIndexOf("\n", start) + 1;
    const lineEnd = text.indexOf("\n", end);
    this.edits.push({
      start: lineStart,
      end: lineEnd < 0 ? text.length : lineEnd + 1,
      text: "",
    });
  }

  #note(offset: number, change: string): void {
    this.changes.push(`${this.source.lines.linePos(offset).line}: ${change}`);
  }

  /** Returns the value of a scalar as it is written, without quotes. */
  #text(node: Node | undefined): string | undefined {
    if (!isScalar(node)) return undefined;
    const text = String(node.value);
    return text.includes(expressionMark) ? this.source.file.text.slice(...rangeOf(node)) : text;
  }
}

/* Files that extend another one: a field that they omit comes from it. */

/** Returns a file with the fields of those that it extends. */
async function withoutBase(
  file: SourceFile,
  readBase: (name: string) => Promise<SourceFile>,
  depth = 0,
): Promise<Upgraded> {
  const { document } = YamlSource.parse(file);
  const name = isMap(document.contents) ? valueOf(document.contents, "extends") : undefined;
  if (!isScalar(name) || typeof name.value !== "string" || depth > maxDepth) {
    return { text: file.text, changes: [] };
  }
  const outer = await readBase(name.value);
  const { text } = await withoutBase(outer, readBase, depth + 1);
  const base = YamlSource.parse({ ...outer, text }).document;
  for (const pair of (document.contents as YAMLMap).items) {
    const field = keyText(pair.key);
    if (field === "extends") continue;
    const inner = base.get(field, true);
    if (merged.has(field) && isMap(inner) && isMap(pair.value)) {
      for (const one of pair.value.items) inner.set(keyText(one.key), one.value);
    } else base.set(field, pair.value);
  }
  const header = /^(?:[ \t]*(?:#.*)?\n)*/.exec(file.text)?.[0] ?? "";
  return {
    text: header + base.toString({ lineWidth: 100 }),
    changes: [`1: extends is replaced by the fields of ${name.value}`],
  };
}

/** Fields whose own fields were merged. */
const merged = new Set(["params", "select", "defaults", "outputs"]);

/** Files that extend each other; more are a cycle. */
const maxDepth = 16;

/** Adds the version in front of the first field. */
function withVersion(text: string): string {
  const { contents } = YamlSource.parse({ path: "", text }).document;
  const start = isMap(contents) && contents.range ? contents.range[0] : 0;
  const isFlow = isMap(contents) && contents.flow === true;
  const line = isFlow ? "" : `version: ${formatVersion}\n`;
  return text.slice(0, start) + line + text.slice(start);
}

function applied(text: string, edits: readonly Edit[]): string {
  return edits.toSorted((a, b) => b.start - a.start).reduce(
    (all, { start, end, text: now }) => all.slice(0, start) + now + all.slice(end),
    text,
  );
}

function pairOf(map: YAMLMap, field: string): Pair | undefined {
  return map.items.find(({ key }) => keyText(key) === field);
}

function valueOf(map: YAMLMap, field: string): Node | undefined {
  return pairOf(map, field)?.value as Node | undefined;
}

/** Returns where a node starts, and where its value ends. */
function rangeOf(node: Node): [number, number] {
  const [start, end] = node.range ?? [0, 0];
  return [start, end];
}
