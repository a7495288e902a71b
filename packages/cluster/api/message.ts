/** A request as the handlers see it, and their answer: values, without a socket. */

/** The caller. */
export interface User {
  name: string;
  groups: readonly string[];
  uid?: string;
}

/** One HTTP request whose caller is known. */
export interface ApiRequest {
  method: string;
  /** Decoded path without the query. */
  path: string;
  query: URLSearchParams;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  user: User;
  body: Uint8Array;
  /** Aborts when the client disconnects or the server ends. */
  signal: AbortSignal;
}

/** The answer. A stream's chunks are pulled as fast as the client reads them. */
export type ApiResponse =
  | {
    kind: "json";
    code: number;
    body: unknown;
    contentType?: string;
    warnings?: readonly string[];
  }
  | { kind: "text"; code: number; text: string }
  | { kind: "bytes"; code: number; contentType: string; bytes: Uint8Array }
  | { kind: "stream"; contentType: string; chunks: AsyncIterable<Uint8Array | string> };

/** Returns a JSON answer, 200 by default. */
export function json(body: unknown, code = 200): ApiResponse {
  return { kind: "json", code, body };
}

/** Reads a flag as the API does: `true` and `1` are true, any other value isn't. */
export function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value === "true" || value === "1";
}
