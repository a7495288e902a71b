/** `kodama workflow trust`. */
import { UsageError } from "../../../base/errors.ts";
import { failure, success } from "../../exit_codes.ts";
import { dataFlag, renderData } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";
import { toggle } from "../../parser/flag.ts";

/** `kodama workflow trust add`. */
const add = defineCommand({
  description:
    "Shows what a workflow may do and which files it consists of, and trusts these files after " +
    "confirmation. kodama run asks the same question; this command is for reviewing a workflow " +
    "beforehand.",
  operands: [{ name: "WORKFLOW", arity: "one", completion: { kind: "workflows" } }],
  flags: { yes: toggle("trust the workflow without asking", { short: "y" }) },
  examples: {
    "Review a workflow, then decide": "kodama workflow trust add deploy",
    "Trust it without asking": "kodama workflow trust add ./workflows/deploy.yaml --yes",
  },
  seeAlso: ["kodama workflow trust list lists trusted workflows."],
  exitCodes: [["1", "the workflow was not trusted"]],
  resolve: ({ flags: { yes }, operands: [workflow = ""] }) => ({ workflow, yes }),
  async run({ workflow, yes }, invocation) {
    const { terminal } = invocation;
    const { readWorkflow } = await import("../../../actions/workflow/files.ts");
    const { trustSubject } = await import("../../../actions/workflow/trust_subject.ts");
    const { askOf, trust, trustOf } = await import("../../../actions/workflow/trust.ts");
    const { askTrust } = await import("./ask_trust.ts");
    const { noQuestionText, trustText } = await import("../../../present/trust_question.ts");
    const { interruptible } = await import("../../../terminal/driver/signals.ts");
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

/** `kodama workflow trust list`. */
const list = defineCommand({
  description:
    "Lists the workflows that you trust, newest last, with what each may do. They are stored in " +
    "trust.json in kodama's configuration folder.",
  flags: { output: dataFlag("output format: data instead of text") },
  examples: {
    "List all trusted workflows": "kodama workflow trust list",
    "As JSON, with the hashes of their files": "kodama workflow trust list -o json",
  },
  seeAlso: ["kodama workflow trust revoke --help revokes trust."],
  resolve: ({ flags }) => ({ format: flags.output }),
  async run({ format }, { host, terminal }) {
    const { listTrusted } = await import("../../../actions/workflow/trust.ts");
    const { printable } = await import("../../../terminal/printable.ts");
    const entries = await listTrusted(await host());
    if (format !== undefined) {
      await terminal.stdout.write(await renderData(entries, format));
      return success;
    }
    if (entries.length === 0) await terminal.stderr.write("no workflow is trusted\n");
    for (const { path, permissions, trustedAt } of entries) {
      const lines = [
        `${path} since ${trustedAt.slice(0, 10)}`,
        ...permissions.map((one) => `  ${one}`),
      ];
      await terminal.stdout.write(lines.map((line) => `${printable(line)}\n`).join(""));
    }
    return success;
  },
});

/** `kodama workflow trust revoke`. */
const revoke = defineCommand({
  description:
    "Revokes trust: the workflow asks again before it runs. A name is every trusted workflow of that " +
    "name; a path is one workflow.",
  operands: [{ name: "WORKFLOW", arity: "any" }],
  flags: { all: toggle("revoke trust in every workflow") },
  examples: {
    "Revoke trust in one workflow": "kodama workflow trust revoke deploy",
    "Revoke trust in all workflows": "kodama workflow trust revoke --all",
  },
  resolve({ flags: { all }, operands }) {
    if (all === (operands.length > 0)) {
      throw new UsageError("revoke takes names or paths of workflows, or --all", {
        hint: "kodama workflow trust list shows them",
      });
    }
    return { all, names: operands };
  },
  async run({ all, names }, { host, terminal }) {
    const { revokeTrust } = await import("../../../actions/workflow/trust.ts");
    const { printable } = await import("../../../terminal/printable.ts");
    const which = all
      ? [{ kind: "all" as const }]
      : names.map((name) => ({ kind: "named" as const, word: name }));
    for (const one of which) {
      const revoked = await revokeTrust(await host(), one);
      for (const path of revoked) {
        await terminal.stderr.write(`no longer trusted: ${printable(path)}\n`);
      }
      if (revoked.length === 0) await terminal.stderr.write("no workflow was trusted\n");
    }
    return success;
  },
});

/** `kodama workflow trust lock`. */
const lock = defineCommand({
  description:
    "Prints a lock file: the hashes of the files that workflows and their tests consist of, including " +
    "scripts. Store it as kodama.lock beside the workflows and commit it: with --locked they then run " +
    "without a question, for example in CI, as long as none of the files has changed. Without names, " +
    "it contains every workflow of the nearest workflows folder.",
  operands: [{ name: "WORKFLOW", arity: "any", completion: { kind: "workflows" } }],
  flags: {},
  examples: {
    "For all workflows of a repository": "kodama workflow trust lock > workflows/kodama.lock",
    "For one workflow": "kodama workflow trust lock deploy",
  },
  seeAlso: ["kodama run --trust runs a workflow once, whatever it contains."],
  resolve: ({ operands }) => ({ workflows: operands }),
  async run({ workflows }, { host, terminal }) {
    const { nearestWorkflows, trustSubject } = await import(
      "../../../actions/workflow/trust_subject.ts"
    );
    const { readWorkflow } = await import("../../../actions/workflow/files.ts");
    const { lockFor } = await import("../../../actions/workflow/trust.ts");
    const { testSubjects } = await import("../../../actions/workflow/test_workflows.ts");
    const opened = await host();
    const requested = workflows.length > 0 ? workflows : await nearestWorkflows(opened);
    const subjects = [];
    for (const one of requested) {
      subjects.push(await trustSubject(opened, await readWorkflow(opened, one)));
    }
    subjects.push(...await testSubjects(opened, subjects));
    await terminal.stdout.write(await lockFor(opened, subjects));
    return success;
  },
});

/** The commands of this file, by name. */
export const commands = { add, list, revoke, lock };
