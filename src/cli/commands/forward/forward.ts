import type { ForwardActionEvent } from "../../../actions/forward/forward.ts";
import { interruptedExitCode } from "../../../terminal/driver/signals.ts";
import { chooseTargets } from "../../choose_targets.ts";
import { defineCommand } from "../../parser/command.ts";
import { type ForwardArgs, forwardFlags, resolveForward, withRecord } from "./flags.ts";
import type { Invocation } from "../../invocation.ts";

/** `kodama forward`. */
export const command = defineCommand({
  description:
    "Forwards local ports to pods, and keeps them: if a pod is replaced, the link breaks or the machine sleeps, the " +
    "same local port leads to the next pod, and connections wait for it for the time of --grace. Each connection " +
    "that failed is reported.\n\n" +
    "A target is a pod, a workload or a service (svc/web, deploy/web); it leads to one of its pods, as with kubectl " +
    "port-forward. Flags choose several pods, each of which gets a local port of its own: 8080, 8081, …; with " +
    "--balance one local port leads to all of them. A port is LOCAL:REMOTE, :REMOTE for any free local port, or " +
    "REMOTE for the same number; REMOTE is a number, a range or a name. LOCAL may be unix:PATH. Without ports, all " +
    "that the target declares are forwarded.\n\n" +
    "Several targets follow each other, each with its ports. A bare name is a pod only if it comes first. Without " +
    "any, a terminal offers the sets of the setting forwards, and what ran before.",
  operands: [{ name: "POD|KIND/NAME|PORT", arity: "any", completion: { kind: "pods" } }],
  flags: forwardFlags,
  examples: {
    "A service's port 80 as 8080": "kodama forward svc/web 8080:80",
    "All ports of a deployment": "kodama forward deploy/web",
    "Two targets, one of them with a named port": "kodama forward svc/web 8443:https svc/db 5432",
    "A local port for each pod": "kodama forward -l app=web 8080:80",
    "One local port for all of them": "kodama forward -l app=web --balance 8080:80",
    "A free local port, for a script": "kodama forward web-0 :80 -o json",
    "In the background": "kodama forward svc/web 8080:80 --detach",
    "Show the requests, with a delay of 200 ms":
      "kodama forward svc/web 8080:80 --inspect --fault latency=200ms",
    "A socket": "kodama forward sts/db unix:/tmp/db.sock:5432",
  },
  exitCodes: [
    ["1", "a local port is taken, or the cluster refuses"],
    ["2", "the command line is wrong, or nothing matches"],
    ["4", "the cluster couldn't be reached at the start"],
    ["130", "stopped by Ctrl-C or a signal"],
  ],
  seeAlso: [
    "kodama forward list|status|logs|stop|up are about forwards in the background.",
    "docs/forward.md has what happens to connections when something breaks.",
  ],
  resolve: resolveForward,
  run: showForward,
});

async function showForward(args: ForwardArgs, invocation: Invocation): Promise<number> {
  if (args.served !== undefined) {
    const { serveForward } = await import("./background.ts");
    return await serveForward(args, args.served, invocation);
  }
  if (args.isEmpty) {
    const { chooseSet } = await import("./forwards.ts");
    return await chooseSet(invocation);
  }
  if (args.detach) {
    const { detachForward } = await import("./background.ts");
    return await detachForward(args, args.typed, invocation);
  }
  const { terminal, signals } = invocation;
  const { format, live, quiet } = args;
  const chosen = await chooseTargets(args.pick ? { kind: "many" } : undefined, args.options, {
    invocation,
    purpose: "forward",
  });
  if (chosen === undefined) return interruptedExitCode;
  const { host } = chosen;
  const options = withRecord(
    chosen.picked === undefined
      ? args.options
      : withPicked(args.options, { picked: chosen.picked, contexts: chosen.contexts }),
    args.record,
    host.places,
  );
  const [{ forward }, { drive }, { ForwardPainter, ForwardProgress }] = await Promise.all([
    import("../../../actions/forward/forward.ts"),
    import("../../../terminal/driver/drive.ts"),
    import("../../../present/forward_painter.ts"),
  ]);
  const remembered = args.isRepeatable && terminal.stdout.isTerminal ? args : undefined;
  return await drive(({ signal }) => opened(forward(host, { ...options, signal })), {
    terminal,
    signals,
    clock: host.clock,
    painter: new ForwardPainter({ format, quiet }),
    progress: new ForwardProgress(() => terminal.size()?.columns ?? 80),
    statusLine: live && format === "text" && terminal.stdout.isTerminal &&
      terminal.stderr.isTerminal,
    milestone: (event) => event.kind === "ready" ? { kind: "started" } : undefined,
  });

  /** Forwards that a person has opened are offered the next time. */
  async function* opened(events: AsyncIterable<ForwardActionEvent>) {
    for await (const event of events) {
      yield event;
      if (event.kind !== "ready" || remembered === undefined) continue;
      const { rememberForward } = await import("./background.ts");
      await rememberForward(host, remembered);
    }
  }
}

/** The pods that a person has chosen, with the ports of the first group. */
function withPicked(
  options: ForwardArgs["options"],
  { picked, contexts }: {
    picked: readonly { context: string; namespace: string; pod: string }[];
    contexts: readonly string[];
  },
): ForwardArgs["options"] {
  const targets = picked.map(({ context, namespace, pod }) => ({
    kind: "pod" as const,
    name: pod,
    context,
    namespace,
  }));
  return {
    ...options,
    contexts,
    selection: { ...options.selection, namespaces: { kind: "all" } },
    groups: [{ ports: options.groups[0]?.ports ?? [], targets }],
  };
}
