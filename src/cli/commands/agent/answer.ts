/** `kodama agent approve` and `kodama agent deny`: the answers to an agent that waits. */
import type { AgentRef } from "../../../actions/session/agent_pod.ts";
import type { Approval, Decision, WaitingTask } from "../../../actions/agent/tasks.ts";
import { KodamaError, UsageError } from "../../../base/errors.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { requestName } from "../../../present/agent_tasks.ts";
import { approvalLines } from "../../../present/agent_events.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { printable } from "../../../terminal/printable.ts";
import { askYes, canAsk } from "../../ask_yes.ts";
import { failure, success } from "../../exit_codes.ts";
import type { Invocation } from "../../invocation.ts";
import { defineCommand } from "../../parser/command.ts";
import { text, toggle, value } from "../../parser/flag.ts";
import { agentOperand, agentRef, agentScopeFlags } from "./flags.ts";

const operands = [agentOperand, { name: "REQUEST", arity: "optional" }] as const;

const flags = {
  ...agentScopeFlags,
  all: toggle("answer all requests that wait now"),
};

const exitCodes = [
  ["0", "the agent has the answer"],
  ["1", "nothing waits, the request was answered already, or you answered no"],
  ["2", "the command line is wrong, or there is no terminal to ask on"],
  ["4", "the pod couldn't be reached"],
] as const;

/** What to answer. */
interface Answer {
  ref: AgentRef;
  name: string;
  kubeconfig: string | undefined;
  /** The start of a request's name; undefined for the only one. */
  request: string | undefined;
  all: boolean;
  decision: Decision;
}

/** `kodama agent approve`. */
export const approve = defineCommand({
  description:
    "Lets the agent of a session use the tool that it waits for, from any machine. Without REQUEST it " +
    "shows what the tool would do, and asks. REQUEST is the name that `kodama logs --agent` and this " +
    "command show, or the start of it. An approval counts once, for exactly what was shown.",
  operands,
  flags,
  examples: [
    { title: "Show what the agent waits for, and ask", line: "kodama agent approve my-work" },
    { title: "Approve one request", line: "kodama agent approve my-work 3f1c2a9b" },
  ],
  exitCodes,
  seeAlso: [
    "kodama prompt NAME --permissions ask starts a task that asks.",
    "kodama agent deny NAME refuses it.",
  ],
  resolve: ({ flags, operands: [name = "", request] }): Answer => ({
    ...resolved(flags, name, request),
    decision: { kind: "allow" },
  }),
  run: answer,
});

/** `kodama agent deny`. */
export const deny = defineCommand({
  description:
    "Refuses the agent of a session the tool that it waits for; it continues without it. The message " +
    "is the reason that the agent reads, and may say what to do instead.",
  operands,
  flags: {
    ...flags,
    message: value("reason that the agent reads", text, { placeholder: "TEXT", short: "m" }),
  },
  examples: [
    {
      title: "Refuse, and give another way",
      line: 'kodama agent deny my-work 3f1c2a9b -m "Use the test database"',
    },
  ],
  exitCodes,
  seeAlso: ["kodama interrupt NAME stops the whole task."],
  resolve: ({ flags, operands: [name = "", request] }): Answer => ({
    ...resolved(flags, name, request),
    decision: { kind: "deny", ...definedOnly({ message: flags.message }) },
  }),
  run: answer,
});

function resolved(
  flags: {
    namespace: string | undefined;
    context: string | undefined;
    kubeconfig: string | undefined;
    all: boolean;
  },
  name: string,
  request: string | undefined,
) {
  if (flags.all && request !== undefined) {
    throw new UsageError("--all and REQUEST can't be used together");
  }
  const { kubeconfig, all } = flags;
  return { ref: agentRef(flags, name), name, kubeconfig, request, all };
}

async function answer(options: Answer, invocation: Invocation): Promise<number> {
  const { ref, name, kubeconfig, decision } = options;
  const { signals, terminal } = invocation;
  const host = await invocation.host({ kubeconfig });
  const [{ agentTarget }, { answerApproval, waitingTask }] = await Promise.all([
    import("../../../actions/session/agent_pod.ts"),
    import("../../../actions/agent/tasks.ts"),
  ]);
  return await interruptible(signals, async (signal) => {
    const target = await agentTarget(host, ref, signal);
    const waiting = await waitingTask(host, target, signal);
    if (waiting === undefined) {
      throw new KodamaError("conflict", `the agent of ${name} doesn't wait for an approval`, {
        hint: `kodama agent list ${printable(name)} shows its tasks`,
      });
    }
    const chosen = chosenOf(waiting, options);
    const { task } = waiting;
    for (const approval of chosen) {
      if (options.request === undefined && !options.all) {
        const shown = approvalLines(approval).map((line) => `${line}\n`).join("");
        const question = decision.kind === "allow" ? "allow it?" : "refuse it?";
        requireAnswerable(invocation, name, approval);
        if (!await askYes(terminal, `${shown}${question}`, signal)) return failure;
      }
      await answerApproval(host, target, { task, approval, decision, signal });
      const did = decision.kind === "allow" ? "allowed" : "refused";
      await terminal.stdout.write(
        `${did} ${printable(`${requestName(approval)}: ${approval.tool}`)} (task ${task.number})\n`,
      );
    }
    return success;
  });
}

/** Throws UsageError if no person can be asked. */
function requireAnswerable({ terminal }: Invocation, name: string, approval: Approval): void {
  if (canAsk(terminal)) return;
  const { tool } = approval;
  throw new UsageError(`no terminal to ask on whether the agent may use ${printable(tool)}`, {
    hint: `name the request: kodama agent approve ${printable(`${name} ${requestName(approval)}`)}`,
  });
}

function chosenOf({ approvals }: WaitingTask, { request, all }: Answer): readonly Approval[] {
  if (all) return approvals;
  if (request === undefined) return approvals.slice(0, 1);
  const exact = approvals.filter((one) => one.request === request);
  const found = exact.length > 0
    ? exact
    : approvals.filter((one) => one.request.startsWith(request));
  if (found.length === 1) return found;
  const names = approvals.map(requestName).join(", ");
  throw new KodamaError(
    "notFound",
    found.length === 0
      ? `no request ${printable(request)} waits`
      : `${found.length} requests start with ${printable(request)}`,
    { hint: `these wait: ${printable(names)}` },
  );
}
