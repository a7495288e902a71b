/** Texts of a step that may contain expressions: found, checked, and evaluated, each at its path. */
import type { JsonValue } from "../base/json_value.ts";
import {
  checkArgs,
  checkShellLine,
  evaluateArg,
  evaluateShellLine,
} from "../expression/command.ts";
import { ExpressionError, type ExpressionProblem } from "../expression/problem.ts";
import {
  evaluateTemplate,
  hasExpression,
  parseTemplate,
  type Template,
} from "../expression/template.ts";
import { endsWithFlagName } from "../gate/kubectl.ts";
import { namesUsed } from "../expression/names_used.ts";
import { readWhole } from "./engine/cut_values.ts";
import type { FullWorkflow, SourcePath, Step } from "./model.ts";
import { withLists, withoutLists } from "./inner_lists.ts";
import type { StepKind } from "./step_kind.ts";
import { stepKind } from "./step_registry.ts";

/** Values by the names that expressions use. */
export type Values = Readonly<Record<string, JsonValue>>;

/** A text with an expression, and its path below its step. */
export interface Text {
  path: SourcePath;
  text: string;
}

/** Returns every text of a step that contains an expression, without those of its inner steps. */
export function textsOf(step: Step, kind: StepKind): Text[] {
  const frame = { when: step.when, until: step.until, name: step.title, ...step.policy };
  return [
    ...textsIn(frame, []),
    ...Object.entries(withoutLists(step.fields, kind))
      .filter(([field]) => !kind.verbatim.includes(field))
      .flatMap(([field, value]) => textsIn(value, [field])),
  ];
}

/** The same, with those of its inner steps. */
export function textsWithin(step: Step): Text[] {
  return [
    ...textsOf(step, stepKind(step.kind)),
    ...Object.values(step.inner).flat().flatMap(textsWithin),
  ];
}

/** Returns every text with an expression in data of any depth. */
export function textsIn(value: unknown, path: SourcePath): Text[] {
  if (typeof value === "string") return hasExpression(value) ? [{ path, text: value }] : [];
  if (Array.isArray(value)) return value.flatMap((one, at) => textsIn(one, [...path, at]));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) => textsIn(one, [...path, name]));
}

/** Returns values that would become part of a program, in the command of a step. */
export function commandProblems(
  fields: Step["fields"],
  kind: StepKind,
): { path: SourcePath; text: string; problem: ExpressionProblem }[] {
  const command = kind.command === undefined ? undefined : fields[kind.command];
  if (kind.command === undefined || command === undefined) return [];
  if (typeof command === "string") {
    return checkShellLine(parseTemplate(command).template)
      .map((problem) => ({ path: [kind.command ?? ""], text: command, problem }));
  }
  const args = command as readonly string[];
  // The args of `kubectl` don't include its name.
  const program = kind.name === "kubectl" ? ["kubectl"] : [];
  const templates = args.map((arg) => parseTemplate(arg).template);
  const code = checkArgs([...program.map((arg) => parseTemplate(arg).template), ...templates])
    .map((problem) => ({ ...problem, arg: problem.arg - program.length }));
  const flags = kind.valuesAreNoFlags ? flagProblems(templates) : [];
  return [...code, ...flags].map((problem) => ({
    path: [kind.command ?? "", problem.arg],
    text: args[problem.arg] ?? "",
    problem,
  }));
}

/** Returns args in which a value would name a flag: `-${{ … }}`, `--${{ … }}=x`. */
function flagProblems(args: readonly Template[]): (ExpressionProblem & { arg: number })[] {
  const behind = args.findIndex(({ source }) => source === "--");
  return args.flatMap(({ parts: [first, second] }, arg) => {
    const isFlag = first?.kind === "text" && first.text.startsWith("-") && second !== undefined;
    if (!isFlag || behind >= 0 && arg > behind || endsWithFlagName(first.text)) return [];
    const { start, end } = second;
    const message = "a value can't be the name of a flag; write it as --name=${{ … }}";
    return [{ arg, start, end, message }];
  });
}

