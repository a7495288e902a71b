/** Tools that read objects of any kind: `get`, `wait`. */
import {
  choiceField,
  durationField,
  or,
  textField,
  textsField,
  toggleField,
} from "../operation/field.ts";
import { type FoundObject, getObjects } from "../actions/objects/get_objects.ts";
import { parseCondition, wait, type WaitState } from "../actions/wait/wait.ts";
import { isSecretName, redactedText } from "../exec/redact.ts";
import { UsageError } from "../base/errors.ts";
import { definedOnly, isRecord } from "../base/json_value.ts";
import { plural } from "../base/plural.ts";
import { ageText } from "../base/duration.ts";
import type { Section } from "./fit.ts";
import { defineTool } from "./tool.ts";

const scopeOptions = {
  namespace: textField("namespace; the context's own if absent"),
  allNamespaces: toggleField("all namespaces"),
  selector: textField("label selector, such as app=web"),
  fieldSelector: textField("field selector"),
  context: textField("context of the kubeconfig; the one in use if absent"),
};

/** An object of any kind, of which nothing is known. */
type AnyObject = Record<string, unknown>;

/** `get`. */
export const getTool = defineTool({
  name: "get",
  title: "Read objects of the cluster",
  description:
    "Reads objects of any kind that the server has: one by its name as YAML, or a list " +
    "with the columns of kubectl get. Values of Secrets are never returned. For pods, the tool `pods` is " +
    "shorter. Events (kind events) come folded by reason and message, the latest first; those of " +
    "one object by fieldSelector involvedObject.uid=UID. Changes nothing.",
  options: {
    kind: textField("kind, as kubectl names it: deploy, nodes, certificates.cert-manager.io"),
    name: textField("name of one object; all of the kind if absent"),
    ...scopeOptions,
    part: or(choiceField("part of one object", ["all", "metadata", "spec", "status"]), "all"),
    wide: toggleField(
      "of a list, also the columns of kubectl get -o wide: images, nodes, addresses",
    ),
    since: durationField("of events, only those that were seen within this time"),
  },
  required: ["kind"],
  async run({ kind = "", name, part, wide, since, ...scope }, { host, signal }) {
    if (name !== undefined && scope.allNamespaces) {
      throw new UsageError("an object of a name is in one namespace");
    }
    const { resource, context, objects: found } = await getObjects(host, {
      kind,
      ...definedOnly({ name, ...scope }),
      signal,
    });
    const objects = found.map(({ object, printed }) => ({
      object: withoutValues(resource.kind, object),
      printed,
    }));
    const [first] = objects;
    if (name !== undefined) return await oneObject(first?.object ?? {}, part);
    const isEvents = resource.kind === "Event";
    if (since !== undefined && !isEvents) throw new UsageError("`since` is for events");
    const nowMs = host.clock.now().getTime();
    const namespaces = new Set(objects.map(({ object }) => metadataOf(object)["namespace"]));
    const [namespace] = namespaces;
    const namespaced = namespaces.size === 1 && namespace !== undefined
      ? `namespace ${namespace}, `
      : "";
    const count = plural(objects.length, resource.kind, `${resource.kind} objects`);
    return [
      { lines: [`${count} (${namespaced}context ${context})`], unit: "lines" },
      {
        lines: isEvents
          ? eventLines(objects.map(({ object }) => object), { nowMs, sinceMs: since })
          : tableLines(objects, { nowMs, wide: wide === true }),
        unit: isEvents ? "events" : "objects",
        more: isEvents
          ? "narrow with since, fieldSelector (type=Warning, involvedObject.name=NAME) or namespace"
          : "narrow with name, selector, fieldSelector or namespace",
      },
    ];
  },
});

function metadataOf(object: AnyObject): AnyObject {
  const { metadata } = object;
  return isRecord(metadata) ? metadata : {};
}

/** Values of a Secret become their sizes; what only machines read is removed. */
function withoutValues(kind: string, object: AnyObject): AnyObject {
  const { managedFields: _, annotations, ...metadata } = metadataOf(object);
  const notes = isRecord(annotations)
    ? Object.fromEntries(
      Object.entries(annotations).filter(([name]) =>
        name !== "kubectl.kubernetes.io/last-applied-configuration"
      ),
    )
    : {};
  const clean: AnyObject = {
    ...object,
    metadata: { ...metadata, ...(Object.keys(notes).length === 0 ? {} : { annotations: notes }) },
  };
  if (kind !== "Secret") return withoutSecretVariables(clean) as AnyObject;
  for (const field of ["data", "stringData"]) {
    const values = clean[field];
    if (!isRecord(values)) continue;
    clean[field] = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, `[${String(value).length} characters]`]),
    );
  }
  return clean;
}

