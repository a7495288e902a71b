/** Routes of sessions: the list, one of them, its stop and its resumption. */
import type { Host } from "../actions/host.ts";
import { sessionDiff } from "../actions/session/diff.ts";
import type { SessionRef } from "../actions/session/events.ts";
import { get } from "../actions/session/get.ts";
import { list } from "../actions/session/list.ts";
import { resume } from "../actions/session/resume.ts";
import { planStop } from "../actions/session/stop.ts";
import { KodamaError } from "../base/errors.ts";
import { definedOnly } from "../base/json_value.ts";
import { taskData } from "../present/agent_tasks.ts";
import { sessionData } from "../present/session_text.ts";
import type { SessionDetailsData, SessionRowData } from "./api.ts";
import { bodies, queries } from "./requests.ts";
import type { Router } from "./router.ts";
import { SessionFeeds } from "./sessions_feed.ts";

/** A stop, and a start, may take this long. */
const podLimitMs = 60_000;

/** Adds them. Disposing of what is returned ends the feeds of the lists. */
export function addSessionRoutes(router: Router): AsyncDisposable {
  const { host } = router;
  const feeds = new SessionFeeds(host);
  router.stream(
    "GET api/sessions",
    queries.list,
    ({ query, signal }) => {
      const feed = feeds.open(query, signal);
      if (feed !== undefined) return feed;
      throw new KodamaError("conflict", "too many namespaces are followed");
    },
    async ({ query: { allNamespaces = false, ...where }, signal }) => {
      const listed = await list(host, { ...where, allNamespaces, tasks: true }, signal);
      return {
        context: listed.context,
        namespace: listed.namespace ?? null,
        sessions: listed.rows.map(sessionData) as SessionRowData[],
      };
    },
  );
  router.get("GET api/sessions/:name", queries.scope, async ({ name, query, signal }) => {
    const details = await get(host, { name, ...query }, signal);
    const { restarts, work, tasks } = details;
    return {
      ...sessionData({ kind: "session", ...details }),
      restarts,
      ...definedOnly({ work, tasks: tasks?.map(taskData) }),
    } as SessionDetailsData;
  });
  router.get("GET api/sessions/:name/diff", queries.scope, async ({ name, query, signal }) => {
    const { untracked, ...diff } = await sessionDiff(host, { name, ...query }, signal);
    return { ...diff, untracked: [...untracked] };
  });
  router.post(
    "POST api/sessions/:name/stop",
    queries.scope,
    bodies.empty,
    async ({ name, query, asking, signal }) => {
      const options = { name, ...query, endTimeoutMs: podLimitMs, signal };
      const { plan, run } = await planStop(host, options, { checkTasks: true });
      const { otherOwner, workingTask } = plan;
      const reasons = [
        ...(otherOwner === undefined ? [] : [`session "${name}" belongs to ${otherOwner}`]),
        ...(workingTask === undefined
          ? []
          : [`its agent works on task ${workingTask}, which fails then`]),
      ];
      if (reasons.length > 0) await asking.ask({ kind: "stop", text: reasons.join("\n") });
      await run();
      return {};
    },
  );
  router.post(
    "POST api/sessions/:name/resume",
    queries.scope,
    bodies.empty,
    async ({ name, query }) => {
      await resumed(host, { name, ...query }, router);
      return {};
    },
  );
  return { [Symbol.asyncDispose]: () => feeds.end() };
}

/** Starts it; resolves when its pod is requested. The start continues. */
async function resumed(host: Host, ref: SessionRef, router: Router): Promise<void> {
  const started = Promise.withResolvers<void>();
  const options = { ...ref, readyTimeoutMs: 10 * podLimitMs, signal: router.ends };
  const follow = async () => {
    try {
      for await (const event of resume(host, options)) {
        if (event.kind === "stepStarted" && event.step === "ready") started.resolve();
      }
      started.resolve();
    } catch (error) {
      started.reject(error);
    }
  };
  router.track(follow());
  await started.promise;
}
