/** A workflow as text. */
import {
  type FullWorkflow,
  intentOf,
  type Param,
  type Permissions,
  type Step,
} from "../actions/workflow/files.ts";
import { tableLines } from "../terminal/table.ts";

/** Returns its description, its parameters, its permissions, and its steps. */
export function workflowLines(workflow: FullWorkflow): string[] {
  const { name, path, description, params, select, permissions, steps, outputs } = workflow;
  return [
    `${name}${description === undefined ? "" : `: ${description}`}`,
    path,
    ...section(
      "parameters",
      params.length === 0
        ? []
        : tableLines(["NAME", "TYPE", "DEFAULT", "WHAT"], params.map(paramRow)),
    ),
    ...section("pods", Object.entries(select).map(([key, value]) => `${key}: ${written(value)}`)),
    ...section("permissions", permissionLines(permissions)),
    ...section("steps", stepLines(steps)),
    ...section("finally", stepLines(workflow.finally)),
    ...section("outputs", outputs.map((one) => `${one.name}: ${one.template}`)),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
}

/** Formats a value of the file, as short as it is clear. */
function written(value: unknown): string {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? value.map(written).join(", ") : JSON.stringify(value);
}

function paramRow(param: Param): string[] {
  const { default: given, required, secret, type, enum: values } = param;
  const fallback = given === undefined
    ? required ? "(must be given)" : ""
    : secret
    ? "(secret)"
    : JSON.stringify(given);
  const kind = values === undefined ? type : values.map((one) => JSON.stringify(one)).join("|");
  return [param.name, kind, fallback, param.description ?? ""];
}

function permissionLines({ cluster, ...grants }: Permissions): string[] {
  const given = Object.entries(grants).filter(([, grant]) => grant !== false);
  return [
    ...given.map(([kind, grant]) =>
      `${kind}: ${Array.isArray(grant) ? grant.join(", ") : "everything"}`
    ),
    ...cluster.map(({ verbs, namespaces }) =>
      `cluster: ${verbs.join(", ")} in ${
        namespaces.length === 0 ? "the selection's namespaces" : namespaces.join(", ")
      }`
    ),
  ];
}

/** Returns one line for a step, with its inner ones below it. */
function stepLines(steps: readonly Step[], indent = ""): string[] {
  return steps.flatMap((step) => {
    const { does } = intentOf(step);
    const when = step.when === undefined ? "" : ` (when ${step.when})`;
    const text = step.title === undefined ? does : `${step.title}: ${does}`;
    return [
      `${indent}${step.id}  ${text.replace(/\s+/g, " ")}${when}`,
      ...Object.values(step.inner).flatMap((inner) => stepLines(inner, `${indent}  `)),
    ];
  });
}
