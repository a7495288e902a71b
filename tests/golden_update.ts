/** Writes the golden files. All are deleted first, so that none outlives its case. */
import { goldenCases, goldenFolder, goldenText } from "./golden_cases.ts";
import { allFiles, recordingFolder } from "./recordings.ts";

await Deno.remove(goldenFolder, { recursive: true });
for (const golden of goldenCases()) {
  const file = new URL(golden.file, goldenFolder);
  await Deno.mkdir(new URL("./", file), { recursive: true });
  await Deno.writeTextFile(file, await goldenText(golden));
}

await Deno.remove(recordingFolder, { recursive: true });
await Deno.mkdir(recordingFolder);
for (const [file, text] of await allFiles()) {
  await Deno.writeTextFile(new URL(file, recordingFolder), text);
}
