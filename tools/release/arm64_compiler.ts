/** The C compiler for 64-bit ARM: Debian's cross compiler, and zlib for ARM, which no cross package has. */
import { filePath } from "../../src/files/file_path.ts";
import { runProgram } from "./run_program.ts";

const folder = filePath(new URL("../../dist/arm64", import.meta.url));

/** Returns a compiler and its flags. Fetches Debian's zlib for ARM, by apt and once, unless it is installed. */
export async function arm64Compiler(): Promise<string[]> {
  const compiler = "aarch64-linux-gnu-gcc";
  await runProgram([compiler, "--version"]);
  const installed = "/usr/lib/aarch64-linux-gnu";
  if (await isFile(`${installed}/libz.a`)) {
    return [compiler, "-isystem/usr/include", `-L${installed}`];
  }
  const library = `${folder}/usr/lib/aarch64-linux-gnu`;
  if (!await isFile(`${library}/libz.a`)) await fetchZlib();
  return [compiler, `-I${folder}/usr/include`, `-L${library}`];
}

/** By apt with a state of its own: the architectures of this machine stay as they are. */
async function fetchZlib(): Promise<void> {
  const work = await Deno.makeTempDir({ prefix: "kodama-arm64-" });
  try {
    const options = [
      ...["-o", "APT::Architecture=arm64", "-o", "APT::Architectures=arm64"],
      ...["-o", `Dir::State=${work}/state`, "-o", `Dir::Cache=${work}/cache`],
      ...["-o", "Dir::State::status=/dev/null", "-o", "APT::Sandbox::User=root"],
    ];
    for (const path of ["state/lists/partial", "cache/archives/partial"]) {
      await Deno.mkdir(`${work}/${path}`, { recursive: true });
    }
    await runProgram(["apt-get", ...options, "update"]);
    await runProgram(["apt-get", ...options, "download", "zlib1g-dev"], { cwd: work });
    const names = await Array.fromAsync(Deno.readDir(work), ({ name }) => name);
    const name = names.find((found) => found.endsWith(".deb"));
    if (name === undefined) throw new Error("apt-get has no zlib1g-dev for arm64");
    await Deno.mkdir(folder, { recursive: true });
    await runProgram(["dpkg-deb", "-x", `${work}/${name}`, folder]);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
