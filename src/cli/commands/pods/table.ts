/** The pods of a selection as a table or as data. */
import type { Target } from "../../../actions/exec/events.ts";
import { exitCodeOfKind } from "../../../base/errors.ts";
import type { Host } from "../../../actions/host.ts";
import { listPods, type PodState } from "../../../actions/pick/list_pods.ts";
import { KodamaError } from "../../../base/errors.ts";
import { counted } from "../../../base/counted.ts";
import { ageText } from "../../../base/age.ts";
import { isOfSeveral, operandText } from "../pick/print_picked.ts";
import { tableLines } from "../../../terminal/table.ts";
import { printable } from "../../../terminal/printable.ts";
import { success } from "../../exit_codes.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import type { Invocation } from "../../invocation.ts";
import { type DataFormat, renderData } from "../../output.ts";
import type { SelectionOptions } from "../../parser/selection.ts";
import { failedContextText, skippedPodText } from "../../../present/run_notes.ts";

/** How pods are shown: `table` lists targets, `status` and `wide` are kubectl's tables. */
export type PodsFormat = "table" | "status" | "wide" | "name" | DataFormat;

/** One row: a container in which a command would run, and the state of its pod. */
interface ListedPod {
  target: Target;
  state: PodState | undefined;
}

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
  const columns = columnsOf({ contexts, selection });
  if (format !== "status" && format !== "wide") {
    const rows = pods.map(({ target, state }) =>
      state === undefined ? target : dataOf(target, state)
    );
    await stdout.write(await renderPods(rows, format, columns));
    return exitCode;
  }
  const table = new StatusTable({ ...columns, wide: format === "wide" });
  const nowMs = host.clock.now().getTime();
  await stdout.write(table.lines(pods, nowMs).map((line) => `${line}\n`).join(""));
  if (!quiet && stdout.isTerminal) {
    await stdout.flush();
    const others = skipped === 0 ? "" : `, ${skipped} not ready`;
    await stderr.write(`${counted(pods.length, "pod")}${others}\n`);
  }
  return exitCode;
}

/** Which scopes the rows name: contexts if there are several, namespaces if it isn't the context's own. */
interface PlaceColumns {
  context: boolean;
  namespace: boolean;
  operand: boolean;
}

function columnsOf(
  { contexts, selection }: Pick<SelectionOptions, "contexts" | "selection">,
): PlaceColumns {
  const places = new Set(
    selection.operands.map((one) => one.kind === "pod" ? one.namespace : undefined),
  );
  return {
    context: contexts.length > 1,
    namespace: selection.namespaces.kind !== "default" || places.size > 1,
    operand: isOfSeveral(selection) || places.size > 1,
  };
}

/** Returns a pod as data. */
function dataOf(target: Target, state: PodState) {
  const { status, readyContainers, totalContainers, restarts, createdMs } = state;
  const createdAt = Number.isNaN(createdMs) ? null : new Date(createdMs).toISOString();
  return { ...target, status, ready: `${readyContainers}/${totalContainers}`, restarts, createdAt };
}

/** kubectl's table of pods. Its columns are as wide as its first rows need, for rows that follow one by one. */
class StatusTable {
  readonly #columns: PlaceColumns & { wide: boolean };

  constructor(columns: PlaceColumns & { wide: boolean }) {
    this.#columns = columns;
  }

