/** Reports of runs in a real browser: Debian's Chromium. Whatever a record contains, the page only shows it. */
import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { hangLimitMs } from "../harness/hang_limit.ts";
import { launchChromium } from "../harness/chromium.ts";
import { KodamaInProcess } from "../harness/kodama_in_process.ts";

/** Texts that would be markup, script, a style, a request or another direction of text. */
const hostile = [
  "<script>globalThis.stolen = 1</script>",
  "</pre></style></title></svg><img src=x onerror='globalThis.stolen = 1'>",
  "\"><svg onload=globalThis.stolen=1><a href='javascript:globalThis.stolen=1'>x</a>",
  "]]><!--<iframe src='http://127.0.0.1:9/'></iframe><link rel=stylesheet href=http://127.0.0.1:9/>",
  "<style>body{display:none}</style><meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
  "&lt;b&gt; &amp; ${globalThis.stolen=1} \u202egnp.exe \u2028 \x00\x07\x1b]0;title\x07 \ud800",
];

/** Returns the lines of a record in which every text that a pod or a server chooses is hostile. */
function recordLines(id: string): string {
  const at = (ms: number) => new Date(Date.UTC(2026, 10, 22, 9, 46, 0, ms)).toISOString();
  const targets = hostile.map((text, index) => ({
    ...{ context: text, namespace: text, pod: text, container: text, node: text, ip: "" },
    name: `${index} ${text}`,
    uid: null,
  }));
  const events = hostile.flatMap((text, target) => [
    { event: "targetStarted", step: "", target, name: text, at: at(target * 10) },
    { event: "output", id: `${target}`, stdout: `same\n${text}\n`, stderr: text, omittedBytes: 3 },
    {
      event: "targetEnded",
      step: "",
      ...{ target, name: text, at: at(target * 10 + 300), durationMs: 300 },
      ...{ outcome: target % 2 === 0 ? "ok" : "failed", exitCode: target % 2, signal: text },
      ...{ error: text, outputId: target === 5 ? "4" : `${target}` },
    },
  ]);
  const header = {
    ...{ event: "record", version: 2, id, at: at(0), command: ["sh", "-c", hostile.join(" ")] },
    ...{ redacted: false, shell: false, subst: false, workdir: null, env: [], stdin: false },
    ...{ tty: false, copy: false, workflow: hostile[1], rerunOf: null, places: null },
    bounds: { serial: [{ kind: "count", count: 2 }] },
  };
  const started = {
    ...{ event: "runStarted", version: 2, at: at(0), command: ["sh"], workflow: null, steps: 1 },
    targets,
  };
  return [header, started, ...events].map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** Writes the report of the hostile record, and its timeline. */
async function writeReports(folder: string): Promise<{ html: string; svg: string }> {
  const id = "20261122-094600-0001234";
  await Deno.mkdir(`${folder}/config/runs`, { recursive: true });
  await Deno.writeTextFile(`${folder}/config/runs/${id}.jsonl`, recordLines(id));
  const kodama = new KodamaInProcess({ KODAMA_CONFIG_DIR: `${folder}/config`, HOME: folder });
  const [html, svg] = [`${folder}/report.html`, `${folder}/report.svg`];
  for (const words of [["--output", html], ["--svg", "--output", svg]]) {
    const { code, stderr } = await kodama.run(["runs", "report", ...words]);
    assert.equal(code, 0, stderr);
  }
  return { html, svg };
}

/** Opens a file, and returns what it did besides showing itself. */
async function opened(browser: Browser, path: string, colorScheme: "light" | "dark") {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1100, height: 900 } });
  context.setDefaultTimeout(hangLimitMs);
  const page = await context.newPage();
  const events: string[] = [];
  page.on("dialog", (dialog) => events.push(`dialog ${dialog.message()}`));
  page.on("request", (request) => events.push(`request ${request.url()}`));
  page.on("response", (response) => events.push(`response ${response.url()}`));
  page.on("console", (message) => events.push(`console ${message.text()}`));
  page.on("pageerror", (error) => events.push(`error ${error.message}`));
  await page.goto(`file://${path}`, { waitUntil: "load" });
  return { context, page, events };
}

