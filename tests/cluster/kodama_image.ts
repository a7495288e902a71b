/** kodama's own image, as a release has it, for pods of the rig. */
import assert from "node:assert/strict";
import { makeImage } from "../../tools/release/oci_image.ts";
import { readPermissionSet } from "../../tools/permissions.ts";
import { version } from "../../src/cli/version.ts";
import { builtBundle } from "../harness/built_kodama.ts";
import { importImage } from "./container_runtime.ts";
import { findLayout } from "./layout.ts";
import { readState } from "./state.ts";

/** Builds the image in a folder, and imports it into the rig; returns its name. */
export async function bringKodama(folder: string): Promise<string> {
  await Deno.mkdir(`${folder}/work`);
  const { name } = await makeImage(folder, {
    version,
    seconds: 0,
    bundled: (await builtBundle()).folder,
    work: `${folder}/work`,
    licence: "",
    sets: {
      kodama: await readPermissionSet("kodama"),
      cluster: await readPermissionSet("cluster"),
    },
  });
  const state = await readState(await findLayout());
  assert.ok(state);
  await importImage(state.holder, `${folder}/${name}`);
  return `kodama:${version}`;
}
