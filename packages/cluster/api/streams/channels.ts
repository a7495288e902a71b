/**
 * The sub-protocols `v4.channel.k8s.io` and `v5.channel.k8s.io`: the first byte of a message names its channel.
 * https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets
 */
import { bytesFrom, closeOnce, type MessageSocket, writeAll } from "./socket.ts";

/** The channels of exec and attach. */
export const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** The client's input. */
type ClientMessage =
  | { kind: "stdin"; bytes: Uint8Array }
  | { kind: "resize"; columns: number; rows: number }
  /** v5 alone: the end of standard input. */
  | { kind: "stdinEnd" }
  /** Nothing to do: an empty message, or a channel that clients don't write to. */
  | { kind: "ignored" };

/** Reads a message. An invalid one is ignored, as on the real server. */
export function decodeMessage(message: Uint8Array, protocol: "v4" | "v5"): ClientMessage {
  const payload = message.subarray(1);
  switch (message[0]) {
    case channel.stdin:
      return { kind: "stdin", bytes: payload };
    case channel.resize:
      return decodeResize(payload);
    case channel.close:
      return protocol === "v5" && payload[0] === channel.stdin
        ? { kind: "stdinEnd" }
        : { kind: "ignored" };
    default:
      return { kind: "ignored" };
  }
}

function decodeResize(payload: Uint8Array): ClientMessage {
  try {
    const size: unknown = JSON.parse(new TextDecoder().decode(payload));
    if (typeof size !== "object" || size === null) return { kind: "ignored" };
    const { Width: columns, Height: rows } = size as { Width?: unknown; Height?: unknown };
    return isSize(columns) && isSize(rows)
      ? { kind: "resize", columns, rows }
      : { kind: "ignored" };
  } catch {
    return { kind: "ignored" };
  }
}

function isSize(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) <= 0xffff;
}

/** Returns a message for the client. */
export function encodeMessage(to: number, payload: Uint8Array): Uint8Array {
  const message = new Uint8Array(payload.length + 1);
  message[0] = to;
  message.set(payload, 1);
  return message;
}

/*
 * Port-forward over the sub-protocol `v4.channel.k8s.io`: two channels for each port that the query names, the even one
 * for data and the odd one for errors. Each starts with its port number.
 */

/** Carries one connection to each port, until the client disconnects or every pod's side has ended. */
export async function carryPortChannels(
  socket: MessageSocket,
  ports: readonly number[],
  connect: (port: number) => Promise<Deno.TcpConn>,
): Promise<void> {
  const connections = ports.map((port) => connect(port));
  const closed = socket.receive(async (message) => {
    const [to = 0] = message;
    // Odd channels are for errors: nothing is written to them.
    const connection = to % 2 === 0 ? await connections[to / 2]?.catch(() => undefined) : undefined;
    if (connection === undefined) return;
    const bytes = message.subarray(1);
    await writeAll(connection, bytes);
  });
  const carried = Promise.all(ports.map(async (port, index) => {
    await start(socket, index, port);
    await carry(socket, index, connections[index] as Promise<Deno.TcpConn>);
  })).then(() => socket.close(1000), () => socket.close(1011));
  await closed;
  for (const connection of connections) closeOnce(await connection.catch(() => undefined));
  await carried;
}

async function start(socket: MessageSocket, index: number, port: number): Promise<void> {
  const head = Uint8Array.of(port & 0xff, port >> 8);
  await socket.send(encodeMessage(2 * index, head));
  await socket.send(encodeMessage(2 * index + 1, head));
}

async function carry(
  socket: MessageSocket,
  index: number,
  connecting: Promise<Deno.TcpConn>,
): Promise<void> {
  try {
    const connection = await connecting;
    for await (const bytes of bytesFrom(connection)) {
      await socket.send(encodeMessage(2 * index, bytes));
    }
  } catch (error) {
    const why = new TextEncoder().encode(error instanceof Error ? error.message : String(error));
    await socket.send(encodeMessage(2 * index + 1, why));
  }
}
