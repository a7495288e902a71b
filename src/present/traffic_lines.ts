/** What connections carry, a line for each request, query, command or message. */
import type { RecordingSummary, TrafficEvent } from "../actions/forward/traffic.ts";
import { formatDuration } from "../base/duration.ts";
import { plural } from "../base/plural.ts";
import { printable } from "../terminal/printable.ts";
import { bytesText } from "./copy_painter.ts";

type Exchange = Extract<TrafficEvent, { kind: "exchange" }>;

/** Returns the line of an event: `#12 GET /orders?id=*** 200, 2.0 KiB, 14ms`; undefined if it says nothing to a person. */
export function trafficLine(event: TrafficEvent): string | undefined {
  const text = textOf(event);
  return text === undefined ? undefined : printable(`#${event.connection} ${text}`);
}

function textOf(event: TrafficEvent): string | undefined {
  switch (event.kind) {
    case "protocol":
      return protocolText(event.protocol, event.facts);
    case "exchange":
      return exchangeText(event);
    case "message": {
      const { protocol, type, from, bytes } = event;
      return `${protocol} ${type} from the ${sideText(from)}, ${bytesText(bytes)}`;
    }
    case "unreadable": {
      const { protocol, reason, from } = event;
      return `${protocol} can't be followed any more: ${reason}, from the ${sideText(from)}`;
    }
  }
}

/** A protocol alone says nothing: its requests name it. */
function protocolText(protocol: string, facts: Readonly<Record<string, string>>) {
  const { sni, version, offered, alpn, selected, alert, inside, first, bytes } = facts;
  if (protocol === "unknown" && first !== undefined) {
    return `unknown protocol: the ${first === "client" ? "program" : "pod"} sent ${bytes} first`;
  }
  if (protocol === "tls") {
    const parts = [
      version ?? `TLS, offered ${offered ?? "nothing readable"}`,
      ...(sni === undefined ? [] : [`for ${sni}`]),
      ...(inside === undefined ? [] : [`around ${inside}`]),
      ...(selected ?? alpn) === undefined ? [] : [`with ${selected ?? alpn}`],
    ];
    return `${parts.join(" ")}${alert === undefined ? "" : `: refused, ${alert}`}`;
  }
  const named = Object.entries(facts).map(([name, value]) => `${name} ${value}`);
  return named.length === 0 ? undefined : `${protocol}: ${named.join(", ")}`;
}

function exchangeText(event: Exchange): string {
  const { protocol, operation, path, complete, rows, requestBytes, responseBytes } = event;
  const isHttp = protocol === "http/1" || protocol === "http/2";
  // The method of a call is always POST.
  const request = [
    ...(isHttp ? [] : [protocol]),
    ...(protocol === "grpc" ? [] : [operation]),
    ...(path === undefined ? [] : [path]),
  ];
  const sizes = [
    ...(requestBytes === 0 ? [] : [`${bytesText(requestBytes)} sent`]),
    `${bytesText(responseBytes)} received`,
  ];
  const results = [
    [...request, endText(event)].filter((one) => one !== "").join(" "),
    ...(complete ? [] : ["no complete response"]),
    ...(rows === undefined ? [] : [plural(rows, "row")]),
    ...sizes,
    timeText(event.durationMs),
  ];
  return results.join(", ");
}

function endText({ status, failed, protocol }: Exchange): string {
  const isHttp = protocol === "http/1" || protocol === "http/2";
  return failed && !isHttp ? `failed: ${status ?? "unknown"}` : status ?? "";
}

function sideText(side: "client" | "server"): string {
  return side === "client" ? "program" : "pod";
}

function timeText(ms: number): string {
  return ms < 10 ? `${Math.round(ms * 10) / 10}ms` : formatDuration(ms);
}

/** Returns what a recording has at its end. */
export function recordingLine(
  { recorded, omitted, otherProtocols, bytes, failure }: RecordingSummary,
): string {
  const parts = [
    `recorded ${recorded.toLocaleString("en")}, ${bytesText(bytes)}`,
    ...(omitted === 0 ? [] : [`${omitted.toLocaleString("en")} omitted`]),
    ...(otherProtocols === 0 ? [] : [
      `${otherProtocols.toLocaleString("en")} of protocols that a HAR can't express`,
    ]),
    ...(failure === undefined ? [] : [`writing failed: ${printable(failure)}`]),
  ];
  return parts.join("; ");
}
