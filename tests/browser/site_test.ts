/** The documentation's site in a real browser, opened as files: the search works without a server. */
import assert from "node:assert/strict";
import { hangLimitMs } from "../harness/hang_limit.ts";
import { launchChromium } from "../harness/chromium.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { writeSite } from "../../tools/site/site.ts";

Deno.test("the site works on files: its search from any page, its menu on a phone", async () => {
  await using folder = await TestFolder.open("kodama-site-");
  await writeSite(`${folder.path}/site`);
  await using browser = await launchChromium();
  const page = await browser.newPage();
  page.setDefaultTimeout(hangLimitMs);
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("requestfailed", (request) => problems.push(request.url()));
  for (const start of ["index.html", "docs/commands/kodama-exec.html"]) {
    await page.goto(`file://${folder.path}/site/${start}`);
    await page.getByRole("searchbox").fill("deprecation");
    await page.locator("#results a").first().click();
    await page.waitForURL(/\/docs\/compatibility\.html#deprecation$/);
    assert.equal(await page.locator("h2#deprecation").textContent(), "Deprecation");
  }
  // On a phone the page comes before the menu of all pages.
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`file://${folder.path}/site/docs/exec.html`);
  const { y = Infinity } = await page.getByRole("heading", { level: 1 }).boundingBox() ?? {};
  assert.ok(y < 300, `the heading is at ${y} px`);
  const exec = page.locator("#pages a[aria-current]");
  assert.equal(await exec.isVisible(), false);
  await page.getByRole("button", { name: "Menu" }).click();
  await exec.waitFor();
  await page.getByRole("button", { name: "Menu" }).click();
  await exec.waitFor({ state: "hidden" });
  assert.ok(await page.evaluate("document.documentElement.scrollWidth <= 390"));
  await page.getByRole("searchbox").fill("zebra");
  assert.equal(await page.locator("#results").textContent(), "Nothing was found.");
  assert.deepEqual(problems, []);
});
