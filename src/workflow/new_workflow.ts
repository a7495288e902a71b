/** Texts of new workflow files: from a template, or from what a past run did. Pure. */
import type { RecordHeader } from "../exec/report_shapes.ts";

/** The templates, each with a line about it. */
export const templates: Readonly<Record<string, { about: string; text: string }>> = {
  command: {
    about: "one command in the pods of a selection",
    text: `description: What it is for, in a line
namespace: default
match: web
command: [uname, -a]
`,
  },
  steps: {
    about: "steps, parameters and a result",
    text: `description: What it is for, in a line
params:
  path: { default: /etc/hostname, description: The file that is looked at }
select:
  namespace: default
  match: web
steps:
  - id: sum
    exec: [cksum, "\${{ params.path }}"]
  - id: same
    check: \${{ size(steps.sum.distinct) == 1 }}
    message: \${{ params.path }} isn't the same in all pods
    continueOn: failure
outputs:
  sums: \${{ steps.sum.distinct }}
`,
  },
  rolling: {
    about: "a change in one pod first, then in the others by batches",
    text: `description: What is changed, in a line
select:
  namespace: default
  match: web
steps:
  - name: the change, in one pod first
    exec: [touch, /tmp/changed]
    serial: [1, 25%]
    maxFail: 0
  - wait: ready
    timeout: 5m
`,
  },
};

/** A file that runs what a past run ran. What was left out of its record stands as a gap. */
export function workflowOfRun(header: RecordHeader, namespaces: readonly string[]): string {
  const { command, shell, bounds } = header;
  const lines = [
    `description: As run ${header.id} of ${header.at.slice(0, 10)}`,
    ...(namespaces.length === 0 ? [] : [`namespace: ${flow(namespaces)}`]),
    "# Which pods: match, selector or exclude; without any of them all pods of the namespace.",
    "match: CHANGE-ME",
    `command: ${shell ? JSON.stringify(command.join(" ")) : flow(command)}`,
    ...(bounds.fanout === undefined ? [] : [`fanout: ${bounds.fanout}`]),
    ...(bounds.timeoutMs === undefined ? [] : [`timeout: ${bounds.timeoutMs}ms`]),
  ];
  return `${lines.join("\n")}\n`;
}

/** JSON is YAML: every word in quotes that need none would be a riddle, and no escaping a mistake. */
function flow(words: readonly string[]): string {
  return `[${
    words.map((word) => /^[A-Za-z_./-][\w./-]*$/.test(word) ? word : JSON.stringify(word)).join(
      ", ",
    )
  }]`;
}
