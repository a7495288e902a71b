/** The files that kodama reads at run time and that aren't code. */

/** Whole folders of data. */
const folders = ["workflows/"];

/** Folders of which all is included but code, which is in the bundle itself. */
const sources = ["packages/cluster/", "src/"];

/** The sources of the page of `kodama web`, which is built. */
const page = "src/web/page/";

/** Copies the data files of the source tree at `root` into `folder`, each to its relative path. */
export async function copyData(root: URL, folder: string): Promise<void> {
  for await (const path of dataFiles(root)) {
    const target = `${folder}/${path}`;
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    await Deno.copyFile(new URL(path, root), target);
  }
}

/** Returns the paths of all data files, relative to the source tree. */
async function* dataFiles(root: URL): AsyncGenerator<string> {
  for (const folder of folders) yield* filesBelow(root, folder, () => true);
  for (const folder of sources) {
    yield* filesBelow(
      root,
      folder,
      (path) => !/\.(?:tsx?|sh|pl|md)$|\/deno\.json$/.test(path) && !path.startsWith(page),
    );
  }
}

async function* filesBelow(
  root: URL,
  folder: string,
  wanted: (path: string) => boolean,
): AsyncGenerator<string> {
  const entries = await Array.fromAsync(Deno.readDir(new URL(folder, root)));
  for (const entry of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory) yield* filesBelow(root, `${path}/`, wanted);
    else if (wanted(path)) yield path;
  }
}