/** Values of variables whose names are those of secrets: of containers, at any depth of a template. */
function withoutSecretVariables(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecretVariables);
  if (!isRecord(value)) return value;
  const { name, value: text } = value;
  const isSecret = typeof name === "string" && typeof text === "string" && isSecretName(name);
  return Object.fromEntries(
    Object.entries(value).map(([field, one]) => [
      field,
      isSecret && field === "value" ? redactedText : withoutSecretVariables(one),
    ]),
  );
}

async function oneObject(object: AnyObject, part: string): Promise<Section[]> {
  const { stringify } = await import("yaml");
  const { status, metadata, ...others } = object;
  const parts: Record<string, unknown> = part === "all"
    ? { ...others, metadata, status }
    : { [part]: object[part] };
  // The status answers most questions.
  const order = ["apiVersion", "kind", "status", "metadata", "spec"];
  const rank = (name: string) => (order.indexOf(name) + order.length + 1) % (order.length + 1);
  const names = Object.keys(parts).filter((name) => parts[name] !== undefined)
    .sort((a, b) => rank(a) - rank(b));
  return names.map((name): Section => ({
    lines: stringify({ [name]: parts[name] }, { lineWidth: 0, aliasDuplicateObjects: false })
      .trimEnd().split("\n"),
    unit: "lines",
    more: `request part "${name}", or a larger budget`,
    fair: true,
  }));
}

/** Events of one reason and message: how often, of which objects, and when. */
interface EventGroup {
  head: string;
  /** That of the first, and that of all: without the names of the objects. */
  message: string;
  common: string;
  objects: Set<string>;
  count: number;
  firstMs: number;
  lastMs: number;
}

/** Objects of a group of events that are named. */
const maxNamed = 5;

/** Returns a line for each reason and message, what was seen last first. */
function eventLines(
  events: readonly AnyObject[],
  { nowMs, sinceMs = Infinity }: { nowMs: number; sinceMs: number | undefined },
): string[] {
  const groups = new Map<string, EventGroup>();
  for (const event of events) {
    const { type, reason, message, involvedObject: about, count, series } = event;
    const repeated = isRecord(series) ? series : {};
    const times = [
      ...[event["firstTimestamp"], event["eventTime"], metadataOf(event)["creationTimestamp"]],
      ...[event["lastTimestamp"], repeated["lastObservedTime"]],
    ].map((time) => Date.parse(String(time))).filter((ms) => !Number.isNaN(ms));
    const [firstMs, lastMs] = [Math.min(...times), Math.max(...times)];
    if (nowMs - lastMs > sinceMs) continue;
    const head = `${type}  ${reason}`;
    // Messages that differ in the name of their object alone are equal.
    const name = isRecord(about) && typeof about["name"] === "string" ? about["name"] : "";
    const text = name === "" ? String(message ?? "") : String(message ?? "").replaceAll(name, "*");
    const key = `${head}\n${text}`;
    const group = groups.get(key) ??
      {
        head,
        message: String(message ?? ""),
        common: text,
        objects: new Set(),
        count: 0,
        firstMs,
        lastMs,
      };
    groups.set(key, group);
    if (isRecord(about)) group.objects.add(`${about["kind"]}/${about["name"]}`);
    group.count += Number(count ?? repeated["count"] ?? 1);
    group.firstMs = Math.min(group.firstMs, firstMs);
    group.lastMs = Math.max(group.lastMs, lastMs);
  }
  const ago = (ms: number) => `${ageText(nowMs - ms)} ago`;
  return [...groups.values()].sort((a, b) => b.lastMs - a.lastMs)
    .map(({ head, message, common, objects, count, firstMs, lastMs }) => {
      const named = [...objects].slice(0, maxNamed).join(", ");
      const others = objects.size > maxNamed ? ` and ${objects.size - maxNamed} more` : "";
      const when = ago(firstMs) === ago(lastMs)
        ? ago(lastMs)
        : `${ago(lastMs)}, first ${ago(firstMs)}`;
      const often = count > 1 ? ` (${count}×)` : "";
      const text = objects.size > 1 ? common : message;
      return [`${when}${often}`, head, `${named}${others}`, text].join("  ");
    });
}

