/**
 * Paths into parsed data: `spec.containers[*].image`, `status.conditions[?(@.type=="Ready")].status`, as in kubectl's
 * `-o jsonpath`. https://kubernetes.io/docs/reference/kubectl/jsonpath/
 */
import type { JsonValue } from "../base/json_value.ts";
import type { Budget } from "./budget.ts";
import { isList, isRecordValue, ownValue } from "./value.ts";

/** A link of a path. */
export type PathLink =
  | { kind: "name"; name: string }
  | { kind: "at"; index: number }
  | { kind: "each" }
  /** As `slice()` of JavaScript, each `step` items. */
  | { kind: "slice"; from: number; to?: number; step: number }
  /** The value and everything below: `..image`. */
  | { kind: "deep" }
  /** The results of each of the links: `[0,2]`. */
  | { kind: "union"; links: readonly PathLink[] }
  /** The items of a list that have the left path, or for which the comparison holds. */
  | {
    kind: "filter";
    left: FilterValue;
    comparison?: { operator: FilterOperator; right: FilterValue };
  };

/** A side of a comparison. */
type FilterValue = { links: readonly PathLink[] } | { value: string | number | boolean };

type FilterOperator = "==" | "!=" | "<" | "<=" | ">" | ">=";

/** The longest path, and the deepest of filters within filters. */
const maxLinks = 64;
const maxDepth = 4;

class WrongPath extends Error {
  constructor(readonly at: number) {
    super();
  }
}

/** Returns the links of a path, or the offset of the first character that isn't valid. */
export function parsePath(path: string): { links: PathLink[] } | { wrongAt: number } {
  const parser = new PathParser(path);
  try {
    return { links: parser.path(0) };
  } catch (error) {
    // An unfinished link is wrong from its start.
    if (error instanceof WrongPath) {
      return { wrongAt: error.at === path.length ? parser.linkAt : error.at };
    }
    throw error;
  }
}

