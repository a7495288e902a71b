/**
 * A real VS Code for tests: code-server, which is VS Code's own workbench and extension host in a browser. It is
 * built once, from npm, in a cache outside of the checkout.
 */
import type { Locator, Page } from "playwright-core";
import { killAndWait, markedProcesses } from "../cluster/processes.ts";
import { launchChromium } from "../harness/chromium.ts";
import { RunningCommand } from "../harness/command.ts";
import { hangLimitMs } from "../harness/hang_limit.ts";
import { filePath } from "../../src/files/file_path.ts";

const version = "4.100.3";

/** Dependencies that can't be built here, or are for other systems, and that nothing tested needs. */
const unneeded = ["kerberos", "@vscode/windows-process-tree", "@vscode/windows-registry"];

/** Marks all processes of an editor. */
const markVariable = "KODAMA_TEST_EDITOR";

/** What the editor is opened with. */
export interface EditorOptions {
  /** The folder that is open. */
  folder: string;
  /** An empty folder for the editor's own files. */
  home: string;
  /** The extension's package. */
  vsix: string;
  env: Record<string, string>;
}

/** An open editor. */
export class Editor implements AsyncDisposable {
  private constructor(readonly page: Page, private readonly parts: AsyncDisposableStack) {}

  /** Starts the server, installs the extension and opens the folder. */
  static async open({ folder, home, vsix, env }: EditorOptions): Promise<Editor> {
    const entry = `${await provideCodeServer()}/out/node/entry.js`;
    const settings = `${home}/.local/share/code-server/User`;
    await Deno.mkdir(settings, { recursive: true });
    await Deno.writeTextFile(
      `${settings}/settings.json`,
      JSON.stringify({
        // Text in the page, for it can be read there.
        "terminal.integrated.gpuAcceleration": "off",
        "workbench.startupEditor": "none",
        "workbench.tips.enabled": false,
        "telemetry.telemetryLevel": "off",
        "update.mode": "none",
        "editor.minimap.enabled": false,
      }),
    );
    // VS Code takes the environment from a login shell.
    const exports = Object.entries(env).map(([name, value]) => `export ${name}='${value}'\n`);
    await Deno.writeTextFile(`${home}/.profile`, exports.join(""));
    const base = { ...env, HOME: home };
    await run("node", [entry, "--install-extension", vsix], base);
    await using stack = new AsyncDisposableStack();
    const mark = crypto.randomUUID();
    const started = () => markedProcesses(mark, markVariable);
    // What it started writes into its home for some time after its own end.
    stack.defer(async () => {
      for (let left = await started(); left.length > 0; left = await started()) {
        await Promise.all(left.map((process) => killAndWait(process)));
      }
    });
    const server = new RunningCommand([
      ...["node", entry],
      ...["--auth", "none", "--bind-addr", "127.0.0.1:0"],
      ...["--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"],
      folder,
    ], { env: { ...base, [markVariable]: mark } });
    stack.defer(async () => {
      server.signal("SIGTERM");
      await server.ended();
    });
    const listening = /server listening on (http:\/\/[\d.]+:\d+)/;
    await server.writes(({ stdout }) => listening.test(stdout));
    const url = listening.exec(server.stdout)?.[1];
    const editor = stack.use(await Editor.at(`${url}/?folder=${encodeURIComponent(folder)}`));
    // Extensions are known a moment after the workbench is drawn.
    await editor.page.locator('.activitybar [aria-label^="kodama"]').first().waitFor();
    return new Editor(editor.page, stack.move());
  }

