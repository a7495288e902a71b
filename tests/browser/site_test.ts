/** The documentation's site in a real browser, opened as files: the search works without a server. */
import assert from "node:assert/strict";
import { hangLimitMs } from "../harness/hang_limit.ts";
import { launchChromium } from "../harness/chromium.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { writeSite } from "../../tools/site/site.ts";

Deno.test("the site's search works on files, from any page, and leads to a section", async () => {
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
  await page.getByRole("searchbox").fill("zebra");
  assert.equal(await page.locator("#results").textContent(), "Nothing was found.");
  assert.deepEqual(problems, []);
});
