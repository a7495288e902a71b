/** A change of objects by the user's own kubectl, behind the gate: the question comes first, with the server's dry run. */
import { KodamaError } from "../../base/errors.ts";
import { commandLine } from "../../base/shell_quote.ts";
import { questionOf } from "../../present/kubectl_question.ts";
import { plainStyle } from "../../terminal/style.ts";
import type { Pane, PaneContext } from "../pane.ts";
import type { PaneRegistry } from "../registry.ts";
import type { RowObject } from "./resource_list.ts";
import { objectsOfRows, objectsText } from "./row_objects.ts";
import { TextPane } from "./text_pane.ts";
import { textActions } from "./text_view.ts";

/** The most bytes of kubectl's output that are shown. */
const maxBytes = 1024 * 1024;

/** Registers the pane. */
export function registerKubectl(registry: PaneRegistry): void {
  registry.register("delete", deletePane, {
    summary: "the deletion of the marked objects",
    actions: textActions,
  });
}

/** Returns one command line for each context, namespace and kind. */
export function deletions(objects: readonly RowObject[]): string[][] {
  const kind = ({ plural, group }: RowObject) => group === "" ? plural : `${plural}.${group}`;
  const groups = Map.groupBy(
    objects,
    (one) => JSON.stringify([one.context, one.namespace, kind(one)]),
  );
  return [...groups.values()].map((group) => {
    const [first] = group;
    if (first === undefined) return [];
    return [
      "delete",
      kind(first),
      ...(first.context === "" ? [] : ["--context", first.context]),
      ...(first.namespace === undefined ? [] : ["-n", first.namespace]),
      "--wait=false",
      ...group.map(({ name }) => name),
    ];
  });
}

function deletePane(context: PaneContext): Pane {
  const objects = objectsOfRows(context.config);
  return new TextPane(context, {
    title: `delete ${objectsText(objects)}`,
    find: "search",
    follow: true,
    wrap: true,
    fileName: "delete.txt",
    fill: async (view, signal) => {
      for (const args of deletions(objects)) {
        const lines = await change(context, args, signal);
        if (lines === undefined) return context.emit({ kind: "close" });
        view.append([`kubectl ${commandLine(args)}`, ...lines]);
      }
    },
  });
}

/** Runs kubectl if the gate and the person let it; returns the lines of its output, or undefined if it was declined. */
async function change(
  { host, ask }: PaneContext,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string[] | undefined> {
  const [{ planKubectl }, { previewKubectl }, kubectl] = await Promise.all([
    import("../../actions/kubectl/guard.ts"),
    import("../../actions/kubectl/preview.ts"),
    host.kubectl(),
  ]);
  const readInput = () =>
    Promise.reject(new KodamaError("usage", "there is no standard input in the UI"));
  const plan = await planKubectl(host, args, { readInput, isConfirmed: false });
  if (plan.decision === "ask") {
    const preview = await previewKubectl(host, kubectl, plan, signal);
    const { text } = questionOf(plan, preview, plainStyle);
    const lines = [...text.trimEnd().split("\n"), "Run it?"];
    if (await ask({ kind: "confirm", lines }) !== "yes") return undefined;
  }
  const { stdout, stderr } = await kubectl.read(plan.args, { stderr: "read", maxBytes, signal });
  return `${stdout}${stderr}`.trimEnd().split("\n");
}
