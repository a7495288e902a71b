import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { toggle } from "../../parser/flag.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { setOperand } from "./set_operand.ts";

/** `kodama forward stop`. */
export const command = defineCommand({
  description:
    "Stops forwards in the background. kodama forward up starts them again, unless --forget removes them from the " +
    "list. The name may be omitted if only one set runs.",
  operands: [setOperand],
  flags: { forget: toggle("remove them from the list") },
  examples: [
    { title: "Stop the only set", line: "kodama forward stop" },
    { title: "Stop one, and forget it", line: "kodama forward stop svc-web --forget" },
  ],
  resolve: ({ flags, operands: [name] }) => ({ name, forget: flags.forget }),
  async run({ name, forget }, { host, signals, terminal }) {
    const { findSet } = await import("../../../actions/forward/background.ts");
    const { printable } = await import("../../../terminal/printable.ts");
    const opened = await host();
    const set = await findSet(opened, name);
    const control = await opened.forwards();
    const ended = await interruptible(signals, (signal) => control.stop(set.name, signal));
    if (forget) await control.forget(set.name);
    await terminal.stdout.write(
      `${printable(set.name)} ${ended ? "has stopped" : "did not run"}${
        forget ? ", and is forgotten" : ""
      }\n`,
    );
    return success;
  },
});
