/** Examples and new projects of plugins, built by other people's compilers. */
import assert from "node:assert/strict";

/** AssemblyScript's. */
const assemblyscript = "npm:assemblyscript@0.28.20/asc";

/** Debian's Rust has the target for WebAssembly as a package, and its crates as another one. */
const debian = {
  rustc: "/usr/bin/rustc",
  cargo: "/usr/bin/cargo",
  crates: "/usr/share/cargo/registry",
} as const;

/** Builds a folder's `plugin.c`. */
export async function builtC(folder: string): Promise<Uint8Array<ArrayBuffer>> {
  const flags = ["--target=wasm32", "-O2", "-mbulk-memory", "-nostdlib", "-Wl,--no-entry"];
  const strict = ["-Wall", "-Wextra", "-Werror"];
  return await output(folder, "clang", (to) => [...flags, ...strict, "plugin.c", "-o", to]);
}

/** Builds a folder's `plugin.ts`. */
export async function builtAssemblyScript(folder: string): Promise<Uint8Array<ArrayBuffer>> {
  const asc = ["run", "--quiet", "--allow-read", "--allow-write", "--allow-env", assemblyscript];
  return await output(folder, Deno.execPath(), (to) => [...asc, "plugin.ts", "-O", "-o", to]);
}

/** Builds a folder's crate, whose module has this name, without a network. */
export async function builtRust(folder: string, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const target = await Deno.makeTempDir();
  try {
    const source = 'source.crates-io.replace-with="debian"';
    await run(folder, debian.cargo, [
      ...["build", "--release", "--target", "wasm32-unknown-unknown", "--target-dir", target],
      ...["--config", source, "--config", `source.debian.directory="${debian.crates}"`],
    ], { RUSTC: debian.rustc, RUSTFLAGS: "-Dwarnings" });
    return await Deno.readFile(`${target}/wasm32-unknown-unknown/release/${name}.wasm`);
  } finally {
    await Deno.remove(target, { recursive: true });
    await Deno.remove(`${folder}/Cargo.lock`).catch(() => {});
  }
}

async function output(
  folder: string,
  program: string,
  args: (to: string) => string[],
): Promise<Uint8Array<ArrayBuffer>> {
  const to = await Deno.makeTempFile({ suffix: ".wasm" });
  try {
    await run(folder, program, args(to));
    return await Deno.readFile(to);
  } finally {
    await Deno.remove(to);
  }
}

async function run(
  cwd: string,
  program: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, cwd, env }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
