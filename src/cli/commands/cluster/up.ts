import { clusterOutputFlag, clusterStateText } from "../../cluster_state.ts";
import { defineCommand } from "../../command.ts";
import { success } from "../../exit_codes.ts";
import { text, value } from "../../flag.ts";
import { interruptible } from "../../interruptible.ts";

/** `kodama cluster up`. */
export const command = defineCommand({
  description:
    "Starts a small Kubernetes on this machine: a real API server for kubectl and kodama, whose pods are " +
    "local processes. It needs no other program and no network, and runs until kodama cluster down. Where " +
    "one runs already, this says where.",
  flags: {
    world: value(
      "what it begins with: weka, fleet, empty, or a file of manifests (default weka)",
      text,
      {
        placeholder: "WORLD",
      },
    ),
    ...clusterOutputFlag,
  },
  examples: [
    { title: "A cluster to try things on", line: "kodama cluster up" },
    { title: "With the pods of a file", line: "kodama cluster up --world ./pods.yaml" },
  ],
  seeAlso: ["kodama cluster status --help", "kodama cluster down --help"],
  resolve: ({ flags }) => ({
    start: flags.world === undefined ? {} : { world: flags.world },
    format: flags.output,
  }),
  async run({ start, format }, { host, signals, terminal }) {
    const control = await (await host()).cluster();
    const state = await interruptible(signals, (signal) => control.up({ ...start, signal }));
    await terminal.stdout.write(clusterStateText(state, format));
    return success;
  },
});
