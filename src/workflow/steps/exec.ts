/** `exec`: one command in every selected pod. */
import * as v from "valibot";
import { commandLine } from "../../base/shell_quote.ts";
import { hasExpression } from "../../expression/template.ts";
import { booleanType, listOf, recordOf, textType, type Type } from "../../expression/type.ts";
import { isKnownReadOnly } from "../../gate/commands.ts";
import { mayPrintSecrets } from "../../gate/credentials.ts";
import { commandFields } from "../../exec/exec.ts";
import { definedOnly } from "../../base/json_value.ts";
import {
  command,
  described,
  entriesOf,
  expectedExitCodes,
  inputOfEntries,
  maxOutput,
  text,
} from "../fields.ts";
import { recordsType } from "../engine/pod_output.ts";
import { fanOut } from "../engine/fan_out.ts";
import { defineStep } from "../step_kind.ts";
import { fanoutEntries, fanoutOf, plannedBatches, podEntries, podLimitOf } from "../pod_fields.ts";

const result: Type = {
  kind: "record",
  fields: {
    outcome: textType,
    exitCode: { kind: "any" },
    stdout: textType,
    stderr: textType,
    truncated: booleanType,
  },
};

const group: Type = { kind: "record", fields: { stdout: textType, targets: listOf(textType) } };

/** The output of a step that ran something in pods, as expressions see it. */
export const podOutput: Readonly<Record<string, Type>> = {
  targets: listOf(textType),
  ok: listOf(textType),
  failed: listOf(textType),
  byTarget: recordOf(result),
  distinct: listOf(textType),
  groups: listOf(group),
  stdout: textType,
  records: recordsType,
};

const { environment, workdir } = commandFields;
const stepFields = { environment, workdir };

/** The kind `exec`. */
export const execStep = defineStep({
  name: "exec",
  summary: "Runs a command in every selected pod.",
  inPods: true,
  entries: {
    exec: described(
      command,
      "The command: a list of arguments, run without a shell, or a text, run by the image's shell.",
    ),
    ...podEntries,
    ...fanoutEntries,
    ...entriesOf(stepFields),
    maxOutput: v.optional(
      described(
        maxOutput,
        "The size up to which each stream of each pod is available to expressions; 64Ki by default.",
      ),
    ),
    expect: v.optional(
      described(expectedExitCodes, "The exit codes of a success; 0 by default: `[0, 1]`."),
    ),
    save: v.optional(described(
      text,
      "A local folder: each pod's standard output is written to a file in it.",
    )),
  },
  output: podOutput,
  example: `
select: { namespace: weka-operator-system, match: drive }
permissions: { write: [saved] }
steps:
  - id: version
    exec: [weka, version]
    serial: [1, 50%]
    maxFail: 10%
    fanout: 8
    commandTimeout: 30s
    maxOutput: 128Ki
    connectTimeout: 15s
    outputMode: fold
  - name: a line for the image's shell, in another directory, in other pods
    exec: echo "$GREETING from $PWD"
    select: { namespace: weka-operator-system, match: compute }
    env: { GREETING: hello }
    workdir: /tmp
    expect: [0, 1]
    serial: 1
  - name: only in pods that were ok, with each output in a file
    exec: [uname, -r]
    targets: \${{ steps.version.ok }}
    save: saved
outputs:
  versions: \${{ steps.version.distinct }}
`,
  fixed: ["exec"],
  command: "exec",
  needs: ({ save }) => save === undefined ? [] : [{ kind: "write", what: save }],
  rights: () => ({ rights: [{ group: "", resource: "pods/exec", verbs: ["create", "get"] }] }),
  batches: ({ serial }, total) => plannedBatches(serial, total),
  plan: ({ exec, env = {} }) => {
    const shell = typeof exec === "string";
    const command = shell ? [exec] : exec;
    const variables = Object.keys(env);
    const open = command.slice(1).some(hasExpression);
    const reads = isKnownReadOnly(command, { shell, open, variables });
    return {
      does: `exec ${shell ? exec : commandLine(command)}`,
      command,
      where: "pods",
      effect: reads ? "reads" : "changes",
      ...(reads ? {} : { change: { kind: "command", command, shell, variables } }),
      ...(reads && mayPrintSecrets(command, { open }) ? { readsSecrets: true } : {}),
    };
  },
  run: async (fields, step) => {
    const { exec, env, expect, save, maxOutput } = fields;
    if (save !== undefined) await step.requirePath("write", save);
    const shell = typeof exec === "string";
    const command = shell ? [exec] : exec;
    return await fanOut(step, await step.targets(fields), {
      command,
      shell,
      change: { kind: "command", command, shell, variables: Object.keys(env ?? {}) },
      bounds: fanoutOf(fields),
      maxOutputBytes: podLimitOf(maxOutput),
      ...definedOnly(inputOfEntries(stepFields, fields)),
      ...(expect === undefined ? {} : { expected: [expect].flat() }),
      ...(save === undefined ? {} : { save }),
    });
  },
});
