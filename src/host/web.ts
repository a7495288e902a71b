/** Serves `kodama web` on this machine. */
import { removeFile } from "../files/own_files.ts";
import type { ServeWebOptions } from "../cli/invocation.ts";
import { version } from "../cli/version.ts";
import { KodamaError } from "../base/errors.ts";
import type { Socket } from "../web/terminal.ts";
import { type PageFile, WebServer } from "../web/server.ts";
import { frontLimits, passConnections, serveLocally } from "./web_front.ts";
import { filePath } from "../files/file_path.ts";

/** Serves until the signal ends it. */
export async function serveWeb(
  { host, address, port, names, tls, open, metricsToken, onListen, onOpenFailed, signal }:
    ServeWebOptions,
): Promise<void> {
  const scheme = tls === undefined ? "http" as const : "https" as const;
  let page: Promise<string> | undefined;
  await using server = new WebServer({
    host,
    version,
    scheme,
    page: async (path, gzip) => await pageFile(await (page ??= webPageFolder()), path, gzip),
    upgrade: (request) =>
      Deno.upgradeWebSocket(request, { idleTimeout: 60 }) as {
        socket: Socket & WebSocket;
        response: Response;
      },
    ...(metricsToken === undefined ? {} : { metricsToken }),
  });
  using listener = listen(address, port, tls);
  const { port: actual } = listener.addr as Deno.NetAddr;
  server.access.listens(names, actual);
  const folder = host.places.configDir;
  // A port alone can be in use twice, on two addresses.
  const name = `web-${Deno.pid}-${actual}`;
  const opening = `${folder}/${name}.html`;
  const stop = new AbortController();
  const where = { folder, name: `${name}.sock` };
  await using http = await serveLocally((request) => server.handle(request), where);
  const { path } = http;
  try {
    onListen(() => server.access.newLink());
    if (open) {
      const program = await openBrowser(server.access.newLink().url, opening);
      program.failed.then(() => stop.signal.aborted || onOpenFailed?.(program.name));
    }
    const ends = AbortSignal.any([signal, stop.signal]);
    await passConnections(listener, {
      ...{ path, limits: frontLimits, clock: host.clock, signal: ends },
      isKnown: (head) => server.access.knows(head),
    });
  } finally {
    stop.abort();
    // Its streams are requests of the other server.
    await server[Symbol.asyncDispose]();
    await removeFile(opening);
  }
}

/**
 * Opens a link in the browser of this machine. By way of a file that only this user can read: an argument list shows the
 * link to everyone.
 *
 * @returns the program that opens it, which may run as long as the browser; `failed` resolves if it fails.
 */
async function openBrowser(
  url: string,
  file: string,
): Promise<{ name: string; failed: Promise<void> }> {
  await removeFile(file);
  const html = `<!doctype html><meta http-equiv="refresh" content="0;url=${url}">`;
  await Deno.writeTextFile(file, html, { createNew: true, mode: 0o600 });
  const name = Deno.build.os === "darwin" ? "open" : "xdg-open";
  // sh is the only program that may be started here: docs/permissions.md.
  const opener = new Deno.Command("sh", {
    args: ["-c", 'exec "$@"', "sh", name, file],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  opener.unref();
  const { promise, resolve } = Promise.withResolvers<void>();
  opener.status.then(({ success }) => success || resolve());
  return { name, failed: promise };
}

function listen(
  address: string,
  port: number,
  tls: ServeWebOptions["tls"],
): Deno.Listener | Deno.TlsListener {
  const where = { hostname: address, port };
  try {
    if (tls === undefined) return Deno.listen(where);
    return Deno.listenTls({ ...where, cert: tls.cert, key: tls.key, alpnProtocols: ["http/1.1"] });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new KodamaError("conflict", `port ${port} is in use`, { cause: error });
    }
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof Deno.errors.InvalidData || /\bKeyMismatch\b/.test(reason)) {
      const message = `the certificate and its key can't be used: ${reason}`;
      throw new KodamaError("config", message, { cause: error });
    }
    throw new KodamaError("environment", `can't listen on ${address}: ${reason}`, { cause: error });
  }
}

/** The names have been checked: they have no separators. */
async function pageFile(
  folder: string,
  path: string,
  gzip: boolean,
): Promise<PageFile | undefined> {
  const compressed = gzip ? await bytesOf(`${folder}/${path}.gz`) : undefined;
  if (compressed !== undefined) return { bytes: compressed, encoding: "gzip" };
  const bytes = await bytesOf(`${folder}/${path}`);
  return bytes && { bytes };
}

async function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Returns the absolute path of the folder with the built page's `index.html` and `assets/`: part of an installed kodama;
 * from source it is built when it is first needed.
 */
async function webPageFolder(): Promise<string> {
  const root = new URL("../../", import.meta.url);
  const built = new URL("web/", root);
  if (await exists(new URL("index.html", built))) return filePath(built);
  // sh is the only program that may be started here: docs/permissions.md.
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", 'exec "$@"', "sh", Deno.execPath()].concat(
      ["run", "--quiet", "--no-prompt", "-P=tools", "tools/web_page.ts"],
    ),
    cwd: filePath(root),
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (code === 0) return decoder.decode(stdout);
  throw new KodamaError("environment", "the page of kodama web can't be built from its sources", {
    hint: decoder.decode(stderr).trim().split("\n").slice(-10).join("\n"),
  });
}

async function exists(file: URL): Promise<boolean> {
  try {
    return (await Deno.stat(file)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
