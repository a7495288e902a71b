import { clusterOutputFlag, clusterStateText } from "../../cluster_state.ts";
import { defineCommand } from "../../command.ts";
import { failure, success } from "../../exit_codes.ts";
import { interruptible } from "../../interruptible.ts";

/** `kodama cluster status`. */
export const command = defineCommand({
  description: "Says whether the embedded cluster runs, where it is, and how to use it.",
  flags: clusterOutputFlag,
  examples: [
    { title: "Does it run?", line: "kodama cluster status" },
    { title: "For a script", line: "kodama cluster status -o json" },
  ],
  exitCodes: [["0", "it runs"], ["1", "it doesn't"]],
  seeAlso: ["kodama cluster up --help starts it."],
  resolve: ({ flags }) => ({ format: flags.output }),
  async run({ format }, { host, signals, terminal }) {
    const control = await (await host()).cluster();
    const state = await interruptible(signals, (signal) => control.status({ signal }));
    await terminal.stdout.write(clusterStateText(state, format));
    return state.phase === "running" ? success : failure;
  },
});
