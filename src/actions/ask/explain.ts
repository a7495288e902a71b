/** A question about what a command of kodama printed. */
import explainText from "../../model/prompts/explain.md" with { type: "text" };
import { withoutSequences } from "../../base/plain_text.ts";
import { PromptTemplate } from "../../model/template.ts";

const template = new PromptTemplate(explainText, ["command", "exitCode", "output"]);

/** Characters of an output's beginning and end that are explained. */
const partLength = 8000;

/** Collects the output of a command, with bounded memory: its beginning and its end. */
export class OutputSample {
  #start = "";
  #end = "";
  #length = 0;

  add(text: string): void {
    this.#length += text.length;
    const missing = partLength - this.#start.length;
    if (missing > 0) this.#start += text.slice(0, missing);
    this.#end = `${this.#end}${text.slice(Math.max(0, missing))}`.slice(-partLength);
  }

  /** Returns it, with a note about what is between. */
  text(): string {
    const omitted = this.#length - this.#start.length - this.#end.length;
    if (omitted <= 0) return this.#start + this.#end;
    return `${this.#start}\n… ${omitted} characters are omitted …\n${this.#end}`;
  }
}

/** Returns the question, without what only draws on a terminal. Secrets have to be removed from the output before. */
export function explainQuestion(
  { command, exitCode, output }: { command: string; exitCode: number; output: string },
): string {
  return template.render({
    command,
    exitCode: String(exitCode),
    output: withoutSequences(output).trim() || "(no output)",
  });
}
