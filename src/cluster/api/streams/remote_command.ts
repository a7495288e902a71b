/** exec and attach: the streams of a process over the channels of a WebSocket. */
import type { Status } from "../../../kube/types.ts";
import type { ContainerProcess, ProcessEnd } from "../../model.ts";
import { internalError } from "../status.ts";
import { channel, decodeMessage, encodeMessage } from "./channels.ts";
import type { MessageSocket } from "./socket.ts";

/** The supported sub-protocols, the preferred one first. */
export const commandProtocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

/**
 * Carries the streams until the process has ended and the client has all its output, then sends the final Status and
 * closes; or until the client disconnects, and then detaches from the process.
 */
export async function carryProcess(
  socket: MessageSocket,
  process: ContainerProcess,
  options: { command: readonly string[]; stdout: boolean; stderr: boolean },
): Promise<void> {
  const gone = carryInput(socket, process);
  const output = Promise.all([
    options.stdout ? carryOutput(socket, channel.stdout, process.stdout) : drop(process.stdout),
    options.stderr ? carryOutput(socket, channel.stderr, process.stderr) : drop(process.stderr),
  ]).then(() => process.end);
  const end = await Promise.race([output.catch(() => undefined), gone.then(() => undefined)]);
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
function finalStatus(end: ProcessEnd, command: readonly string[]): Status {
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
