/** Addresses of repositories as users write them, and the form for git in the pod. Pure. */
import { UsageError } from "../base/errors.ts";

/** How a repository is reached. */
export interface RepositoryAddress {
  /** As git accepts it; contains neither user nor password for `https`. */
  url: string;
  transport: "https" | "http" | "ssh" | "git";
  /** With the port, if it isn't the transport's default. */
  host: string;
  /** On the host: without a slash at the start or the end, and without `.git`. */
  path: string;
}

const wayOut = "as in https://github.com/org/repo, github.com/org/repo or git@github.com:org/repo";

/**
 * Reads `https://…`, `ssh://…`, `git://…`, `git@host:path`, and `host/path` for HTTPS.
 *
 * @throws UsageError for anything else, and for an address with a password: the message doesn't repeat the text.
 */
export function repositoryAddress(text: string): RepositoryAddress {
  // deno-lint-ignore no-control-regex -- control characters are refused
  if (/[\x00-\x20\x7f]/.test(text) || text.startsWith("-")) throw noAddress(text);
  const scp = /^([\w.-]+@)?([\w.-]+):(?!\/\/)([^:]+)$/.exec(text);
  if (scp !== null && !/^\d+\//.test(scp[3] ?? "")) {
    return { url: text, transport: "ssh", host: scp[2] ?? "", path: barePath(scp[3] ?? "") };
  }
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : withHttps(text);
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  const transport = url && transports[url.protocol];
  if (url === undefined || transport === undefined || url.pathname.length < 2) {
    throw noAddress(text);
  }
  const holdsToken = url.password !== "" || (transport !== "ssh" && url.username !== "");
  if (holdsToken || url.search !== "" || url.hash !== "") throw refused(url);
  const host = transport === "ssh" ? url.host.replace(/:22$/, "") : url.host;
  return { url: url.href.replace(/\/+$/, ""), transport, host, path: barePath(url.pathname) };
}

function barePath(path: string): string {
  return path.replace(/^\/+|\/+$/g, "").replace(/\.git$/, "");
}

/**
 * Returns whether two addresses refer to the same repository, by the rules of forges: `git@github.com:org/repo` is
 * `https://github.com/org/repo`. Ports are compared within the same transport only.
 */
export function sameRepository(one: RepositoryAddress, other: RepositoryAddress): boolean {
  const host = (address: RepositoryAddress) => {
    const { host } = address;
    const whole = one.transport === other.transport ? host : host.replace(/:\d+$/, "");
    return whole.toLowerCase();
  };
  return host(one) === host(other) && one.path === other.path;
}

const transports: Readonly<Record<string, RepositoryAddress["transport"]>> = {
  "https:": "https",
  "http:": "http",
  "ssh:": "ssh",
  "git:": "git",
};

/** `github.com/org/repo`, and not a local path. */
function withHttps(text: string): string {
  return /^[\w-]+(?:\.[\w-]+)+(?::\d+)?\/.+/.test(text) ? `https://${text}` : text;
}

/** The text may be a token in the wrong argument, so only its start is shown. */
function noAddress(text: string): UsageError {
  const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 16)}…` : text);
  return new UsageError(`${shown} isn't the address of a repository`, { hint: wayOut });
}

function refused(url: URL): UsageError {
  const what = url.password !== "" || url.username !== ""
    ? "a user or a password"
    : "a query or a fragment";
  return new UsageError(`the address of the repository at ${url.host} holds ${what}`, {
    hint: "give the token as GITHUB_TOKEN, in a dotenv file or the environment: it stays out of " +
      "process lists and logs there",
  });
}

/** Returns the address of a folder's origin without user and password; unchanged if it has none. */
export function withoutPassword(text: string): string {
  return text.replace(/^(https?:\/\/)[^/@]*@/i, "$1");
}

/* Where a pull request is opened in a browser, by the rules of the forges. Pure. */

/** A forge's page for a new request. `path` is the repository's, and the branches are encoded. */
type Page = (path: string, branches: { base: string; branch: string }) => string;

const githubPage: Page = (path, { base, branch }) => `${path}/compare/${base}...${branch}?expand=1`;
const giteaPage: Page = (path, { base, branch }) => `${path}/compare/${base}...${branch}`;
const gitlabPage: Page = (path, { base, branch }) =>
  `${path}/-/merge_requests/new?merge_request%5Bsource_branch%5D=${branch}` +
  `&merge_request%5Btarget_branch%5D=${base}`;
const bitbucketPage: Page = (path, { base, branch }) =>
  `${path}/pull-requests/new?source=${branch}&dest=${base}`;

/** The pages by the name of the host, which is mostly that of the software: `gitlab.example.com`. */
const pages: readonly [RegExp, Page][] = [
  [/(?:^|\.)github\./, githubPage],
  [/(?:^|\.)gitlab\./, gitlabPage],
  [/(?:^|\.)bitbucket\.org$/, bitbucketPage],
  [/^codeberg\.org$|(?:^|\.)(?:gitea|forgejo)\./, giteaPage],
];

/** Returns the address; undefined for a host whose software isn't known by its name. */
export function pullRequestUrl(
  { transport, host, path }: RepositoryAddress,
  { base, branch }: { base: string; branch: string },
): string | undefined {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  const page = pages.find(([pattern]) => pattern.test(name))?.[1];
  if (page === undefined) return undefined;
  // The port of SSH isn't that of the page.
  const origin = transport === "https" || transport === "http"
    ? `${transport}://${host}`
    : `https://${name}`;
  const repository = path.split("/").map(encodeURIComponent).join("/");
  return `${origin}/${
    page(repository, { base: encodeURIComponent(base), branch: encodeURIComponent(branch) })
  }`;
}
