/** `kodama web` on an embedded cluster, and its page in Debian's Chromium. */
import { chromium, type Locator, type Page } from "playwright-core";
import { RunningCommand } from "../harness/command.ts";
import { startTestCluster, type TestCluster } from "../harness/embedded_cluster.ts";
import { type GitServer, startGitServer } from "../harness/git_server.ts";
import { SourceKodama } from "../harness/source_kodama.ts";
import { filePath } from "../../src/files/file_path.ts";

/** A cluster, the server on it, and a browser that has opened its link. */
export interface BrowserPage extends AsyncDisposable {
  page: Page;
  kodama: SourceKodama;
  cluster: TestCluster;
  git: GitServer;
  /** The link that was opened; it works once. */
  link: string;
  /** Everything the browser did that a page of this kind must not do: requests elsewhere, errors, violations. */
  problems: string[];
  /** Shows a view, by its fragment. */
  show(fragment: string): Promise<void>;
}

/** A workflow with a parameter of each kind of control. */
const workflow = `version: 2
description: Write a file in each pod
params:
  text: { required: true, description: What is written }
  pause: { type: duration, default: 1s }
  mode: { default: fast, enum: [fast, safe] }
select: { selector: app=web }
steps:
  - id: look
    exec: [hostname]
  - id: write
    name: write the file
    exec: [sh, -c, 'echo "$1" >/tmp/page.txt && cat /tmp/page.txt', sh, "\${{ params.text }}"]
`;

/** Starts all of it; sessions are the caller's. */
export async function openPage(
  { width = 1200, colorScheme = "light" as "light" | "dark" } = {},
): Promise<BrowserPage> {
  await using stack = new AsyncDisposableStack();
  const world = filePath(new URL("world.yaml", import.meta.url));
  const cluster = stack.use(await startTestCluster(world));
  const git = stack.use(await startGitServer(`${cluster.folder}/git`));
  const kodama = await SourceKodama.on(cluster);
  const folder = `${cluster.folder}/project`;
  await Deno.mkdir(`${folder}/workflows`, { recursive: true });
  await Deno.writeTextFile(`${folder}/workflows/write.yaml`, workflow);
  await kodama.succeed(["workflow", "trust", "add", "write", "--yes"], { cwd: folder });
  const server = stack.use(
    new RunningCommand(kodama.args(["web"]), { env: kodama.env, cwd: folder }),
  );
  await server.until(({ stdout }) => stdout.includes("\n"));
  const link = server.stdout.trim();
  const browser = stack.use(
    await chromium.launch({
      executablePath: Deno.env.get("KODAMA_CHROMIUM") ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu"],
    }),
  );
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
  const page = await context.newPage();
  const problems: string[] = [];
  const { origin } = new URL(link);
  page.on("pageerror", (error) => problems.push(String(error.stack ?? error)));
  page.on("dialog", (dialog) => problems.push(`dialog ${dialog.message()}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`)) problems.push(`request ${request.url()}`);
  });
  page.on("websocket", (socket) => {
    if (!socket.url().startsWith(`${origin.replace("http", "ws")}/`)) problems.push(socket.url());
  });
  page.on("console", (message) => {
    if (/Content Security Policy|violates/.test(message.text())) problems.push(message.text());
  });
  await page.goto(link);
  await page.getByRole("heading", { name: "Sessions", level: 1 }).waitFor();
  const owned = stack.move();
  return {
    ...{ page, kodama, cluster, git, link, problems },
    async show(fragment) {
      await page.evaluate(`location.hash = ${JSON.stringify(fragment)}`);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Presses Tab until an element has the focus; at most 60 times. @throws Error if it never does. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    if (await target.and(page.locator(":focus")).count() === 1) return;
  }
  throw new Error(`the keyboard doesn't reach ${target}`);
}
