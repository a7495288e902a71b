import { askYes, canAsk } from "../../ask_yes.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, toggle, value } from "../../parser/flag.ts";
import { KodamaError } from "../../../base/errors.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { printStarted } from "./background.ts";

const formats = choice(["json"]);

/** `kodama forward up`. */
export const command = defineCommand({
  description:
    "Starts a set of forwards in the background: one that the setting forwards names, or one that ran before. A set " +
    "of a repository's .kodama.yaml is shown and confirmed first, since others have written it.",
  operands: [{ name: "NAME", arity: "one" }],
  flags: {
    yes: toggle("don't ask", { short: "y" }),
    output: value("output format", formats.parse, { short: "o", ...formats }),
  },
  examples: [
    { title: "The set web of the settings", line: "kodama forward up web" },
    { title: "One that was stopped", line: "kodama forward up svc-web" },
  ],
  seeAlso: ["docs/forward.md shows the setting."],
  resolve: ({ flags, operands: [name = ""] }) => ({ name, yes: flags.yes, format: flags.output }),
  async run({ name, yes, format }, invocation) {
    const { namedSet, startSet } = await import("../../../actions/forward/background.ts");
    const { printable } = await import("../../../terminal/printable.ts");
    const { terminal, signals } = invocation;
    const host = await invocation.host();
    const report = await interruptible(signals, async (signal) => {
      const { repository, ...set } = await namedSet(host, name);
      if (repository !== undefined && !yes) {
        const line = printable(`kodama forward ${set.args.join(" ")}`);
        if (!canAsk(terminal)) {
          throw new KodamaError("unconfirmed", `${repository} defines ${name}: ${line}`, {
            hint: "--yes starts it without a question",
          });
        }
        const question = `${printable(repository)} defines ${name}:\n  ${line}\nStart it?`;
        if (!await askYes(terminal, question, signal)) {
          throw new KodamaError("declined", `${name} was not started`);
        }
      }
      return await startSet(host, set, signal);
    });
    await printStarted(report, format ?? "text", invocation);
    return success;
  },
});
