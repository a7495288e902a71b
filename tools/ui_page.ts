/** The table of keys in `docs/ui.md`, which is generated from the key table. */
import { registerAll } from "../src/ui/register_panes.ts";
import { programActions } from "../src/ui/actions.ts";
import { PaneRegistry } from "../src/ui/registry.ts";
import type { PaneAction } from "../src/ui/pane.ts";

/** The page. */
export const uiPageFile: URL = new URL("../docs/ui.md", import.meta.url);

const headings = {
  panes: "Panes",
  tabs: "Tabs",
  content: "In every pane",
  program: "The program",
} as const;

/** Returns the page with its generated parts between `<!-- NAME -->` and `<!-- end -->`. */
export function withGenerated(page: string): string {
  const registry = new PaneRegistry();
  registerAll(registry);
  const parts: Readonly<Record<string, string>> = {
    panes: table(
      ["pane", "shows"],
      registry.kinds().map(([key, { summary }]) => [code(key), summary]),
    ),
    keys: [
      ...Object.entries(headings).map(([group, title]) =>
        section(title, programActions.filter((action) => action.group === group))
      ),
      ...registry.kinds().filter(([, { actions = [] }]) => actions.length > 0)
        .map(([key, { actions = [] }]) => section(`In ${key}`, actions)),
    ].join("\n\n"),
  };
  return page.replace(
    /(<!-- (\w+) -->\n\n)[^]*?(\n\n<!-- end -->)/g,
    (whole, start: string, name: string, end: string) =>
      parts[name] === undefined ? whole : `${start}${parts[name]}${end}`,
  );
}

function section(title: string, actions: readonly PaneAction[]): string {
  const rows = actions.filter(({ id }) => !/^tab-[2-9]$/.test(id)).map(({ id, keys, does }) => [
    keys.map(code).join(", "),
    does,
    code(id),
  ]);
  return `### ${title}\n\n${table(["key", "does", "action"], rows)}`;
}

const code = (text: string) => `\`${text}\``;

/** As `deno fmt` aligns it. */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [titles, ...rows];
  const widths = titles.map((_, index) => Math.max(...all.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(" | ")} |`;
  return [line(titles), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join(
    "\n",
  );
}
