/** The newest release of kodama, as the server that the user has configured names it. */
import { Deadline } from "../base/abort.ts";
import { KodamaError } from "../base/errors.ts";
import { action, hint } from "../base/hint.ts";
import { plainText } from "../base/plain_text.ts";
import { settingsOf } from "./config/setting_sources.ts";
import type { Host } from "./host.ts";

const limitMs = 10_000;

/** npm's document of a package has each of its versions. */
const maxBytes = 8 * 1024 * 1024;

/** What is installed, and what there is. */
export interface VersionCheck {
  installed: string;
  newest: string;
  isOutdated: boolean;
}

/**
 * Requests the newest version from the address of `releases.url`.
 *
 * @throws KodamaError `usage` if there is no address, `config` if it isn't one, `unreachable` if it doesn't answer with a version.
 */
export async function checkVersion(
  host: Host,
  installed: string,
  signal: AbortSignal,
): Promise<VersionCheck> {
  const url = (await settingsOf(host)).releases?.url;
  if (url === undefined) {
    throw new KodamaError("usage", "kodama doesn't know where its releases are published", {
      hint: hint`${action("config.set", { key: "releases.url", value: "URL" })}: ${addresses}`,
    });
  }
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url)) {
    throw new KodamaError("config", `releases.url: ${plainText(url, 80)} isn't an address`, {
      hint: addresses,
    });
  }
  const { local } = await host.workflowMachine();
  using deadline = new Deadline(host.clock, limitMs, signal);
  const where = new URL(url).host;
  try {
    const answer = await local.fetch({
      method: "GET",
      url,
      headers: { accept: "application/json" },
      maxOutputBytes: maxBytes,
    }, deadline.signal);
    const newest = answer.status === 200 ? newestOf(answer.body) : undefined;
    if (newest === undefined) {
      throw new KodamaError(
        "unreachable",
        `${where} answered with status ${answer.status}, and no version of kodama`,
        { hint: addresses },
      );
    }
    return { installed, newest, isOutdated: isNewer(newest, installed) };
  } catch (error) {
    if (deadline.expired) throw new KodamaError("unreachable", `${where} didn't answer in 10s`);
    throw error;
  }
}

const addresses =
  "the address of a package in an npm registry, or of JSON with the version of the newest release";

/** Returns the version in npm's document of a package, in a release of GitHub, or in `{"version": "1.2.3"}`. */
export function newestOf(text: string): string | undefined {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof data !== "object" || data === null) return undefined;
  const { version, tag_name: tag, "dist-tags": tags } = data as Record<string, unknown>;
  const named = (tags as { latest?: unknown } | undefined)?.latest ?? version ?? tag;
  const [, found] = /^v?(\d{1,9}\.\d{1,9}\.\d{1,9}(?:-[0-9A-Za-z.-]{1,40})?)$/.exec(
    String(named),
  ) ?? [];
  return found;
}

/** Whether one version is newer than another: https://semver.org/#spec-item-11, without the order of pre-releases. */
export function isNewer(one: string, other: string): boolean {
  const parts = (version: string) => {
    const [numbers = "", pre] = version.split(/-(.*)/s);
    return [...numbers.split(".").map(Number), pre === undefined ? 1 : 0];
  };
  const [a, b] = [parts(one), parts(other)];
  const index = a.findIndex((part, at) => part !== b[at]);
  return index !== -1 && (a[index] ?? 0) > (b[index] ?? 0);
}
