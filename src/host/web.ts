/** Serves `kodama web` on this machine. */
import type { ServeWebOptions } from "../cli/invocation.ts";
import { version } from "../cli/version.ts";
import { KodamaError } from "../base/errors.ts";
import type { Socket } from "../web/terminal.ts";
import { type PageFile, WebServer } from "../web/server.ts";
import { frontLimits, passConnections } from "./web_front.ts";
import { filePath } from "../files/file_path.ts";

/** Bytes: macOS has room for one less than 104. */
const maxSocketPath = 103;

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
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  // A port alone can be in use twice, on two addresses. A file of this name is of a process that was killed.
  const name = `web-${Deno.pid}-${actual}`;
  const path = `${folder}/${name}.sock`;
  const opening = `${folder}/${name}.html`;
  if (new TextEncoder().encode(path).length > maxSocketPath) {
    throw new KodamaError("environment", `the path of a socket can't be as long as ${path}`, {
      hint: "$KODAMA_CONFIG_DIR names another folder",
    });
  }
  await removeIfThere(path);
  const stop = new AbortController();
  const http = Deno.serve({ path, onListen: () => {} }, (request) => server.handle(request));
  try {
    await Deno.chmod(path, 0o600);
    onListen(() => server.access.newLink());
    if (open) {
      const program = await openBrowser(server.access.newLink().url, opening);
      program.failed.then(() => stop.signal.aborted || onOpenFailed?.(program.name));
    }
    const ends = AbortSignal.any([signal, stop.signal]);
    await passConnections(listener, { path, limits: frontLimits, clock: host.clock, signal: ends });
  } finally {
    stop.abort();
    await server[Symbol.asyncDispose]();
    await http.shutdown();
    await Promise.all([path, opening].map(removeIfThere));
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
  await removeIfThere(file);
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

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
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
