/**
 * Port-forward as kubectl speaks it since 1.31: SPDY frames inside the messages of a WebSocket, under the sub-protocol
 * `SPDY/3.1+portforward.k8s.io`. Each connection is a pair of streams with one request id: one for data, one for
 * errors.
 */
import { encodeFrame, type Frame, FrameReader } from "./spdy_frames.ts";
import { createHeaderReader, createHeaderWriter } from "./spdy_headers.ts";
import { bytesFrom, closeOnce, writeAll } from "./connection.ts";
import type { MessageSocket } from "./socket.ts";

/** The sub-protocol's name. */
export const tunnelProtocol = "SPDY/3.1+portforward.k8s.io";

/** Both streams of one connection. */
interface Pair {
  port: number;
  data?: number;
  error?: number;
  /** Bytes for the pod are written here once it is connected. */
  connection?: Promise<Deno.TcpConn | undefined>;
}

/** The maximum number of connections of one forward at a time. */
const pairLimit = 1024;

const refusedStream = 3;

/** Carries the connections of one forward until its client disconnects. */
export async function carryTunnel(
  socket: MessageSocket,
  connect: (port: number) => Promise<Deno.TcpConn>,
): Promise<void> {
  await using tunnel = new Tunnel(socket, connect);
  await socket.receive((bytes) => tunnel.take(bytes));
}

class Tunnel implements AsyncDisposable {
  readonly #socket: MessageSocket;
  readonly #connect: (port: number) => Promise<Deno.TcpConn>;
  readonly #frames = new FrameReader();
  readonly #headers = createHeaderReader();
  readonly #encodeHeaders = createHeaderWriter();
  readonly #pairs = new Map<string, Pair>();
  readonly #byStream = new Map<number, Pair>();
  readonly #running = new Set<Promise<void>>();

  constructor(socket: MessageSocket, connect: (port: number) => Promise<Deno.TcpConn>) {
    this.#socket = socket;
    this.#connect = connect;
  }

  /** Takes the next chunk of the byte stream. A protocol error ends the connection. */
  async take(bytes: Uint8Array): Promise<void> {
    try {
      for (const frame of this.#frames.push(bytes)) await this.#handle(frame);
    } catch {
      this.#socket.close(1002, "broken SPDY frame");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#headers[Symbol.dispose]();
    for (const { connection } of this.#pairs.values()) closeOnce(await connection);
    await Promise.all(this.#running);
  }

  async #handle(frame: Frame): Promise<void> {
    switch (frame.kind) {
      case "synStream":
        return await this.#open(frame.stream, await this.#headers.read(frame.headers));
      case "synReply":
      case "headers":
        await this.#headers.read(frame.headers);
        return;
      case "ping":
        return await this.#send({ kind: "ping", id: frame.id });
      case "data":
        return await this.#data(frame);
      case "rstStream":
        return await this.#reset(frame.stream);
      case "goAway":
      case "other":
        return;
    }
  }

  async #open(stream: number, headers: ReadonlyMap<string, string>): Promise<void> {
    const port = Number(headers.get("port"));
    const kind = headers.get("streamtype");
    const valid = Number.isInteger(port) && port > 0 && port <= 65535;
    if (!valid || (kind !== "data" && kind !== "error") || this.#byStream.size >= 2 * pairLimit) {
      return await this.#send({ kind: "rstStream", stream, status: refusedStream });
    }
    const id = headers.get("requestid") ?? "";
    const pair = this.#pairs.get(id) ?? { port };
    this.#pairs.set(id, pair);
    this.#byStream.set(stream, pair);
    pair[kind] = stream;
    const reply = this.#encodeHeaders(new Map());
    await this.#send({ kind: "synReply", stream, fin: false, headers: reply });
    if (pair.data === undefined || pair.error === undefined || pair.connection) return;
    this.#begin(id, pair as Pair & { data: number; error: number });
  }

  #begin(id: string, pair: Pair & { data: number; error: number }): void {
    const { promise, resolve } = Promise.withResolvers<Deno.TcpConn | undefined>();
    pair.connection = promise;
    const run = this.#carry(pair, resolve).catch(() => {}).finally(() => {
      this.#pairs.delete(id);
      this.#byStream.delete(pair.data);
      this.#byStream.delete(pair.error);
      this.#running.delete(run);
    });
    this.#running.add(run);
  }

  /** From the pod to the client, until either has ended. */
  async #carry(
    pair: Pair & { data: number; error: number },
    connected: (connection: Deno.TcpConn | undefined) => void,
  ): Promise<void> {
    let connection: Deno.TcpConn;
    try {
      connection = await this.#connect(pair.port);
    } catch (error) {
      connected(undefined);
      await this.#end(pair, error instanceof Error ? error.message : String(error));
      return;
    }
    connected(connection);
    try {
      for await (const bytes of bytesFrom(connection)) {
        await this.#send({ kind: "data", stream: pair.data, fin: false, bytes });
      }
      await this.#end(pair, "");
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      await this.#end(pair, `an error occurred forwarding port ${pair.port}: ${why}`);
    } finally {
      closeOnce(connection);
    }
  }

  async #end(pair: Pair & { data: number; error: number }, failure: string): Promise<void> {
    const bytes = new TextEncoder().encode(failure);
    await this.#send({ kind: "data", stream: pair.error, fin: true, bytes });
    await this.#send({ kind: "data", stream: pair.data, fin: true, bytes: new Uint8Array() });
  }

  /** From the client to the pod. Waiting for the pod holds up the whole forward, as on a real server. */
  async #data({ stream, fin, bytes }: Extract<Frame, { kind: "data" }>): Promise<void> {
    const pair = this.#byStream.get(stream);
    if (pair?.data !== stream) return;
    const connection = await pair.connection;
    if (connection === undefined) return;
    try {
      await writeAll(connection, bytes);
      if (fin) await connection.closeWrite();
    } catch {
      // The pod closed first: its reader reports that to the client.
    }
  }

  async #reset(stream: number): Promise<void> {
    closeOnce(await this.#byStream.get(stream)?.connection);
  }

  async #send(frame: Parameters<typeof encodeFrame>[0]): Promise<void> {
    await this.#socket.send(encodeFrame(frame));
  }
}
