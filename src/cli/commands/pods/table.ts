/** The pods of a selection as a table or as data. */
import type { Target } from "../../../actions/exec/events.ts";
import type { Host } from "../../../actions/host.ts";
import { listPods } from "../../../actions/pick/list_pods.ts";
import { plural } from "../../../base/plural.ts";
import { exitCodeOfKind } from "../../../base/errors.ts";
import {
  type ListedPod,
  PodChangesPainter,
  podData,
  podName,
  type ScopeColumns,
  scopeColumns,
  statusTable,
  targetsTable,
} from "../../../present/pods_table.ts";
import { failedContextText, skippedPodText } from "../../../present/run_notes.ts";
import { drive } from "../../../terminal/driver/drive.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { printable } from "../../../terminal/printable.ts";
import { success } from "../../exit_codes.ts";
import type { Invocation } from "../../invocation.ts";
import { type DataFormat, renderData } from "../../output.ts";
import type { SelectionOptions } from "../../parser/selection.ts";

/** How pods are shown: `table` lists targets, `status` and `wide` are kubectl's tables. */
export type PodsFormat = "table" | "status" | "wide" | "name" | DataFormat;

/**
 * Prints the pods of a selection, and on standard error those that are skipped. If a context is unreachable,
 * the list is incomplete, and the exit code reports it.
 */
export async function showPods(
  { contexts, selection }: SelectionOptions,
  options: { host: Host; invocation: Invocation; format: PodsFormat; quiet: boolean },
): Promise<number> {
  const { host, invocation, format, quiet } = options;
  const { stdout, stderr } = invocation.terminal;
  const pods: ListedPod[] = [];
  let skipped = 0;
  let exitCode = success;
  await interruptible(invocation.signals, async (signal) => {
    for await (const event of listPods(host, { contexts, selection, signal })) {
      if (event.kind === "contextFailed") {
        exitCode = exitCodeOfKind("unreachable");
        await stderr.write(`${printable(failedContextText(event))}\n`);
        continue;
      }
      pods.push(
        ...event.targets.map((target, index) => ({ target, state: event.states[index] })),
      );
      skipped += event.skipped.length;
      if (quiet) continue;
      for (const one of event.skipped) {
        await stderr.write(`${printable(skippedPodText(one))}\n`);
      }
    }
  });
  const columns = scopeColumns({ contexts, selection });
  if (format !== "status" && format !== "wide") {
    await stdout.write(await renderPods(pods, format, columns));
    return exitCode;
  }
  const nowMs = host.clock.now().getTime();
  const lines = statusTable(pods, { ...columns, wide: format === "wide", nowMs });
  await stdout.write(lines.map((line) => `${line}\n`).join(""));
  if (!quiet && stdout.isTerminal) {
    await stdout.flush();
    const others = skipped === 0 ? "" : `, ${skipped} not ready`;
    await stderr.write(`${plural(pods.length, "pod")}${others}\n`);
  }
  return exitCode;
}

/** Prints the pods of a selection, in any phase, and then each pod that changes, until a signal ends it. */
export async function watchPodsTable(
  { contexts, selection }: SelectionOptions,
  { host, invocation: { terminal, signals }, format }: {
    host: Host;
    invocation: Invocation;
    format: "status" | "wide" | "name" | "jsonl";
  },
): Promise<number> {
  const { watchPods } = await import("../../../actions/pick/pods.ts");
  const columns = scopeColumns({ contexts, selection });
  const watched = { ...selection, allPhases: true };
  return await drive(
    ({ signal }) => watchPods(host, { contexts, selection: watched, signal }),
    {
      terminal,
      signals,
      clock: host.clock,
      painter: new PodChangesPainter({ format, columns, clock: host.clock }),
      milestone: () => undefined,
    },
  );
}

/** Returns the text for standard output. */
async function renderPods(
  pods: readonly ListedPod[],
  format: "table" | "name" | DataFormat,
  columns: ScopeColumns,
): Promise<string> {
  if (format === "name") {
    return pods.map(({ target }) => `${printable(podName(target, columns.name))}\n`).join("");
  }
  if (format !== "table") return await renderData(pods.map(podData), format);
  return await renderTargets(pods.map(({ target }) => target), format, columns);
}

/** Returns the containers of a run that isn't started, as text for standard output. */
export async function renderTargets(
  targets: readonly Target[],
  format: "table" | DataFormat,
  columns: Pick<ScopeColumns, "context" | "namespace">,
): Promise<string> {
  if (format !== "table") return await renderData(targets, format);
  return targetsTable(targets, columns).map((line) => `${line}\n`).join("");
}
