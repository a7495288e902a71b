/**
 * The page of `kodama web` as a person uses it, on any cluster with the objects of `fixtures/web_world.yaml`: what they do,
 * and what the page shows then.
 *
 * The flows share one browser, as a person's do. `$KODAMA_SCREENSHOTS` is a folder for pictures of each view.
 */
import assert from "node:assert/strict";
import type { Locator } from "playwright-core";
import { openPage, tabTo } from "./browser_page.ts";
import type { SourceKodama } from "./source_kodama.ts";

/** The objects of the flows. */
export const webWorld = new URL("../fixtures/web_world.yaml", import.meta.url);

/** Where the flows run. */
export interface WebCluster {
  kodama: SourceKodama;
  /** Of the test. */
  folder: string;
  /** Those of the kubeconfig. */
  context: string;
  namespace: string;
  /** Arguments that start a session with a repository, which has a `README.md`. */
  sessionArgs: readonly string[];
  /** Of sessions, if the default isn't there. */
  image?: string;
  /** Makes the stand-in for Claude Code available in a session, if its image doesn't have it. */
  installAgent?: (session: string) => Promise<void>;
}

/** A script that pastes a text, which an expression returns, into an element. */
const pasting = (selector: string, text: string) =>
  `{
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", ${text});
    document.querySelector(${JSON.stringify(selector)}).dispatchEvent(
      new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }),
    );
  }`;

/** A script that sets `startsAtHeading` to a promise: whether the focus is on a view's heading as soon as that is there. */
const startsAtHeading = (title: string) =>
  `globalThis.startsAtHeading = new Promise((resolve) =>
    new MutationObserver((_, observer) => {
      const heading = document.querySelector("h1");
      if (heading?.textContent !== ${JSON.stringify(title)}) return;
      observer.disconnect();
      resolve(document.activeElement === heading);
    }).observe(document.getElementById("main"), { childList: true, subtree: true })
  ), undefined`;

/** A theme, and a width in pixels. */
export type Look = readonly [theme: "light" | "dark", width: 1200 | 390];

/** The source of axe-core, which runs within the page. */
const axe = await Deno.readTextFile(new URL(import.meta.resolve("axe-core/axe.min.js")));

