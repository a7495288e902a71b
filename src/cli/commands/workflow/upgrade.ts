import { defineCommand } from "../../parser/command.ts";
import { failure, success } from "../../exit_codes.ts";
import { toggle } from "../../parser/flag.ts";
import { nearPath } from "./near_path.ts";

/** `kodama workflow upgrade`. */
export const command = defineCommand({
  description:
    "Rewrites workflow files of an earlier version of the format, and prints each change with its line. " +
    "Only the text of the changed fields is replaced: comments and layout stay. A file that extends " +
    "another one gets that file's fields. Without names, all files of the repository and your own are " +
    "rewritten.",
  operands: [{ name: "WORKFLOW", arity: "any", completion: { kind: "workflows" } }],
  flags: { "dry-run": toggle("print the changes without making them") },
  examples: [
    { title: "List what would change", line: "kodama workflow upgrade --dry-run" },
    { title: "Rewrite one file", line: "kodama workflow upgrade ./checks/disk.yaml" },
  ],
  exitCodes: [["0", "all files have the current version"], ["1", "a file has other problems"]],
  seeAlso: ["kodama workflow check --help reports the problems of a file."],
  resolve: ({ operands, flags }) => ({ operands, dryRun: flags["dry-run"] }),
  async run({ operands, dryRun }, { host, terminal }) {
    const { upgradeWorkflows } = await import("../../../actions/workflow/upgrade.ts");
    const { printable } = await import("../../../terminal/printable.ts");
    const machine = await host();
    const files = await upgradeWorkflows(machine, operands, { dryRun });
    for (const { path, changes, errors } of files) {
      const name = printable(nearPath(path, machine.places.workingDir));
      const lines = changes.map((change) => `${name}:${printable(change)}\n`);
      await terminal.stdout.write(lines.join(""));
      if (errors === 0) continue;
      const noun = errors === 1 ? "error" : "errors";
      await terminal.stderr.write(`${name}: ${errors} ${noun}: kodama workflow check ${name}\n`);
    }
    const count = files.filter(({ changes }) => changes.length > 0).length;
    const noun = count === 1 ? "file" : "files";
    await terminal.stderr.write(`${count} ${noun}${dryRun ? " would be" : ""} rewritten\n`);
    return files.some(({ errors }) => errors > 0) ? failure : success;
  },
});
