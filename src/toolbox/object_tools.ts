/** Tools that read objects of any kind: `get`, `wait`. */
import {
  choiceOption,
  durationOption,
  textOption,
  textsOption,
  toggleOption,
} from "../actions/option.ts";
import { getObjects } from "../actions/objects/get_objects.ts";
import { parseCondition, wait, type WaitState } from "../actions/wait/wait.ts";
import { isSecretName, redactedText } from "../exec/redact.ts";
import { UsageError } from "../base/errors.ts";
import { definedOnly, isRecord } from "../base/json_value.ts";
import { plural } from "../base/plural.ts";
import { ageText } from "../base/duration.ts";
import type { Section } from "./fit.ts";
import { defineTool } from "./tool.ts";

const scopeOptions = {
  namespace: textOption("namespace; the context's own if absent"),
  allNamespaces: toggleOption("all namespaces"),
  selector: textOption("label selector, such as app=web"),
  fieldSelector: textOption("field selector"),
  context: textOption("context of the kubeconfig; the current one if absent"),
};

/** An object of any kind, of which nothing is known. */
type AnyObject = Record<string, unknown>;

/** `get`. */
export const getTool = defineTool({
  name: "get",
  title: "Read objects of the cluster",
  description:
    "Reads objects of any kind that the server has: one by its name as YAML, or a list " +
    "with a line for each. Values of Secrets are never returned. For pods, the tool `pods` is " +
    "shorter. Events of an object: kind events, fieldSelector involvedObject.name=NAME. Changes nothing.",
  options: {
    kind: textOption("kind, as kubectl names it: deploy, nodes, certificates.cert-manager.io"),
    name: textOption("name of one object; all of the kind if absent"),
    ...scopeOptions,
    part: choiceOption("part of one object", ["all", "metadata", "spec", "status"], {
      default: "all",
    }),
  },
  required: ["kind"],
  async run({ kind = "", name, part = "all", ...scope }, { host, signal }) {
    if (name !== undefined && scope.allNamespaces) {
      throw new UsageError("an object of a name is in one namespace");
    }
    const { resource, objects } = await getObjects(host, {
      kind,
      ...definedOnly({ name, ...scope }),
      signal,
    });
    const clean = objects.map((object) => withoutValues(resource.kind, object));
    if (name !== undefined) return await oneObject(clean[0] ?? {}, part);
    const nowMs = host.clock.now().getTime();
    const showNamespace = new Set(clean.map((one) => metadataOf(one)["namespace"])).size > 1;
    // Events: the latest first, as only those matter.
    const sorted = resource.kind === "Event" ? clean.toSorted(byTime) : clean;
    return [
      { lines: [plural(clean.length, resource.kind, `${resource.kind} objects`)], unit: "lines" },
      {
        lines: sorted.map((one) => lineOf(one, { nowMs, showNamespace })),
        unit: "objects",
        more: "narrow with name, selector, fieldSelector or namespace",
      },
    ];
  },
});

function metadataOf(object: AnyObject): AnyObject {
  const { metadata } = object;
  return isRecord(metadata) ? metadata : {};
}

function byTime(a: AnyObject, b: AnyObject): number {
  const time = (one: AnyObject) =>
    String(one["lastTimestamp"] ?? one["eventTime"] ?? metadataOf(one)["creationTimestamp"] ?? "");
  return time(a) < time(b) ? 1 : -1;
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

/** Name, age, and what the status says, in one line. */
function lineOf(
  object: AnyObject,
  { nowMs, showNamespace }: { nowMs: number; showNamespace: boolean },
): string {
  const metadata = metadataOf(object);
  const { type, reason, message, involvedObject, count } = object;
  if (isRecord(involvedObject)) {
    const about = `${involvedObject["kind"]}/${involvedObject["name"]}`;
    return [type, reason, about, message, count === undefined ? "" : `(${count}×)`].join("  ");
  }
  const status = isRecord(object["status"]) ? object["status"] : {};
  const created = Date.parse(String(metadata["creationTimestamp"] ?? ""));
  return [
    showNamespace ? `${metadata["namespace"] ?? ""}/${metadata["name"]}` : metadata["name"],
    Number.isNaN(created) ? "" : ageText(nowMs - created),
    ...statusFacts(status),
  ].filter((one) => one !== "").join("  ");
}

function statusFacts(status: AnyObject): string[] {
  const conditions = Array.isArray(status["conditions"])
    ? status["conditions"].filter(isRecord)
    : [];
  // A condition is worth a word if it isn't in its usual state.
  const unusual = conditions.filter(({ type, status }) =>
    /Pressure|Unavailable|Failure|Failed|Stalled/.test(String(type))
      ? status !== "False"
      : status !== "True"
  );
  const numbers = [
    "readyReplicas",
    "replicas",
    "availableReplicas",
    "succeeded",
    "failed",
    "active",
  ]
    .flatMap((name) => typeof status[name] === "number" ? [`${name}=${status[name]}`] : []);
  return [
    typeof status["phase"] === "string" ? status["phase"] : "",
    ...numbers,
    ...unusual.map(({ type, status, reason, message }) =>
      `${type}=${status}${reason === undefined ? "" : ` (${reason})`}${
        message === undefined ? "" : ` ${String(message).slice(0, 120)}`
      }`
    ),
  ];
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
    objects: textsOption("objects as KIND/NAME: deploy/web"),
    for: textsOption(
      "ready (the default), condition=TYPE, jsonpath={.PATH}=VALUE, create or delete",
    ),
    namespace: scopeOptions.namespace,
    context: scopeOptions.context,
    timeoutMs: durationOption(`time limit (default 60000, at most ${maxWaitMs})`),
  },
  required: ["objects"],
  async run(values, { host, signal, progress }) {
    const { objects = [], timeoutMs = 60_000, namespace, context } = values;
    const targets = objects.map((text) => {
      const [kind = "", name = "", ...others] = text.split("/");
      if (kind !== "" && name !== "" && others.length === 0) return { kind, name };
      throw new UsageError(`"${text}" isn't KIND/NAME`);
    });
    const conditions = (values.for ?? ["ready"]).map(parseCondition);
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
