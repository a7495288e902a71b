/**
 * Kubernetes objects within a budget of characters, for readers who pay for each of them. Values are whole or absent,
 * the important sections come first, lists lose their ends, and omissions are named.
 *
 * An object is shortened by sections, its top-level fields: in the order of their importance each may use the larger
 * part of the remainder. Within a section the small fields come first, so that few large fields lose.
 */
import { KodamaError, UsageError } from "../../base/errors.ts";
import { isRecord } from "../../base/json_value.ts";
import { hint, option } from "../../base/hint.ts";
import { withFlags } from "../../gate/kubectl.ts";
import { flagValue } from "../../gate/kubectl_rating.ts";
import { settingsOf } from "../config/setting_sources.ts";
import type { Host } from "../host.ts";
import type { KubectlPlan } from "./guard.ts";
import type { KubectlProgram } from "./program.ts";

/** How an object is shortened. */
interface BudgetOptions {
  /** Characters of the rendered result. */
  characters: number;
  /** Returns the length of a value as it will be printed. */
  measure: (value: unknown) => number;
  /** Top-level fields in the order of their importance; all others come after them. */
  sections?: readonly string[];
  /** Items of a list that remain at most, even if there is space for more. */
  listItems?: number;
  /** Levels of nesting that remain at most. */
  depth?: number;
}

/** A shortened value, and its omissions. */
interface Budgeted {
  value: unknown;
  /** In the order of the value: `metadata.managedFields`, `status.conditions: 2 of 6`. */
  omitted: readonly string[];
}

/** The current state comes before the desired state. */
const usualSections: readonly string[] = ["items", "status", "spec", "data"];

/** Texts that name an object or its state: they always remain. */
const identity: ReadonlySet<string> = new Set([
  ...["apiVersion", "kind", "name", "namespace", "type", "status", "reason", "phase"],
]);

/** Bookkeeping of the server and of tools: the first to go. */
const bookkeeping: ReadonlySet<string> = new Set([
  ...["managedFields", "resourceVersion", "uid", "generation", "selfLink", "observedGeneration"],
  ...["lastProbeTime", "lastTransitionTime", "lastUpdateTime", "lastHeartbeatTime"],
  ...["kubectl.kubernetes.io/last-applied-configuration"],
]);

/** The largest share of the budget for a section that isn't the last. */
const sectionShare = 0.7;

/** Characters below which an item of a list says nothing. */
const smallestItem = 60;

/** Attempts at a smaller budget, if the printed form is longer than the estimate. */
const attempts = 12;

type Fields = Readonly<Record<string, unknown>>;

/** Returns the value within the budget, or as near to it as the names of its objects allow. */
export function withinBudget(value: unknown, options: BudgetOptions): Budgeted {
  const { characters, measure, listItems, depth } = options;
  const isLimited = listItems !== undefined || depth !== undefined;
  const whole = measure(value);
  if (!isLimited && whole <= characters) return { value, omitted: [] };
  // Sizes are estimated as compact JSON: the output has indentation too.
  let estimate = Math.min(characters, sizeOf(value));
  let result: Budgeted = { value, omitted: [] };
  for (let attempt = 0; attempt < attempts; attempt++) {
    const shortener = new Shortener(options);
    const short = shortener.shortened(value, "", estimate, 0);
    result = { value: short === nothing ? undefined : short, omitted: shortener.omitted };
    const length = measure(result.value);
    if (length <= characters || estimate === 0) return result;
    estimate = Math.floor(estimate * Math.min(0.95, characters / length));
  }
  return result;
}

/** Stands for a value that is omitted. */
const nothing = Symbol("nothing");

class Shortener {
  readonly omitted: string[] = [];
  readonly #sections: readonly string[];
  readonly #listItems: number;
  readonly #depth: number;

  constructor({ sections = usualSections, listItems = Infinity, depth = Infinity }: BudgetOptions) {
    this.#sections = sections;
    this.#listItems = listItems;
    this.#depth = depth;
  }

  shortened(value: unknown, path: string, available: number, level: number): unknown {
    if (Array.isArray(value)) return this.#list(value, path, available, level);
    if (isRecord(value)) return this.#fields(value, path, available, level);
    if (sizeOf(value) <= available || level === 0) return value;
    return this.#omit(path, typeof value === "string" ? `${value.length} characters` : "");
  }