const name = /(?:[\p{L}\p{N}_$/+~%#-]|\\.)+/uy;
const quoted = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/uy;
const integer = /-?\d{1,9}/uy;
const number = /-?\d+(?:\.\d+)?(?![\w.])/uy;
const boolean = /(?:true|false)(?![\w.])/uy;
const operator = /==|!=|<=|>=|<|>/uy;
const blanks = /[ \t]*/uy;

class PathParser {
  #at = 0;
  /** The start of the latest link. */
  linkAt = 0;

  constructor(private readonly text: string) {}

  /** @param depth of filters around the path, which ends where the text doesn't go on with a link. */
  path(depth: number): PathLink[] {
    const links: PathLink[] = [];
    // A path may start with a dot, a $ or an @, as in kubectl and jq.
    this.#take(depth === 0 ? /[$@]?(?:\.(?![\p{L}\p{N}_$/+~%#*.\\-]))?/uy : /[@$]?/uy);
    for (;;) {
      const startedAt = this.#at;
      if (depth === 0) this.linkAt = startedAt;
      const next = this.#link(links.length === 0, depth);
      if (next === undefined && (depth > 0 || this.#at === this.text.length)) return links;
      if (next === undefined || links.length >= maxLinks) throw new WrongPath(startedAt);
      links.push(next);
    }
  }

  #link(isFirst: boolean, depth: number): PathLink | undefined {
    if (this.#take(/\.(?=\.)/uy) !== undefined) {
      const [next = ""] = this.text.slice(this.#at + 1);
      // A path below everything has a name, an index or a filter.
      if (next === "" || next === ".") throw new WrongPath(this.#at);
      if (next === "[") this.#at += 1;
      return { kind: "deep" };
    }
    if (this.#take(/\.?\*/uy) !== undefined) return { kind: "each" };
    const hasDot = this.#take(/\.(?=[\p{L}\p{N}_$/+~%#\\-])/uy) !== undefined;
    // A name that follows a bracket needs no dot, nor does the first; a number there is a literal of a filter.
    if (hasDot || depth === 0 || !isFirst) {
      const own = this.#take(name);
      if (own !== undefined) return { kind: "name", name: unescaped(own) };
    }
    if (this.#take(/\[/uy) === undefined) return undefined;
    if (this.#take(/\?\(/uy) !== undefined) return this.#filter(depth + 1);
    const union = [this.#item()];
    while (this.#take(/,/uy) !== undefined) union.push(this.#item());
    this.#require(/\]/uy);
    return union.length === 1 ? union[0] : { kind: "union", links: union };
  }

  /** Within brackets: a name in quotes, an index, `*` or a slice. */
  #item(): PathLink {
    this.#take(blanks);
    const link = this.#bare();
    this.#take(blanks);
    return link;
  }

  #bare(): PathLink {
    const key = this.#quoted();
    if (key !== undefined) return { kind: "name", name: key };
    if (this.#take(/\*/uy) !== undefined) return { kind: "each" };
    const from = this.#take(integer);
    if (this.#take(/:/uy) === undefined) {
      if (from === undefined) throw new WrongPath(this.#at);
      return { kind: "at", index: Number(from) };
    }
    const to = this.#take(integer);
    const step = this.#take(/:/uy) === undefined ? 1 : Number(this.#take(integer) ?? 1);
    if (step < 1) throw new WrongPath(this.#at);
    return {
      kind: "slice",
      from: Number(from ?? 0),
      ...(to === undefined ? {} : { to: Number(to) }),
      step,
    };
  }

  #filter(depth: number): PathLink {
    if (depth > maxDepth) throw new WrongPath(this.#at);
    const left = this.#side(depth);
    const compared = this.#take(operator) as FilterOperator | undefined;
    const comparison = compared && { operator: compared, right: this.#side(depth) };
    this.#require(/\)\]/uy);
    return { kind: "filter", left, ...(comparison === undefined ? {} : { comparison }) };
  }

  #side(depth: number): FilterValue {
    this.#take(blanks);
    const side = this.#literal() ?? { links: this.path(depth) };
    this.#take(blanks);
    return side;
  }

  #literal(): FilterValue | undefined {
    const text = this.#quoted();
    if (text !== undefined) return { value: text };
    const digits = this.#take(number);
    if (digits !== undefined) return { value: Number(digits) };
    const truth = this.#take(boolean);
    if (truth !== undefined) return { value: truth === "true" };
    if (!/[@$.[]/.test(this.text[this.#at] ?? "")) throw new WrongPath(this.#at);
    return undefined;
  }

  #quoted(): string | undefined {
    const whole = this.#take(quoted);
    return whole === undefined ? undefined : unescaped(whole.slice(1, -1));
  }

  /** Returns the match of the pattern, which is sticky. */
  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #require(pattern: RegExp): void {
    if (this.#take(pattern) === undefined) throw new WrongPath(this.#at);
  }
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/gu, "$1");
}

/** Returns every value that the path leads to, in the data's order; none if it leads nowhere. */
export function valuesAt(
  value: JsonValue,
  links: readonly PathLink[],
  budget: Budget,
): readonly JsonValue[] {
  return links.reduce<readonly JsonValue[]>((values, link) => {
    const next = values.flatMap((one) => below(one, link, budget));
    budget.spend(values.length + next.length);
    return next;
  }, [value]);
}

function below(value: JsonValue, link: PathLink, budget: Budget): readonly JsonValue[] {
  switch (link.kind) {
    case "name": {
      const found = isRecordValue(value) ? ownValue(value, link.name) : undefined;
      return found === undefined ? [] : [found];
    }
    case "at": {
      const found = isList(value) ? value.at(link.index) : undefined;
      return found === undefined ? [] : [found];
    }
    case "each":
      return children(value);
    case "slice":
      return isList(value)
        ? value.slice(link.from, link.to).filter((_, index) => index % link.step === 0)
        : [];
    case "deep": {
      const all = [value];
      for (const one of all) {
        const more = children(one);
        budget.spend(more.length);
        all.push(...more);
      }
      return all;
    }
    case "union":
      return link.links.flatMap((one) => below(value, one, budget));
    case "filter":
      return isList(value) ? value.filter((item) => passes(item, link, budget)) : [];
  }
}

function children(value: JsonValue): readonly JsonValue[] {
  return isList(value) ? value : isRecordValue(value) ? Object.values(value) : [];
}

function passes(
  item: JsonValue,
  { left, comparison }: Extract<PathLink, { kind: "filter" }>,
  budget: Budget,
): boolean {
  const sideOf = (side: FilterValue) =>
    "value" in side ? [side.value] : valuesAt(item, side.links, budget);
  const found = sideOf(left);
  if (comparison === undefined) return found.length > 0;
  const other = sideOf(comparison.right);
  const [a = null] = found;
  const [b = null] = other;
  // Values are compared if there is a single value on each side, and both are texts, numbers or booleans.
  if (found.length !== 1 || other.length !== 1 || typeof a !== typeof b) return false;
  if (typeof a === "object" || typeof b === "object") return false;
  switch (comparison.operator) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
  }
}
