/** Routes of sessions: the list, one of them, its start, its end and its owner. */
import { knownAgents } from "../actions/agent/tasks.ts";
import { choiceField } from "../operation/field.ts";
import { planDeletion } from "../actions/session/delete.ts";
import { sessionDiff } from "../actions/session/diff.ts";
import {
  checkedSessionName,
  parseLimit,
  type RequestedLimit,
  type Session,
  type StartEvent,
  type StartOptions,
} from "../actions/session/events.ts";
import { get } from "../actions/session/get.ts";
import { list } from "../actions/session/list.ts";
import { startOptions } from "../actions/session/options.ts";
import { resume } from "../actions/session/resume.ts";
import { start as startSession } from "../actions/session/start.ts";
import { planStop } from "../actions/session/stop.ts";
import { listTemplates } from "../actions/session/templates.ts";
import { planTransfer } from "../actions/session/transfer.ts";
import { KodamaError, UsageError } from "../base/errors.ts";
import { definedOnly } from "../base/json_value.ts";
import { taskData } from "../present/agent_tasks.ts";
import { commandHint } from "../present/hints.ts";
import {
  consentLine,
  deletionLines,
  stoppedWork,
  transferLines,
} from "../present/session_changes.ts";
import { sessionData } from "../present/session_text.ts";
import { taskFormOptions, taskOf } from "./agent_routes.ts";
import type { SessionDetailsData, SessionRowData } from "./api.ts";
import { askConsent } from "./confirmations.ts";
import { formSchema } from "../operation/form.ts";
import { formOptions } from "./option_form.ts";
import { bodies, queries } from "./requests.ts";
import type { Router } from "./router.ts";
import { SessionFeeds } from "./sessions_feed.ts";

/** A pod may take this long to end. */
const endTimeoutMs = 60_000;

/** A pod may take this long to be ready; the request is answered before. */
const readyTimeoutMs = 600_000;

/** The choice that removes the volumes too, as the page names it. */
export const purgeLabel = "Delete with its volumes";

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
      const reasons: string[] = [];
      const options = { name, ...query, consent: consentLine(reasons), endTimeoutMs, signal };
      const { plan, run } = await planStop(host, options, { checkTasks: true });
      const work = stoppedWork(plan);
      if (work !== undefined) reasons.push(work);
      if (reasons.length > 0) await asking.ask({ kind: "stop", text: reasons.join("\n") });
      for await (const _ of run());
      return {};
    },
  );
  router.post(
    "POST api/sessions/:name/delete",
    queries.scope,
    bodies.delete,
    async ({ name, query, body: { purge }, asking, signal }) => {
      const lines: string[] = [];
      const consent = consentLine(lines);
      const options = { name, ...query, consent, purge, keepConfig: false, signal };
      const { plan, run } = await planDeletion(host, options);
      const text = [...lines, ...deletionLines(plan, `"${purgeLabel}"`)].join("\n");
      await asking.ask({ kind: "delete", text });
      const removed: string[] = [];
      for await (const one of run("shown")) {
        if (!("report" in one)) removed.push(`${one.kind} ${one.name}`);
      }
      return { removed };
    },
  );
  router.post(
    "POST api/sessions/:name/resume",
    queries.scope,
    bodies.empty,
    async ({ name, query, asking }) => {
      const consent = askConsent(asking);
      const options = { name, ...query, consent, readyTimeoutMs, signal: router.ends };
      await requested(resume(host, options), router);
      return {};
    },
  );
  addStart(router);
  addTransfer(router);
  return { [Symbol.asyncDispose]: () => feeds.end() };
}

function addStart(router: Router): void {
  const { host } = router;
  router.get("GET api/start", queries.none, async () => {
    const agents = await knownAgents(host);
    const templates = (await listTemplates(host)).map(({ name }) => name);
    const { about } = startOptions.template;
    return {
      session: formSchema({ ...startOptions, template: choiceField(about, templates) }),
      task: formSchema(taskFormOptions(agents)),
      agents,
    };
  });
  router.post(
    "POST api/sessions",
    queries.scope,
    bodies.startSession,
    async ({ query, body: { name, options, prompt }, signal }) => {
      const { ttl, idleTimeout, ...values } = await formOptions(startOptions, options);
      const start: StartOptions = {
        name: checkedSessionName(name),
        ...query,
        ...values,
        ...definedOnly({
          ttl: limitOf("TTL", ttl),
          idleTimeout: limitOf("Idle timeout", idleTimeout),
        }),
        // Files of this machine are a matter of its terminal.
        envFiles: [],
        envExclude: [],
        sync: { kind: "none" },
        devContainer: { kind: "unspecified" },
        ...(prompt === undefined ? {} : { task: await taskOf(host, prompt) }),
        join: false,
        readyTimeoutMs,
        signal: router.ends,
      };
      signal.throwIfAborted();
      const { namespace } = await requested(startSession(host, start), router);
      return { namespace, name };
    },
  );
}

function limitOf(field: string, text: string | undefined): RequestedLimit | undefined {
  if (text === undefined) return undefined;
  const limit = parseLimit(text);
  if (limit !== undefined) return limit;
  throw new UsageError(`${field}: expected a duration from 1s such as 8h or 30m, or never`);
}

/** Runs a start; resolves when its pod is requested, and the start continues. A later failure is the session's state. */
async function requested(
  events: AsyncGenerator<StartEvent, void>,
  router: Router,
): Promise<Session> {
  const started = Promise.withResolvers<Session>();
  const follow = async () => {
    try {
      for await (const event of events) {
        if (event.kind === "stepStarted" && event.step === "ready") started.resolve(event.session);
        else if (event.kind === "started") started.resolve(event.session);
      }
    } catch (error) {
      started.reject(error);
    }
  };
  router.track(follow());
  return await started.promise;
}

/** The transfer to another owner. */
function addTransfer(router: Router): void {
  const { host } = router;
  router.post(
    "POST api/sessions/:name/transfer",
    queries.scope,
    bodies.transfer,
    async ({ name, query, body: { to }, asking, signal }) => {
      const consent = askConsent(asking);
      const { plan, run } = await planTransfer(host, { name, ...query, to, consent, signal });
      const { warning } = await run();
      return {
        lines: [
          ...(warning === undefined ? [] : [`warning: ${commandHint(warning)}`]),
          ...transferLines(plan),
        ],
      };
    },
  );
}
