/**
 * kodama and a real Ollama, built from its Go module: what its server answers if it has no model. None is downloaded.
 */
import assert from "node:assert/strict";
import { ensureBuilt } from "../cluster/executables.ts";
import { cacheFolder } from "../harness/cache_folder.ts";
import { runCommand } from "../harness/command.ts";
import { writeDeadKubeconfig } from "../harness/embedded_cluster.ts";
import { freePort } from "../harness/free_port.ts";
import { KodamaInProcess } from "../harness/kodama_in_process.ts";
import { ProviderStandIn } from "../harness/provider_stand_in.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { parseModelName } from "../../src/model/names.ts";
import { ModelError } from "../../src/model/model_error.ts";
import { openModel } from "../../src/model/sdk.ts";

/** The last version whose module has all of its C++: Go leaves folders named `vendor` out of modules. */
const version = "v0.6.5";

/** Returns the path of the program: minutes the first time. */
async function ensureOllama(): Promise<string> {
  const folder = await ensureBuilt(`${cacheFolder("ollama")}/${version}`, async (to) => {
    // Speed is not what is tested: without optimization its C++ compiles in a third of the time.
    const flags = { CGO_CFLAGS: "-O1 -g0", CGO_CXXFLAGS: "-O0 -g0", GOBIN: to };
    const { code, stderr } = await runCommand(
      ["nice", "go", "install", `github.com/ollama/ollama@${version}`],
      { env: { ...Deno.env.toObject(), ...flags } },
    );
    assert.equal(code, 0, stderr);
  });
  return `${folder}/ollama`;
}

/** Of a context that isn't there, which a question without tools doesn't need. */
const ask = ["ask", "x", "--context", "dead"];

/** A server without a model. */
async function startOllama(folder: string): Promise<AsyncDisposable & { url: string }> {
  const address = `127.0.0.1:${freePort()}`;
  const process = new Deno.Command(await ensureOllama(), {
    args: ["serve"],
    clearEnv: true,
    env: { HOME: folder, OLLAMA_HOST: address, PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const listening = Promise.withResolvers<void>();
  let log = "";
  const reading = (async () => {
    for await (const text of process.stderr.pipeThrough(new TextDecoderStream())) {
      log += text;
      if (log.includes("Listening on")) listening.resolve();
    }
    listening.reject(new Error(`Ollama has ended:\n${log}`));
  })();
  await listening.promise;
  return {
    url: `http://${address}`,
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      await Promise.all([process.status, reading]);
    },
  };
}

Deno.test("a real Ollama without a model", async (t) => {
  await using folder = await TestFolder.open("kodama-ollama-");
  await using other = new ProviderStandIn(() => ({ text: "from another" }));
  let url = "";
  {
    await using ollama = await startOllama(folder.path);
    url = ollama.url;
    const kodama = await kodamaFor(folder.path, { ...other.environment, KODAMA_OLLAMA_URL: url });

    await t.step("an unknown model is tried as :latest once, unless it has a tag", async () => {
      const plain = await kodama.run([...ask, "--model", "ollama/llama3.2"]);
      assert.equal(plain.code, 1);
      assert.match(
        plain.stderr,
        /^trying ollama\/llama3\.2:latest: .*\nerror: unknown model "ollama\/llama3\.2"/,
      );
      const tagged = await kodama.run([...ask, "--model", "ollama/llama3.2:1b"]);
      assert.equal(tagged.code, 1);
      assert.match(tagged.stderr, /^error: unknown model "ollama\/llama3\.2:1b"/);
    });

    await t.step("its address is read as its own programs do", async () => {
      const env = { KODAMA_OLLAMA_URL: "", OLLAMA_HOST: url.replace("http://", "") };
      const found = await kodama.run(["model", "test", "ollama/llama3.2"], { env });
      assert.equal(found.code, 5);
      assert.match(found.stdout, /^ollama\/llama3\.2 +unknownModel +0\/1 /m);
    });

    await t.step("the next model answers, and says why this one didn't", async () => {
      await kodama.succeed(["config", "set", "model.name", "ollama/llama3.2"]);
      await kodama.succeed(["config", "set", "model.fallback", "[gpt]"]);
      const { code, stdout, stderr } = await kodama.run(ask);
      assert.deepEqual([code, stdout], [0, "from another\n"], stderr);
      assert.match(stderr, /unknown model "ollama\/llama3\.2"/);
    });

    await t.step("a request that it can't read is an error of its own", async () => {
      const parsed = parseModelName("ollama/llama3.2");
      assert.ok(parsed.kind === "model");
      const model = await openModel(parsed.model, { key: "", url, nowMs: () => 0 });
      // More than its number has room for.
      const request = { system: "", messages: [], tools: [], maxOutputTokens: 1e30 };
      const answer = Array.fromAsync(model.stream(request, new AbortController().signal));
      const error = await answer.then(() => undefined, (error: unknown) => error);
      assert.ok(error instanceof ModelError, String(error));
      assert.equal(error.failure, "badRequest");
    });
  }

  await t.step("a server that has ended can't be reached", async () => {
    const kodama = await kodamaFor(folder.path, { KODAMA_OLLAMA_URL: url });
    const { code, stderr } = await kodama.run([...ask, "--model", "ollama/llama3.2"]);
    assert.equal(code, 4);
    assert.match(stderr, /^error: cannot reach Ollama: 127\.0\.0\.1:\d+: Connection refused/);
  });
});

async function kodamaFor(
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<KodamaInProcess> {
  const kubeconfig = await writeDeadKubeconfig(folder);
  return new KodamaInProcess({
    HOME: folder,
    KODAMA_CONFIG_DIR: `${folder}/config`,
    KUBECONFIG: kubeconfig,
    NO_COLOR: "1",
    ...env,
  });
}
