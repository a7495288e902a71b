/**
 * The embedded cluster beside what a real one was recorded to answer. Every difference is listed in
 * `differences.json` with its reason; `KODAMA_UPDATE_DIFFERENCES=1` writes the lines of those that are listed.
 */
import assert from "node:assert/strict";
import { openEmbeddedCluster } from "../harness/embedded_scenario.ts";
import { kubectlMissing } from "../harness/kubectl.ts";
import { textDiff } from "../harness/same_text.ts";
import { changedLines, differencesPath, fidelityRows, readDifferences } from "./differences.ts";
import { perform, readRecorded, recordedNames, stepsOf, stepText } from "./recording.ts";

const missing = await kubectlMissing();
const update = Deno.env.get("KODAMA_UPDATE_DIFFERENCES") === "1";

for (const file of await recordedNames()) {
  const reason = missing === undefined ? "" : ` (skipped: ${missing})`;
  Deno.test({ name: `as recorded: ${file}${reason}`, ignore: missing !== undefined }, async () => {
    const recorded = await readRecorded(file);
    await using stage = await openEmbeddedCluster();
    const cluster = { ...stage, known: { node: "kodama" } };
    const happened = stepsOf(await perform(recorded, cluster));
    const known = await readDifferences();
    const unknown: string[] = [];
    for (const [index, expected] of stepsOf(recorded).entries()) {
      const { command } = expected;
      const [real, here] = [stepText(expected), stepText(happened[index] ?? expected)];
      const entry = known.find((each) => each.file === file && each.command === command);
      const lines = changedLines(real, here);
      if (update && entry !== undefined) entry.lines = lines;
      if (JSON.stringify(entry?.lines ?? []) === JSON.stringify(lines)) continue;
      unknown.push(`$ ${command}\n${textDiff(real, here)}`);
    }
    if (update) await Deno.writeTextFile(differencesPath, `${JSON.stringify(known, null, 2)}\n`);
    assert.equal(unknown.length, 0, `${file}: not as recorded\n${unknown.join("\n")}`);
  });
}

Deno.test("FIDELITY.md lists every difference from what was recorded, and no other", async () => {
  const page = await Deno.readTextFile(
    new URL("../../packages/cluster/FIDELITY.md", import.meta.url),
  );
  const section = page.split(/^## /m).find((text) => text.startsWith("Command by command")) ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| `"))
    .map((line) => line.replaceAll(/ +\|/g, " |"));
  assert.deepEqual(rows, fidelityRows(await readDifferences()));
});
