/** One object as a document: its YAML, and its description by the user's kubectl. */
import { NoMatchError } from "../../base/errors.ts";
import { maskFields } from "../../actions/watch/mask_secret.ts";
import type { Pane, PaneContext } from "../pane.ts";
import type { PaneRegistry } from "../registry.ts";
import type { RowObject } from "./resource_list.ts";
import { objectsOfRows } from "./row_objects.ts";
import { TextPane } from "./text_pane.ts";
import { textActions } from "./text_view.ts";

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

function document(
  context: PaneContext,
  kind: string,
  read: (object: RowObject, signal: AbortSignal) => Promise<string>,
): Pane {
  const [object] = objectsOfRows(context.config);
  const name = object === undefined ? "" : `${object.plural}/${object.name}`;
  const text = async (signal: AbortSignal) => {
    if (object === undefined) throw new NoMatchError("no object is selected");
    return (await read(object, signal)).replace(/\n$/, "").split("\n");
  };
  return new TextPane(context, {
    title: `${kind} ${name}`,
    find: "search",
    follow: false,
    fileName: `${object?.name ?? "object"}.${kind === "yaml" ? "yaml" : "txt"}`,
    fill: async (view, signal) => view.replace(await text(signal)),
    act: (action, pane) => {
      if (action !== "reload") return;
      text(context.signal).then(
        (lines) => pane.text.replace(lines),
        (error: unknown) => {
          const message = error instanceof Error ? error.message : String(error);
          context.emit({ kind: "toast", text: message, tone: "bad" });
        },
      );
    },
  });
}

function yamlPane(context: PaneContext): Pane {
  return document(context, "yaml", async (one, signal) => {
    const [{ getObjects }, { stringify }] = await Promise.all([
      import("../../actions/objects/get_objects.ts"),
      import("yaml"),
    ]);
    const { resource, objects: [found = {}] } = await getObjects(context.host, {
      kind: kindOf(one),
      name: one.name,
      ...(one.namespace === undefined ? {} : { namespace: one.namespace }),
      context: one.context,
      signal,
    });
    const { managedFields: _, ...metadata } = (found["metadata"] ?? {}) as Record<string, unknown>;
    return stringify(maskFields(resource, { ...found, metadata }), { sortMapEntries: false });
  });
}

function describePane(context: PaneContext): Pane {
  return document(context, "describe", async (one, signal) => {
    const kubectl = await context.host.kubectl();
    const args = [
      "describe",
      kindOf(one),
      ...(one.namespace === undefined ? [] : ["-n", one.namespace]),
      "--context",
      one.context,
      // A name could start with a dash.
      "--",
      one.name,
    ];
    const { stdout, stderr, exitCode } = await kubectl.read(args, {
      stderr: "read",
      maxBytes,
      signal,
    });
    return exitCode === 0 ? stdout : `${stdout}${stderr}`;
  });
}

function kindOf({ plural, group }: RowObject): string {
  return group === "" ? plural : `${plural}.${group}`;
}
