/**
 * The sub-protocols `v4.channel.k8s.io` and `v5.channel.k8s.io`: the first byte of a message names its channel.
 * https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets
 */

/** The channels of exec and attach. */
export const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** The client's input. */
export type ClientMessage =
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
