/** A change of objects by the user's own kubectl, behind the gate: the question comes first, with the server's dry run. */
import { KodamaError } from "../../base/errors.ts";
import { commandLine } from "../../base/shell_quote.ts";
import type { ObjectRef } from "../../kube/object_ref.ts";
import { kindName } from "../../kube/resources.ts";
import { questionOf } from "../../present/kubectl_question.ts";
import { plainStyle } from "../../terminal/style.ts";
import type { Pane, PaneContext } from "../pane.ts";
import type { PaneRegistry } from "../registry.ts";
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

/** Returns a command line for each context, namespace and kind. */
export function deletions(objects: readonly ObjectRef[]): string[][] {
  const groups = Map.groupBy(
    objects,
    (one) => JSON.stringify([one.context, one.namespace, kindName(one.resource)]),
  );
  return [...groups.values()].map((group) => {
    const [first] = group;
    if (first === undefined) return [];
    return [
      "delete",
      kindName(first.resource),
      "--context",
      first.context,
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
  const [{ planKubectl }, { confirmPlan }, kubectl] = await Promise.all([
    import("../../actions/kubectl/guard.ts"),
    import("../../actions/kubectl/confirm_plan.ts"),
    host.kubectl(),
  ]);
  const readInput = () =>
    Promise.reject(new KodamaError("usage", "there is no standard input in the UI"));
  const plan = await planKubectl(host, args, { readInput, isConfirmed: false });
  const confirmed = plan.decision === "run" ? { plan } : await confirmPlan(host, kubectl, plan, {
    signal,
    ask: async ({ plan, preview }, isRepeated) => {
      const { text } = questionOf(plan, preview, { style: plainStyle, isRepeated });
      const lines = [...text.trimEnd().split("\n"), "Run it?"];
      return await ask({ kind: "confirm", lines }) === "yes";
    },
  });
  if (confirmed === undefined) return undefined;
  const { stdout, stderr, isTruncated } = await kubectl.read(confirmed.plan.args, {
    stderr: "read",
    maxBytes,
    signal,
  });
  const lines = `${stdout}${stderr}`.trimEnd().split("\n");
  return isTruncated ? [...lines, "(only the first MiB of kubectl's output)"] : lines;
}
