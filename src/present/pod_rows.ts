/** Pods, containers, namespaces and contexts as rows of the picker. */
import type { PickContainer, PickPod, Target } from "../actions/pick/pods.ts";
import type { ScopeChoice } from "../actions/pick/scope.ts";
import { type Cell, innerId, type Row, row } from "../pick/row.ts";
import type { PickSettings } from "../pick/state.ts";
import type { Tone } from "../terminal/grid.ts";
import { printable } from "../terminal/printable.ts";

/** The parts of a pod's name that distinguish it from the others. */
export interface Naming {
  context: boolean;
  namespace: boolean;
  sort: "name" | "age" | "node";
}

/** The columns of each list. */
export function columnsFor(naming: Naming): PickSettings["columns"] {
  const parts = [
    ...(naming.context ? ["CONTEXT"] : []),
    ...(naming.namespace ? ["NAMESPACE"] : []),
    "POD",
  ];
  return {
    pods: {
      name: parts.join("/"),
      others: [
        { title: "READY", importance: 4, align: "left" },
        { title: "STATUS", importance: 5, align: "left" },
        { title: "RESTARTS", importance: 2, align: "right" },
        { title: "AGE", importance: 3, align: "right" },
        { title: "NODE", importance: 1, align: "left" },
      ],
    },
    containers: {
      name: "CONTAINER",
      others: [
        { title: "STATUS", importance: 3, align: "left" },
        { title: "RESTARTS", importance: 2, align: "right" },
        { title: "IMAGE", importance: 1, align: "left" },
      ],
    },
    namespaces: { name: "NAMESPACE", others: [{ title: "", importance: 1, align: "left" }] },
    contexts: { name: "CONTEXT", others: [{ title: "", importance: 1, align: "left" }] },
  };
}

/** Rows of the pods seen so far, and what choosing each of them means. */
export class PodRows {
  readonly #rows = new Map<string, Row>();
  readonly #targets = new Map<string, Target>();
  readonly #pods = new Map<string, PickPod>();

  constructor(private readonly naming: Naming) {}

  /** Returns the pod's current row. Its position in the list is that of its first one. */
  rowOf(pod: PickPod): Row {
    const known = this.#rows.get(pod.id)?.entry;
    const text = this.#text(pod.target);
    const one = row({
      id: pod.id,
      text,
      order: known?.order ?? this.#order(pod, text),
      cells: podCells(pod),
      inner: pod.containers.map((container, index) => this.#containerRow(pod, container, index)),
    }, known);
    this.#rows.set(pod.id, one);
    this.#pods.set(pod.id, pod);
    this.#targets.set(pod.id, pod.target);
    return one;
  }

  /** Returns what is known of a pod by its id. */
  pod(id: string): PickPod | undefined {
    return this.#pods.get(id);
  }

  /** Returns the target of a row. */
  target(id: string): Target {
    const target = this.#targets.get(id);
    if (target === undefined) throw new Error(`the picker knows no row ${id}`);
    return target;
  }

  #containerRow(pod: PickPod, container: PickContainer, index: number): Row {
    const id = innerId(pod.id, container.name);
    this.#targets.set(id, { ...pod.target, container: container.name });
    return row({
      id,
      text: printable(container.name),
      order: String(index).padStart(4, "0"),
      cells: containerCells(container),
    });
  }

  #text({ context, namespace, pod }: Target): string {
    const parts = [
      ...(this.naming.context ? [context] : []),
      ...(this.naming.namespace ? [namespace] : []),
      pod,
    ];
    return printable(parts.join("/"));
  }

  #order(pod: PickPod, text: string): string {
    const name = naturalKey(text);
    switch (this.naming.sort) {
      case "name":
        return name;
      case "age":
        return `${String(pod.createdMs || 0).padStart(16, "0")} ${name}`;
      case "node":
        return `${naturalKey(pod.target.node)} ${name}`;
    }
  }
}

/** A text whose order by code units is the natural order: `drive-2` before `drive-10`. */
export function naturalKey(text: string): string {
  return text.replace(/\d+/g, (digits) => {
    const number = digits.replace(/^0+(?=\d)/, "");
    return String(number.length).padStart(2, "0") + number;
  });
}

/** Returns the row of a namespace or a context. */
export function scopeRow({ name, current }: ScopeChoice): Row {
  const text = printable(name);
  const cell: Cell = { kind: "text", text: current ? "current" : "", tone: "dim" };
  return row({ id: name.replaceAll("/", "|"), text, order: naturalKey(text), cells: [cell] });
}

function podCells(pod: PickPod): Cell[] {
  const { readyContainers: ready, totalContainers: total, restarts } = pod;
  const done = pod.status === "Completed" || pod.status === "Succeeded";
  return [
    text(`${ready}/${total}`, ready === total || done ? "plain" : "warn"),
    text(printable(pod.status), statusTone(pod.status)),
    text(String(restarts), restarts > 0 ? "warn" : "dim"),
    Number.isNaN(pod.createdMs)
      ? text("<unknown>", "dim")
      : { kind: "age", sinceMs: pod.createdMs },
    text(printable(pod.target.node), "dim"),
  ];
}

function containerCells({ status, restarts, image }: PickContainer): Cell[] {
  return [
    text(printable(status), statusTone(status)),
    text(String(restarts), restarts > 0 ? "warn" : "dim"),
    text(printable(image), "dim"),
  ];
}

function text(content: string, tone: Tone): Cell {
  return { kind: "text", text: content, tone };
}

/** Green for running, grey for completed, red for known trouble. */
export function statusTone(status: string): Tone {
  if (status === "Running") return "good";
  if (status === "Completed" || status === "Succeeded" || status === "Terminating") return "dim";
  return /Err|BackOff|Failed|OOM|Evicted|Invalid|Unknown/.test(status) ? "bad" : "warn";
}
