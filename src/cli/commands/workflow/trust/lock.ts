import { defineCommand } from "../../../parser/command.ts";
import { success } from "../../../exit_codes.ts";

/** `kodama workflow trust lock`. */
export const command = defineCommand({
  description:
    "Prints a lock file: the hashes of the files that workflows consist of, including scripts. Store " +
    "it as kodama.lock beside the workflows and commit it: the workflows then run without a question, " +
    "for example in CI, as long as none of the files has changed. Without names, it contains every " +
    "workflow of the nearest workflows folder.",
  operands: [{ name: "WORKFLOW", arity: "any", completion: { kind: "workflows" } }],
  flags: {},
  examples: [
    {
      title: "For all workflows of a repository",
      line: "kodama workflow trust lock > workflows/kodama.lock",
    },
    { title: "For one workflow", line: "kodama workflow trust lock deploy" },
  ],
  seeAlso: ["kodama run --trust runs a workflow once, whatever it contains."],
  resolve: ({ operands }) => ({ workflows: operands }),
  async run({ workflows }, { host, terminal }) {
    const { nearestWorkflows, trustSubject } = await import(
      "../../../../actions/workflow/trust_subject.ts"
    );
    const { readWorkflow } = await import("../../../../actions/workflow/files.ts");
    const { lockFor } = await import("../../../../actions/workflow/trust.ts");
    const opened = await host();
    const requested = workflows.length > 0 ? workflows : await nearestWorkflows(opened);
    const subjects = [];
    for (const one of requested) {
      subjects.push(await trustSubject(opened, await readWorkflow(opened, one)));
    }
    await terminal.stdout.write(await lockFor(opened, subjects));
    return success;
  },
});
