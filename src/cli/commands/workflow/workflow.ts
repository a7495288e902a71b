/** `kodama workflow`; `check.ts`, `new.ts` and `trust.ts` have its longest commands. */
import { formatDuration } from "../../../base/duration.ts";
import { nearPath } from "../../../base/absolute_path.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { jsonDocument } from "../../../present/json.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { failure, success } from "../../exit_codes.ts";
import { dataFlag, documentFlag, renderValue, styleOf, writeList } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";
import { choice, text, toggle, value, values } from "../../parser/flag.ts";
import { namespaceValue } from "../../parser/scope_flags.ts";
import { paramTexts, trustFlag, workflowFlags } from "../run/flags.ts";
import type { CheckedWorkflow, Diagnostic } from "../../../actions/workflow/files.ts";
import { version } from "../../version.ts";

/** `kodama workflow list`. */
const list = defineCommand({
  description:
    "Lists the workflows that can be run from here: those in workflows/ and .kodama/workflows/ of the " +
    "current directory and the folders above it, your own, and those shipped with kodama. If several " +
    "have the same name, the first of these is used.",
  flags: { output: dataFlag("output format: data instead of a table") },
  examples: {
    "List the workflows": "kodama workflow list",
    "As JSON, for a script": "kodama workflow list -o json",
  },
  seeAlso: ["kodama workflow show --help shows a workflow."],
  resolve: ({ flags }) => ({ format: flags.output }),
  async run({ format }, { host, terminal }) {
    const { listWorkflows } = await import("../../../actions/workflow/files.ts");
    const { tableLines } = await import("../../../terminal/table.ts");
    const opened = await host();
    const { workingDir, shippedWorkflowsDir } = opened.places;
    const listed = await listWorkflows(opened);
    const rows = listed.map(({ name, description, params, errors, path }) => [
      name,
      errors > 0
        ? `${errors} ${errors === 1 ? "error" : "errors"}: kodama workflow check ${name}`
        : description ?? "",
      params.join(" "),
      path.startsWith(`${shippedWorkflowsDir}/`) ? "built in" : nearPath(path, workingDir),
    ]);
    return await writeList(terminal, listed, {
      format,
      table: () => tableLines(["WORKFLOW", "DESCRIPTION", "PARAMS", "FILE"], rows),
      empty: "no workflow found",
    });
  },
});

const jsonFormat = choice(["json"]);

/** `kodama workflow show`. */
const show = defineCommand({
  description:
    "Shows a workflow: its purpose, its parameters, what it may change, and its steps. " +
    "kodama run --plan shows which pods it would run in.",
  operands: [{ name: "WORKFLOW", arity: "one", completion: { kind: "workflows" } }],
  flags: { output: value("output format", jsonFormat, { short: "o" }) },
  examples: {
    "Show a workflow": "kodama workflow show kwekash",
    "As JSON": "kodama workflow show kwekash -o json",
  },
  seeAlso: ["kodama run --help runs a workflow."],
  resolve: ({ operands: [workflow = ""], flags }) => ({ workflow, format: flags.output }),
  async run({ workflow: name, format }, { host, terminal }) {
    const { readWorkflow } = await import("../../../actions/workflow/files.ts");
    const { workflowLines } = await import("../../../present/workflow_text.ts");
    const { printable } = await import("../../../terminal/printable.ts");
    const { workflow } = await readWorkflow(await host(), name);
    const text = format === undefined
      ? workflowLines(workflow).map((line) => `${printable(line)}\n`).join("")
      : jsonDocument(workflow);
    await terminal.stdout.write(text);
    return success;
  },
});

/** `kodama workflow rights`. */
const rights = defineCommand({
  description:
    "Prints the Role that a workflow needs, as YAML for kubectl apply: each rule with the steps that need it. It is a " +
    "ClusterRole for pods of all namespaces and for objects without one. What can't be known before the run, such as the " +
    "rights of a script, is named in a comment. No cluster is asked.",
  operands: [{ name: "WORKFLOW", arity: "one", completion: { kind: "workflows" } }],
  flags: {
    param: workflowFlags.param,
    namespace: values("the namespace of its pods, as with kodama run", text, namespaceValue),
    output: documentFlag("print data: the manifests, and each rule with its steps"),
  },
  examples: {
    "Grant what a workflow needs": "kodama workflow rights kwekash | kubectl apply -f -",
    "With its parameters, as data":
      "kodama workflow rights disk-usage -p match=web -n shop -o json",
  },
  seeAlso: ["kodama schedule --help runs a workflow in the cluster."],
  resolve: ({ operands: [workflow = ""], flags }) => ({
    workflow,
    params: paramTexts(flags.param),
    namespaces: flags.namespace,
    format: flags.output,
  }),
  async run({ workflow, params, namespaces, format }, { host, terminal }) {
    const { workflowRights } = await import("../../../actions/workflow/automation.ts");
    const { rightsData, rightsYaml } = await import("../../../present/workflow_rights.ts");
    const named = { kind: "named", names: namespaces } as const;
    const overrides = namespaces.length === 0 ? {} : { selection: { namespaces: named } };
    const rights = await workflowRights(await host(), { workflow, params, overrides });
    await terminal.stdout.write(
      format === undefined ? rightsYaml(rights) : await renderValue(rightsData(rights), format),
    );
    return success;
  },
});