/** Throws ExpressionError if an arg became a flag by the value that it starts with. */
function refuseNewFlags(args: readonly Template[], evaluated: readonly string[]): void {
  const behind = evaluated.indexOf("--");
  for (const [index, { parts: [first] }] of args.entries()) {
    const isFlag = first?.kind === "expression" && evaluated[index]?.startsWith("-") === true;
    if (!isFlag || behind >= 0 && index > behind) continue;
    const message = `argument ${index + 1}: the value ${
      JSON.stringify(evaluated[index]?.slice(0, 40))
    } would be a flag; write it as --name=\${{ … }}, or put -- before it`;
    throw new ExpressionError(message, first);
  }
}

/**
 * Returns the fields of a step with every expression evaluated.
 *
 * @throws ExpressionError with its position in the text.
 */
export function evaluateFields(
  fields: Step["fields"],
  kind: StepKind,
  values: Values,
): Record<string, unknown> {
  const evaluated: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(withoutLists(fields, kind))) {
    const isUnevaluated = kind.verbatim.includes(field) || kind.late.includes(field) ||
      field === kind.command;
    evaluated[field] = isUnevaluated ? value : evaluateDeep(value, values);
  }
  if (kind.command === undefined) return withLists(evaluated, fields, kind);
  const command = fields[kind.command];
  if (typeof command !== "string") {
    const templates = (command as readonly string[]).map((arg) => parseTemplate(arg).template);
    const args = templates.map((template) => evaluateArg(template, values));
    if (kind.valuesAreNoFlags) refuseNewFlags(templates, args);
    evaluated[kind.command] = args;
    return evaluated;
  }
  const { line, environment } = evaluateShellLine(parseTemplate(command).template, values);
  evaluated[kind.command] = line;
  if (Object.keys(environment).length > 0) {
    evaluated.env = { ...evaluated.env as Record<string, unknown>, ...environment };
  }
  return evaluated;
}

/** Returns data of any depth with the expressions of its texts evaluated. */
export function evaluateDeep(value: unknown, values: Values): unknown {
  if (typeof value === "string") {
    if (!hasExpression(value)) return value;
    const result = evaluateTemplate(parseTemplate(value).template, values);
    // The value is passed on, and a cut part can't be detected later.
    readWhole(result);
    return result;
  }
  if (Array.isArray(value)) return value.map((one) => evaluateDeep(one, values));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, evaluateDeep(one, values)]),
  );
}

/* Environment variables that a workflow names, and those of them that it is granted. */

/** Returns the fields of a name that a workflow's expressions use: of `env`, `HOME`. */
function fieldsNamed(
  { select, defaults, concurrency, limits, steps, finally: last, outputs }: FullWorkflow,
  of: "env" | "params",
): string[] {
  const texts = [
    ...textsIn(
      [select, defaults, concurrency, limits, outputs.map(({ template }) => template)],
      [],
    ),
    ...[...steps, ...last].flatMap(textsWithin),
  ];
  return fieldsIn(texts, of);
}

function fieldsIn(texts: readonly { text: string }[], of: "env" | "params"): string[] {
  const names = texts.flatMap(({ text }) =>
    namesUsed(parseTemplate(text).template).flatMap(({ path: [first, name] }) =>
      first === of && name !== undefined ? [name] : []
    )
  );
  return [...new Set(names)];
}

/** Returns the parameters that only choose the workflow's pods: a person who names the pods has answered them. */
export function choosingParams(workflow: FullWorkflow): string[] {
  const others = fieldsNamed({ ...workflow, select: {} }, "params");
  return fieldsIn(textsIn(workflow.select, []), "params").filter((name) => !others.includes(name));
}

/** Returns the environment variables that a run reads: granted, and named by an expression or a parameter. */
export function variablesGranted(workflow: FullWorkflow): string[] {
  const { params, permissions: { env } } = workflow;
  const named = [...fieldsNamed(workflow, "env"), ...params.flatMap(({ env }) => env ?? [])];
  if (env === false) return [];
  return env === true ? named : named.filter((name) => env.includes(name));
}