Deno.test("a report shows whatever pods wrote, and does nothing else", async (t) => {
  const folder = await Deno.makeTempDir();
  const { html, svg } = await writeReports(folder);
  const browser = await launchChromium();
  try {
    await t.step(
      "no script, no request, no element of another kind; every text is text",
      async () => {
        const { context, page, events } = await opened(browser, html, "light");
        assert.deepEqual(events, [`request file://${html}`, `response file://${html}`]);
        assert.equal(await page.evaluate("globalThis.stolen ?? null"), null);
        const tags: string[] = await page.evaluate(
          "[...new Set([...document.querySelectorAll('*')].map((one) => one.localName))]",
        );
        const own =
          "html head meta title style body h1 p span dl dt dd h2 div svg line text rect " +
          "section header b pre details summary table thead tbody tr th td footer";
        assert.deepEqual(tags.filter((tag) => !own.split(" ").includes(tag)), []);
        const attributes: string[] = await page.evaluate(
          "[...document.querySelectorAll('*')].flatMap((one) => one.getAttributeNames())",
        );
        assert.deepEqual(attributes.filter((name) => /^on|^style$|href|^src$/.test(name)), []);
        const text = await page.locator("body").innerText();
        for (const part of hostile.slice(0, 5)) assert.ok(text.includes(part), part);
        assert.ok(text.includes("\\u202egnp.exe \\u2028 \\x00\\x07\\x1b]0;title"));
        await context.close();
      },
    );

    await t.step("its policy stops what an error in the escaping would let through", async () => {
      const { context, page, events } = await opened(browser, html, "light");
      await page.evaluate(`document.body.insertAdjacentHTML("beforeend",
        '<img src="http://127.0.0.1:9/x.png"><style>body{display:none}</style><b onclick="stolen=1">')`);
      await page.evaluate(`document.body.lastElementChild.click?.()`);
      assert.equal(await page.evaluate("globalThis.stolen ?? null"), null);
      assert.equal(await page.evaluate("getComputedStyle(document.body).display"), "block");
      const blocked = events.filter((event) => event.includes("violates the following Content"));
      assert.equal(blocked.length, 3, events.join("\n"));
      assert.ok(!events.includes("response http://127.0.0.1:9/x.png"));
      await context.close();
    });

    await t.step("light and dark, narrow and on paper", async () => {
      const colors = await Promise.all((["light", "dark"] as const).map(async (scheme) => {
        const { context, page } = await opened(browser, html, scheme);
        const color = await page.evaluate("getComputedStyle(document.body).backgroundColor");
        await page.setViewportSize({ width: 380, height: 800 });
        assert.ok(await page.evaluate("document.documentElement.scrollWidth <= 380"));
        const paper = await page.pdf();
        assert.equal(new TextDecoder().decode(paper.subarray(0, 5)), "%PDF-");
        await context.close();
        return color;
      }));
      assert.deepEqual(colors, ["rgb(255, 255, 255)", "rgb(20, 23, 28)"]);
    });

    await t.step(
      "the timeline alone is a picture: a bar for each pod, a band for each batch",
      async () => {
        const { context, page, events } = await opened(browser, svg, "dark");
        assert.deepEqual(events, [`request file://${svg}`, `response file://${svg}`]);
        assert.equal(await page.locator("rect.bar").count(), hostile.length);
        assert.equal(await page.locator("rect.band").count(), 3);
        assert.equal(await page.evaluate("globalThis.stolen ?? null"), null);
        await context.close();
      },
    );
  } finally {
    await browser.close();
    await Deno.remove(folder, { recursive: true });
  }
});
