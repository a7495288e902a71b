/** The names and entries that a folder of this machine supports. */
import { linuxRules, type SideRules } from "../core/skipped_paths.ts";
import { reservedPrefix } from "../remote/loop.ts";

/** Tested in the folder itself: what a system supports depends on the disk. */
export async function rulesOfFolder(root: string, key: string): Promise<SideRules> {
  if (Deno.build.os === "windows") {
    return {
      ...linuxRules,
      ignoresCase: true,
      windowsNames: true,
      executableBits: false,
      symlinks: false,
    };
  }
  const folder = `${root}/${reservedPrefix}${key}`;
  await Deno.mkdir(folder, { recursive: true });
  try {
    await Deno.writeTextFile(`${folder}/case\u00e9`, "");
    const isThere = (name: string) => Deno.lstat(`${folder}/${name}`).then(() => true, () => false);
    return {
      ...linuxRules,
      ignoresCase: await isThere("CASE\u00c9"),
      ignoresComposition: await isThere("casee\u0301"),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
