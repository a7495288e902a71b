/** An npm registry of the packages that kodama's depends on, so that its installation needs no network. */
import {
  denoPackage,
  packageArchive,
  type Runtime,
  runtimes,
} from "../../tools/release/deno_runtime.ts";
import { runProgram } from "../../tools/release/run_program.ts";

/** Serves until it is disposed of. */
export class NpmRegistry implements AsyncDisposable {
  private constructor(private readonly server: Deno.HttpServer<Deno.NetAddr>) {}

  static async open(): Promise<NpmRegistry> {
    const packages = new Map<string, { archive: string; document: unknown }>();
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
        const path = decodeURIComponent(new URL(request.url).pathname).slice(1);
        const found = packages.get(path.replace(/\.tgz$/, ""));
        if (found === undefined) return Response.json({ error: "not found" }, { status: 404 });
        if (!path.endsWith(".tgz")) return Response.json(found.document);
        return new Response((await Deno.open(found.archive)).readable);
      },
    );
    const registry = new NpmRegistry(server);
    for (const runtime of [denoPackage, runtimes.x64]) {
      const archive = await packageArchive(runtime);
      packages.set(runtime.name, { archive, document: await registry.#document(runtime, archive) });
    }
    return registry;
  }

  /** Its address. */
  get url(): string {
    return `http://127.0.0.1:${this.server.addr.port}`;
  }

  /** Returns the registry's document of a package: https://github.com/npm/registry/blob/main/docs/responses */
  async #document({ name, version, integrity }: Runtime, archive: string): Promise<unknown> {
    const text = await runProgram(["tar", "-xzOf", archive, "package/package.json"]);
    const dist = { tarball: `${this.url}/${name}.tgz`, integrity };
    return {
      name,
      "dist-tags": { latest: version },
      versions: { [version]: { ...JSON.parse(text), hasInstallScript: name === "deno", dist } },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.shutdown();
  }
}
