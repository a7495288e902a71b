/**
 * The notation of `data/`: fields separated by blanks, each `number.name:type`. `!` after the name: it is written even
 * if it is empty; `*`: empty isn't absent (a pointer, in Kubernetes' own sources). The number is that of a protobuf
 * message; `2/1` leads through a message that JSON doesn't show. Without a type it is a string. Types are `int bool
 * bytes quantity time microtime intstr any`, the name of a definition, `{}T` for a map and `[]T` for a list. The
 * brackets of a list hold the keys of its items (`[name]Container`), or `*` if it is a set.
 */
import { cluster } from "./data/cluster.ts";
import { pods, snapshots, volumes } from "./data/pods.ts";
import { review } from "./data/review.ts";
import { workloads } from "./data/workloads.ts";
import type { ResourceType } from "../../model.ts";
import type { Field, ListMerge, ObjectSchema, Schema } from "./model.ts";

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

const parsed = new Map<string, ObjectSchema>();

/** Returns the definition of this short name. Throws if there is none: the names come from the data itself. */
export function definition(name: string): ObjectSchema {
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
export function objectSchema(type: Pick<ResourceType, "group" | "kind">): ObjectSchema {
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

/*
 * Times as Kubernetes writes them, however they were sent: in UTC, to the second (`Time`) or with six
 * digits after it (`MicroTime`). https://pkg.go.dev/k8s.io/apimachinery/pkg/apis/meta/v1#MicroTime
 */

/** The two types of time that fields have. */
export type TimeKind = "time" | "microTime";

/** Returns the text for a moment: seconds since 1970, and nanoseconds after it. */
export function timeText(kind: TimeKind, seconds: number, nanoseconds: number): string {
  const toSecond = new Date(seconds * 1000).toISOString().slice(0, -".000Z".length);
  if (kind === "time") return `${toSecond}Z`;
  const micros = Math.floor(nanoseconds / 1000);
  return `${toSecond}.${String(micros).padStart(6, "0")}Z`;
}

const rfc3339 =
  /^(\d{4}-(?:0[1-9]|1[0-2])-(?:[0-2]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/;

/** The result of parsing a time. */
type ParsedTime =
  | { kind: "time"; text: string }
  /** Returns the error of Go's `time.Parse`, which decoders pass on. */
  | { kind: "wrong"; message: string };

/** Reads RFC 3339 as Go does: a `MicroTime` has exactly six digits after the second. */
export function parseTime(kind: TimeKind, text: string): ParsedTime {
  const [, toSecond, fraction = "", zone] = rfc3339.exec(text) ?? [];
  const seconds = Date.parse(`${toSecond}${zone}`) / 1000;
  if (toSecond === undefined || Number.isNaN(seconds)) {
    return wrong(text, layouts[kind], text, layouts[kind].slice(0, 4));
  }
  if (kind === "microTime" && fraction.length !== 6) {
    const rest = text.slice(toSecond.length);
    return wrong(text, layouts.microTime, rest, fraction.length > 6 ? "Z07:00" : ".000000");
  }
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, "0"));
  return { kind: "time", text: timeText(kind, seconds, nanoseconds) };
}

const layouts = {
  time: "2006-01-02T15:04:05Z07:00",
  microTime: "2006-01-02T15:04:05.000000Z07:00",
} as const;

function wrong(text: string, layout: string, rest: string, part: string): ParsedTime {
  const [shown, unread] = [text, rest].map((each) => JSON.stringify(each.slice(0, 64)));
  return {
    kind: "wrong",
    message: `parsing time ${shown} as "${layout}": cannot parse ${unread} as "${part}"`,
  };
}
