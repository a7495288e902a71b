/** Routes of sessions' agents: their tasks and logs, prompts, approvals and interrupts. */
import { followTask } from "../actions/agent/follow.ts";
import { parseDollars, taskOptions } from "../actions/agent/options.ts";
import { choiceField, type Fields, or } from "../operation/field.ts";
import {
  type AgentAbilities,
  answerApproval,
  interruptTask,
  knownAgents,
  readTasks,
  startTask,
  waitingTask,
} from "../actions/agent/tasks.ts";
import type { Host } from "../actions/host.ts";
import { agentTargetFor } from "../actions/session/agent_pod.ts";
import { findSession } from "../actions/find_session.ts";
import type { FirstTask } from "../actions/session/events.ts";
import { KodamaError, UsageError } from "../base/errors.ts";
import { definedOnly } from "../base/json_value.ts";
import { eventData } from "../present/agent_events.ts";
import { taskData } from "../present/agent_tasks.ts";
import { toJson } from "../present/json.ts";
import { askConsent } from "./confirmations.ts";
import { eventBytes } from "./event_stream.ts";
import type { Prompt } from "./api.ts";
import { formOptions } from "./option_form.ts";
import { bodies, queries } from "./requests.ts";
import type { Router } from "./router.ts";

/** Adds them. */
export function addAgentRoutes(router: Router): void {
  const { host } = router;
  router.get("GET api/sessions/:name/tasks", queries.scope, async ({ name, query, signal }) => {
    const { target } = await findSession(host, { name, ...query }, signal);
    return { tasks: (await readTasks(host, target, { newest: 100, signal })).map(taskData) };
  });
  router.stream(
    "GET api/sessions/:name/log",
    queries.log,
    async function* ({ name, query: { task: number, ...scope }, signal }) {
      const { target } = await findSession(host, { name, ...scope }, signal);
      const options = { ...definedOnly({ number }), signal };
      for await (const event of followTask(host, target, options)) {
        yield eventBytes(JSON.stringify(toJson(eventData(event))));
      }
    },
  );
  router.post(
    "POST api/sessions/:name/prompt",
    queries.scope,
    bodies.prompt,
    async ({ name, query, body, asking, signal }) => {
      const options = await taskOf(host, body);
      const { target } = await agentTargetFor(host, { kind: "session", name, ...query }, {
        ...{ verb: "prompt", consent: askConsent(asking), signal },
      });
      const { conversation } = body;
      const { behind, ...started } = await startTask(host, target, {
        ...options,
        ...definedOnly({ conversation }),
        signal,
      });
      return { ...started, behind: [...behind] };
    },
  );
  router.post(
    "POST api/sessions/:name/approval",
    queries.scope,
    bodies.approval,
    async ({ name, query, body, asking, signal }) => {
      const { target } = await agentTargetFor(host, { kind: "session", name, ...query }, {
        ...{ verb: "answer the agent of", consent: askConsent(asking), signal },
      });
      const waiting = await waitingTask(host, target, signal);
      const { task: number, request, tool, summary, decision } = body;
      // The agent chooses the name of a request: what the person has seen has to be what waits.
      const approval = waiting?.task.number === number
        ? waiting.approvals.find((one) =>
          one.request === request && one.tool === tool && one.summary === summary
        )
        : undefined;
      if (waiting === undefined || approval === undefined) {
        throw new KodamaError("conflict", "the agent doesn't wait for this any more");
      }
      await answerApproval(host, target, {
        task: waiting.task,
        approval,
        decision: decision === "allow"
          ? { kind: "allow" }
          : { kind: "deny", ...definedOnly({ message: body.message }) },
        signal,
      });
      return {};
    },
  );
  router.post(
    "POST api/sessions/:name/interrupt",
    queries.scope,
    bodies.interrupt,
    async ({ name, query, body: { task }, asking, signal }) => {
      const { target } = await agentTargetFor(host, { kind: "session", name, ...query }, {
        ...{ verb: "interrupt", consent: askConsent(asking), signal },
      });
      const options = { ...definedOnly({ number: task }), signal };
      return { task: (await interruptTask(host, target, options)).number };
    },
  );
}

/** The options of a task, with the agents that a page can choose. */
export function taskFormOptions(agents: readonly AgentAbilities[]) {
  const names = agents.map(({ name }) => name);
  const [preset = ""] = names;
  return {
    adapter: or(choiceField("coding agent to use", names), preset),
    ...taskOptions,
  } satisfies Fields;
}

/** Returns the task of a prompt. @throws UsageError for options that it can't have. */
export async function taskOf(host: Host, { text, options = {} }: Prompt): Promise<FirstTask> {
  const known = taskFormOptions(await knownAgents(host));
  const { adapter = known.adapter.default, permissions, budget } = await formOptions(
    known,
    options,
  );
  const budgetUsd = budget === undefined ? undefined : parseDollars(budget);
  if (budget !== undefined && budgetUsd === undefined) {
    throw new UsageError("Budget: expected an amount of US dollars, as in 2.50");
  }
  return { adapter, prompt: text, args: [], ...definedOnly({ permissions, budgetUsd }) };
}
