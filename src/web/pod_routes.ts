/** Routes of pods: the pods of a selection, their logs, terminals in them, and the forwards of this machine to them. */
import type { Context } from "hono";
import type { Host } from "../actions/host.ts";
import { logs, type LogsRequest, stampOf, textOf, withSelection } from "../actions/logs/events.ts";
import { readLogs } from "../actions/logs/read_logs.ts";
import { inputOf } from "../operation/operation.ts";
import { KodamaError, UsageError } from "../base/errors.ts";
import { toJson } from "../present/json.ts";
import { notesOn } from "../present/logs_painter.ts";
import type { LogEvent } from "./api.ts";
import { eventBytes } from "./event_stream.ts";
import { podEvents, podList } from "./pods_feed.ts";
import { bodies, chosenPods, queries, queryOf } from "./requests.ts";
import { type Answer, browserOf, type Router, searchOf } from "./router.ts";
import { serveTerminal, type Socket } from "./terminal.ts";

/** Terminals at the same time. */
const maxTerminals = 16;

/** Adds them. @param upgrade answers the request for a WebSocket. */
export function addPodRoutes(
  router: Router,
  upgrade: (request: Request) => { socket: Socket; response: Response },
): void {
  const { host } = router;
  router.stream(
    "GET api/pods",
    queryOf((given) => chosenPods(given, { allPhases: true })),
    async function* ({ query, signal }) {
      for await (const event of podEvents(host, { ...query, signal })) {
        yield eventBytes(JSON.stringify(event));
      }
    },
    ({ query, signal }) => podList(host, { ...query, signal }),
  );
  router.stream(
    "GET api/logs",
    queryOf((given) => inputOf(logs, "page", given)),
    ({ query, signal }) => logEvents(host, { ...withSelection(query), signal }),
  );

  let terminals = 0;
  router.raw("GET api/terminal", async (c) => {
    const query = await queries.terminal(searchOf(c));
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
      throw new UsageError("a terminal is a WebSocket");
    }
    if (terminals >= maxTerminals) {
      throw new KodamaError("conflict", `${maxTerminals} terminals are open`);
    }
    const { socket, response } = upgraded(c, upgrade);
    terminals += 1;
    const signal = AbortSignal.any([router.ends, browserOf(c).signal]);
    router.track(serveTerminal(host, query, { socket, signal }).finally(() => terminals -= 1));
    return response;
  });

  router.get("GET api/forwards", queries.none, async () => {
    const control = await host.forwards();
    const reports = await Promise.all((await control.names()).map((one) => control.read(one)));
    const forwards = reports.filter((one) => one !== undefined);
    return { forwards: toJson(forwards) as Answer<"GET api/forwards">["forwards"] };
  });
  router.post(
    "POST api/forwards/:name/stop",
    queries.none,
    bodies.empty,
    async ({ name, signal }) => {
      const control = await host.forwards();
      if (!(await control.names()).includes(name)) {
        throw new KodamaError("notFound", `there is no forward "${name}"`);
      }
      await control.stop(name, signal);
      return {};
    },
  );
}

/** Answers the request for a WebSocket. @throws UsageError if it isn't a complete one. */
function upgraded(
  { req }: Context,
  upgrade: (request: Request) => { socket: Socket; response: Response },
): ReturnType<typeof upgrade> {
  try {
    return upgrade(req.raw);
  } catch (error) {
    // Without a key, or without the connection header.
    if (error instanceof TypeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

async function* logEvents(
  host: Host,
  request: LogsRequest,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const names: string[] = [];
  const send = (event: LogEvent) => eventBytes(JSON.stringify(event));
  for await (const event of readLogs(host, request)) {
    if (event.kind === "lines") {
      yield send({
        kind: "lines",
        lines: event.lines.map((line) => [line.source, stampOf(line), textOf(line)]),
      });
      continue;
    }
    if (event.kind === "sourcesAdded") {
      names.push(...event.names);
      const sources = event.sources.map(({ context, namespace, pod, container }, index) => ({
        name: event.names[index] ?? pod,
        ...{ context, namespace, pod, container },
      }));
      yield send({ kind: "sources", sources });
    }
    for (const { text } of notesOn(event, names, { moreRequests: "narrow the selection" })) {
      yield send({ kind: "note", text });
    }
  }
}
