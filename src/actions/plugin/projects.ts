/** Projects of plugins: a new one, with its kit, and what builds it. */
import { absolutePath } from "../../base/absolute_path.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { pluginLimits } from "../../plugin/module.ts";
import assemblyscriptKit from "../../../sdk/assemblyscript/kubetile.ts" with { type: "text" };
import assemblyscriptStarter from "../../../sdk/assemblyscript/starter.ts" with { type: "text" };
import cKit from "../../../sdk/c/kubetile.h" with { type: "text" };
import cStarter from "../../../sdk/c/starter.c" with { type: "text" };
import rustKitManifest from "../../../sdk/rust/Cargo.toml" with { type: "text" };
import rustKitHost from "../../../sdk/rust/src/host_api.rs" with { type: "text" };
import rustKit from "../../../sdk/rust/src/lib.rs" with { type: "text" };
import rustKitLifecycle from "../../../sdk/rust/src/lifecycle.rs" with { type: "text" };
import rustKitRender from "../../../sdk/rust/src/render.rs" with { type: "text" };
import rustManifest from "../../../sdk/rust/starter/Cargo.toml" with { type: "text" };
import rustStarter from "../../../sdk/rust/starter/lib.rs" with { type: "text" };
import buildScript from "./build.sh" with { type: "text" };
import type { Host } from "../host.ts";

/** Languages that have a kit. */
const pluginLanguages = ["assemblyscript", "rust", "c"] as const;

/** One of them. */
export type PluginLanguage = typeof pluginLanguages[number];

interface Language {
  /** The files of a new project, by path. */
  readonly files: Readonly<Record<string, string>>;
  /** The file that a project of this language has. */
  readonly source: string;
  /** What builds it, and how a person gets that. */
  readonly program: string;
  readonly install: string;
}

const languages: Readonly<Record<PluginLanguage, Language>> = {
  rust: {
    files: {
      "Cargo.toml": rustManifest,
      "src/lib.rs": rustStarter,
      "kubetile-plugin-sdk/Cargo.toml": rustKitManifest,
      "kubetile-plugin-sdk/src/lib.rs": rustKit,
      "kubetile-plugin-sdk/src/host_api.rs": rustKitHost,
      "kubetile-plugin-sdk/src/lifecycle.rs": rustKitLifecycle,
      "kubetile-plugin-sdk/src/render.rs": rustKitRender,
      ".gitignore": "/target/\n",
    },
    source: "Cargo.toml",
    program: "cargo",
    install:
      "it needs Rust with the target wasm32-unknown-unknown: of rustup (rustup target add), or Debian's packages " +
      "cargo and libstd-rust-dev-wasm32",
  },
  assemblyscript: {
    files: { "plugin.ts": assemblyscriptStarter, "kubetile.ts": assemblyscriptKit },
    source: "plugin.ts",
    program: "npx",
    install: "it needs npm, which runs AssemblyScript's compiler",
  },
  c: {
    files: { "plugin.c": cStarter, "kubetile.h": cKit },
    source: "plugin.c",
    program: "clang",
    install: "it needs clang and wasm-ld: Debian's packages clang and lld",
  },
};

/** The recorded commands of each new project: they move the cursor to the end of the list, and back. */
const recordedCommands = ["select_next", "select_next", "select_prev"]
  .map((type) => `${JSON.stringify({ type })}\n`).join("");

/** What a build writes, in the project's folder. */
const builtModule = "plugin.wasm";

/**
 * Creates a project in a new folder of the working directory. Returns the paths of its files.
 *
 * @throws UsageError for a name that can't be a key, KodamaError `conflict` if the folder exists.
 */
export async function newPlugin(
  host: Host,
  name: string,
  language: PluginLanguage,
): Promise<string[]> {
  if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name)) {
    throw new UsageError(`"${name}" is not a name of a plugin`, {
      hint: "names are in kebab-case, such as my-view",
    });
  }
  const folder = absolutePath(name, host.places.workingDir);
  if (await host.files.inspect(folder) !== undefined) {
    throw new KodamaError("conflict", `${name} already exists`);
  }
  const files = { ...languages[language].files, "commands.jsonl": recordedCommands };
  const paths: string[] = [];
  for (const [path, text] of Object.entries(files)) {
    await using file = await host.files.create(`${folder}/${path}`, {
      private: false,
      replace: false,
    });
    const named = path === "Cargo.toml" ? text.replace('"plugin"', JSON.stringify(name)) : text;
    await file.write(new TextEncoder().encode(named));
    paths.push(`${name}/${path}`);
  }
  return paths;
}

/**
 * Builds the project in a folder, by the tool of its language. Returns the module's path.
 *
 * @throws KodamaError `notFound` if there is no project, `environment` if the tool is missing, `conflict` with the
 *   tool's output if the build fails.
 */
export async function buildPlugin(
  host: Host,
  path: string,
  signal: AbortSignal,
): Promise<{ language: PluginLanguage; module: string }> {
  const folder = absolutePath(path, host.places.workingDir);
  const language = await languageOf(host, folder);
  if (language === undefined) {
    const sources = Object.values(languages).map(({ source }) => source).join(", ");
    throw new KodamaError("notFound", `there is no plugin in ${path}: none of ${sources}`);
  }
  const { program, install } = languages[language];
  if (await host.machine.findProgram(program) === undefined) {
    throw new KodamaError("environment", `${program} is not on PATH`, { hint: install });
  }
  const args = ["-c", buildScript, "sh", language, folder, builtModule];
  const { code, stdout } = await host.machine.capture("sh", args, signal);
  signal.throwIfAborted();
  if (code !== 0) {
    // Otherwise the output is about the plugin's own source.
    const lacksTarget = stdout.includes("target may not be installed");
    throw new KodamaError(
      "conflict",
      `${program} failed:\n${stdout.trimEnd()}`,
      lacksTarget ? { hint: install } : {},
    );
  }
  return { language, module: `${folder}/${builtModule}` };
}

async function languageOf(host: Host, folder: string): Promise<PluginLanguage | undefined> {
  for (const language of pluginLanguages) {
    const source = `${folder}/${languages[language].source}`;
    const text = await host.files.readText(source, pluginLimits.moduleBytes);
    if (text !== undefined) return language;
  }
  return undefined;
}
