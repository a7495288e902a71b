/** The simulation finds faults: each that is planted, within a number of histories. */
import assert from "node:assert/strict";
import { filePath } from "../../src/files/file_path.ts";
import { type PlantedFault, plantedFaults } from "../simulation/planted_faults.ts";

const root = new URL("../../", import.meta.url);

/** Most faults are found in the first two hundred histories, the last within 1,600. */
const enough = 3000;

/** Returns an import map in which a file with the fault has replaced the right one. */
async function importMap(folder: string, { file, right, wrong }: PlantedFault): Promise<string> {
  const url = new URL(`src/${file}`, root);
  const [before, after, ...others] = (await Deno.readTextFile(url)).split(right);
  assert.ok(
    before !== undefined && after !== undefined && others.length === 0,
    `no place in ${file}`,
  );
  const text = `${before}${wrong}${after}`.replaceAll(
    /(\bfrom |\bimport\()"(\.[^"]+)"/g,
    (_all, word: string, path: string) => `${word}"${new URL(path, url).href}"`,
  );
  await Deno.writeTextFile(`${folder}/faulty.ts`, text);
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const map = { imports: { ...imports, [url.href]: `file://${folder}/faulty.ts` } };
  await Deno.writeTextFile(`${folder}/map.json`, JSON.stringify(map));
  return `${folder}/map.json`;
}

for (const fault of plantedFaults) {
  Deno.test(`the simulation finds: ${fault.name}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "--no-check", "-P=test"],
          ...["--config", filePath(new URL("deno.json", root))],
          `--import-map=${await importMap(folder, fault)}`,
          filePath(new URL("tests/simulation/main.ts", root)),
          ...[fault.subject, "--seed", "1", "--count", String(enough)],
        ],
        stdout: "null",
        stderr: "piped",
      }).output();
      const said = new TextDecoder().decode(stderr);
      assert.equal(code, 1, said);
      assert.match(said, /deno task simulate/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
