/** `kodama plugin new`, `build` and `test`, with the tools of each language. */
import assert from "node:assert/strict";

const root = new URL("../../", import.meta.url).pathname;

/** Debian's crates instead of the registry: the build needs no network. */
const cargoConfig = `[source.crates-io]
replace-with = "debian"
[source.debian]
directory = "/usr/share/cargo/registry"
`;

for (const language of ["assemblyscript", "rust", "c"]) {
  Deno.test(`a new project in ${language} is built, and its recorded commands move the cursor`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.mkdir(`${folder}/cargo`);
      await Deno.writeTextFile(`${folder}/cargo/config.toml`, cargoConfig);
      const kodama = async (...args: string[]) => {
        const program = [`${root}main.ts`, "plugin", ...args];
        const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "--quiet", "-P=kodama", `--allow-write=${folder}`, ...program],
          cwd: folder,
          env: {
            KODAMA_CONFIG_DIR: `${folder}/config`,
            CARGO_HOME: `${folder}/cargo`,
            PATH: `/usr/bin:${Deno.env.get("PATH")}`,
          },
        }).output();
        const text = new TextDecoder();
        assert.equal(code, 0, text.decode(stderr));
        return text.decode(stdout);
      };
      await kodama("new", "my-view", "--language", language);
      assert.match(await kodama("build", "my-view"), /^permissions +-$/m);
      const steps = await kodama(
        ...["test", "my-view/plugin.wasm", "--commands", "my-view/commands.jsonl"],
      );
      assert.match(steps, /> \{"type":"select_prev"\}\n {2}one\n> two\n {2}three\n$/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
