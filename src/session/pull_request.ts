/** Where a pull request is opened in a browser, by the rules of the forges. Pure. */
import type { RepositoryAddress } from "./repository_url.ts";

/** A forge's page for a new request. `path` is the repository's, and the branches are encoded. */
type Page = (path: string, branches: { base: string; branch: string }) => string;

const githubPage: Page = (path, { base, branch }) => `${path}/compare/${base}...${branch}?expand=1`;
const giteaPage: Page = (path, { base, branch }) => `${path}/compare/${base}...${branch}`;
const gitlabPage: Page = (path, { base, branch }) =>
  `${path}/-/merge_requests/new?merge_request%5Bsource_branch%5D=${branch}` +
  `&merge_request%5Btarget_branch%5D=${base}`;
const bitbucketPage: Page = (path, { base, branch }) =>
  `${path}/pull-requests/new?source=${branch}&dest=${base}`;

/** By the host's name, which is mostly that of the software: `gitlab.example.com`. */
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
