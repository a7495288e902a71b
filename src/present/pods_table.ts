/** The pods of a selection as kubectl's tables, as names and as data; and their changes, one after the other. */
import type { Selection, Target } from "../actions/exec/events.ts";
import type { PodState } from "../actions/pick/list_pods.ts";
import type { PickPodsEvent } from "../actions/pick/pods.ts";
import { ageText } from "../base/duration.ts";
import type { Clock } from "../base/clock.ts";
import { namespacedPod } from "../base/workload_kinds.ts";
import type { Painter } from "../terminal/driver/drive.ts";
import { messagePiece, printable } from "../terminal/printable.ts";
import { tableLines } from "../terminal/table.ts";
import type { Piece } from "../terminal/terminal.ts";
import { failedContextText } from "../runs/notes.ts";

/** A container in which a command would run, and the state of its pod. */
export interface ListedPod {
  target: Target;
  state: PodState | undefined;
}

/** Which scopes the rows name: contexts and namespaces if there are several, as in kubectl's tables. */
export interface ScopeColumns {
  context: boolean;
  namespace: boolean;
  /** Names of pods include their namespace. */
  name: boolean;
}

/** Returns the scopes that distinguish the pods of a selection. */
export function scopeColumns(
  { contexts, selection }: { contexts: readonly string[]; selection: Selection },
): ScopeColumns {
  const namespaces = new Set(
    selection.operands.map((one) => one.kind === "pod" ? one.namespace : undefined),
  );
  const namespace = hasSeveralNamespaces(selection) || namespaces.size > 1;
  return { context: contexts.length > 1, namespace, name: namespace };
}

/** Returns whether a selection may choose pods of several namespaces. */
export function hasSeveralNamespaces({ namespaces }: Selection): boolean {
  return namespaces.kind === "all" ||
    (namespaces.kind === "named" && new Set(namespaces.names).size > 1);
}

/** Returns a pod as every command accepts it: `pod/web-0`, with its namespace if several are possible. */
export function podName(
  { namespace, pod }: Pick<Target, "namespace" | "pod">,
  namespaced: boolean,
): string {
  return namespaced ? namespacedPod(namespace, pod) : `pod/${pod}`;
}

/** A pod as data. */
export type PodData = ReturnType<typeof podData>;

/** Returns a pod as data. */
export function podData({ target, state }: ListedPod) {
  if (state === undefined) return { ...target };
  const { status, readyContainers, totalContainers, restarts, createdMs } = state;
  const createdAt = Number.isNaN(createdMs) ? null : new Date(createdMs).toISOString();
  return { ...target, status, ready: `${readyContainers}/${totalContainers}`, restarts, createdAt };
}

/** Returns a table of containers in which a command would run. */
export function targetsTable(
  targets: readonly Target[],
  { context, namespace }: Pick<ScopeColumns, "context" | "namespace">,
): string[] {
  const header = [
    ...(context ? ["CONTEXT"] : []),
    ...(namespace ? ["NAMESPACE"] : []),
    ...["POD", "CONTAINER", "NODE", "IP"],
  ];
  const rows = targets.map((target) => [
    ...(context ? [target.context] : []),
    ...(namespace ? [target.namespace] : []),
    ...[target.pod, target.container, target.node, target.ip],
  ]);
  return tableLines(header, rows);
}

/** Returns kubectl's table of pods: the header and the rows. */
export function statusTable(
  pods: readonly ListedPod[],
  { context, namespace, wide, nowMs }: Pick<ScopeColumns, "context" | "namespace"> & {
    wide: boolean;
    nowMs: number;
  },
): string[] {
  const header = [
    ...(context ? ["CONTEXT"] : []),
    ...(namespace ? ["NAMESPACE"] : []),
    ...["POD", "READY", "STATUS", "RESTARTS", "AGE"],
    ...(wide ? ["CONTAINER", "NODE", "IP"] : []),
  ];
  const rows = pods.map(({ target, state }) => [
    ...(context ? [target.context] : []),
    ...(namespace ? [target.namespace] : []),
    target.pod,
    ...stateCells(state, nowMs),
    ...(wide ? [target.container, target.node, target.ip] : []),
  ]);
  return tableLines(header, rows);
}

