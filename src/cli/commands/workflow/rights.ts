import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, text, value, values } from "../../parser/flag.ts";
import { namespaceValue } from "../../parser/scope_flags.ts";
import { renderValue } from "../../output.ts";
import { paramTexts, workflowFlags } from "../run/flags.ts";

const formats = choice(["json", "yaml"]);

/** `kodama workflow rights`. */
export const command = defineCommand({
  description:
    "Prints the Role that a workflow needs, as YAML for kubectl apply: each rule with the steps that need it. It is a " +
    "ClusterRole for pods of all namespaces and for objects without one. What can't be known before the run, such as the " +
    "rights of a script, is named in a comment. No cluster is asked.",
  operands: [{ name: "WORKFLOW", arity: "one", completion: { kind: "workflows" } }],
  flags: {
    param: workflowFlags.param,
    namespace: values("the namespace of its pods, as with kodama run", text, namespaceValue),
    output: value("print data: the manifests, and each rule with its steps", formats.parse, {
      short: "o",
      ...formats,
    }),
  },
  examples: [
    {
      title: "Grant what a workflow needs",
      line: "kodama workflow rights kwekash | kubectl apply -f -",
    },
    {
      title: "With its parameters, as data",
      line: "kodama workflow rights disk-usage -p match=web -n shop -o json",
    },
  ],
  seeAlso: ["kodama workflow new --help makes a CronJob with this Role."],
  resolve: ({ operands: [workflow = ""], flags }) => ({
    workflow,
    params: paramTexts(flags.param),
    namespaces: flags.namespace,
    format: flags.output,
  }),
  async run({ workflow, params, namespaces, format }, { host, terminal }) {
    const { workflowRights } = await import("../../../actions/workflow/rights.ts");
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
