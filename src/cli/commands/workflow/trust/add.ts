import { UsageError } from "../../../../base/errors.ts";
import { defineCommand } from "../../../parser/command.ts";
import { failure, success } from "../../../exit_codes.ts";
import { toggle } from "../../../parser/flag.ts";

/** `kodama workflow trust add`. */
export const command = defineCommand({
  description:
    "Shows what a workflow may do and which files it consists of, and trusts these files after " +
    "confirmation. kodama run asks the same question; this command is for reviewing a workflow " +
    "beforehand.",
  operands: [{ name: "WORKFLOW", arity: "one", completion: { kind: "workflows" } }],
  flags: { yes: toggle("trust the workflow without asking", { short: "y" }) },
  examples: [
    { title: "Review a workflow, then decide", line: "kodama workflow trust add deploy" },
    {
      title: "Trust it without asking",
      line: "kodama workflow trust add ./workflows/deploy.yaml --yes",
    },
  ],
  seeAlso: ["kodama workflow trust list lists trusted workflows."],
  exitCodes: [["1", "the workflow was not trusted"]],
  resolve: ({ flags: { yes }, operands: [workflow = ""] }) => ({ workflow, yes }),
  async run({ workflow, yes }, invocation) {
    const { terminal } = invocation;
    const { readWorkflow } = await import("../../../../actions/workflow/files.ts");
    const { trustSubject } = await import("../../../../actions/workflow/trust_subject.ts");
    const { askOf, trust, trustOf } = await import("../../../../actions/workflow/trust.ts");
    const { askTrust, noQuestionText, trustText } = await import("./ask.ts");
    const { interruptible } = await import("../../../../terminal/driver/signals.ts");
    const host = await invocation.host();
    const subject = await trustSubject(host, await readWorkflow(host, workflow));
    const decision = await trustOf(host, subject, { trustNow: false, canAsk: true });
    if (decision.kind === "trusted") {
      await terminal.stderr.write(noQuestionText(subject.name, decision.because));
      return success;
    }
    const question = askOf(subject, decision);
    if (yes) await terminal.stderr.write(trustText(question));
    const isTrusted = yes || await interruptible(invocation.signals, async (signal) => {
      const ask = askTrust(terminal, { signal });
      if (ask !== undefined) return await ask(question);
      throw new UsageError("the workflow isn't trusted yet, and there is no terminal to ask on", {
        hint: "pass --yes to trust it",
      });
    });
    if (!isTrusted) {
      await terminal.stderr.write("not trusted\n");
      return failure;
    }
    await trust(host, subject);
    await terminal.stderr.write("trusted\n");
    return success;
  },
});