  #omit(path: string, detail: string): typeof nothing {
    this.omitted.push(detail === "" ? path : `${path}: ${detail}`);
    return nothing;
  }

  #list(items: readonly unknown[], path: string, available: number, level: number): unknown {
    if (items.length === 0) return items;
    if (level >= this.#depth) return this.#omit(path, `${items.length} items`);
    const fits = this.#listItems >= items.length && this.#depth === Infinity &&
      sizeOf(items) <= available;
    if (fits) return items;
    const most = Math.max(1, Math.floor(available / smallestItem));
    const planned = Math.min(items.length, this.#listItems, most);
    const short: unknown[] = [];
    let left = available - 2;
    for (const [at, item] of items.slice(0, this.#listItems).entries()) {
      // The remainder of the planned sections is for further sections.
      const share = Math.floor(left / Math.max(1, planned - at)) - 1;
      const one = share < 0 ? nothing : this.#item(item, `${path}[${at}]`, share, level + 1);
      if (one === nothing) break;
      short.push(one);
      left -= sizeOf(one) + 1;
    }
    if (short.length < items.length) {
      if (short.length === 0) return this.#omit(path, `${items.length} items`);
      this.omitted.push(`${path}: ${items.length - short.length} of ${items.length} items`);
    }
    return short;
  }

  /** An item that is an object of the API has sections of its own. */
  #item(item: unknown, path: string, available: number, level: number): unknown {
    const before = this.omitted.length;
    const isObject = isRecord(item) && isRecord(item.metadata);
    const one = isObject
      ? this.#sectioned(item, path, available, level)
      : this.shortened(item, path, available, level);
    // The list itself names the items that it lacks.
    if (one === nothing) this.omitted.length = before;
    return one;
  }

  #fields(fields: Fields, path: string, available: number, level: number): unknown {
    if (level === 0) return this.#sectioned(fields, path, available, level);
    const names = Object.keys(fields);
    if (names.length === 0) return fields;
    if (level >= this.#depth) return this.#omit(path, "");
    if (this.#depth === Infinity && this.#listItems === Infinity && sizeOf(fields) <= available) {
      return fields;
    }
    const bySize = names.toSorted((a, b) =>
      rank(a, fields[a]) - rank(b, fields[b]) || sizeOf(fields[a]) - sizeOf(fields[b])
    );
    return this.#shared(fields, bySize, path, {
      available,
      level,
      shareOf: (left, count) => Math.floor(left / count),
    });
  }

  #sectioned(fields: Fields, path: string, available: number, level: number): unknown {
    const importance = (name: string) => {
      if (isIdentity(name, fields[name])) return -2;
      const at = this.#sections.indexOf(name);
      return name === "metadata" ? -1 : at < 0 ? this.#sections.length : at;
    };
    const byImportance = Object.keys(fields).toSorted((a, b) => importance(a) - importance(b));
    return this.#shared(fields, byImportance, path, {
      available,
      level,
      shareOf: (left, count, name) =>
        name === "metadata"
          ? Math.floor(left / 4)
          : count === 1
          ? left
          : Math.floor(left * sectionShare),
    });
  }

  #shared(
    fields: Fields,
    order: readonly string[],
    path: string,
    { available, level, shareOf }: {
      available: number;
      level: number;
      shareOf: (left: number, count: number, name: string) => number;
    },
  ): unknown {
    const kept = new Map<string, unknown>();
    const before = this.omitted.length;
    let left = available - 2;
    for (const [at, name] of order.entries()) {
      const value = fields[name];
      const inside = path === "" ? name : `${path}.${name}`;
      const overhead = name.length + 4;
      if (bookkeeping.has(name)) {
        this.#omit(inside, "");
        continue;
      }
      const share = isIdentity(name, value)
        ? Infinity
        : shareOf(left, order.length - at, name) - overhead;
      const short = share <= 0
        ? name === "metadata" ? this.shortened(value, inside, 0, level + 1) : this.#omit(inside, "")
        : this.shortened(value, inside, share, level + 1);
      if (short === nothing) continue;
      kept.set(name, short);
      left -= sizeOf(short) + overhead;
    }
    if (kept.size === 0 && level > 0) {
      this.omitted.length = before;
      return this.#omit(path, "");
    }
    // In the order of the value.
    return Object.fromEntries(
      Object.keys(fields).filter((name) => kept.has(name)).map((name) => [name, kept.get(name)]),
    );
  }
}

/** Names first, bookkeeping last. */
function rank(name: string, value: unknown): number {
  return isIdentity(name, value) ? 0 : bookkeeping.has(name) ? 2 : 1;
}

function isIdentity(name: string, value: unknown): boolean {
  return typeof value === "string" && identity.has(name);
}

function sizeOf(value: unknown): number {
  return JSON.stringify(value)?.length ?? 0;
}

/* The objects that a kubectl command line prints, within a budget of characters. */

/** More isn't read: a list of this size can be narrowed by the server. */
const maxBytes = 256 * 1024 * 1024;

/** The objects that were read. */
interface BudgetedRead {
  /** The exit code of kubectl. The other fields are empty if it isn't 0. */
  exitCode: number;
  text: string;
  /** The omissions of the text, by their path. */
  omitted: readonly string[];
}

/**
 * Runs a command line that prints objects, and returns them within the budget.
 *
 * @throws UsageError if it doesn't print objects; KodamaError `server` if they are too large, or not JSON.
 */
export async function readWithinBudget(
  host: Host,
  kubectl: KubectlProgram,
  { args, judgement: { rating, line } }: KubectlPlan,
  { characters, signal }: { characters: number; signal: AbortSignal },
): Promise<BudgetedRead> {
  const format = flagValue(line, "--output", "-o");
  if (rating !== "read" || format !== "json" && format !== "yaml") {
    throw new UsageError("a budget is for objects that are read", {
      hint: hint`use it with ${option("output", "yaml")} or ${option("output", "json")}`,
    });
  }
  const { budget = {} } = await settingsOf(host);
  const { exitCode, stdout, isTruncated } = await kubectl.read(
    withFlags(args, ["--output", "json"]),
    { stderr: "pass", maxBytes, signal },
  );
  if (exitCode !== 0 || stdout === "") return { exitCode, text: "", omitted: [] };
  if (isTruncated) throw new KodamaError("server", "the objects are larger than 256 MiB");
  const { yamlText } = await import("../../base/yaml/write.ts");
  const textOf = (value: unknown) =>
    format === "json" ? `${JSON.stringify(value, null, 4)}\n` : yamlText(value);
  const { value, omitted } = withinBudget(parsed(stdout), {
    characters,
    measure: (value) => value === undefined ? 0 : textOf(value).length,
    ...(budget?.sections === undefined ? {} : { sections: budget.sections }),
    ...(budget?.listItems === undefined ? {} : { listItems: budget.listItems }),
    ...(budget?.depth === undefined ? {} : { depth: budget.depth }),
  });
  return { exitCode, text: textOf(value), omitted };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new KodamaError("server", "kubectl printed something other than an object", {
      cause: error,
    });
  }
}
