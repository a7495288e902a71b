// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:models [--guard] [--rounds N]`: how long after its start the installed `kodama ask` sends its first
 * request, for each provider, and what reading keys and loading a provider's code costs beside `kodama version`. The
 * providers are a stand-in on this machine. With `--guard` the exit code is 1 if a fastest start is over the bound.
 */
import { InstalledKodama } from "../harness/installed_kodama.ts";
import { ProviderStandIn } from "../harness/provider_stand_in.ts";
import { median } from "./alternate.ts";

const boundMs = 150;

/** A key by which provider, in its variable or in a file, and the model that is asked. */
const models = [
  "anthropic/claude-haiku-5-5",
  "openai/gpt-5.4-mini",
  "mistral/mistral-small-latest",
  "gemini/gemini-2.5-pro",
  "ollama/llama3.2",
  "compatible/some-model",
];

async function main(args: readonly string[]): Promise<number> {
  const rounds = Number(args[args.indexOf("--rounds") + 1 || args.length] ?? 15);
  await using kodama = await InstalledKodama.open({ fresh: true });
  await kodama.clusterUp("empty");
  let arrived = NaN;
  await using standIn = new ProviderStandIn(() => {
    if (Number.isNaN(arrived)) arrived = performance.now();
    return { text: "Nothing." };
  });
  const keyFile = `${kodama.workFolder}/key`;
  await Deno.writeTextFile(keyFile, "the-key", { mode: 0o600 });
  for (const model of models) {
    const provider = model.split("/")[0]?.toUpperCase();
    kodama.env = {
      ...kodama.env,
      [`KODAMA_${provider}_URL`]: standIn.url,
      [`KODAMA_${provider}_API_KEY_FILE`]: keyFile,
    };
  }
  const times = new Map<string, number[]>(["version", ...models].map((name) => [name, []]));
  // The first round fills caches; it doesn't count. In turn, so that other work of the machine slows all of them.
  for (let round = 0; round <= rounds; round++) {
    for (const [name, measured] of times) {
      const words = name === "version" ? ["version"] : ["ask", "--model", name, "which pods run?"];
      arrived = NaN;
      const start = performance.now();
      const { code, stderr } = await kodama.run(kodama.command("kodama"), words);
      const elapsed = (name === "version" ? performance.now() : arrived) - start;
      if (code !== 0) throw new Error(`${name}: exit code ${code}: ${stderr}`);
      if (round > 0) measured.push(elapsed);
    }
  }
  console.log(`milliseconds from the start to the first request; ${rounds} rounds\n`);
  console.log("median  fastest");
  let slow = 0;
  for (const [name, measured] of times) {
    const fastest = Math.min(...measured);
    if (!(fastest <= boundMs)) slow++;
    const cells = [median(measured).toFixed(1).padStart(6), fastest.toFixed(1).padStart(7)];
    const label = name === "version" ? "kodama version, to its end" : `kodama ask --model ${name}`;
    console.log(`${cells.join("  ")}  ${label}`);
  }
  return args.includes("--guard") && slow > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
