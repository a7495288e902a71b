import { resolveAgentLogs, runAgentLogs } from "../agent/agent_logs.ts";
import { chosenBy, leftWithoutChoice } from "../../choose_targets.ts";
import { defineCommand } from "../../parser/command.ts";
import { logsFlags } from "./flags.ts";
import { resolveLogs } from "./resolve.ts";
import { endsOnTerminal, styleOf } from "../../output.ts";
import { selectionOperands } from "../../parser/selection.ts";

/** `kodama logs`. */
export const command = defineCommand({
  description:
    "Prints the logs of every container of every pod of a selection, merged by the servers' times, or " +
    "with -f as they grow: pods that come later join, containers that restart go on, and links that " +
    "break are opened again without a line lost or repeated.\n\n" +
    "Pods are named by operands (web-0, deploy/web) or chosen by flags, whatever their phase. Exactly one " +
    "container of one pod, named by its name, is shown as kubectl logs shows it.\n\n" +
    "With --agent the one operand is a session, and what is shown is what its coding agent did for its " +
    "newest task.",
  operands: selectionOperands,
  flags: logsFlags,
  examples: [
    { title: "All containers of a deployment, as they grow", line: "kodama logs -f deploy/web" },
    {
      title: "The last ten lines of each drive",
      line: "kodama logs -n storage -m drive --tail 10",
    },
    {
      title: "Errors of the last hour, wherever they are",
      line: "kodama logs -A -l app=web --since 1h --grep 'ERROR|panic'",
    },
    { title: "Why did it crash?", line: "kodama logs web-0 --previous" },
    {
      title: "Structured logs, readable",
      line: "kodama logs -f deploy/api --json-fields level,msg,error",
    },
    { title: "What the agent of a session did, and does", line: "kodama logs --agent my-work -f" },
    {
      title: "Lines of a shape of one's own",
      line: "kodama logs -m web --template '{time} {pod} {json.level} {message}'",
    },
  ],
  exitCodes: [
    ["0", "every log was read to its end"],
    ["1", "a server refused a log, or kodama itself failed"],
    ["2", "the command line is wrong, or no container has a log"],
    ["4", "a cluster or a log couldn't be reached"],
    ["130", "stopped by Ctrl-C or a signal; what came before it was shown"],
  ],
  seeAlso: ["kodama pods --help shows what a selection matches."],
  resolve: (words) =>
    words.flags.agent
      ? { kind: "agent" as const, agent: resolveAgentLogs(words) }
      : { kind: "containers" as const, containers: resolveLogs(words) },
  run: async (resolved, invocation) => {
    if (resolved.kind === "agent") return await runAgentLogs(resolved.agent, invocation);
    const { options: asked, view, kubeconfig, pick } = resolved.containers;
    const { terminal, environment } = invocation;
    const choosing = pick ? { kind: "many" } as const : undefined;
    const chosen = await chosenBy(choosing, asked, { kubeconfig, invocation });
    if (chosen === undefined) return leftWithoutChoice;
    const { host, ...narrowed } = chosen;
    const options = { ...asked, ...narrowed };
    const [{ logs }, { showLogs }, { LogsPainter }] = await Promise.all([
      import("../../../actions/logs/logs.ts"),
      import("./show_logs.ts"),
      import("./painter.ts"),
    ]);
    const { color, ...shown } = view;
    const painter = new LogsPainter({
      ...shown,
      terminal: endsOnTerminal(terminal.stdout, color),
      style: styleOf(terminal.stdout, environment, color),
    });
    return await showLogs((signal) => logs(host, { ...options, signal }), { invocation, painter });
  },
});
