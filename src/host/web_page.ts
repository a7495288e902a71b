/** The built page of `kodama web`: part of an installed kodama; from source it is built when it is first needed. */
import { KodamaError } from "../base/errors.ts";
import { filePath } from "../files/file_path.ts";

/** Returns the absolute path of the folder with `index.html` and `assets/`. */
export async function webPageFolder(): Promise<string> {
  const root = new URL("../../", import.meta.url);
  const built = new URL("web/", root);
  if (await exists(new URL("index.html", built))) return filePath(built);
  // sh is the only program that may be started here: docs/permissions.md.
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", 'exec "$@"', "sh", Deno.execPath()].concat(
      ["run", "--quiet", "--no-prompt", "-P=tools", "tools/web_page.ts"],
    ),
    cwd: filePath(root),
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (code === 0) return decoder.decode(stdout);
  throw new KodamaError("environment", "the page of kodama web can't be built from its sources", {
    hint: decoder.decode(stderr).trim().split("\n").slice(-10).join("\n"),
  });
}

async function exists(file: URL): Promise<boolean> {
  try {
    return (await Deno.stat(file)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
