/**
 * Fills the code cache of an installed version, so that the first start is as fast as every later one,
 * and so that it is fast for users without write permission for the folder.
 */
import { DatabaseSync } from "node:sqlite";
import { installed, runFlags } from "./deno_flags.ts";

/**
 * Statements that use what no chunk imports: modules of Deno that it loads, and caches, at their first use. Without a
 * loopback interface, as in some sandboxes of builds, they are compiled at the first start that needs them.
 */
const firstUses = `
await import("node:process");
try {
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  await using server = Deno.serve(options, () => new Response("a body"));
  await (await fetch("http://127.0.0.1:" + server.addr.port)).text();
} catch {}
`;

/**
 * Loads each module at its final path, under which Deno caches its compiled form. `deno` is the executable that starts
 * this version.
 */
export async function warmCodeCache(
  version: string,
  deno = `${version}/${installed.deno}`,
): Promise<void> {
  const start = (args: readonly string[]) => runDeno(deno, version, args);
  const chunks: string[] = [];
  for await (const { name } of Deno.readDir(version)) {
    if (!name.endsWith(".js") || name === installed.entry || name === installed.warm) continue;
    chunks.push(`${version}/${name}`);
  }
  const program = await Deno.makeTempFile({ dir: version, suffix: ".mjs" });
  try {
    const imports = chunks.toSorted().map((path) => `await import(${JSON.stringify(path)});\n`);
    await Deno.writeTextFile(program, firstUses + imports.join(""));
    // The first load analyses a module, the second caches its compiled form.
    for (let load = 0; load < 2; load++) {
      await start([program]);
      await start([`${version}/${installed.entry}`, "version"]);
    }
  } finally {
    await Deno.remove(program);
  }
  await settle(`${version}/${installed.cache}`);
  // Creates the files that a user needs who can't create any.
  await start([`${version}/${installed.entry}`, "version"]);
}

/**
 * Brings the caches, which are SQLite databases, into their final form. Deno exits without closing them: its
 * writes stay in logs of some megabytes, which each start would read through.
 */
async function settle(cache: string): Promise<void> {
  for await (const { name } of Deno.readDir(cache)) {
    if (!/_cache_v\d+$/.test(name)) continue;
    using database = new DatabaseSync(`${cache}/${name}`);
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }
}

async function runDeno(deno: string, version: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(deno, {
    args: [
      ...runFlags,
      "--allow-read",
      "--allow-env",
      "--allow-sys",
      "--allow-net=127.0.0.1",
      ...args,
    ],
    env: {
      DENO_DIR: `${version}/${installed.cache}`,
      DENO_NO_UPDATE_CHECK: "1",
      // The request is to this machine, whatever proxy the installing user has.
      NO_PROXY: "127.0.0.1",
    },
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) throw new Error(`the bundle can't be loaded: ${new TextDecoder().decode(stderr)}`);
}

// Installers run it as `warm.js FOLDER`, by the Deno of that version.
if (import.meta.main && Deno.args[0] !== undefined) {
  await warmCodeCache(Deno.args[0], Deno.execPath());
}
