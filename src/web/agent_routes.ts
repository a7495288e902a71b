/** Routes of sessions' agents: their tasks and logs, prompts and interrupts. */
import { followTask } from "../actions/agent/follow.ts";
import { interruptTask, readTasks, startTask } from "../actions/agent/tasks.ts";
import { findSession } from "../actions/find_session.ts";
import { definedOnly } from "../base/json_value.ts";
import { eventData } from "../present/agent_events.ts";
import { taskData } from "../present/agent_tasks.ts";
import { toJson } from "../present/json.ts";
import { eventBytes } from "./event_stream.ts";
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
    async ({ name, query, body: { text, conversation }, signal }) => {
      const { target } = await findSession(host, { name, ...query }, signal);
      const { behind, ...started } = await startTask(host, target, {
        adapter: "claude",
        prompt: text,
        ...definedOnly({ conversation }),
        signal,
      });
      return { ...started, behind: [...behind] };
    },
  );
  router.post(
    "POST api/sessions/:name/interrupt",
    queries.scope,
    bodies.interrupt,
    async ({ name, query, body: { task }, signal }) => {
      const { target } = await findSession(host, { name, ...query }, signal);
      const options = { ...definedOnly({ number: task }), signal };
      return { task: (await interruptTask(host, target, options)).number };
    },
  );
}
