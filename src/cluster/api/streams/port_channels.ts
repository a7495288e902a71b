/**
 * Port-forward over the sub-protocol `v4.channel.k8s.io`: two channels for each port that the query names, the even one
 * for data and the odd one for errors. Each starts with its port number.
 */
import { encodeMessage } from "./channels.ts";
import { bytesFrom, closeOnce, writeAll } from "./connection.ts";
import type { MessageSocket } from "./socket.ts";

/** Carries one connection to each port, until the client disconnects or every pod's side has ended. */
export async function carryPortChannels(
  socket: MessageSocket,
  ports: readonly number[],
  connect: (port: number) => Promise<Deno.TcpConn>,
): Promise<void> {
  const connections = ports.map((port) => connect(port));
  const gone = socket.receive(async (message) => {
    const [to = 0] = message;
    // Odd channels are for errors: nothing is written to them.
    const connection = to % 2 === 0 ? await connections[to / 2]?.catch(() => undefined) : undefined;
    if (connection === undefined) return;
    const bytes = message.subarray(1);
    await writeAll(connection, bytes);
  });
  const carried = Promise.all(ports.map(async (port, index) => {
    await begin(socket, index, port);
    await carry(socket, index, connections[index] as Promise<Deno.TcpConn>);
  })).then(() => socket.close(1000), () => socket.close(1011));
  await gone;
  for (const connection of connections) closeOnce(await connection.catch(() => undefined));
  await carried;
}

async function begin(socket: MessageSocket, index: number, port: number): Promise<void> {
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