/** Returns the server's own columns, the conditions that are worth a word, and the titles first. */
function tableLines(
  objects: readonly { object: AnyObject; printed: FoundObject["printed"] | undefined }[],
  { nowMs, wide }: { nowMs: number; wide: boolean },
): string[] {
  const showNamespace =
    new Set(objects.map(({ object }) => metadataOf(object)["namespace"])).size > 1;
  const columns = objects.find(({ printed }) => printed !== undefined)?.printed?.columns ?? [];
  const shown = columns.map(({ isWide }) => wide || !isWide);
  const title = columns.filter((_, index) => shown[index]).map(({ name }) => name.toUpperCase());
  return [
    ...(title.length === 0 ? [] : [title.join("  ")]),
    ...objects.map(({ object, printed }) => {
      const { name, namespace, creationTimestamp } = metadataOf(object);
      const path = showNamespace ? `${namespace ?? ""}/${name}` : String(name);
      const conditions = unusualConditions(object["status"]);
      if (printed === undefined) {
        const created = Date.parse(String(creationTimestamp ?? ""));
        const age = Number.isNaN(created) ? [] : [ageText(nowMs - created)];
        return [path, ...age, ...conditions].join("  ");
      }
      const cells = printed.cells.flatMap((cell, index) => {
        if (shown[index] !== true) return [];
        if (columns[index]?.isName === true) return [path];
        const text = typeof cell === "string" ? cell : JSON.stringify(cell ?? "");
        return [text === "" || text === '""' ? "-" : text];
      });
      return [...cells, ...conditions].join("  ");
    }),
  ];
}

/** Returns the conditions that aren't in their usual state, with their reasons. */
function unusualConditions(status: unknown): string[] {
  const conditions = isRecord(status) ? status["conditions"] : undefined;
  if (!Array.isArray(conditions)) return [];
  return conditions.filter(isRecord).filter(({ type, status }) =>
    /Pressure|Unavailable|Failure|Failed|Stalled/.test(String(type))
      ? status !== "False"
      : status !== "True"
  ).map(({ type, status, reason, message }) =>
    `${type}=${status}${reason === undefined ? "" : ` (${reason})`}${
      message === undefined ? "" : ` ${String(message).slice(0, 120)}`
    }`
  );
}

/** Longer waits block a conversation. */
const maxWaitMs = 300_000;

/** `wait`. */
export const waitTool = defineTool({
  name: "wait",
  title: "Wait until objects are in a state",
  description:
    "Waits until objects are ready, have a condition, exist or are deleted, and answers " +
    "why they aren't: reasons, warnings and last log lines. Changes nothing.",
  options: {
    objects: textsField("objects as KIND/NAME: deploy/web"),
    for: textsField(
      "ready (the default), condition=TYPE, jsonpath={.PATH}=VALUE, create or delete",
    ),
    namespace: scopeOptions.namespace,
    context: scopeOptions.context,
    timeoutMs: durationField(`time limit (default 60000, at most ${maxWaitMs})`),
  },
  required: ["objects"],
  async run(values, { host, signal, progress }) {
    const { objects = [], timeoutMs = 60_000, namespace, context } = values;
    const targets = objects.map((text) => {
      const [kind = "", name = "", ...others] = text.split("/");
      if (kind !== "" && name !== "" && others.length === 0) return { kind, name };
      throw new UsageError(`"${text}" isn't KIND/NAME`);
    });
    // An empty list has no condition that could be unmet.
    const conditions = (values.for.length === 0 ? ["ready"] : values.for).map(parseCondition);
    const sections: Section[] = [];
    const events = wait(host, {
      ...definedOnly({ namespace, context }),
      allNamespaces: false,
      targets,
      conditions,
      need: { kind: "all" },
      failOn: ["any"],
      timeoutMs: Math.min(timeoutMs, maxWaitMs),
      signal,
    });
    const stateText = ({ name, verdict }: WaitState) =>
      `${name}: ${verdict.kind === "met" ? "met" : `${verdict.kind}: ${verdict.reason}`}`;
    for await (const event of events) {
      if (event.kind === "changed") progress?.(event.changed.map(stateText).join("; "));
      if (event.kind !== "ended") continue;
      const { end, states, details } = event;
      const results = { met: "met", timeout: "not met in time", stuck: "stuck" };
      sections.push(
        { lines: [results[end], ...states.map(stateText)], unit: "objects" },
        ...details.map(({ name, events, log }): Section => ({
          lines: [
            `--- ${name}`,
            ...events,
            ...(log === undefined ? [] : [`last lines of ${log.container}:`, ...log.lines]),
          ],
          unit: "lines",
          fair: true,
        })),
      );
    }
    return sections;
  },
});
