import { clusterFlags, clusterPlace, clusterStateText } from "./state.ts";
import { defineCommand } from "../../parser/command.ts";
import { failure, success } from "../../exit_codes.ts";

/** `kodama cluster status`. */
export const command = defineCommand({
  description:
    "Says whether the embedded cluster runs, where it is, how many of its pods are ready, and how to use it.",
  flags: clusterFlags,
  examples: [
    { title: "Does it run?", line: "kodama cluster status" },
    { title: "For a script", line: "kodama cluster status -o json" },
  ],
  exitCodes: [["0", "it runs"], ["1", "it doesn't, or is still starting"]],
  seeAlso: ["kodama cluster up --help starts it."],
  resolve: ({ flags }) => ({ place: clusterPlace(flags), format: flags.output }),
  async run({ place, format }, { host, terminal }) {
    const state = await (await (await host()).cluster()).status(place);
    await terminal.stdout.write(clusterStateText(state, format));
    return state.phase === "running" ? success : failure;
  },
});
