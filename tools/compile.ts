// deno-lint-ignore-file no-console -- a tool talks to the person who runs it
/**
 * `deno task compile [--offline]`: kodama as one executable, `dist/kodama`.
 *
 * Without a flag it is `deno compile`, which downloads the runtime that goes into the file. With
 * `--offline` nothing is downloaded (`single_file.ts`; Linux).
 */
import { bundle, bundleEntry } from "./bundle.ts";
import { permissionFlags, readPermissionSet } from "./permissions.ts";
import { makeSingleFile } from "./single_file.ts";
import { filePath } from "../src/files/file_path.ts";
import { sayFailure } from "./say_failure.ts";

const dist = filePath(new URL("../dist/", import.meta.url));

/** `deno compile` of the bundle, with the data files inside. Downloads Deno's runtime if it isn't cached. */
export async function denoCompile(path: string): Promise<void> {
  const folder = `${dist}bundle`;
  await Deno.remove(folder, { recursive: true }).catch(() => undefined);
  await Deno.mkdir(folder, { recursive: true });
  await bundle(folder);
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      "--quiet",
      "--no-prompt",
      "--no-config",
      "--no-lock",
      // One file has one set of permissions: that of the command with the most.
      ...permissionFlags(await readPermissionSet("cluster")),
      "--include",
      folder,
      "--output",
      path,
      `${folder}/${bundleEntry}`,
    ],
  }).output().then((output) => {
    Deno.stderr.writeSync(output.stderr);
    return output;
  });
  if (!success) {
    throw new Error(
      "deno compile failed. It downloads the runtime; where that can't be reached: " +
        "deno task compile --offline",
    );
  }
}

async function main(words: readonly string[]): Promise<number> {
  const [flag, ...rest] = words;
  if (rest.length > 0 || (flag !== undefined && flag !== "--offline")) {
    console.error("usage: deno task compile [--offline]");
    return 2;
  }
  const path = `${dist}kodama`;
  await Deno.mkdir(dist, { recursive: true });
  if (flag === "--offline") await makeSingleFile(path);
  else await denoCompile(path);
  const { size } = await Deno.stat(path);
  console.log(`Made dist/kodama, ${Math.round(size / 1024 / 1024)} MiB.`);
  // What `deno compile` makes doesn't know the name that it was started by.
  console.log(
    flag === "--offline"
      ? "Links to it by the names kubectl-kodama, kpod and kwekash act as those commands."
      : "kpod is `kodama exec` of it, kwekash `kodama run kwekash`.",
  );
  return 0;
}

if (import.meta.main) Deno.exit(await sayFailure(() => main(Deno.args)));
