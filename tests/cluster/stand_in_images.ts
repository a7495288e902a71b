/**
 * The stand-ins that the embedded cluster runs, as images of the rig: its worlds and the scenarios that use them then
 * mean the same on both.
 */
import { fillWithBusybox, type ImageRecipe, shortDigest } from "./images.ts";
import { run } from "./host_commands.ts";
import { filePath } from "../../src/files/file_path.ts";

const imagesFolder = filePath(new URL("../../packages/cluster/images/", import.meta.url));
const worldsFolder = filePath(new URL("../../packages/cluster/worlds/", import.meta.url));

/** The fields of an `image.json` that the rig needs. */
interface StandIn {
  /** Last parts of the names that it stands for. */
  names: string[];
  env?: Record<string, string>;
  entrypoint?: string[];
  cmd?: string[];
  /** The variable with the container's image tag. */
  tagVariable?: string;
}

/** Returns an image for each reference of the shipped worlds to a stand-in that brings files of its own. */
export async function standInImages(): Promise<ImageRecipe[]> {
  const references = await worldImages();
  const recipes: ImageRecipe[] = [];
  for await (const { name: folder } of Deno.readDir(imagesFolder)) {
    const files = `${imagesFolder}${folder}/rootfs`;
    if (!await Deno.stat(files).catch(() => undefined)) continue;
    const text = await Deno.readTextFile(`${imagesFolder}${folder}/image.json`);
    const standIn: StandIn = JSON.parse(text);
    const version = await shortDigest(text + await run(["tar", "-C", files, "-c", "."]));
    recipes.push(
      ...references
        .filter(({ name }) => standIn.names.includes(name))
        .map(({ reference, tag }) => recipeFor(reference, tag, { standIn, files, version })),
    );
  }
  return recipes;
}

function recipeFor(
  reference: string,
  tag: string,
  { standIn, files, version }: { standIn: StandIn; files: string; version: string },
): ImageRecipe {
  const environment = { ...standIn.env };
  if (standIn.tagVariable !== undefined) environment[standIn.tagVariable] = tag;
  return {
    names: [reference],
    command: [...standIn.entrypoint ?? [], ...standIn.cmd ?? []],
    environment,
    version,
    async fill(folder) {
      await fillWithBusybox(folder);
      await run(["cp", "-a", `${files}/.`, folder]);
    },
  };
}

/** Returns the distinct images of all worlds, parsed. */
async function worldImages(): Promise<{ reference: string; name: string; tag: string }[]> {
  const references = new Set<string>();
  for await (const { name } of Deno.readDir(worldsFolder)) {
    if (!name.endsWith(".yaml")) continue;
    const text = await Deno.readTextFile(`${worldsFolder}${name}`);
    for (const [, reference = ""] of text.matchAll(/\bimage: (\S+)/g)) references.add(reference);
  }
  return [...references].map((reference) => {
    const [name = "", tag = "latest"] = (reference.split("/").at(-1) ?? "").split(":");
    return { reference, name, tag };
  });
}
