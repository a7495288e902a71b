/** Help as text. `helpPage()` loads the body of the one command that it explains; the others are pure. */
import type { Style } from "../../terminal/style.ts";
import { definitions, wrap, wrapWithin } from "../../terminal/wrap.ts";
import type { Command, Operand } from "./command.ts";
import type { Flag } from "./flag.ts";
import { type Program, speak } from "../program.ts";
import { type Branch, type CommandNode, nodeAt } from "./node.ts";

/** How a page is formatted. */
interface PageOptions {
  program: Program;
  columns: number;
  style: Style;
  /** What `-h` prints: usage, examples, and the flags that have a letter. */
  brief?: boolean;
}

/** Columns if there is no terminal. */
const plainColumns = 80;

/** The maximum length of a line of help, for readability. */
const widestColumns = 100;

/** Returns the page of one command. */
export function commandHelp(
  command: Command,
  path: readonly string[],
  options: PageOptions,
): string {
  const { program } = options;
  const spoken = speak(program, ["kodama", ...program.prefix].join(" "));
  const line = ["kodama", ...path].join(" ");
  const texts = command.description.split("\n\n");
  const paragraphs = (options.brief ? texts.slice(0, 1) : texts)
    .map((text) => [...set(text, options), ""]);
  const start = [
    ...paragraphs.flat(),
    ...block("USAGE", within(usageLine(command, path, program), options), options),
    ...block("EXAMPLES", exampleLines(command, options), options),
    ...flagBlocks(command, options),
  ];
  if (options.brief) return page(start);
  return page([
    ...start,
    ...block(
      "EXIT CODES",
      definitions(command.exitCodes ?? [], { indent: 2, termColumns: 6, ...measure(options) }),
      options,
    ),
    ...block(
      "LEARN MORE",
      (command.seeAlso ?? []).flatMap((text) => within(text, options)),
      options,
    ),
    ...(spoken === "kodama" || spoken.startsWith("kubectl")
      ? []
      : [`\`${spoken}\` is short for \`${line}\`.`]),
  ]);
}

/** Returns the synopsis: `kodama exec [POD|KIND/NAME...] [flags] -- COMMAND [ARG...]`. */
function usageLine(command: Command, path: readonly string[], program: Program): string {
  const spelled = program.prefix.length > path.length ? program.prefix.length - path.length : 0;
  const args = spelled > 0 ? program.prefix.slice(path.length) : [];
  const operands = (command.operands ?? []).slice(spelled).map(operandText);
  const line = speak(program, ["kodama", ...path, ...args].join(" "));
  const trailing = { none: "", optional: "[-- COMMAND [ARG...]]", required: "-- COMMAND [ARG...]" };
  return [line, ...operands, "[flags]", trailing[command.trailing ?? "none"]]
    .filter((part) => part !== "")
    .join(" ");
}

/** Returns the page of a command group; the root's is `kodama --help`. */
function branchHelp(branch: Branch, path: readonly string[], options: PageOptions): string {
  const { program } = options;
  const line = speak(program, ["kodama", ...path].join(" "));
  const names = Object.keys(branch.commands);
  const groups = branch.sections ?? [["Commands", names] as const];
  const lists = groups.map(([heading, members]) => ({
    heading,
    rows: members.map((name) => [name, branch.commands[name]?.summary ?? ""] as const),
  }));
  const termColumns = Math.max(...names.map((name) => name.length));
  return page([
    ...set(`${capital(branch.summary)}.`, options),
    "",
    ...block("USAGE", [`  ${line} COMMAND [flags]`], options),
    ...lists.flatMap(({ heading, rows }) =>
      block(
        heading.toUpperCase(),
        rows.flatMap(([name, summary]) =>
          definitions([[name.padEnd(termColumns), summary]], {
            indent: 2,
            termColumns,
            ...measure(options),
          })
        ),
        options,
      )
    ),
    ...block(
      "LEARN MORE",
      within(
        `Use "${line} COMMAND --help" for details and examples, or -h for the main flags.`,
        options,
      ),
      options,
    ),
  ]);
}

