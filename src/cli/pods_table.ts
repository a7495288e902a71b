/** The pods of a selection as a table or as data. */
import type { Target } from "../actions/exec_events.ts";
import { exitCodeOfKind } from "../base/errors.ts";
import type { Host } from "../actions/host.ts";
import { listPods } from "../actions/list_pods.ts";
import { tableLines } from "../term/table.ts";
import { printable } from "../term/printable.ts";
import { success } from "./exit_codes.ts";
import { interruptible } from "./interruptible.ts";
import type { Invocation } from "./invocation.ts";
import { type DataFormat, renderData } from "./output.ts";
import type { SelectionOptions } from "./selection.ts";
import { failedContextText, skippedPodText } from "./run_notes.ts";

/** How pods are shown. */
export type PodsFormat = "table" | "name" | DataFormat;

/**
 * Prints the pods of a selection, and on standard error those that are skipped. Where a context can't be asked,
 * the list isn't whole, and the exit code says so.
 */
export async function showPods(
  { contexts, selection }: SelectionOptions,
  options: { host: Host; invocation: Invocation; format: PodsFormat; quiet: boolean },
): Promise<number> {
  const { host, invocation, format, quiet } = options;
  const { stdout, stderr } = invocation.terminal;
  const targets: Target[] = [];
  let exitCode = success;
  await interruptible(invocation.signals, async (signal) => {
    for await (const event of listPods(host, { contexts, selection, signal })) {
      if (event.kind === "contextFailed") {
        exitCode = exitCodeOfKind("unreachable");
        await stderr.write(`${printable(failedContextText(event))}\n`);
        continue;
      }
      targets.push(...event.targets);
      if (quiet) continue;
      for (const one of event.skipped) {
        await stderr.write(`${printable(skippedPodText(one))}\n`);
      }
    }
  });
  const columns = {
    context: contexts.length > 1,
    namespace: selection.namespaces.kind !== "default",
  };
  await stdout.write(await renderPods(targets, format, columns));
  return exitCode;
}

/** The text for standard output. */
export async function renderPods(
  targets: readonly Target[],
  format: PodsFormat,
  columns: { context: boolean; namespace: boolean },
): Promise<string> {
  if (format === "name") return targets.map(({ pod }) => `pod/${printable(pod)}\n`).join("");
  if (format !== "table") return await renderData(targets, format);
  const header = [
    ...(columns.context ? ["CONTEXT"] : []),
    ...(columns.namespace ? ["NAMESPACE"] : []),
    ...["POD", "CONTAINER", "NODE", "IP"],
  ];
  const rows = targets.map((target) => [
    ...(columns.context ? [target.context] : []),
    ...(columns.namespace ? [target.namespace] : []),
    ...[target.pod, target.container, target.node, target.ip],
  ]);
  return tableLines(header, rows).map((line) => `${line}\n`).join("");
}
