/**
 * The notation of `data/`: fields separated by blanks, each `number.name:type`. `!` after the name: it is written even
 * if it is empty; `*`: empty isn't absent (a pointer, in Kubernetes' own sources). The number is that of a protobuf
 * message; `2/1` leads through a message that JSON doesn't show. Without a type it is a string. Types are `int bool
 * bytes quantity time microtime intstr any`, the name of a definition, `{}T` for a map and `[]T` for a list. The
 * brackets of a list hold the keys of its items (`[name]Container`), or `*` if it is a set.
 */
import { cluster } from "./data/cluster.ts";
import { pods } from "./data/pods.ts";
import { snapshots } from "./data/snapshots.ts";
import { review } from "./data/review.ts";
import { volumes } from "./data/volumes.ts";
import { workloads } from "./data/workloads.ts";
import type { ResourceType } from "../../model.ts";
import type { Definition, Field, ListMerge, Schema } from "./model.ts";

const sources = new Map<string, { fullName: string; text: string }>();
for (
  const { name, definitions } of [
    ...pods,
    ...volumes,
    ...cluster,
    ...workloads,
    ...snapshots,
    ...review,
  ]
) {
  for (const [short, text] of Object.entries(definitions)) {
    // "events.Event" is the Event of another group than the core's.
    sources.set(short, { fullName: `${name}.${short.split(".").at(-1)}`, text });
  }
}

const parsed = new Map<string, Definition>();

/** Returns the definition of this short name. Throws if there is none: the names come from the data itself. */
export function definition(name: string): Definition {
  let found = parsed.get(name);
  if (found === undefined) {
    const source = sources.get(name);
    if (source === undefined) throw new Error(`no definition is named ${name}`);
    found = { fullName: source.fullName, fields: parseFields(source.text) };
    parsed.set(name, found);
  }
  return found;
}

/** Returns the definition of a served kind. */
export function definitionOf(type: Pick<ResourceType, "group" | "kind">): Definition {
  return definition(definitionName(type));
}

/** Returns the short name of a served kind's definition. */
export function definitionName({ group, kind }: Pick<ResourceType, "group" | "kind">): string {
  return group === "events.k8s.io" ? `events.${kind}` : kind;
}

const token = /^(?:([\d/]+)\.)?([\w$]+)(!?)(\*?)(?::(.*))?$/;

function parseFields(text: string): ReadonlyMap<string, Field> {
  const tokens = text.trim().split(/\s+/).filter((each) => each !== "");
  return new Map(tokens.map((each) => {
    const [, numbers, name = "", required, pointer, type = ""] = token.exec(each) ?? [];
    return [name, {
      schema: parseSchema(type),
      required: required === "!",
      keepsEmpty: required === "!" || pointer === "*",
      numbers: (numbers?.split("/") ?? []).map(Number),
    }];
  }));
}

const scalars: Readonly<Record<string, Schema>> = {
  "": { kind: "string" },
  string: { kind: "string" },
  int: { kind: "int" },
  bool: { kind: "bool" },
  quantity: { kind: "quantity" },
  bytes: { kind: "bytes" },
  time: { kind: "time" },
  microtime: { kind: "microTime" },
  intstr: { kind: "intOrString" },
  any: { kind: "any" },
};

function parseSchema(text: string): Schema {
  if (text.startsWith("{}")) return { kind: "map", of: parseSchema(text.slice(2)) };
  if (text.startsWith("[")) {
    const end = text.indexOf("]");
    const merge = parseMerge(text.slice(1, end));
    return { kind: "list", of: parseSchema(text.slice(end + 1)), merge };
  }
  return scalars[text] ?? { kind: "object", name: text };
}

function parseMerge(text: string): ListMerge {
  if (text === "") return { kind: "atomic" };
  return text === "*" ? { kind: "set" } : { kind: "byKeys", keys: text.split(",") };
}
