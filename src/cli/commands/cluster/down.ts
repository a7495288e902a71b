import { clusterOutputFlag, clusterStateText } from "../../cluster_state.ts";
import { defineCommand } from "../../command.ts";
import { success } from "../../exit_codes.ts";
import { interruptible } from "../../interruptible.ts";

/** `kodama cluster down`. */
export const command = defineCommand({
  description:
    "Stops the embedded cluster and every process in its pods, and removes the files that it kept. Where " +
    "none runs there is nothing to do, and that is no error.",
  flags: clusterOutputFlag,
  examples: [{ title: "Stop it", line: "kodama cluster down" }],
  seeAlso: ["kodama cluster up --help starts it."],
  resolve: ({ flags }) => ({ format: flags.output }),
  async run({ format }, { host, signals, terminal }) {
    const control = await (await host()).cluster();
    const state = await interruptible(signals, (signal) => control.down({ signal }));
    await terminal.stdout.write(clusterStateText(state, format));
    return success;
  },
});
