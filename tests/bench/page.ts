/** A benchmark's page of Markdown: where it was measured, what is promised, what was measured. */
import { filePath } from "../../src/files/file_path.ts";

/** What is promised, and what was measured. */
export interface Promised {
  text: string;
  atMost: number;
  measured: number;
}

/** The parts of a page. */
export interface Page {
  title: string;
  introduction: string;
  /** Of the machine and its programs. */
  facts: readonly (readonly [string, string])[];
  promises: readonly Promised[];
  /** Rows of a table, its head first. */
  rows: readonly string[];
}

/** Whether all is as promised; what couldn't be measured isn't. */
export function allKept(promises: readonly Promised[]): boolean {
  return promises.every(({ measured, atMost }) => measured <= atMost);
}

/** The text of a page. */
export function pageText({ title, introduction, facts, promises, rows }: Page): string {
  const verdicts = promises.map(({ text, atMost, measured }) => {
    const verdict = measured <= atMost ? "met" : "**missed**";
    return `| ${text} | ${atMost} | ${measured.toFixed(measured < 10 ? 2 : 0)} | ${verdict} |`;
  });
  return [
    `# ${title}`,
    introduction,
    ["| on | |", "| --- | --- |", ...facts.map(([name, value]) => `| ${name} | ${value} |`)]
      .join("\n"),
    "## Targets",
    ["| | at most | measured | |", "| --- | --- | --- | --- |", ...verdicts].join("\n"),
    "## Results",
    rows.join("\n"),
  ].join("\n\n") + "\n";
}

/** Writes a page into `docs/`, or where `--out` says; formatted as all pages are. */
export async function writePage(
  text: string,
  name: string,
  words: readonly string[],
): Promise<void> {
  const path = words[words.indexOf("--out") + 1 || words.length] ??
    filePath(new URL(`../../docs/${name}`, import.meta.url));
  await Deno.writeTextFile(path, text);
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", path] }).output();
}
