import { clusterFlags, clusterFolder, clusterStateText } from "./state.ts";
import { defineCommand } from "../../parser/command.ts";
import { failure, success } from "../../exit_codes.ts";

/** `kodama cluster status`. */
export const command = defineCommand({
  description:
    "Prints whether the embedded cluster is running, its address, how many of its pods are ready, and " +
    "how to use it.",
  flags: clusterFlags,
  examples: [
    { title: "Show the status", line: "kodama cluster status" },
    { title: "As JSON, for a script", line: "kodama cluster status -o json" },
  ],
  exitCodes: [["0", "it is running"], ["1", "it is not running, or is still starting"]],
  seeAlso: ["kodama cluster up --help starts a cluster."],
  resolve: ({ flags }) => ({ folder: clusterFolder(flags), format: flags.output }),
  async run({ folder, format }, { host, terminal }) {
    const state = await (await (await host()).cluster()).status(folder);
    await terminal.stdout.write(clusterStateText(state, format));
    return state.phase === "running" ? success : failure;
  },
});
