/** Connections that become WebSockets: exec, attach and port-forward. */
import { Buffer } from "node:buffer";
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
// @ts-types="@types/ws"
import { type WebSocket, WebSocketServer } from "ws";
import type { Pod } from "../../kube/types.ts";
import { type ContainerRef, NodeError, type StreamRequest } from "../model.ts";
import type { ApiContext } from "./context.ts";
import { asApiError, type AuditRecord, type Entrance, type Gate } from "./gate.ts";
import { flag } from "./message.ts";
import { chooseContainer, containerRef, podAt, statusOf } from "./pods.ts";
import type { ResourceRoute } from "./route.ts";
import { badRequest, noSuchResource } from "./status.ts";
import { carryProcess, commandProtocols } from "./streams/remote_command.ts";
import { portForward, portProtocols } from "./streams/port_forward.ts";
import { readFlow } from "./streams/read_flow.ts";
import { type MessageSocket, messageSocket } from "./streams/socket.ts";

/** Connections that were upgraded. */
export interface Upgrades {
  accept(request: IncomingMessage, socket: Duplex, head: Uint8Array): void;
  /** Resolves when all streams over them are released. */
  settled(): Promise<void>;
}

/** Larger messages than any client sends: a frame of SPDY, or input that a shell pipes. */
const messageLimitBytes = 4 * 1024 * 1024;

/** Creates the upgrades of a server; they end with the signal. */
export function createUpgrades(context: ApiContext, gate: Gate, ending: AbortSignal): Upgrades {
  const running = new Set<Promise<void>>();
  return {
    accept(request, socket, head) {
      const run = upgrade(context, gate, { request, socket, head, ending })
        // Only the audit log can still fail: its fault must not end the server.
        .catch(() => void socket.destroy())
        .finally(() => running.delete(run));
      running.add(run);
    },
    async settled() {
      await Promise.all(running);
    },
  };
}

interface Connection {
  request: IncomingMessage;
  socket: Duplex;
  head: Uint8Array;
  ending: AbortSignal;
}

async function upgrade(context: ApiContext, gate: Gate, connection: Connection): Promise<void> {
  const record = gate.record(connection.request);
  try {
    const entrance = gate.enter(connection.request, record);
    const run = await prepare(context, connection.request, entrance);
    await runOver(connection, run, record);
    record.end(101);
  } catch (error) {
    if (error instanceof NodeError) {
      // A kubelet's message is passed on as it is: text, not a Status.
      refuse(connection.socket, error.code, "text/plain; charset=utf-8", error.message);
      record.end(error.code, "InternalError");
      return;
    }
    const { code, status } = asApiError(error);
    refuse(connection.socket, code, "application/json", JSON.stringify(status));
    record.end(code, status.reason);
  }
}

/** What a WebSocket is opened for, once everything that can be refused has been checked. */
interface Run {
  protocol: string;
  over(socket: MessageSocket): Promise<void>;
  /** Ends it if the connection could not be opened after all. */
  abandon(): Promise<void>;
}

async function prepare(
  context: ApiContext,
  request: IncomingMessage,
  entrance: Entrance,
): Promise<Run> {
  const { route } = entrance;
  if (route.kind !== "resource" || route.plural !== "pods" || route.group !== "") {
    throw noSuchResource();
  }
  switch (route.subresource) {
    case "exec":
    case "attach":
      return await prepareCommand(context, request, entrance, route);
    case "portforward": {
      const protocol = chooseProtocol(request, portProtocols);
      const pod = containerRef(podAt(context, route), "");
      const over = portForward(protocol, entrance.query, (port) => context.node.connect(pod, port));
      return { protocol, over, abandon: () => Promise.resolve() };
    }
    default:
      throw noSuchResource();
  }
}

