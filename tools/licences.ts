/** The licences of the packages whose code is in the bundle: each requires that it is distributed with the code. */
import type { Metafile } from "esbuild";

/** A package of which the bundle contains code. */
export interface LicensedPackage {
  name: string;
  version: string;
  /** SPDX's name of its licence, if the package names one. */
  license: string | undefined;
  /** The text of the licence. */
  text: string;
}

/** Returns the packages that `metafile` names as inputs of `root`: each once, by name. */
export async function bundledPackages(metafile: Metafile, root: URL): Promise<LicensedPackage[]> {
  const packages = new Map<string, LicensedPackage>();
  for (const folder of packageFolders(Object.keys(metafile.inputs))) {
    const { name, version, license } = JSON.parse(
      await Deno.readTextFile(new URL(`${folder}/package.json`, root)),
    ) as { name: string; version: string; license?: string };
    const text = await licenceText(new URL(`${folder}/`, root)) ??
      `Licence: ${license ?? "not stated"}\n`;
    packages.set(`${name} ${version}`, { name, version, license, text: text.trim() });
  }
  return [...packages.keys()].toSorted().flatMap((key) => packages.get(key) ?? []);
}

/** Kubernetes' API declarations, which `tools/kubernetes_api.ts` has made data of. */
export async function kubernetesApi(root: URL): Promise<LicensedPackage> {
  const folder = new URL("packages/cluster/kubernetes/", root);
  const { version } = JSON.parse(await Deno.readTextFile(new URL("api.json", folder)));
  const text = (await Deno.readTextFile(new URL("LICENSE", folder))).trim();
  return { name: "k8s.io/kubernetes", version, license: "Apache-2.0", text };
}

/** Writes one file with the licence text of every package that `metafile` names as an input of `root`. */
export async function writeLicences(metafile: Metafile, root: URL, path: string): Promise<void> {
  const sections = [...await bundledPackages(metafile, root), await kubernetesApi(root)]
    .map(({ name, version, text }) => `${name} ${version}\n\n${text}\n`);
  const rule = `\n${"-".repeat(80)}\n\n`;
  await Deno.writeTextFile(path, sections.join(rule));
}

/** Returns `…/node_modules/NAME` or `…/node_modules/@SCOPE/NAME` of each input, once. Relative to the checkout. */
function packageFolders(inputs: readonly string[]): Set<string> {
  const folders = inputs.map((input) =>
    /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0]
  );
  return new Set(folders.filter((folder) => folder !== undefined));
}

async function licenceText(folder: URL): Promise<string | undefined> {
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (isFile && /^licen[cs]e/i.test(name)) return await Deno.readTextFile(new URL(name, folder));
  }
  return undefined;
}
