/** An object as a document: its YAML, and its description by the user's kubectl. */
import { NoMatchError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import { maskFields } from "../../actions/watch/mask_secret.ts";
import type { ObjectRef } from "../../kube/object_ref.ts";
import { kindName, shownKind } from "../../kube/resources.ts";
import type { Pane, PaneContext } from "../pane.ts";
import type { PaneRegistry } from "../registry.ts";
import { objectsOfRows } from "./row_objects.ts";
import { TextPane } from "./text_pane.ts";
import { textActions, type TextView } from "./text_view.ts";

const reload = { id: "reload", keys: ["r"], does: "read the object again" } as const;

/** More of a description isn't read. */
const maxBytes = 4 * 1024 * 1024;

/** Registers the panes. */
export function registerDocuments(registry: PaneRegistry): void {
  const actions = [...textActions, reload];
  registry.register("yaml", yamlPane, { summary: "one object as YAML", actions });
  registry.register("describe", describePane, {
    summary: "one object, as kubectl describes it",
    actions,
  });
}

/** A document, and the part of its source that it is, if it isn't the whole. */
interface Document {
  readonly text: string;
  readonly extent?: string;
}

function document(
  context: PaneContext,
  kind: string,
  read: (object: ObjectRef, signal: AbortSignal) => Promise<Document>,
): Pane {
  const [object] = objectsOfRows(context.config);
  const name = object === undefined ? "" : `${shownKind(object.resource)}/${object.name}`;
  const fill = async (view: TextView, signal: AbortSignal) => {
    if (object === undefined) throw new NoMatchError("no object is selected");
    const { text, extent } = await read(object, signal);
    view.replace(text, extent);
  };
  return new TextPane(context, {
    title: `${kind} ${name}`,
    follow: false,
    fileName: `${object?.name ?? "object"}.${kind === "yaml" ? "yaml" : "txt"}`,
    fill,
    act: (action, pane) => {
      if (action !== "reload") return;
      fill(pane.text, context.signal).catch((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        context.emit({ kind: "toast", text: message, tone: "bad" });
      });
    },
  });
}

function yamlPane(context: PaneContext): Pane {
  return document(context, "yaml", async (one, signal) => {
    const [{ getObjects }, { yamlText }] = await Promise.all([
      import("../../actions/objects/get_objects.ts"),
      import("../../base/yaml/write.ts"),
    ]);
    const { resource, objects: [first] } = await getObjects(context.host, {
      kind: one.resource,
      name: one.name,
      ...definedOnly({ namespace: one.namespace }),
      context: one.context,
      signal,
    });
    const found = first?.object ?? {};
    const { managedFields: _, ...metadata } = (found["metadata"] ?? {}) as Record<string, unknown>;
    return { text: yamlText(maskFields(resource, { ...found, metadata })) };
  });
}

function describePane(context: PaneContext): Pane {
  return document(context, "describe", async (one, signal) => {
    const kubectl = await context.host.kubectl();
    const args = [
      "describe",
      kindName(one.resource),
      ...(one.namespace === undefined ? [] : ["-n", one.namespace]),
      "--context",
      one.context,
      // A name could start with a dash.
      "--",
      one.name,
    ];
    const { stdout, stderr, exitCode, isTruncated } = await kubectl.read(args, {
      stderr: "read",
      maxBytes,
      signal,
    });
    return {
      text: exitCode === 0 ? stdout : `${stdout}${stderr}`,
      ...(isTruncated ? { extent: "the first 4 MiB" } : {}),
    };
  });
}