async function prepareCommand(
  context: ApiContext,
  request: IncomingMessage,
  { query }: Entrance,
  route: ResourceRoute,
): Promise<Run> {
  const pod = podAt(context, route);
  const container = containerRef(pod, chooseContainer(pod, query.get("container") ?? ""));
  const tty = flag(query, "tty");
  const streams: StreamRequest = {
    stdin: flag(query, "stdin"),
    stdout: flag(query, "stdout"),
    stderr: flag(query, "stderr") && !tty,
    tty,
  };
  if (!streams.stdin && !streams.stdout && !streams.stderr) {
    throw badRequest("you must specify at least 1 of stdin, stdout, stderr");
  }
  const command = query.getAll("command");
  if (route.subresource === "exec" && command.length === 0) {
    throw badRequest("you must specify at least one command for the container");
  }
  checkRunning(pod, container, route.subresource);
  const protocol = chooseProtocol(request, commandProtocols);
  const process = route.subresource === "exec"
    ? await context.node.exec(container, command, streams)
    : await context.node.attach(container, streams);
  return {
    protocol,
    over: (socket) => carryProcess(socket, process, { ...streams, command }),
    abandon: () => process.release(),
  };
}

/**
 * Checked before the protocol: a client that gets no WebSocket here retries with SPDY, and its user must read the
 * container's error, not that of the second request.
 */
function checkRunning(
  pod: Pod,
  { container, namespace }: ContainerRef,
  subresource: string,
): void {
  if (!pod.spec?.nodeName) {
    throw badRequest(`pod ${pod.metadata?.name} does not have a host assigned`);
  }
  if (statusOf(pod, container)?.state?.running) return;
  throw new NodeError(
    500,
    subresource === "attach"
      ? `container ${container} not found in pod ${pod.metadata?.name}_${namespace}`
      : `container not found (${JSON.stringify(container)})`,
  );
}

/** Returns the first of our protocols that the client offers. Throws a 400 if it offers none, SPDY alone included. */
function chooseProtocol(request: IncomingMessage, spoken: readonly string[]): string {
  const upgrade = String(request.headers.upgrade ?? "").toLowerCase();
  if (upgrade !== "websocket") {
    throw badRequest(
      `this server upgrades to websocket alone, not to ${
        JSON.stringify(upgrade)
      }: use a client that speaks it, such as kubectl 1.31 or later`,
    );
  }
  const offered = String(request.headers["sec-websocket-protocol"] ?? "").split(",")
    .map((each) => each.trim());
  const chosen = spoken.find((each) => offered.includes(each));
  if (chosen !== undefined) return chosen;
  throw badRequest(
    `unable to upgrade: no sub-protocol of [${offered.join(" ")}] is spoken here, only [${
      spoken.join(" ")
    }]`,
  );
}

async function runOver(connection: Connection, run: Run, record: AuditRecord): Promise<void> {
  const socket = await handshake(connection, run.protocol).catch(async (error) => {
    await run.abandon();
    throw error;
  });
  record.end(101, undefined, "ResponseStarted");
  const end = () => socket.terminate();
  connection.ending.addEventListener("abort", end, { once: true });
  try {
    await run.over(
      messageSocket(socket, { protocol: run.protocol, flow: readFlow(connection.socket) }),
    );
  } catch {
    // The WebSocket is open, so no Status can be answered: without a final one the client detects the failure.
    end();
  } finally {
    connection.ending.removeEventListener("abort", end);
  }
}

function handshake({ request, socket, head }: Connection, protocol: string): Promise<WebSocket> {
  // Chosen here and not by `ws`, which doesn't accept a name with a slash, and SPDY/3.1+portforward.k8s.io has one.
  delete request.headers["sec-websocket-protocol"];
  const server = new WebSocketServer({ noServer: true, maxPayload: messageLimitBytes });
  server.on("headers", (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
  return new Promise((resolve, reject) => {
    server.on("wsClientError", (error) => reject(badRequest(error.message)));
    const gone = () => reject(new Error("the client has gone"));
    // While the command was starting: no event reports that any more.
    if (socket.destroyed) return gone();
    socket.once("close", gone);
    server.handleUpgrade(request, socket, Buffer.from(head), resolve);
  });
}

/** Writes an HTTP answer by hand: an upgrade has no response object. */
function refuse(socket: Duplex, code: number, contentType: string, text: string): void {
  const body = `${text}\n`;
  const head = [
    `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? "Error"}`,
    `Content-Type: ${contentType}`,
    `Content-Length: ${new TextEncoder().encode(body).length}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
