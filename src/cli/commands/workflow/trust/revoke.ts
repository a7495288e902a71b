import { UsageError } from "../../../../base/errors.ts";
import { defineCommand } from "../../../parser/command.ts";
import { success } from "../../../exit_codes.ts";
import { toggle } from "../../../parser/flag.ts";

/** `kodama workflow trust revoke`. */
export const command = defineCommand({
  description:
    "Revokes trust: the workflow asks again before it runs. A name is every trusted workflow of that " +
    "name; a path is one workflow.",
  operands: [{ name: "WORKFLOW", arity: "any" }],
  flags: { all: toggle("revoke trust in every workflow") },
  examples: [
    { title: "Revoke trust in one workflow", line: "kodama workflow trust revoke deploy" },
    { title: "Revoke trust in all workflows", line: "kodama workflow trust revoke --all" },
  ],
  resolve({ flags: { all }, operands }) {
    if (all === (operands.length > 0)) {
      throw new UsageError("revoke takes names or paths of workflows, or --all", {
        hint: "kodama workflow trust list shows them",
      });
    }
    return { all, names: operands };
  },
  async run({ all, names }, { host, terminal }) {
    const { revokeTrust } = await import("../../../../actions/workflow/trust.ts");
    const { printable } = await import("../../../../terminal/printable.ts");
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
