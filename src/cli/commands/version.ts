import { defineCommand } from "../parser/command.ts";
import { success } from "../exit_codes.ts";
import { choice, value } from "../parser/flag.ts";
import { jsonDocument } from "../../present/json.ts";
import { version } from "../version.ts";

const formats = choice(["json"]);

/** `kodama version`: loads only what it prints. */
export const command = defineCommand({
  description: "Prints the version of kodama and of Deno.",
  flags: {
    output: value("output format", formats.parse, { short: "o", ...formats }),
  },
  examples: [
    { title: "Print the version", line: "kodama version" },
    { title: "As JSON, for a bug report", line: "kodama version -o json" },
  ],
  resolve: ({ flags }) => ({ json: flags.output === "json" }),
  async run({ json }, { terminal }) {
    const { os, arch } = Deno.build;
    const deno = Deno.version.deno;
    await terminal.stdout.write(
      json
        ? jsonDocument({ kodama: version, deno, os, arch })
        : `kodama ${version} (deno ${deno}, ${os} ${arch})\n`,
    );
    return success;
  },
});