function stateCells(state: PodState | undefined, nowMs: number): string[] {
  if (state === undefined) return ["", "", "", ""];
  return [
    `${state.readyContainers}/${state.totalContainers}`,
    state.status,
    restartsText(state, nowMs),
    Number.isNaN(state.createdMs) ? "<unknown>" : ageText(nowMs - state.createdMs),
  ];
}

/** Returns `2 (5m ago)`, as kubectl does. */
function restartsText({ restarts, restartedMs }: PodState, nowMs: number): string {
  const isDated = restarts > 0 && !Number.isNaN(restartedMs);
  return isDated ? `${restarts} (${ageText(nowMs - restartedMs)} ago)` : String(restarts);
}

/** Display options of {@link PodChangesPainter}. */
export interface PodChangesOptions {
  format: "status" | "wide" | "name" | "jsonl";
  columns: ScopeColumns;
  hasHeader: boolean;
  clock: Clock;
}

/**
 * Formats the pods of a selection, and then each pod that changes: its current row, its name, or an object. A deleted
 * pod has the status `Deleted`.
 */
export class PodChangesPainter implements Painter<PickPodsEvent> {
  readonly #known = new Map<string, ListedPod & { text: string }>();
  #isLoaded = false;

  constructor(private readonly options: PodChangesOptions) {}

  paint(event: PickPodsEvent): readonly Piece[] {
    switch (event.kind) {
      case "contextFailed":
        return [messagePiece(failedContextText(event))];
      case "loaded":
        this.#isLoaded = true;
        return this.#pieces([...this.#known.values()], { isFirst: true });
      case "changed": {
        const before = [...this.#known.values()];
        const changed = this.#change(event);
        return this.#isLoaded ? this.#pieces(changed, { before }) : [];
      }
    }
  }

  /** Returns the pods whose row changes. */
  #change({ upserts, removed }: Extract<PickPodsEvent, { kind: "changed" }>): ListedPod[] {
    const changed: ListedPod[] = [];
    for (const { id, target, containers: _all, ...state } of upserts) {
      const text = JSON.stringify([target, state]);
      if (this.#known.get(id)?.text === text) continue;
      this.#known.set(id, { target, state, text });
      changed.push({ target, state });
    }
    for (const id of removed) {
      const deleted = this.#known.get(id);
      this.#known.delete(id);
      if (deleted?.state === undefined) continue;
      changed.push({ ...deleted, state: { ...deleted.state, status: "Deleted" } });
    }
    return changed;
  }

  /** @param shown.before rows are as wide as those of all pods known before. */
  #pieces(
    pods: readonly ListedPod[],
    { before = [], isFirst = false }: { before?: readonly ListedPod[]; isFirst?: boolean },
  ): Piece[] {
    const lines = this.#lines(pods, before);
    const data = (isFirst && this.options.hasHeader ? lines : lines.slice(this.#headerRows)).map((
      line,
    ) => `${line}\n`);
    return data.length === 0 ? [] : [{ stream: "stdout", data }];
  }

  get #headerRows(): number {
    const { format } = this.options;
    return format === "name" || format === "jsonl" ? 0 : 1;
  }

  #lines(pods: readonly ListedPod[], before: readonly ListedPod[]): string[] {
    const { format, columns, clock } = this.options;
    if (format === "name") {
      return pods.map(({ target }) => printable(podName(target, columns.name)));
    }
    if (format === "jsonl") return pods.map((pod) => JSON.stringify(podData(pod)));
    const nowMs = clock.now().getTime();
    const [header = "", ...rows] = statusTable([...before, ...pods], {
      ...columns,
      wide: format === "wide",
      nowMs,
    });
    return [header, ...rows.slice(before.length)];
  }
}