  /** Returns the header and the rows. */
  lines(pods: readonly ListedPod[], nowMs: number): string[] {
    const { context, namespace, wide } = this.#columns;
    const header = [
      ...(context ? ["CONTEXT"] : []),
      ...(namespace ? ["NAMESPACE"] : []),
      ...["POD", "READY", "STATUS", "RESTARTS", "AGE"],
      ...(wide ? ["CONTAINER", "NODE", "IP"] : []),
    ];
    return tableLines(header, pods.map((pod) => this.#cells(pod, nowMs)));
  }

  #cells({ target, state }: ListedPod, nowMs: number): string[] {
    const { context, namespace, wide } = this.#columns;
    const known = state === undefined ? ["", "", "", ""] : [
      `${state.readyContainers}/${state.totalContainers}`,
      state.status,
      String(state.restarts),
      Number.isNaN(state.createdMs) ? "<unknown>" : ageText(nowMs - state.createdMs),
    ];
    return [
      ...(context ? [target.context] : []),
      ...(namespace ? [target.namespace] : []),
      target.pod,
      ...known,
      ...(wide ? [target.container, target.node, target.ip] : []),
    ];
  }
}

/**
 * Prints the pods of a selection, in any phase, and then each pod that changes, until a signal ends it: its current
 * row, or its name, or an object. A deleted pod is printed as `Deleted`.
 */
export async function watchPodsTable(
  { contexts, selection }: SelectionOptions,
  options: { host: Host; invocation: Invocation; format: "status" | "wide" | "name" | "jsonl" },
): Promise<number> {
  const { host, invocation, format } = options;
  const { stdout, stderr } = invocation.terminal;
  const { watchPods } = await import("../../../actions/pick/pods.ts");
  const columns = columnsOf({ contexts, selection });
  const table = new StatusTable({ ...columns, wide: format === "wide" });
  const known = new Map<string, ListedPod & { text: string }>();
  const write = async (pods: readonly ListedPod[], isFirst: boolean) => {
    const nowMs = host.clock.now().getTime();
    if (format === "name" || format === "jsonl") {
      const rows = pods.map(({ target, state }) => state ? dataOf(target, state) : target);
      return await stdout.write(await renderPods(rows, format, columns));
    }
    // Rows are printed below those of all known pods, and share their widths.
    const all = table.lines([...known.values(), ...pods], nowMs);
    const shown = isFirst
      ? [all[0] ?? "", ...all.slice(known.size + 1)]
      : all.slice(known.size + 1);
    await stdout.write(shown.map((line) => `${line}\n`).join(""));
  };
  return await untilStopped(invocation.signals, async (signal) => {
    let isLoaded = false;
    const watched = { ...selection, allPhases: true };
    for await (const event of watchPods(host, { contexts, selection: watched, signal })) {
      if (event.kind === "contextFailed") {
        await stderr.write(`${printable(failedContextText(event))}\n`);
      } else if (event.kind === "loaded") {
        isLoaded = true;
        const listed = [...known];
        known.clear();
        await write(listed.map(([, pod]) => pod), true);
        for (const [id, pod] of listed) known.set(id, pod);
      } else {
        const changed: ListedPod[] = [];
        for (const { id, target, containers: _all, ...state } of event.upserts) {
          const text = JSON.stringify([target, state]);
          if (known.get(id)?.text === text) continue;
          known.set(id, { target, state, text });
          changed.push({ target, state });
        }
        for (const id of event.removed) {
          const gone = known.get(id);
          known.delete(id);
          if (gone?.state) changed.push({ ...gone, state: { ...gone.state, status: "Deleted" } });
        }
        if (isLoaded && changed.length > 0) await write(changed, false);
      }
    }
    return success;
  });
}

/** Returns the text for standard output. */
export async function renderPods(
  targets: readonly Target[],
  format: "table" | "name" | DataFormat,
  columns: { context: boolean; namespace: boolean; operand?: boolean },
): Promise<string> {
  if (format === "name") {
    const namespaced = columns.operand === true;
    return targets.map((one) => `${printable(operandText(one, namespaced))}\n`).join("");
  }
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

/** 128 + SIGINT: the end of a watch, and not an error. */
const interrupted = 130;

async function untilStopped(
  signals: Invocation["signals"],
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  try {
    return await interruptible(signals, work);
  } catch (error) {
    if (error instanceof KodamaError && error.kind === "cancelled") return interrupted;
    throw error;
  }
}
