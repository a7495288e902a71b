/** The lines of a workflow file's steps. */
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";

/** A step that has an id, and its line, from 0. */
export interface StepLine {
  id: string;
  line: number;
}

/** Returns the steps of the highest level that have an id: those that a run can begin at. */
export function stepLines(text: string): StepLine[] {
  const lines = new LineCounter();
  const { contents } = parseDocument(text, { lineCounter: lines, uniqueKeys: false });
  const steps = isMap(contents) ? contents.get("steps", true) : undefined;
  if (!isSeq(steps)) return [];
  return steps.items.flatMap((step) => {
    if (!isMap(step) || !step.range) return [];
    const id = step.get("id", true);
    if (!isScalar(id) || typeof id.value !== "string") return [];
    return [{ id: id.value, line: lines.linePos(step.range[0]).line - 1 }];
  });
}
