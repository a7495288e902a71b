/** Writes the golden files. All are deleted first, so that none outlives its case. */
import { goldenCases, goldenFolder, goldenText } from "./golden_cases.ts";

await Deno.remove(goldenFolder, { recursive: true });
for (const golden of goldenCases()) {
  const file = new URL(golden.file, goldenFolder);
  await Deno.mkdir(new URL("./", file), { recursive: true });
  await Deno.writeTextFile(file, await goldenText(golden));
}
