/** The text of a selection, as a user wrote it. */
import type { NamePattern, Selection } from "./target.ts";

/** Returns `-m drive -l app=web`; empty if all pods are selected. */
export function selectionWords(selection: Selection): string {
  const { match, exclude, labelSelector, fieldSelector, node, operands } = selection;
  const flags: [string, string | undefined][] = [
    ...match.map((pattern): [string, string] => ["-m", patternText(pattern)]),
    ...exclude.map((pattern): [string, string] => ["-x", patternText(pattern)]),
    ["-l", labelSelector],
    ["--field-selector", fieldSelector],
    ["--node", node],
  ];
  const words = flags.flatMap(([flag, text]) => (text === undefined ? [] : [`${flag} ${text}`]));
  const names = operands.map((one) => {
    if (one.kind === "workload") return `${one.plural}/${one.name}`;
    return one.namespace === undefined ? one.name : `${one.namespace}/${one.name}`;
  });
  return [...names, ...words].join(" ");
}

function patternText(pattern: NamePattern): string {
  return pattern.kind === "substring" ? pattern.text : `/${pattern.regExp.source}/`;
}

/** Returns the searched scope: `namespace "web"`, `namespaces "a" and "b"`, `any namespace`. */
export function scopeWords(
  { namespaces }: Pick<Selection, "namespaces">,
  defaultNamespace: string,
): string {
  switch (namespaces.kind) {
    case "all":
      return "any namespace";
    case "default":
      return `namespace "${defaultNamespace}"`;
    case "named": {
      const names = namespaces.names.map((name) => `"${name}"`);
      return names.length === 1 ? `namespace ${names[0]}` : `namespaces ${names.join(", ")}`;
    }
  }
}
