/** Paths into parsed data: `spec.containers[*].image`, in the subset shared with kubectl's `-o jsonpath`. */
import type { JsonValue } from "../base/json_value.ts";
import type { Budget } from "./budget.ts";
import { isList, isRecordValue, ownValue } from "./value.ts";

/** One link of a path. */
export type PathLink = { kind: "name"; name: string } | { kind: "at"; index: number } | {
  kind: "each";
};

const link =
  /\.?([A-Za-z_$][\w$-]*)|\[(-?\d{1,9})\]|\[\*\]|\.\*|\[(?:"((?:[^"\\]|\\["\\])*)"|'((?:[^'\\]|\\['\\])*)')\]/y;

/** Returns the links of a path, or the offset of the first character that isn't valid. */
export function parsePath(path: string): { links: PathLink[] } | { wrongAt: number } {
  const links: PathLink[] = [];
  // A path may start with a dot or a $, as in kubectl and jq.
  let at = /^\$?(?:\.(?![A-Za-z_*]))?/.exec(path)?.[0].length ?? 0;
  while (at < path.length) {
    link.lastIndex = at;
    const match = link.exec(path);
    if (match === null || links.length >= 64) return { wrongAt: at };
    const [whole, plain, index, double, single] = match;
    const name = plain ?? (double ?? single)?.replaceAll(/\\(.)/g, "$1");
    if (name !== undefined) links.push({ kind: "name", name });
    else if (index !== undefined) links.push({ kind: "at", index: Number(index) });
    else links.push({ kind: "each" });
    at += whole.length;
  }
  return { links };
}

/** Returns every value that the path leads to, in the data's order; none if it leads nowhere. */
export function valuesAt(
  value: JsonValue,
  links: readonly PathLink[],
  budget: Budget,
): readonly JsonValue[] {
  return links.reduce<readonly JsonValue[]>((values, link) => {
    const next = values.flatMap((one) => below(one, link));
    budget.spend(values.length + next.length);
    return next;
  }, [value]);
}

function below(value: JsonValue, link: PathLink): readonly JsonValue[] {
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
      return isList(value) ? value : isRecordValue(value) ? Object.values(value) : [];
  }
}
