/** A picker over a few pods, for tests. */
import type { Tone } from "../../terminal/grid.ts";
import { innerId, type Row, row } from "../row.ts";
import { initialState, type PickSettings, type PickState } from "../state.ts";
import { type PickEvent, step } from "../step.ts";

/** The properties of a sample pod besides its name. */
export interface SamplePod {
  status?: string;
  tone?: Tone;
  containers?: readonly string[];
}

/** Returns a pod's row, with columns as in the picker. */
export function podRow(name: string, pod: SamplePod = {}): Row {
  const { status = "Running", tone = "good", containers = ["main", "sidecar"] } = pod;
  const id = `uid-${name}`;
  return row({
    id,
    text: name,
    order: name,
    cells: [
      { kind: "text", text: "1/1", tone: "plain" },
      { kind: "text", text: status, tone },
      { kind: "age", sinceMs: -3 * 3_600_000 },
    ],
    inner: containers.map((container, index) =>
      row({ id: innerId(id, container), text: container, order: String(index), cells: [] })
    ),
  });
}

/** The columns and settings of the sample. */
export const sampleSettings: PickSettings = {
  of: "pods",
  multi: true,
  layout: "default",
  asksContainer: false,
  switches: true,
  prompt: "> ",
  purpose: "",
  columns: {
    pods: {
      name: "POD",
      others: [
        { title: "READY", importance: 2, align: "left" },
        { title: "STATUS", importance: 3, align: "left" },
        { title: "AGE", importance: 1, align: "right" },
      ],
    },
    containers: { name: "CONTAINER", others: [] },
    namespaces: { name: "NAMESPACE", others: [] },
    contexts: { name: "CONTEXT", others: [] },
  },
};

/** Returns a picker of 60 columns and 10 rows whose list is complete. */
export function picker(
  names: readonly string[],
  settings: Partial<PickSettings> = {},
  size = { columns: 60, rows: 10 },
): PickState {
  const state = initialState({ ...sampleSettings, ...settings }, {
    ...size,
    query: "",
    nowMs: 0,
    preview: false,
  });
  const changes = { upserts: names.map((name) => podRow(name)), removed: [] };
  return [
    { kind: "changed", level: "pods", turn: 0, changes },
    { kind: "loaded", level: "pods", turn: 0 },
  ].reduce((now, event) => step(now, event as PickEvent), state);
}

/** Returns a key by its name. */
export function key(name: string): PickEvent {
  return { kind: "input", input: { kind: "key", key: name }, atMs: 0 };
}

/** Returns typed characters. */
export function typed(text: string): PickEvent {
  return { kind: "input", input: { kind: "text", text }, atMs: 0 };
}
