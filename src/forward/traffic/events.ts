/** The reports on an observed connection: plain data without secrets, for lines, records and counters. */

/** A protocol that an observer recognises. gRPC is reported for a call, HTTP/2 for its connection. */
export type Protocol =
  | "http/1"
  | "http/2"
  | "grpc"
  | "websocket"
  | "tls"
  | "postgresql"
  | "redis"
  | "unknown";

/** `client` is the program on this machine; `server` the pod. */
export type TrafficSide = "client" | "server";

/** A header or trailer; a value that may be a secret is masked. */
export interface Header {
  name: string;
  value: string;
}

/** The protocol of a connection is known, or changed: by an upgrade, or as TLS began. */
interface ProtocolEvent {
  kind: "protocol";
  connection: number;
  /** ISO 8601. */
  at: string;
  protocol: Protocol;
  /** Facts that name no value of the payload: SNI, user and database, which side spoke first. */
  facts: Readonly<Record<string, string>>;
}

/** A request and its response, a query, or a command. */
export interface Exchange {
  kind: "exchange";
  connection: number;
  /** When its first byte came, ISO 8601. */
  at: string;
  protocol: Protocol;
  /** An HTTP method, the first keyword of a statement, or the name of a command. */
  operation: string;
  /** HTTP: the path; the values of its query are masked. */
  path?: string;
  /** HTTP: host and port as the client requested them. */
  authority?: string;
  /** The HTTP status, the name of the gRPC status, an SQLSTATE or the first word of a Redis error. */
  status?: string;
  /** The server reported an error: HTTP 500 and above, a gRPC status other than OK, any error of a database. */
  failed: boolean;
  /** False if the connection or the stream ended first. */
  complete: boolean;
  /** Payload bytes: bodies in HTTP, whole messages elsewhere. */
  requestBytes: number;
  responseBytes: number;
  /** Milliseconds from its first byte to the last byte of the request, as far as it was sent. */
  sentMs: number;
  /** Milliseconds from its first byte to the response's first byte; absent if there was none. */
  firstByteMs?: number;
  /** Milliseconds from its first byte to the end. */
  durationMs: number;
  /** Rows that a database reported. */
  rows?: number;
  /** HTTP messages, if the observer was created with `headers`. */
  http?: HttpMessages;
}

/** The additional fields of a HAR file. */
export interface HttpMessages {
  version: string;
  statusText: string;
  request: Header[];
  response: Header[];
}

/** A message of a stream that has no requests: of a WebSocket, or pushed by Redis. */
export interface MessageEvent {
  kind: "message";
  connection: number;
  at: string;
  protocol: Protocol;
  from: TrafficSide;
  type: string;
  /** Payload bytes on the wire, after compression. */
  bytes: number;
}

/** The observer no longer follows this connection; its bytes are counted all the same. */
interface UnreadableEvent {
  kind: "unreadable";
  connection: number;
  at: string;
  protocol: Protocol;
  from: TrafficSide;
  reason: string;
}

/** Anything that an observer emits. */
export type TrafficEvent = ProtocolEvent | Exchange | MessageEvent | UnreadableEvent;

/** An event as a parser reports it: the observer adds the connection, and the time if it is absent. */
export type ParsedEvent =
  | Omit<ProtocolEvent, "connection" | "at">
  | Omit<Exchange, "connection">
  | Omit<MessageEvent, "connection" | "at">;
