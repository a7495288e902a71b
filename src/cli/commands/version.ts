import { defineCommand } from "../parser/command.ts";
import { failure, success } from "../exit_codes.ts";
import { choice, toggle, value } from "../parser/flag.ts";
import { jsonDocument } from "../../present/json.ts";
import { version } from "../version.ts";

/** `kodama version`: loads only what it prints. */
export const command = defineCommand({
  description: "Prints the version of kodama and of Deno.",
  flags: {
    check: toggle("also whether a newer one is published, by the setting releases.url"),
    output: value("output format", choice(["json"]), { short: "o" }),
  },
  examples: {
    "Print the version": "kodama version",
    "See whether there is a newer one": "kodama version --check",
    "As JSON, for a bug report": "kodama version -o json",
  },
  exitCodes: [
    ["1", "with --check: a newer version is published"],
    ["2", "with --check: releases.url isn't set"],
    ["4", "with --check: the address doesn't answer"],
  ],
  resolve: ({ flags }) => ({ json: flags.output === "json", check: flags.check }),
  async run({ json, check }, { terminal, host, signals }) {
    const { os, arch } = Deno.build;
    const deno = Deno.version.deno;
    if (check) {
      const [{ checkVersion }, { interruptible }] = await Promise.all([
        import("../../actions/newest_version.ts"),
        import("../../terminal/driver/signals.ts"),
      ]);
      const machine = await host();
      const { newest, isOutdated } = await interruptible(
        signals,
        (signal) => checkVersion(machine, version, signal),
      );
      await terminal.stdout.write(
        json
          ? jsonDocument({ kodama: version, deno, os, arch, newest, outdated: isOutdated })
          : `kodama ${version}, ${
            isOutdated ? `and ${newest} is published` : `the newest is ${newest}`
          }\n`,
      );
      return isOutdated ? failure : success;
    }
    await terminal.stdout.write(
      json
        ? jsonDocument({ kodama: version, deno, os, arch })
        : `kodama ${version} (deno ${deno}, ${os} ${arch})\n`,
    );
    return success;
  },
});
