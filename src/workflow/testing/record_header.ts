/** Returns the first line of a workflow's record, as a file has it. */
export function recordHeader(id: string) {
  return {
    event: "workflow",
    version: 1,
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
