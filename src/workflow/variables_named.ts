/** Which environment variables a workflow names, and which of them it is granted. Pure. */
import { namesUsed } from "../expression/names_used.ts";
import { parseTemplate } from "../expression/template.ts";
import type { FullWorkflow } from "./model.ts";
import { textsIn, textsWithin } from "./templates.ts";

/** Returns those that its expressions name: `env.HOME`. */
function variablesNamed(
  { select, defaults, concurrency, steps, finally: last, outputs }: FullWorkflow,
): string[] {
  const texts = [
    ...textsIn([select, defaults, concurrency?.group, outputs.map(({ template }) => template)], []),
    ...[...steps, ...last].flatMap(textsWithin),
  ];
  const names = texts.flatMap(({ text }) =>
    namesUsed(parseTemplate(text).template).flatMap(({ path: [first, name] }) =>
      first === "env" && name !== undefined ? [name] : []
    )
  );
  return [...new Set(names)];
}

/** Returns those that its run reads: granted, and named by an expression or a parameter. */
export function variablesGranted(workflow: FullWorkflow): string[] {
  const { params, permissions: { env } } = workflow;
  const named = [...variablesNamed(workflow), ...params.flatMap(({ env }) => env ?? [])];
  if (env === false) return [];
  return env === true ? named : named.filter((name) => env.includes(name));
}
