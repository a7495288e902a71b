/** Connections that become WebSockets: exec, attach and port-forward. */
import { Buffer } from "node:buffer";
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Pod, Status } from "../../../src/kube/types.ts";
import {
  type CommandEnd,
  type ContainerProcess,
  type ContainerRef,
  NodeError,
  type StreamRequest,
} from "../model.ts";
import type { ApiContext } from "./context.ts";
import {
  asApiError,
  type AuditRecord,
  type Entrance,
  type RequestGate,
  type RequestHead,
} from "./gate.ts";
import { flag } from "./message.ts";
import { chooseContainer, containerRef, podAt, statusOf } from "./pods.ts";
import type { ResourceRoute } from "./route.ts";
import { badRequest, internalError, noSuchResource } from "./status.ts";
import { type MessageSocket, messageSocket, readFlow } from "./streams/socket.ts";
import { carryPortChannels, channel, decodeMessage, encodeMessage } from "./streams/channels.ts";
import { carryTunnel, tunnelProtocol } from "./streams/spdy_tunnel.ts";

/** Connections that were upgraded. */
export interface Upgrades {
  accept(request: IncomingMessage, socket: Duplex, head: Uint8Array): void;
  /** Resolves when all streams over them are released. */
  settled(): Promise<void>;
}

/** Larger messages than any client sends: a frame of SPDY, or input that a shell pipes. */
const messageLimitBytes = 4 * 1024 * 1024;

/** Creates the upgrades of a server; they end with the signal. */
export function createUpgrades(
  context: ApiContext,
  gate: RequestGate,
  ending: AbortSignal,
): Upgrades {
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

async function upgrade(
  context: ApiContext,
  gate: RequestGate,
  connection: Connection,
): Promise<void> {
  const record = gate.record(connection.request);
  try {
    const entrance = gate.enter(connection.request, record);
    const run = await prepareStream(context, connection.request, entrance);
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
export interface StreamRun {
  protocol: string;
  over(socket: MessageSocket): Promise<void>;
  /** Ends it if the connection could not be opened after all. */
  abandon(): Promise<void>;
}

/** Checks the request of a stream, and starts what it is for. Throws an ApiError or a NodeError. */
export async function prepareStream(
  context: ApiContext,
  request: RequestHead,
  entrance: Entrance,
): Promise<StreamRun> {
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
  request: RequestHead,
  { query }: Entrance,
  route: ResourceRoute,
): Promise<StreamRun> {
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
function chooseProtocol(request: RequestHead, spoken: readonly string[]): string {
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

async function runOver(connection: Connection, run: StreamRun, record: AuditRecord): Promise<void> {
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
    const closed = () => reject(new Error("the client has disconnected"));
    // While the command was starting: no event reports that any more.
    if (socket.destroyed) return closed();
    socket.once("close", closed);
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

/* Port-forward over a WebSocket, in either of its protocols. */

/** The supported sub-protocols, kubectl's first. */
const portProtocols = [tunnelProtocol, "v4.channel.k8s.io"];

/** Reads the ports of the query. Throws a 400 if it doesn't fit the protocol. */
function portForward(
  protocol: string,
  query: URLSearchParams,
  connect: (port: number) => Promise<Deno.TcpConn>,
): (socket: MessageSocket) => Promise<void> {
  // In the tunnel each stream names its port.
  if (protocol === tunnelProtocol) return (socket) => carryTunnel(socket, connect);
  const ports = requestedPorts(query);
  return (socket) => carryPortChannels(socket, ports, connect);
}

/** The number of pairs of channels. */
const portLimit = 127;

function requestedPorts(query: URLSearchParams): number[] {
  const ports = query.getAll("ports").flatMap((each) => each.split(",")).map(Number);
  for (const port of ports) {
    if (!Number.isInteger(port) || port < 1 || port > 65535) {
      throw badRequest(`invalid port ${JSON.stringify(String(port))}`);
    }
  }
  if (ports.length === 0) throw badRequest('query parameter "ports" is required');
  if (ports.length > portLimit) {
    throw badRequest(`at most ${portLimit} ports can be forwarded at once`);
  }
  return ports;
}

/* exec and attach: the streams of a process over the channels of a WebSocket. */

/** The supported sub-protocols, the preferred one first. */
const commandProtocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

/**
 * Carries the streams until the process has ended and the client has all its output, then sends the final Status and
 * closes; or until the client disconnects, and then detaches from the process.
 */
async function carryProcess(
  socket: MessageSocket,
  process: ContainerProcess,
  options: { command: readonly string[]; stdout: boolean; stderr: boolean },
): Promise<void> {
  const closed = carryInput(socket, process);
  const output = Promise.all([
    options.stdout ? carryOutput(socket, channel.stdout, process.stdout) : drop(process.stdout),
    options.stderr ? carryOutput(socket, channel.stderr, process.stderr) : drop(process.stderr),
  ]).then(() => process.end);
  const end = await Promise.race([output.catch(() => undefined), closed.then(() => undefined)]);
  if (end !== undefined) {
    const status = new TextEncoder().encode(JSON.stringify(finalStatus(end, options.command)));
    await socket.send(encodeMessage(channel.error, status)).catch(() => {});
    socket.close(1000);
  }
  await process.release();
}

/** Resolves when the client has disconnected. */
async function carryInput(socket: MessageSocket, process: ContainerProcess): Promise<void> {
  const protocol = socket.protocol === "v4.channel.k8s.io" ? "v4" : "v5";
  const stdin = process.stdin?.getWriter();
  await socket.receive(async (bytes) => {
    const message = decodeMessage(bytes, protocol);
    switch (message.kind) {
      case "stdin":
        await stdin?.ready;
        return await stdin?.write(message.bytes);
      case "stdinEnd":
        return await stdin?.close();
      case "resize":
        return await process.resize(message.columns, message.rows);
      case "ignored":
        return;
    }
  });
}

async function carryOutput(
  socket: MessageSocket,
  to: number,
  stream: ReadableStream<Uint8Array>,
): Promise<void> {
  for await (const bytes of stream) await socket.send(encodeMessage(to, bytes));
}

/** Drains a stream that wasn't requested, so that its writer doesn't block. */
async function drop(stream: ReadableStream<Uint8Array>): Promise<void> {
  const reader = stream.getReader();
  while (!(await reader.read()).done);
}

/** Returns the final message of the error channel, as the kubelet writes it. */
function finalStatus(end: CommandEnd, command: readonly string[]): Status {
  if (end.kind === "notStarted") return internalError(end.message).status;
  if (end.exitCode === 0) {
    return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" };
  }
  const why = `error executing command [${command.join(" ")}], exit code ${end.exitCode}`;
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: ${why}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(end.exitCode) }] },
  };
}