/** `kodama workflow test`. */
const test = defineCommand({
  description:
    "Runs the cases of workflow test files, each on an embedded cluster of its own that is removed " +
    "afterwards, so no Kubernetes is needed. Tests are files such as NAME.test.yaml beside the " +
    "workflow; without operands, all tests of the nearest workflows folder are run.",
  operands: [{ name: "FILE", arity: "any", completion: { kind: "files" } }],
  flags: {
    output: value("output format", jsonFormat, { short: "o" }),
    trust: toggle("run tests although they are not trusted here; for CI"),
    locked: toggle("run tests that are in the kodama.lock beside them, and no others; for CI"),
  },
  examples: {
    "Run all tests of a repository": "kodama workflow test",
    "Run one test file": "kodama workflow test workflows/disk-usage.test.yaml",
  },
  exitCodes: [["0", "every case passed"], ["1", "a case failed"]],
  resolve: ({ operands, flags }) => ({
    files: operands,
    format: flags.output,
    trustNow: trustFlag(flags),
  }),
  async run({ files, format, trustNow }, { host, terminal, signals, environment }) {
    const { askTrust } = await import("./ask_trust.ts");
    const { testWorkflows } = await import("../../../actions/workflow/test_workflows.ts");
    const { printable } = await import("../../../terminal/printable.ts");
    const machine = await host();
    const style = styleOf(terminal.stdout, environment);
    const cases: object[] = [];
    let bad = 0;
    await interruptible(signals, async (signal) => {
      const ask = askTrust(terminal, { signal });
      const trust = { trustNow, ...definedOnly({ ask }) };
      for await (const event of testWorkflows(machine, files, { signal, trust })) {
        if (event.kind === "clusterStarting") {
          await terminal.stderr.write(
            `starting a cluster with the world ${printable(event.world)}\n`,
          );
          continue;
        }
        const { file, name, differences, durationMs } = event;
        cases.push({ file, name, ok: differences.length === 0, differences, durationMs });
        if (differences.length > 0) bad += 1;
        if (format !== undefined) continue;
        const mark = differences.length === 0 ? style.green("ok    ") : style.red("failed");
        const title = `${file.split("/").at(-1)}: ${name}`;
        const lines = [
          `${mark}  ${printable(title)}  ${formatDuration(durationMs)}`,
          ...differences.map((line) => `        ${printable(line)}`),
        ];
        await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
      }
    });
    if (format !== undefined) await terminal.stdout.write(jsonDocument(cases));
    await terminal.stderr.write(`${cases.length} cases, ${bad} failed\n`);
    return bad === 0 ? success : failure;
  },
});

/** `kodama workflow schema`. */
const schema = defineCommand({
  description:
    "Prints the JSON Schema of workflow files. Editors with the YAML language server use it for " +
    "completion and checks if the first line of a file is `# yaml-language-server: $schema=PATH`.",
  flags: {},
  examples: { "For an editor": "kodama workflow schema > workflow.schema.json" },
  resolve: () => ({}),
  async run(_options, { terminal }) {
    const { workflowSchema } = await import("../../../actions/workflow/files.ts");
    await terminal.stdout.write(jsonDocument(await workflowSchema()));
    return success;
  },
});

