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
import { failedContextText, isNotReady, skippedPodTexts } from "../../../runs/notes.ts";
import { drive } from "../../../terminal/driver/drive.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { printable } from "../../../terminal/printable.ts";
import { success } from "../../exit_codes.ts";
import type { Invocation } from "../../invocation.ts";
import { type DataFormat, renderData } from "../../output.ts";
import type { SelectionOptions } from "../../parser/selection.ts";
import { showAwaited } from "../../show_progress.ts";

/** How pods are shown: `table` lists targets, `status` and `wide` are kubectl's tables. */
export type PodsFormat = "table" | "status" | "wide" | "name" | DataFormat;

/**
 * Prints the pods of a selection, and on standard error those that are skipped. If a context is unreachable,
 * the list is incomplete, and the exit code reports it.
 */
export async function showPods(
  { contexts, selection }: SelectionOptions,
  options: {
    host: Host;
    invocation: Invocation;
    format: PodsFormat;
    quiet: boolean;
    hasHeader?: boolean;
  },
): Promise<number> {
  const { host, invocation, format, quiet, hasHeader = true } = options;
  const { stdout, stderr } = invocation.terminal;
  const columns = scopeColumns({ contexts, selection });
  const isWhole = format === "json" || format === "yaml";
  let pods: ListedPod[] = [];
  let [count, skipped] = [0, 0];
  let exitCode = success;
  /** Contexts that have answered aren't held up by others: later ones have tables of their own. */
  let isWaiting = false;
  let isPrinted = false;
  const print = async () => {
    const now = pods;
    pods = [];
    isPrinted = true;
    const nowMs = host.clock.now().getTime();
    await stdout.write(
      format === "status" || format === "wide"
        ? statusTable(now, { ...columns, wide: format === "wide", nowMs })
          .slice(hasHeader ? 0 : 1).map((line) => `${line}\n`).join("")
        : await renderPods(now, format, columns),
    );
    await stdout.flush();
  };
  await interruptible(invocation.signals, async (signal) => {
    const onWait = async (wait: Parameters<typeof showAwaited>[1]) => {
      await showAwaited(invocation.terminal, wait);
      isWaiting = contexts.length > 1 && !isWhole;
      if (isWaiting && pods.length > 0) await print();
    };
    for await (const event of listPods(host, { contexts, selection, signal, onWait })) {
      if (event.kind === "contextFailed") {
        exitCode = exitCodeOfKind("unreachable");
        await stderr.write(`${printable(failedContextText(event))}\n`);
        continue;
      }
      pods.push(...event.targets.map((target, index) => ({ target, state: event.states[index] })));
      count += event.targets.length;
      skipped += event.skipped.filter(isNotReady).length;
      if (!quiet) {
        const texts = skippedPodTexts({ ...event, ...(contexts.length > 1 && { several: true }) });
        for (const text of texts) await stderr.write(`${printable(text)}\n`);
      }
      if (isWaiting && pods.length > 0) await print();
    }
  });
  if (pods.length > 0 || !isPrinted) await print();
  const isTable = format === "status" || format === "wide";
  if (isTable && !quiet && stdout.isTerminal) {
    const others = skipped === 0 ? "" : `, ${skipped} not ready`;
    await stderr.write(`${plural(count, "pod")}${others}\n`);
  }
  return exitCode;
}

/** Prints the pods of a selection, in any phase, and then each pod that changes, until a signal ends it. */
export async function watchPodsTable(
  { contexts, selection }: SelectionOptions,
  { host, invocation: { terminal, signals }, format, hasHeader }: {
    host: Host;
    invocation: Invocation;
    hasHeader: boolean;
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
      painter: new PodChangesPainter({ format, columns, hasHeader, clock: host.clock }),
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