  /** Opens the workbench of a server that runs. @param proxy as that of `launchChromium()` */
  static async at(url: string, proxy?: string): Promise<Editor> {
    await using stack = new AsyncDisposableStack();
    const browser = await launchChromium(proxy);
    stack.defer(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    page.setDefaultTimeout(hangLimitMs);
    await page.goto(url);
    await page.locator(".activitybar").waitFor();
    return new Editor(page, stack.move());
  }

  /** Runs a command of the palette. */
  async command(title: string): Promise<void> {
    await this.page.keyboard.press("F1");
    const input = this.page.locator(".quick-input-widget input.input");
    await input.waitFor();
    await input.fill(`>${title}`);
    await this.row(title).first().click();
  }

  /** A row of the list that is open. */
  row(text: string): Locator {
    return this.page.locator(".quick-input-list .monaco-list-row", { hasText: text });
  }

  /** Closes a list of several choices. Enter would untick a box that still has the focus of its click. */
  async acceptChoices(): Promise<void> {
    await this.page.locator(".quick-input-count", { hasText: /^[1-9]/ }).waitFor();
    await this.page.locator(".quick-input-action a", { hasText: "OK" }).click();
  }

  /** Answers the input box of this title, once it is the one that is open. */
  async answer(title: string, text: string): Promise<void> {
    await this.page.locator(".quick-input-title", { hasText: title }).waitFor();
    await this.page.locator(".quick-input-widget input.input").fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** The text of the terminal pane. */
  terminal(text: string | RegExp): Locator {
    return this.page.locator(".terminal-wrapper.active .xterm-rows", { hasText: text });
  }

  /** A line of a tree of the side bar. */
  line(text: string | RegExp): Locator {
    return this.page.locator(".sidebar .pane-body .monaco-list-row", { hasText: text });
  }

  /** Opens a line of a tree, if it isn't open. */
  async expand(line: Locator): Promise<void> {
    if (await line.getAttribute("aria-expanded") === "false") await line.click();
    await line.and(this.page.locator("[aria-expanded=true]")).waitFor();
  }

  /** What is on the screen, without its layout: what a failure has to show. */
  text(): Promise<string> {
    return this.page.locator("body").innerText();
  }

  /** Closes all editors. */
  async closeEditors(): Promise<void> {
    await this.command("View: Close All Editors");
    await this.page.locator(".tabs-container .tab").first().waitFor({ state: "detached" });
  }

  /** Moves the cursor of the editor to a line, from 1. */
  async goToLine(line: number): Promise<void> {
    await this.page.keyboard.press("Control+G");
    await this.page.locator(".quick-input-widget input.input").fill(`:${line}`);
    await this.page.keyboard.press("Enter");
  }

  /** Opens a file of the folder. */
  async openFile(name: string): Promise<void> {
    await this.page.keyboard.press("Control+P");
    const input = this.page.locator(".quick-input-widget input.input");
    await input.waitFor();
    await input.fill(name);
    await this.row(name).first().click();
    await this.page.locator(`.tab[data-resource-name="${name.split("/").at(-1)}"]`).waitFor();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.parts[Symbol.asyncDispose]();
  }
}

/** Returns the folder of code-server's package, which is built if it isn't in the cache yet. */
export async function provideCodeServer(): Promise<string> {
  const cache = Deno.env.get("KODAMA_CI_CACHE") ??
    `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`}/kodama-ci`;
  const home = `${cache}/code-server-${version}`;
  const built = `${home}/node_modules/code-server`;
  if (await exists(`${home}/complete`)) return built;
  await Deno.remove(home, { recursive: true }).catch(() => undefined);
  await Deno.mkdir(home, { recursive: true });
  const npm = (folder: string, ...args: string[]) =>
    run("npm", [...args, "--no-fund", "--no-audit"], Deno.env.toObject(), folder);
  await npm(home, "install", "--ignore-scripts", `code-server@${version}`);
  const vscode = `${built}/lib/vscode`;
  await Deno.remove(`${vscode}/npm-shrinkwrap.json`);
  const manifest = JSON.parse(await Deno.readTextFile(`${vscode}/package.json`));
  for (const name of unneeded) delete manifest.dependencies[name];
  await Deno.writeTextFile(`${vscode}/package.json`, JSON.stringify(manifest));
  await npm(vscode, "install", "--omit=dev", "--ignore-scripts");
  const native = [
    "node-pty",
    "@vscode/spdlog",
    "@parcel/watcher",
    "native-watchdog",
    "@vscode/deviceid",
  ];
  await npm(vscode, "rebuild", ...native);
  await npm(`${vscode}/extensions`, "install", "--omit=dev", "--ignore-scripts");
  // It hashes passwords, of which there are none here; but it is loaded. The build puts it into its place.
  const argon2 = `${home}/node_modules/argon2`;
  const defines = ["--", "-Dmodule_name=argon2", "-Dmodule_path=./lib/binding/napi-v3"];
  await run("npx", ["-y", "node-gyp@12.4.0", "rebuild", ...defines], Deno.env.toObject(), argon2);
  await Deno.writeTextFile(`${home}/complete`, "");
  return built;
}

/** Installs kodama below a folder, and returns the folder of its programs. */
export async function installKodama(folder: string): Promise<string> {
  const root = filePath(new URL("../../", import.meta.url));
  const args = ["task", "--quiet", "install", "--prefix", folder];
  await run(Deno.execPath(), args, Deno.env.toObject(), root);
  return `${folder}/bin`;
}

/** Runs a program to its end. @throws Error with what it wrote. */
export async function run(
  program: string,
  args: string[],
  env: Record<string, string>,
  cwd?: string,
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    ...{ args, env, clearEnv: true },
    ...(cwd === undefined ? {} : { cwd }),
  }).output();
  const decoder = new TextDecoder();
  const text = decoder.decode(stdout);
  if (code === 0) return text;
  throw new Error(`${program} ${args.join(" ")}: ${text}${decoder.decode(stderr)}`);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
