/** The reference page of workflow files, from the shapes of the checks. Written by `deno task schema:update`. */
import * as v from "valibot";
import type { FileSchema } from "../src/base/yaml/shape.ts";
import { entriesOf } from "../src/base/yaml/shape.ts";
import { textType, type Type } from "../src/expression/type.ts";
import { examples, type WorkflowExample } from "./workflow_examples.ts";
import { frameEntries, fullShape, paramShape } from "../src/workflow/file_shape.ts";
import { selectShape } from "../src/workflow/selection_fields.ts";
import { stepKinds } from "../src/workflow/step_registry.ts";

/** A part of a file, with its fields and a workflow that shows each of them. */
export interface Part {
  title: string;
  intro: string;
  fields: Readonly<Record<string, FileSchema>>;
  /** For a kind of step: the fields that expressions see as `steps.ID`. */
  outputs?: Readonly<Record<string, Type>>;
  examples: readonly WorkflowExample[];
}

/** Every part of the reference. */
export function referenceParts(): Part[] {
  const file = entriesOf(fullShape) ?? {};
  const part = (name: keyof typeof examples, intro: string, fields: Part["fields"]): Part => ({
    title: examples[name].title,
    intro,
    fields,
    examples: [examples[name]],
  });
  return [
    part("file", "The fields at the top of a file.", file),
    part("param", "A mapping for each name of `params`; any other value is the default value.", {
      ...entriesOf(paramShape),
    }),
    part("select", "The fields of `select`, in the file and in steps.", {
      ...entriesOf(selectShape),
    }),
    part(
      "defaults",
      "The fields of `defaults`; a step's own fields have precedence.",
      innerOf(file.defaults),
    ),
    part("permissions", "The fields of `permissions`.", innerOf(file.permissions)),
    part("concurrency", "`wait`, `refuse`, or these fields.", optionsOf(file.concurrency)),
    part("step", "The fields that every step may have in addition to those of its kind.", {
      ...frameEntries,
      ...optionsOf(frameEntries.attempts),
    }),
    ...stepKinds.map(({ name, summary, entries, output, example }): Part => ({
      title: `Steps: ${name}`,
      intro: summary,
      outputs: { outcome: textType, ...output },
      fields: withInner(entries),
      examples: [{ title: name, text: example }],
    })),
  ];
}

/** Adds the fields of those that are mappings, `group.rescue`, except `select`, which has a part of its own. */
function withInner(entries: Part["fields"]): Part["fields"] {
  return Object.fromEntries(
    Object.entries(entries).flatMap(([name, schema]) => [
      [name, schema],
      ...Object.entries(name === "select" ? {} : innerOf(schema)).map((
        [inner, one],
      ) => [`${name}.${inner}`, one]),
    ]),
  );
}

function innerOf(schema: FileSchema | undefined): Part["fields"] {
  return { ...(schema === undefined ? {} : entriesOf(schema)) };
}

/** Returns the fields of the mapping that is one way to write a value. */
function optionsOf(schema: FileSchema | undefined): Part["fields"] {
  const inner = schema !== undefined && "wrapped" in schema ? schema.wrapped as FileSchema : schema;
  const options = inner !== undefined && "options" in inner ? inner.options as FileSchema[] : [];
  return Object.assign({}, ...options.map((option) => entriesOf(option) ?? {}));
}

/** Returns the page. */
export function referencePage(): string {
  const parts = referenceParts().map(({ title, intro, fields, outputs, examples }) =>
    [
      `## ${title}`,
      "",
      intro,
      "",
      ...table(fields),
      "",
      ...outputsTable(outputs),
      ...examples.flatMap(shown),
    ].join("\n")
  );
  return `${intro}\n${parts.join("\n")}`;
}

/** What each output is; an output has the same meaning in every kind. */
export const outputTexts: Readonly<Record<string, string>> = {
  outcome:
    "How it ended: `ok`, `failed`, `timeout`, `denied`, `refused`, `cancelled`, `skipped`; of a group also `rescued`.",
  targets: "Its pods.",
  ok: "Those in which it was ok.",
  failed: "Those in which it wasn't.",
  records:
    "Each pod with its name, context, namespace, node, address and labels, and how it ended there.",
  byTarget: "Of each pod, how it ended there and what it wrote.",
  distinct: "The distinct standard outputs, the most frequent first.",
  groups: "The same, each with the pods that wrote it.",
  stdout:
    "The standard output, without line breaks at its end; of several pods the most frequent one.",
  stderr: "The standard error.",
  exitCode: "The exit code.",
  truncated: "Whether more was written than `maxOutput`; expressions can't read a cut output.",
  files: "The number of copied files.",
  bytes: "Their size.",
  pods: "The number of pods in the state.",
  port: "The local port.",
  address: "The local address, with the port.",
  pod: "The pod's name.",
  value: "The value of `kodama.output(…)`; of a pick the first picked one.",
  status: "The status.",
  body: "The body, as text.",
  headers: "The headers of the answer, in lower case.",
  json: "The body's data, if it is JSON.",
  answer: "The answer.",
  yes: "Whether it was yes.",
  values: "The picked values.",
  objects: "The number of objects.",
  session: "The session of tmux.",
  panes: "The number of panes.",
  changed: "How many of them differed.",
  outputs: "The outputs of the workflow, or of the round, by name.",
  items: "Each round with its item and outcome, in the order of the list.",
  byItem: "The outputs of each round, by its item.",
  batches: "Each batch that was started, with its targets and its outcome.",
};

const intro = `<!-- Made by \`deno task schema:update\`. -->

# Reference of workflow files

Every field of a workflow file, with an example; each example is run by a test. \`workflows.md\` is an
introduction, and \`expressions.md\` describes \`\${{ … }}\`. An editor completes and checks a file that
starts with
\`# yaml-language-server: $schema=…/docs/schema/workflow.schema.json\`.
`;

function table(fields: Part["fields"]): string[] {
  const rows = Object.entries(fields).map(([name, schema]) =>
    `| \`${name}\` | ${descriptionOf(schema).replaceAll("|", "\\|")} |`
  );
  return ["| field | meaning |", "| --- | --- |", ...rows];
}

/** Returns the table of the names below `steps.ID.`, each with its type. */
function outputsTable(outputs: Part["outputs"]): string[] {
  if (outputs === undefined) return [];
  const rows = Object.entries(outputs).map(([name, type]) =>
    `| \`${name}\` | ${typeText(type)} | ${outputTexts[name] ?? ""} |`
  );
  return [
    "It gives, as `steps.ID.NAME`:",
    "",
    "| name | type | meaning |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ];
}

function typeText(type: Type): string {
  switch (type.kind) {
    case "list":
      return type.of.kind === "any" ? "list" : `list of: ${typeText(type.of)}`;
    case "record": {
      const names = Object.entries(type.fields).map(([name, of]) => `\`${name}\` ${typeText(of)}`);
      if (type.rest !== undefined) return `by name: ${typeText(type.rest)}`;
      return `record with ${names.join(", ")}`;
    }
    default:
      return type.kind;
  }
}

function descriptionOf(schema: FileSchema): string {
  const inner = "wrapped" in schema ? schema.wrapped as FileSchema : schema;
  return v.getDescription(inner as Parameters<typeof v.getDescription>[0]) ?? "";
}

function shown({ text }: WorkflowExample): string[] {
  return ["```yaml", text.trim(), "```", ""];
}
