/**
 * The `-v` trace of requests to API servers. It contains nothing secret: no header, no body, only known query
 * parameters.
 */
import { plainText } from "../base/plain_text.ts";
import { UpgradeRefused } from "./streams/upgrade.ts";

/** 6 is each request, 7 is also the choice of protocol, retries and reconnects: the numbers of kubectl. */
export type TraceLevel = 6 | 7;

/** Takes one line without its end. */
export type Trace = (level: TraceLevel, message: string) => void;

/** Parameters whose values describe the request and contain no secret. */
const plainParameters: ReadonlySet<string> = new Set([
  ...["allowWatchBookmarks", "container", "dryRun", "fieldManager", "fieldSelector", "follow"],
  ...["force", "labelSelector", "limit", "limitBytes", "ports", "previous", "resourceVersion"],
  ...["resourceVersionMatch", "sinceSeconds", "sinceTime", "stderr", "stdin", "stdout"],
  ...["tailLines", "timeoutSeconds", "timestamps", "tty", "watch"],
]);

/** Characters of one line: a server's path has no limit. */
const longestUrl = 1000;

/**
 * Returns a URL as a trace shows it: the values of parameters that aren't known to be harmless are masked. The args of
 * a command are parameters (`command`), and they may be passwords.
 */
export function maskedUrl(server: string, path: string): string {
  const url = URL.parse(server + path);
  if (url === null) return "(invalid URL)";
  const parameters = [...url.searchParams].map(([name, value]) =>
    `${encodeURIComponent(name)}=${plainParameters.has(name) ? encodeURIComponent(value) : "***"}`
  );
  const query = [...new Set(parameters)];
  const whole = `${url.origin}${url.pathname}${query.length === 0 ? "" : `?${query.join("&")}`}`;
  return plainText(whole, longestUrl);
}

/** Returns the result of a request, and traces how it ended: with a status, or without an answer. */
export async function traced<T>(
  trace: Trace | undefined,
  { method, server, path, elapsedMs }: {
    method: string;
    server: string;
    path: string;
    elapsedMs: () => number;
  },
  send: () => Promise<T>,
  statusOf: (answer: T) => number,
): Promise<T> {
  if (trace === undefined) return await send();
  const startMs = elapsedMs();
  const log = (end: string) =>
    trace(
      6,
      `${method} ${maskedUrl(server, path)} ${end} in ${Math.round(elapsedMs() - startMs)}ms`,
    );
  try {
    const answer = await send();
    log(String(statusOf(answer)));
    return answer;
  } catch (error) {
    log(error instanceof UpgradeRefused ? String(error.code) : "failed");
    throw error;
  }
}
