/** `docs/operations.md`: which options of an operation each front end offers, generated from the declarations. */
import { operations } from "../src/actions/operations.ts";
import { flagName } from "../src/cli/parser/option_flag.ts";
import { type Face, faces, type Field, type Fields } from "../src/operation/field.ts";

/** The page. */
export const operationsFile: URL = new URL("../docs/operations.md", import.meta.url);

/** Returns the text of the page. */
export function operationsPage(): string {
  return [
    "# Options in every front end",
    "",
    "An operation is declared once, and an option means the same wherever it is offered: a duration is",
    "`5s` or a number of milliseconds, a list may be a single value. Tools of language models take texts",
    "where others take patterns, because an expression of a model's could take forever. In workflows, the",
    "options of a selection are those of `select`.",
    "",
    ...operations.flatMap((one) => section(one)),
  ].join("\n");
}

function section(
  { name, about, input, view = {}, operands, absentFrom }: (typeof operations)[number],
): string[] {
  const reasons: string[] = [];
  const rows = Object.entries<Field<unknown>>(input).map(([name, field]) => [
    `\`${name}\``,
    ...faces.map((face) => {
      const reason = absentFrom?.[face];
      if (face === "command line" && (operands as readonly string[]).includes(name)) {
        return "operands";
      }
      return cell(
        name,
        reason === undefined ? field : { ...field, absentFrom: { [face]: reason } },
        face,
        reasons,
      );
    }),
  ]);
  const shown = Object.entries<Field<unknown>>(view as Fields);
  return [
    `## ${name}`,
    "",
    `It ${about}.`,
    "",
    ...[["option", ...faces], faces.map(() => "---").concat("---"), ...rows]
      .map((cells) => `| ${cells.join(" | ")} |`),
    "",
    ...reasons.map((reason, index) => `${index + 1}. ${reason}.`),
    "",
    `Only the command line has how a terminal shows the result: ${
      shown.map(([name, field]) => `\`--${flagName(name, field)}\``).join(", ")
    }.`,
    "",
  ];
}

function cell(name: string, field: Field<unknown>, face: Face, reasons: string[]): string {
  const reason = field.absentFrom?.[face];
  if (reason !== undefined) {
    if (!reasons.includes(reason)) reasons.push(reason);
    return `no (${reasons.indexOf(reason) + 1})`;
  }
  const preset = field.presets?.[face];
  const shown = preset === undefined ? "" : `, ${preset} by default`;
  if (face === "command line") {
    return `\`--${flagName(name, field)}\``;
  }
  const how = face === "tools" && field.forModels !== undefined ? "as a text" : "yes";
  const own = face === "workflows" && field.entry !== undefined ? `\`${field.entry}\`` : how;
  return `${own}${shown}`;
}
