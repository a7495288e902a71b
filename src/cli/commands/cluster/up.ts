import type { ClusterEvent, ClusterStart } from "../../../actions/cluster_control.ts";
import { clusterFlags, clusterFolder, clusterStateText, portNumber } from "./state.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { text, toggle, value } from "../../parser/flag.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import type { Invocation } from "../../invocation.ts";
import { DelayedProgress } from "./delayed_progress.ts";

type Format = "json" | undefined;

/** `kodama cluster up`. */
export const command = defineCommand({
  description:
    "Starts a small Kubernetes on this machine: a real API server for kubectl and kodama, whose pods " +
    "are local processes. It needs no other program and no network, and runs until kodama cluster " +
    "down. If it is running already, its address is printed.\n\n" +
    "Each start creates the objects of its world, and nothing else remains of an earlier start. With " +
    "--data, objects, claims, port and credentials are stored in a folder, and the next start with " +
    "that folder uses them again.",
  flags: {
    world: value(
      "objects to start with: weka, fleet, empty, or a file of manifests; sizes follow a colon (default weka)",
      text,
      { placeholder: "WORLD" },
    ),
    port: value("port of the API server on 127.0.0.1 (default a free one)", portNumber, {
      placeholder: "PORT",
    }),
    foreground: toggle("run in the foreground, until Ctrl-C"),
    ...clusterFlags,
  },
  examples: [
    { title: "Start a cluster", line: "kodama cluster up" },
    { title: "With 300 drive pods", line: "kodama cluster up --world weka:drives=300" },
    { title: "With the objects of a file", line: "kodama cluster up --world ./pods.yaml" },
    { title: "With objects that are stored in a folder", line: "kodama cluster up --data ./lab" },
  ],
  seeAlso: ["kodama cluster status --help", "kodama cluster down --help"],
  resolve: ({ flags: { world, port, foreground, output, data } }) => ({
    start: {
      ...clusterFolder({ data }),
      ...(world === undefined ? {} : { world }),
      ...(port === undefined ? {} : { port }),
    },
    foreground,
    format: output,
  }),
  async run({ start, foreground, format }, invocation) {
    if (foreground) return await serve(start, format, invocation);
    const { host, signals, terminal } = invocation;
    const opened = await host();
    const control = await opened.cluster();
    using wait = new DelayedProgress(terminal.stderr, opened.clock);
    const state = await interruptible(
      signals,
      (signal) => control.up({ ...start, signal, onEvent: wait.notice }),
    );
    await terminal.stdout.write(clusterStateText(state, format));
    return success;
  },
});

/** Unlike other work, the command waits for its end: its pods run until then. */
async function serve(
  start: ClusterStart,
  format: Format,
  { host, signals, terminal }: Invocation,
): Promise<number> {
  const opened = await host();
  const control = await opened.cluster();
  const stop = new AbortController();
  using _listening = signals.listen(() => stop.abort());
  using wait = new DelayedProgress(terminal.stderr, opened.clock);
  const progress = (event: ClusterEvent) => {
    if (event.kind !== "ready") return wait.notice(event);
    // A closed pipe isn't an error here: the cluster keeps running until it is stopped.
    terminal.stdout.write(clusterStateText(event.state, format)).catch(() => {});
  };
  await control.serve({ ...start, signal: stop.signal, onEvent: progress });
  return success;
}