function flagBlocks(command: Command, options: PageOptions): string[] {
  const groups = new Map<string, [string, string][]>();
  const isBrief = options.brief === true && needsBrief(command);
  for (const [name, flag] of Object.entries(command.flags)) {
    if (flag.hidden || (isBrief && flag.short === undefined)) continue;
    const rows = groups.get(flag.group) ?? [];
    rows.push([flagTerm(name, flag), flagText(flag)]);
    groups.set(flag.group, rows);
  }
  const own = groups.get("Flags") ?? [];
  groups.delete("Flags");
  const help = isBrief ? "print all flags, and more about the command" : "explain the command";
  groups.set("Flags", [...own, [isBrief ? "    --help" : "-h, --help", help]]);
  if (isBrief) return block("MAIN FLAGS", flagLines([...groups.values()].flat(), options), options);
  return [...groups].flatMap(([heading, rows]) =>
    block(heading.toUpperCase(), flagLines(rows, options), options)
  );
}

function flagLines(rows: readonly [string, string][], options: PageOptions): string[] {
  return definitions(rows, { indent: 2, termColumns: 28, ...measure(options) });
}

/** If there are fewer flags than this, a short help shows them too. */
const fewFlags = 12;

function needsBrief({ flags }: Command): boolean {
  return Object.values(flags).filter(({ hidden }) => !hidden).length > fewFlags;
}

function flagTerm(name: string, flag: Flag<unknown>): string {
  const short = flag.short === undefined ? "    " : `-${flag.short}, `;
  const placeholder = flag.takesValue ? ` ${flag.placeholder ?? "TEXT"}` : flag.placeholder ?? "";
  return `${short}--${name}${placeholder}`;
}

function flagText(flag: Flag<unknown>): string {
  const notes = [
    ...(flag.repeatable ? ["repeatable"] : []),
    ...(flag.defaultText === undefined ? [] : [`default ${flag.defaultText}`]),
    ...(flag.variable === undefined ? [] : [`$${flag.variable}`]),
  ];
  return notes.length === 0 ? flag.summary : `${flag.summary} (${notes.join("; ")})`;
}

function exampleLines(command: Command, options: PageOptions): string[] {
  return Object.entries(command.examples).flatMap(([title, line], at) => [
    ...(at === 0 ? [] : [""]),
    ...within(title, options, "# "),
    // A line to be copied isn't wrapped.
    `  $ ${speak(options.program, line)}`,
  ]);
}

function operandText(operand: Operand): string {
  return { one: operand.name, optional: `[${operand.name}]`, any: `[${operand.name}...]` }[
    operand.arity
  ];
}

function block(heading: string, lines: readonly string[], options: PageOptions): string[] {
  return lines.length === 0 ? [] : [options.style.bold(heading), ...lines, ""];
}

function set(text: string, options: PageOptions): string[] {
  return wrap(text, measure(options).columns);
}

function within(text: string, options: PageOptions, mark = ""): string[] {
  return wrapWithin(text, measure(options).columns, 2, mark);
}

function measure({ columns }: PageOptions): { columns: number } {
  return { columns: Math.min(columns, widestColumns) };
}

function page(lines: readonly string[]): string {
  return `${lines.join("\n").trimEnd()}\n`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Returns the page for the names of a path that exists. */
export async function helpPage(
  root: CommandNode,
  path: readonly string[],
  options: { program: Program; columns: number | undefined; style: Style; brief?: boolean },
): Promise<string> {
  const columns = options.columns ?? plainColumns;
  const node = nodeAt(root, path);
  if (node === undefined) throw new Error(`no help for a command that isn't: ${path.join(" ")}`);
  if (node.kind === "branch") return branchHelp(node, path, { ...options, columns });
  const { command } = await node.load();
  return commandHelp(command, path, { ...options, columns });
}
