import type { WorkflowEvent } from "../step_events.ts";

/** Returns the lines of a record of these events. */
export function recordLines(events: readonly WorkflowEvent[]): string[] {
  return [recordHeader("run-1"), ...events.filter(({ event }) => event !== "line")]
    .map((line) => `${JSON.stringify(line)}\n`);
}

/** Returns the first line of a workflow's record, as a file has it. */
export function recordHeader(id: string) {
  return {
    event: "workflow" as const,
    version: 2 as const,
    id,
    at: "2026-01-01T00:00:00.000Z",
    workflow: "w",
    path: "/project/workflows/w.yaml",
    files: {},
    params: {},
    secrets: [],
    rerunOf: null,
    overrides: {},
  };
}