/** `kodama workflow check`. */
const check = defineCommand({
  description:
    "Checks workflow files and reports every problem, with file, line and column, and what was " +
    "expected. Files that they use are checked too. Nothing is run, and no cluster is " +
    "contacted. Without names, every workflow that can be run from here is checked. On a terminal, at " +
    "most 20 problems of a file are printed; in a pipe, all of them.",
  operands: [{ name: "WORKFLOW", arity: "any", completion: { kind: "workflows" } }],
  flags: {
    output: value("output format", choice(["json", "sarif"]), { short: "o" }),
    strict: toggle("treat warnings as errors"),
  },
  examples: {
    "Check one workflow": "kodama workflow check kwekash",
    "Check all workflows in CI": "kodama workflow check --strict",
    "For a code host, as SARIF": "kodama workflow check -o sarif > kodama.sarif",
  },
  exitCodes: [["0", "no problem was found"], ["1", "a problem was found"]],
  seeAlso: ["kodama workflow schema --help prints the schema for editors."],
  resolve: ({ operands, flags }) => ({ operands, format: flags.output, strict: flags.strict }),
  async run({ operands, format, strict }, { host, terminal }) {
    const actions = await import("../../../actions/workflow/files.ts");
    const { printable } = await import("../../../terminal/printable.ts");
    const machine = await host();
    const checked = await actions.checkWorkflows(machine, operands);
    const all = checked.flatMap(({ diagnostics }) => diagnostics);
    if (format === undefined) {
      if (all.length > 0) {
        const text = printable(actions.diagnosticsText(
          all,
          machine.places.workingDir,
          terminal.stdout.isTerminal
            ? { wayToAll: "; `kodama workflow check | cat` and -o json have all of them" }
            : { most: Infinity },
        ));
        await terminal.stdout.write(`${text}\n`);
      }
      await terminal.stderr.write(`${verdict(checked)}\n`);
    } else {
      const { workingDir } = machine.places;
      const data = format === "json"
        ? checkedData(checked)
        : sarif(all, { rules: actions.ruleTexts, folder: workingDir });
      await terminal.stdout.write(jsonDocument(data));
    }
    const bad = all.some((one) => strict || actions.isError(one));
    return bad ? failure : success;
  },
});

/* Diagnostics of workflow files as data: plain, and in the format of code hosts. */

/** Returns one object for each diagnostic. */
export function checkedData(checked: readonly CheckedWorkflow[]): Record<string, unknown>[] {
  const all = checked.flatMap(({ diagnostics }) => diagnostics);
  return unique(all).map(({ severity, rule, file, line, column, width, message }) => ({
    file: file.path,
    line,
    column,
    width,
    severity,
    rule,
    message,
  }));
}

/** `3 workflows, 2 errors, 1 warning`. */
function verdict(checked: readonly CheckedWorkflow[]): string {
  const all = unique(checked.flatMap(({ diagnostics }) => diagnostics));
  const errors = all.filter(({ severity }) => severity === "error").length;
  const amount = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
  const parts = [
    amount(checked.length, "workflow"),
    ...(errors === 0 ? [] : [amount(errors, "error")]),
    ...(all.length === errors ? [] : [amount(all.length - errors, "warning")]),
  ];
  return all.length === 0 ? `${parts[0]}, nothing is wrong` : parts.join(", ");
}

/** SARIF 2.1.0. https://docs.oasis-open.org/sarif/sarif/v2.1.0/ */
export function sarif(
  diagnostics: readonly Diagnostic[],
  { rules, folder }: { rules: Readonly<Record<string, string>>; folder: string },
): Record<string, unknown> {
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{
      tool: {
        driver: {
          name: "kodama",
          version,
          rules: Object.entries(rules).map(([id, text]) => ({ id, shortDescription: { text } })),
        },
      },
      columnKind: "utf16CodeUnits",
      results: unique(diagnostics).map((one) => ({
        ruleId: one.rule,
        level: one.severity,
        message: { text: one.message },
        locations: [{
          physicalLocation: {
            artifactLocation: { uri: uriOf(one.file.path, folder) },
            region: {
              startLine: one.line,
              startColumn: one.column,
              endColumn: one.column + one.width,
            },
          },
        }],
      })),
    }],
  };
}

/** Relative to the working directory, which is most often the repository; absolute elsewhere. */
function uriOf(path: string, folder: string): string {
  const inside = path.startsWith(`${folder}/`);
  const text = inside ? path.slice(folder.length + 1) : path;
  const escaped = text.split("/").map(encodeURIComponent).join("/");
  return inside || !path.startsWith("/") ? escaped : `file://${escaped}`;
}

/** A file that several workflows use is reported once. */
function unique(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Map(diagnostics.map((one) => [
    JSON.stringify([one.file.path, one.line, one.column, one.message]),
    one,
  ]));
  return [...seen.values()];
}

/** The commands of this file, by name. */
export const commands = { check, list, show, rights, test, schema };
