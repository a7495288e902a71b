// deno-lint-ignore-file no-console -- a tool talks to the person who runs it
/**
 * `deno task simulate SUBJECT [--seed N] [--count N]`: many histories, or the one of a seed. Fails at the first that
 * contradicts an invariant.
 */
import { cpuUsage } from "node:process";
import { parseArgs } from "node:util";
import { findingText, search } from "./histories.ts";
import { subjects } from "./subjects.ts";

const { positionals: [name = "exec"], values } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string" }, count: { type: "string" } },
});
const subject = subjects.find((one) => one.name === name);
if (subject === undefined) {
  console.error(`no subject "${name}": ${subjects.map((one) => one.name).join(", ")}`);
  Deno.exit(2);
}
const firstSeed = Number(values.seed ?? Date.now() % 1_000_000_000);
const count = Number(values.count ?? (values.seed === undefined ? 10_000 : 1));
const startedAt = cpuUsage();
const { finding, histories } = await search(subject, { firstSeed, count });
const { user, system } = cpuUsage(startedAt);
const rate = Math.round(histories / (user + system) * 1e6);
console.error(
  `${histories} histories of ${name} from seed ${firstSeed}, ${rate} a second and core`,
);
if (finding !== undefined) {
  console.error(findingText(subject, finding));
  Deno.exit(1);
}
