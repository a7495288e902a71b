/** A workflow as a Mermaid flow chart, for reviews. Pure. */
import type { FullWorkflow, Step } from "./model.ts";
import { finallyPrefix } from "./engine/step_identity.ts";
import { listPrefix } from "./inner_lists.ts";
import { stepKind } from "./step_registry.ts";

/** Returns the text of the chart. https://mermaid.js.org/syntax/flowchart.html */
export function mermaidOf(workflow: FullWorkflow): string {
  const chart = new Chart();
  const last = chart.list(workflow.steps, "begin");
  const end = workflow.finally.length === 0
    ? last
    : chart.group("finally", "finally", () =>
      chart.list(workflow.finally, undefined, finallyPrefix), last);
  return [
    "flowchart TD",
    `  begin([${label(workflow.name)}])`,
    ...chart.lines,
    // An unquoted `end` would end a group.
    `  ${end} --> done(["end"])`,
  ].join("\n") + "\n";
}

class Chart {
  readonly lines: string[] = [];
  #count = 0;
  #indent = "  ";

  /** Draws steps in sequence; returns the last one. */
  list(steps: readonly Step[], before: string | undefined, prefix = ""): string {
    let at = before;
    for (const step of steps) at = this.#step(step, at, prefix);
    return at ?? "begin";
  }

  /** Draws a group in a frame, with an arrow to it. */
  group(id: string, title: string, draw: () => void, before: string | undefined): string {
    this.#line(`subgraph ${id} [${label(title)}]`);
    const outer = this.#indent;
    this.#indent = `${outer}  `;
    draw();
    this.#indent = outer;
    this.#line("end");
    if (before !== undefined) this.#line(`${before} --> ${id}`);
    return id;
  }

  #step(step: Step, before: string | undefined, prefix = ""): string {
    const node = `s${++this.#count}`;
    const kind = stepKind(step.kind);
    const text = `${prefix}${step.id}: ${step.title ?? kind.plan(step.fields).does}`;
    const arrow = step.when === undefined ? "-->" : `-- ${label(`when ${step.when}`)} -->`;
    const fields = Object.entries(step.inner).filter(([, inner]) => inner.length > 0);
    if (fields.length === 0) {
      this.#line(`${node}[${label(text)}]`);
    } else {
      this.group(node, text, () => {
        for (const [list, inner] of fields) {
          const own = listPrefix(kind, list);
          if (kind.atOnce) { for (const one of inner) this.#step(one, undefined); }
          else if (own === "") this.list(inner, undefined);
          else {
            this.group(`${node}_${list}`, list, () => this.list(inner, undefined, own), undefined);
          }
        }
      }, undefined);
    }
    if (before !== undefined) this.#line(`${before} ${arrow} ${node}`);
    return node;
  }

  #line(text: string): void {
    this.lines.push(`${this.#indent}${text}`);
  }
}

/** Returns the text quoted, cut, and without characters that have a meaning in quotes. */
function label(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 59)}…` : text;
  return `"${short.replaceAll("&", "#amp;").replaceAll('"', "#quot;").replace(/\s+/g, " ")}"`;
}