/** Runs all flows, as steps of a test; every view is examined in each of `looks`. */
export async function runWebFlows(
  test: Deno.TestContext,
  { kodama, folder, context, namespace, sessionArgs, image, installAgent }: WebCluster,
  { looks }: { looks: readonly Look[] },
): Promise<void> {
  await using browser = await openPage({ kodama, folder });
  const { page, link, problems, show } = browser;
  const heading = (name: string) => page.getByRole("heading", { name, level: 1 });
  const button = (name: string | RegExp) => page.getByRole("button", { name });
  const card = (name: string): Locator => page.locator(".card", { hasText: name });
  const flow = async (name: string, body: () => Promise<void>) => {
    const isOk = await test.step(name, async () => {
      await body();
      assert.deepEqual(problems, []);
      assert.equal(await page.evaluate("globalThis.stolen ?? null"), null);
    });
    // The next ones start where this one ended.
    if (!isOk) throw new Error(`${name} failed; what follows it wasn't tried`);
  };

  /** The run of which one pod differs. */
  let differs = "";
  await flow("a link signs one browser in; sessions appear as they start", async () => {
    const other = await fetch(link);
    assert.equal(other.status, 401);
    await other.body?.cancel();
    assert.match(await page.title(), /^Sessions/);
    await page.getByText("No sessions here.").waitFor();
    await kodama.succeed(["start", "work", "--no-sync", ...sessionArgs]);
    await card("work").getByText("Running", { exact: true }).waitFor();
    await installAgent?.("work");
  });

  await flow("a prompt, and what the agent does with it", async () => {
    await card("work").getByRole("link").click();
    await heading("work").waitFor();
    await page.locator("h1:focus").waitFor();
    await page.getByLabel("Prompt").fill("Note <b>this</b>");
    await button("Send").click();
    await page.getByText("Task 1 has started.").waitFor();
    await page.locator(".said", { hasText: "The task is noted in TASK.md." }).waitFor();
    await page.getByText("Task 1 done").waitFor();
    await page.locator(".prompt", { hasText: "Note <b>this</b>" }).waitFor();
    assert.equal(await page.locator("main b").count(), 0);
  });

  const pictures = Deno.env.get("KODAMA_SCREENSHOTS");
  /** Returns what people with disabilities couldn't use in the view that is shown, in each look. */
  const examined = async (name: string, [colorScheme, width]: Look): Promise<string[]> => {
    if (pictures !== undefined) {
      await page.screenshot({ path: `${pictures}/${name}-${colorScheme}-${width}.png` });
    }
    const isWider = await page.evaluate("document.documentElement.scrollWidth > innerWidth");
    // The policy of the page doesn't hold for what the debugger evaluates.
    await page.evaluate(axe);
    const violations = await page.evaluate(
      `axe.run(document).then(({ violations }) => violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => id + ": " + nodes.slice(0, 3).map(({ html }) => html).join(" ")))`,
    ) as string[];
    return [
      ...(isWider ? [`${name} is wider than ${width} pixels`] : []),
      ...violations.map((one) => `${name} ${colorScheme} ${width}: ${one}`),
    ];
  };
  const inEachLook = async (each: (look: Look) => Promise<string[]>) => {
    const found: string[] = [];
    for (const look of looks) {
      const [colorScheme, width] = look;
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      found.push(...await each(look));
    }
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 1200, height: 900 });
    assert.deepEqual(found, []);
  };

  await flow("an agent that asks is shown what it asks for, and answered", async () => {
    await page.locator("summary", { hasText: "Options" }).click();
    await page.getByLabel("Permissions").selectOption("ask");
    await page.getByLabel("Budget").fill("2.50");
    const hostile = "<img src=x onerror='stolen=1'>\u202egnp.exe";
    for (const decision of ["Approve", "Deny"]) {
      await page.getByLabel("Prompt").fill(hostile);
      await button("Send").click();
      const asked = page.getByRole("region", { name: "Approvals" });
      await asked.locator("pre", { hasText: "<img src=x onerror='stolen=1'>\\u202egnp.exe" })
        .waitFor();
      await card("waits for your approval: Bash").waitFor();
      if (decision === "Approve") await inEachLook((look) => examined("approval", look));
      else await page.getByLabel("Reason of a refusal").fill("not <b>now</b>");
      await button(decision).click();
      await asked.waitFor({ state: "detached" });
      const answer = decision === "Approve" ? "The task is noted" : "The task isn't noted";
      await page.locator(".said", { hasText: answer }).waitFor();
      await page.getByText(/^Task \d done$/).waitFor();
    }
    assert.equal(await page.locator("main img").count(), 0);
    await page.getByRole("link", { name: "Tasks" }).click();
    await page.getByText("3 tasks").waitFor();
  });

  await flow("another owner", async () => {
    await page.getByRole("link", { name: "Manage" }).click();
    await page.getByLabel("New owner").fill("jane");
    await button("Transfer").click();
    await page.getByText("Transferred.").waitFor();
    await page.getByText("It belongs to jane.").waitFor();
  });

  await flow("a session is started from its form, and deleted after a question", async () => {
    await show("#/sessions");
    await page.getByRole("link", { name: "New session" }).click();
    await heading("New session").waitFor();
    await page.getByLabel("Name (required)").fill("Fresh!");
    await button("Start").click();
    await page.getByRole("alert").getByText("Fresh!").waitFor();
    await page.getByLabel("Name (required)").fill("fresh");
    await page.getByText("More", { exact: true }).click();
    await page.getByLabel("Idle timeout").fill("30m");
    if (image !== undefined) await page.getByLabel("Image").fill(image);
    await button("Start").click();
    await heading("fresh").waitFor();
    await page.locator(".heading").getByText("Running", { exact: true }).waitFor();
    await page.getByRole("link", { name: "Manage" }).click();
    await button("Delete with its volumes…").click();
    const question = page.getByRole("dialog");
    await question.getByText("permanently deleted:").waitFor();
    await question.getByRole("button", { name: "Delete it" }).click();
    await heading("Sessions").waitFor();
    await card("fresh").waitFor({ state: "detached" });
    await card("work").waitFor();
    await card("work").getByRole("link").click();
  });

  await flow("the diff of the agent's work", async () => {
    const line = "cd /workspace && ls && echo '<script>stolen=1</script>' >> README.md";
    await kodama.succeed(["attach", "work", "--command", line]);
    await page.getByRole("link", { name: "Changes" }).click();
    await page.locator(".diff .added", { hasText: "<script>stolen=1</script>" }).waitFor();
    await page.getByText("Untracked files").click();
    await page.getByText("TASK.md", { exact: true }).waitFor();
  });

  await flow("a terminal, which the keyboard can leave", async () => {
    await page.getByRole("link", { name: "Terminal" }).click();
    await page.getByText("In kodama-work.").waitFor();
    await page.keyboard.type("echo $((6*7))-$COLUMNS; printf '\\033[38;2;200;80;10mtrue\\n'");
    await page.keyboard.press("Enter");
    await page.locator(".xterm-rows", { hasText: /42-\d/ }).waitFor();
    await page.locator(".xterm-rows span", { hasText: /^true/ }).waitFor();
    const color = await page.evaluate(`getComputedStyle(
      [...document.querySelectorAll(".xterm-rows span")].find(({ textContent }) => textContent === "true"),
    ).color`);
    // A multiplexer in the pod may round it.
    assert.match(String(color), /^rgb\((?:200, 80, 10|215, 95, 0)\)$/);
    await page.keyboard.type("stty -echo; echo $((6*7)) reads; wc -c; stty echo");
    await page.keyboard.press("Enter");
    await page.locator(".xterm-rows", { hasText: /42 reads/ }).waitFor();
    // More than a message of the page may have.
    const lines = '("#".repeat(79) + "\\n").repeat(4000)';
    await page.evaluate(pasting(".xterm-helper-textarea", lines));
    await page.keyboard.press("Control+d");
    await page.locator(".xterm-rows", { hasText: /320000/ }).waitFor();
    await page.keyboard.press("Control+F6");
    await page.locator(":focus", { hasText: "To the terminal" }).waitFor();
    await page.getByRole("button", { name: "Ctrl-D" }).click();
    await page.getByText("Ended with exit code 0.").waitFor();
  });

  await flow("a session stops, and is resumed", async () => {
    await page.getByRole("link", { name: "Agent's log" }).click();
    await button("Stop the session").click();
    const question = page.getByRole("dialog");
    await question.getByText('session "work" belongs to jane').waitFor();
    await question.getByRole("button", { name: "Stop it" }).click();
    await button("Resume").waitFor();
    await button("Resume").click();
    await question.getByText('session "work" belongs to jane').waitFor();
    await question.getByRole("button", { name: "Do it" }).click();
    await show("#/sessions");
    await card("work").getByText("Running", { exact: true }).waitFor();
  });

  await flow("pods by the grammar of all commands; the address has the selection", async () => {
    await page.getByRole("link", { name: "Pods", exact: true }).click();
    await page.getByLabel("Labels").fill("app=web");
    await page.getByLabel("Name contains").fill("/-1\\d?$/");
    await button("Show").click();
    await page.getByText("3 pods", { exact: true }).waitFor();
    assert.match(page.url(), /#\/pods\?match=.*&selector=app%3Dweb$/);
    await page.reload();
    await page.getByText("3 pods", { exact: true }).waitFor();
    assert.equal(await page.getByLabel("Labels").inputValue(), "app=web");
    await page.getByLabel("Name contains").fill("nothing-like-this");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    await show("#/pods?match=chatty");
    await page.getByRole("link", { name: "Logs of chatty" }).click();
    await page.locator(".line").first().waitFor();
  });

  await flow(
    "a command that the gate asks about, each pod's outcome, the failed again",
    async () => {
      await show("#/runs/new?selector=app%3Dweb");
      const failing =
        'case $HOSTNAME in web-7) [ -e /tmp/again ] || { touch /tmp/again; exit 3; } ;; esac; echo "<i>$HOSTNAME</i>"';
      await page.getByRole("textbox", { name: "Command" }).fill(failing);
      await button("Run").click();
      const question = page.getByRole("dialog");
      await question.getByText(`in 12 pods of namespace ${namespace}, context ${context}`)
        .waitFor();
      await question.getByText("All 12 pods").click();
      await question.getByText("web-11", { exact: true }).waitFor();
      await page.keyboard.press("Escape");
      await question.waitFor({ state: "detached" });
      assert.match(page.url(), /#\/runs\/new/);
      await button("Run").click();
      await question.getByRole("button", { name: "Continue" }).click();
      await page.getByText("1 failed, 11 ok").waitFor();
      await page.locator(".pod", { hasText: "web-7" }).getByText("exit code 3").waitFor();
      await page.locator(".pod summary", { hasText: "web-11" }).click();
      await page.locator(".output", { hasText: "<i>web-11</i>" }).waitFor();
      const first = page.url();
      await button("Rerun the failed").click();
      // A repeated change is a change.
      await question.or(page.getByText("1 ok", { exact: true })).first().waitFor();
      if (await question.count() > 0) {
        await question.getByRole("button", { name: "Continue" })
          .click();
      }
      await page.getByText("1 ok", { exact: true }).waitFor();
      assert.notEqual(page.url(), first);
    },
  );

  await flow(
    "the pod that differs from the others is shown first, as soon as a run is over",
    async () => {
      await show("#/runs/new?selector=app%3Dweb");
      const differing =
        "case $HOSTNAME in web-7) echo '<b>old</b>' ;; *) echo '<b>new</b>' ;; esac";
      await page.getByRole("textbox", { name: "Command" }).fill(differing);
      await button("Run").click();
      const question = page.getByRole("dialog");
      await question.or(page.locator(".sentence")).first().waitFor();
      if (await question.count() > 0) {
        await question.getByRole("button", { name: "Continue" }).click();
      }
      await page.getByText("11 of 12 equal; web-7 differs in 1 line", { exact: true }).waitFor();
      const [odd, most] = [page.locator(".answer").first(), page.locator(".answer").last()];
      await odd.locator("b", { hasText: "web-7" }).waitFor();
      assert.equal(await odd.locator(".added").innerText(), "+<b>old</b>\n");
      assert.equal(await odd.locator(".removed").innerText(), "-<b>new</b>\n");
      await most.locator("b", { hasText: "web-[0-6,8-11]" }).waitFor();
      // A record says the same.
      await page.reload();
      await page.getByText("11 of 12 equal; web-7 differs in 1 line", { exact: true }).waitFor();
      differs = new URL(page.url()).hash;
    },
  );

  await flow("a workflow: its form, its plan, its run", async () => {
    await page.getByRole("link", { name: "Workflows" }).click();
    await page.getByRole("link", { name: "write" }).click();
    await page.getByLabel("pause").fill("soon");
    await button("Plan").click();
    await page.getByText("A value is needed.").waitFor();
    await page.getByText("A duration is needed, such as 90s or 5m.").waitFor();
    await page.locator("[name='param.text']:focus").waitFor();
    await page.getByRole("textbox", { name: "text (required)" }).fill("hello <u>you</u>");
    await page.getByLabel("pause").fill("2s");
    await page.getByLabel("mode").selectOption("safe");
    await button("Plan").click();
    const plan = page.getByLabel("Plan", { exact: true });
    await plan.getByText("May change something: write").waitFor();
    await plan.getByText("12 pods").first().waitFor();
    await page.getByRole("textbox", { name: "text (required)" }).fill("hello <u>me</u>");
    await button("Start the run").click();
    await page.getByText("The form has changed since the plan").waitFor();
    await button("Plan").click();
    await button("Start the run").click();
    const continues = button("Continue");
    await continues.click();
    await page.getByRole("region", { name: "write" }).getByText("12 ok").waitFor();
    await page.locator(".heading").getByText("ok", { exact: true }).waitFor();
    await page.getByRole("region", { name: "write" }).locator(".pod summary").first().click();
    await page.locator(".output", { hasText: "hello <u>me</u>" }).first().waitFor();
    await page.getByRole("link", { name: "Runs", exact: true }).click();
    await page.getByRole("link", { name: "write" }).first().waitFor();
  });

  await flow("a hundred thousand lines of a log, and what it tries", async () => {
    await show("#/logs");
    await page.getByLabel("Names or workloads").fill("chatty");
    await page.getByLabel("Tail", { exact: true }).fill("100000");
    await button("Show").click();
    await page.getByText("100000 of 100000 lines").waitFor();
    const lines = page.locator(".line");
    await lines.filter({ hasText: "red \\x1b]0;title\\x07 \\u202egnp.exe" }).first().waitFor();
    assert.ok(await lines.count() < 150);
    const top = (place: string) =>
      page.evaluate(`document.querySelector(".lines").scrollTop = ${place}`);
    await top("0");
    await lines.filter({ hasText: /line 1$/ }).waitFor();
    await top("20 * 50000");
    await lines.filter({ hasText: /line 50001$/ }).waitFor();
    await button("To the end").click();
    await lines.filter({ hasText: "<script>globalThis.stolen=1</script>" }).first().waitFor();
    await page.getByLabel("Show lines with").fill("line 4242");
    await page.getByText("11 of 100000 lines").waitFor();
    await lines.filter({ hasText: /line 42420$/ }).waitFor();
  });

  await flow("forwards of the background, and their end", async () => {
    await kodama.succeed(["forward", "pod/web-0", ":8080", "--detach", "--name", "shop"]);
    await page.getByRole("link", { name: "Forwards" }).click();
    await card("shop").getByText("running", { exact: true }).waitFor();
    await button("Stop shop").click();
    await card("shop").getByText("stopped", { exact: true }).waitFor();
  });

  await flow("by keyboard alone, from the skip link to a run", async () => {
    await show("#/runs");
    await heading("Runs").waitFor();
    await page.reload();
    await heading("Runs").waitFor();
    await page.keyboard.press("Tab");
    await page.locator(":focus", { hasText: /^Skip to the content$/ }).waitFor();
    await page.keyboard.press("Enter");
    await page.locator("#main:focus").waitFor();
    await tabTo(page, page.getByRole("link", { name: "Run a command" }));
    const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    assert.equal(outline, "solid");
    await page.evaluate(startsAtHeading("Run a command"));
    await page.keyboard.press("Enter");
    await heading("Run a command").waitFor();
    assert.ok(
      await page.evaluate("startsAtHeading"),
      "the focus would move later, while one types",
    );
    await tabTo(page, page.getByRole("textbox", { name: "Command" }));
    await page.keyboard.type("cd / # where");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.insertText("hostname # who\nhostname");
    const command = await page.getByRole("textbox", { name: "Command" }).inputValue();
    assert.equal(command, "cd / # where\nhostname # who\nhostname");
    await page.keyboard.press("Control+a");
    await page.keyboard.type("hostname");
    await tabTo(page, page.getByLabel("Labels"));
    await page.evaluate(pasting(":focus", '"app=web\\ntier=front"'));
    await page.getByText("Several lines were pasted").waitFor();
    await page.keyboard.type("app=web");
    await page.getByText("Several lines were pasted").waitFor({ state: "detached" });
    await page.keyboard.press("Enter");
    await page.getByText("12 ok").waitFor();
  });

  await flow("every view in both themes and on a phone: axe finds nothing serious", async () => {
    await kodama.succeed(["attach", "work", "--command", "true"]);
    const run = new URL(page.url()).hash;
    const views = {
      "sessions": "#/sessions",
      "session": `#/sessions/${namespace}/work/log`,
      "tasks": `#/sessions/${namespace}/work/tasks`,
      "changes": `#/sessions/${namespace}/work/changes`,
      "manage": `#/sessions/${namespace}/work/manage`,
      "new-session": "#/sessions/new",
      "terminal": `#/sessions/${namespace}/work/terminal`,
      "runs": "#/runs",
      "new-run": "#/runs/new",
      "run": run,
      "run-that-differs": differs,
      "workflows": "#/workflows",
      "workflow": "#/workflows/write",
      "pods": "#/pods?selector=app%3Dweb",
      "logs": "#/logs?pods=chatty&tail=1000&follow=true",
      "forwards": "#/forwards",
      "nothing": "#/no/such/view",
    };
    const ready: Record<string, string> = {
      "sessions": ".card",
      "session": ".said",
      "tasks": "tbody tr",
      "changes": ".diff",
      "manage": "form",
      "new-session": "form",
      "terminal": ".xterm-rows",
      "runs": ".rows li",
      "run": ".pod",
      "run-that-differs": ".answer",
      "workflows": ".card",
      "workflow": "form",
      "pods": "tbody tr",
      "logs": ".line",
      "forwards": ".card",
    };
    await inEachLook(async (look) => {
      const found: string[] = [];
      for (const [name, fragment] of Object.entries(views)) {
        await show(fragment);
        await page.locator(ready[name] ?? "h1").first().waitFor();
        found.push(...await examined(name, look));
      }
      return found;
    });
    await page.emulateMedia({ colorScheme: "dark" });
    await page.setViewportSize({ width: 390, height: 900 });
    const background = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    assert.equal(await background(), "rgb(20, 23, 28)");
    await page.getByText("Menu").click();
    await page.getByLabel("Theme").selectOption("light");
    assert.equal(await background(), "rgb(255, 255, 255)");
  });

  await flow("signing out ends the access", async () => {
    if (!await button("Sign out").isVisible()) await page.getByText("Menu").click();
    await button("Sign out").click();
    await page.getByText("This browser is not signed in.").waitFor();
    const status = await page.evaluate("fetch('api/about').then(({ status }) => status)");
    assert.equal(status, 401);
  });
}
