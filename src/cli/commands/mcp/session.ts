/** `kodama mcp --session`: the tools for agents in a pod, limited to its namespace. */
import { offerTools, type ToolsClient } from "../../../actions/mcp/offer_tools.ts";
import { type AgentRef, agentTarget } from "../../../actions/session/agent_pod.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";
import { printable } from "../../../terminal/printable.ts";
import { success } from "../../exit_codes.ts";
import type { Invocation } from "../../invocation.ts";

/** Serves until a signal, or until the link to the pod breaks. Returns the exit code. */
export async function serveSession(
  agent: AgentRef,
  invocation: Invocation,
): Promise<number> {
  const { terminal } = invocation;
  const opened = await invocation.host();
  await stoppable(invocation.signals, async (signal) => {
    const target = await agentTarget(opened, agent, signal);
    const { namespace, context, pod } = target;
    const host = await invocation.host({ only: { namespace, context } });
    async function* clients(): AsyncGenerator<ToolsClient, void> {
      for await (const event of offerTools(opened, target, signal)) {
        if (event.kind === "client") {
          yield event.client;
          continue;
        }
        const registered = event.registered.map((name) => `registered with ${name} in the pod\n`);
        await terminal.stderr.write(
          ...registered,
          `agents in ${printable(pod)} can read the namespace ${
            printable(namespace)
          }; Ctrl-C ends it\n` +
            "another agent there starts it as: sh ~/.kodama/tools/mcp\n",
        );
      }
    }
    await invocation.serveTools({
      host,
      allowChanges: false,
      onlyNamespace: namespace,
      clients: clients(),
      signal,
    });
  });
  return success;
}
