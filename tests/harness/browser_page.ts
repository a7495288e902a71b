/** `kodama web` on any cluster, and its page in Debian's Chromium. */
import type { Locator, Page } from "playwright-core";
import { hangLimitMs } from "./hang_limit.ts";
import { launchChromium } from "./chromium.ts";
import { RunningCommand } from "./command.ts";
import type { SourceKodama } from "./source_kodama.ts";

/** The server, and a browser that has opened its link. */
export interface BrowserPage extends AsyncDisposable {
  page: Page;
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

/** Starts both. The server has a folder of its own, below that of the test, with a trusted workflow. */
export async function openPage(
  { kodama, folder }: { kodama: SourceKodama; folder: string },
): Promise<BrowserPage> {
  await using stack = new AsyncDisposableStack();
  const project = `${folder}/project`;
  await Deno.mkdir(`${project}/workflows`, { recursive: true });
  await Deno.writeTextFile(`${project}/workflows/write.yaml`, workflow);
  await kodama.succeed(["workflow", "trust", "add", "write", "--yes"], { cwd: project });
  const server = stack.use(
    new RunningCommand(kodama.args(["web"]), { env: kodama.env, cwd: project }),
  );
  await server.writes(({ stdout }) => stdout.includes("\n"));
  const link = server.stdout.trim();
  const browser = stack.use(await launchChromium());
  const context = await browser.newContext({
    colorScheme: "light",
    viewport: { width: 1200, height: 900 },
  });
  context.setDefaultTimeout(hangLimitMs);
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
    ...{ page, link, problems },
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
