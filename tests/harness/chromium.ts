/** Debian's Chromium, for tests of pages. `$KODAMA_CHROMIUM` is another executable. */
import { type Browser, chromium } from "playwright-core";
import { hangLimitMs } from "./hang_limit.ts";

function executable(): string {
  return Deno.env.get("KODAMA_CHROMIUM") ?? "/usr/bin/chromium";
}

/**
 * Starts it, without a window.
 *
 * @param proxy for all of its connections, those to this machine too, such as `socks5://127.0.0.1:1080`.
 */
export async function launchChromium(proxy?: string): Promise<Browser> {
  return await chromium.launch({
    executablePath: executable(),
    args: ["--no-sandbox", "--disable-gpu"],
    timeout: hangLimitMs,
    ...(proxy === undefined ? {} : { proxy: { server: proxy, bypass: "<-loopback>" } }),
  });
}

/** Returns why this machine has no browser; undefined if it has one. */
export async function chromiumMissing(): Promise<string | undefined> {
  try {
    await Deno.stat(executable());
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `there is no ${executable()}`;
    throw error;
  }
}
