import { defineCommand } from "../../../parser/command.ts";
import { success } from "../../../exit_codes.ts";
import { choice, value } from "../../../parser/flag.ts";
import { renderData } from "../../../output.ts";

const formats = choice(["json", "jsonl", "yaml"]);

/** `kodama workflow trust list`. */
export const command = defineCommand({
  description:
    "Lists the workflows that you trust, newest last, with what each may do. They are stored in " +
    "trust.json in kodama's configuration folder.",
  flags: {
    output: value("output format: data instead of text", formats.parse, { short: "o", ...formats }),
  },
  examples: [
    { title: "List all trusted workflows", line: "kodama workflow trust list" },
    {
      title: "As JSON, with the hashes of their files",
      line: "kodama workflow trust list -o json",
    },
  ],
  seeAlso: ["kodama workflow trust revoke --help revokes trust."],
  resolve: ({ flags }) => ({ format: flags.output }),
  async run({ format }, { host, terminal }) {
    const { listTrusted } = await import("../../../../actions/workflow/trust.ts");
    const { printable } = await import("../../../../terminal/printable.ts");
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
