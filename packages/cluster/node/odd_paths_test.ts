/** Folders whose names have a meaning elsewhere: in a table of mounts, in an overlay's options, in a shell. */
import { isolations } from "./testing/isolations.ts";
import { unless } from "../../../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { outcome, outputOnly, refOf, startFixture } from "./testing/fixture.ts";
import { writeProgram } from "../../../src/base/testing/program_file.ts";

const oddName = `kodama's "odd" a b,c:d\\e $HOME`;

/** Creates an image with one program, in a folder that the machine has too. */
async function makeImage(folder: string): Promise<void> {
  const programs = `${folder}/odd/rootfs/usr/local/bin`;
  await Deno.mkdir(programs, { recursive: true });
  const image = { names: ["odd"], base: "host", entrypoint: ["/usr/local/bin/odd"] };
  await Deno.writeTextFile(`${folder}/odd/image.json`, JSON.stringify(image));
  const program = "#!/bin/sh\necho begun; [ $# = 0 ] || exit; while :; do sleep 0.05; done\n";
  await writeProgram(`${programs}/odd`, program);
}

for (const { isolation, missing } of isolations) {
  Deno.test(unless(missing, `${isolation}: images may lie in a folder of any name`), async () => {
    const temporary = await Deno.makeTempDir();
    const images = `${temporary}/${oddName}`;
    try {
      await makeImage(images);
      await using fixture = await startFixture({ isolation, imageRoots: [images] });
      fixture.run({ containers: [{ name: "main", image: "odd" }] });
      const pod = await fixture.begun("web");
      const words = ["odd", "once"];
      const { stdout } = await outcome(await fixture.node.exec(refOf(pod), words, outputOnly));
      assert.equal(stdout, "begun\n");
    } finally {
      await Deno.remove(temporary, { recursive: true });
    }
  });
}

Deno.test("a folder of any name costs the containers nothing of their isolation", async () => {
  await using usual = await startFixture();
  const temporary = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${temporary}/${oddName}`);
    await using odd = await startFixture({ dataDir: `${temporary}/${oddName}` });
    const { isolation } = odd.node.capabilities;
    assert.equal(isolation, usual.node.capabilities.isolation);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
});
