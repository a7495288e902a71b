import assert from "node:assert/strict";
import { pullRequestUrl, repositoryAddress } from "./repository_url.ts";

const branches = { base: "main", branch: "kodama/fix&x" };
const rows: [repository: string, url: string | undefined][] = [
  [
    "git@github.com:org/repo.git",
    "https://github.com/org/repo/compare/main...kodama%2Ffix%26x?expand=1",
  ],
  [
    "https://github.example.com:8443/org/repo",
    "https://github.example.com:8443/org/repo/compare/main...kodama%2Ffix%26x?expand=1",
  ],
  [
    "ssh://git@gitlab.example.com:2222/group/sub/repo.git",
    "https://gitlab.example.com/group/sub/repo/-/merge_requests/new" +
    "?merge_request%5Bsource_branch%5D=kodama%2Ffix%26x&merge_request%5Btarget_branch%5D=main",
  ],
  [
    "https://bitbucket.org/org/repo",
    "https://bitbucket.org/org/repo/pull-requests/new?source=kodama%2Ffix%26x&dest=main",
  ],
  [
    "https://codeberg.org/org/repo",
    "https://codeberg.org/org/repo/compare/main...kodama%2Ffix%26x",
  ],
  ["https://git.example.com/org/repo", undefined],
  ["https://notgithub.com/org/repo", undefined],
];

for (const [repository, url] of rows) {
  Deno.test(`the page for a pull request of ${repository}`, () => {
    assert.equal(pullRequestUrl(repositoryAddress(repository), branches), url);
  });
}
