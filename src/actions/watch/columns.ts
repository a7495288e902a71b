/** Columns of a table by paths, as in `kubectl get -o custom-columns`. */
import { UsageError } from "../../base/errors.ts";
import type { JsonValue } from "../../base/json_value.ts";
import { Budget } from "../../expression/budget.ts";
import { parsePath, type PathLink, valuesAt } from "../../expression/json_path.ts";

/** A column: its title, and the expression of its cells. */
export interface PathColumn {
  title: string;
  links: readonly PathLink[];
}

/** Parses `NAME:.metadata.name,PHASE:.status.phase`. Throws UsageError. */
export function parseColumns(text: string): PathColumn[] {
  return text.split(",").map((one) => {
    const [, title = "", path = ""] = /^([^:]+):(.+)$/s.exec(one.trim()) ?? [];
    const read = parsePath(path.replace(/^\{(.*)\}$/s, "$1"));
    if (title === "" || "wrongAt" in read) {
      throw new UsageError(`"${one}" is not a column`, {
        hint: "such as NAME:.metadata.name or IMAGES:.spec.containers[*].image",
      });
    }
    return { title, links: read.links };
  });
}

/** Returns the text of a column for an object: several values are joined by commas, none is an empty text. */
export function columnText({ links }: PathColumn, fields: object): string {
  return valuesAt(fields as JsonValue, links, new Budget())
    .map((one) => typeof one === "string" ? one : JSON.stringify(one)).join(",");
}
