/** The git commands that kodama runs in a session's pod: lines for its `sh`, and their answers. Pure. */
import { plainText } from "../base/plain_text.ts";
import { sshKeyFile, sshKnownHosts } from "./git_environment.ts";
import { kodamaFolder, workspaceFolder } from "./names.ts";

/** A checkout to make. */
export interface Checkout {
  url: string;
  /** The repository's default branch if absent. */
  baseBranch: string | undefined;
  /** Starts at the base, and belongs to the session. If absent, the base itself is checked out. */
  ownBranch: string | undefined;
  /** The commit author, if the user's own git knows it. */
  author: { name: string; email: string } | undefined;
  /** A sync copies the files, and {@link missingFilesWords} adds those that it omits. */
  filesBySync: boolean;
}

/** The checkout in the pod. */
export interface CheckoutState {
  branch: string;
  baseBranch: string;
  /** Empty if there is no commit yet. */
  commitHash: string;
  /** It was checked out just now, and not found. */
  made: boolean;
  /** Used by the repository and missing in the checkout: submodules, or files of Git LFS. */
  lacks: readonly ("submodules" | "lfs")[];
}

/** The exit codes of the script with a meaning of their own. */
export const checkoutRefusals = { noSuchBranch: 66, otherRepository: 67 } as const;

/** Its presence marks a complete checkout; it contains the repository's address. */
const marker = `${kodamaFolder}/repository`;
/** Its presence means that files of the checkout may be missing. */
const pending = `${kodamaFolder}/files-pending`;

/**
 * Finished steps are skipped, so that it may run again after any interruption: `init` and `fetch` continue where
 * `clone` would refuse a folder that isn't empty (a new file system has `lost+found`).
 *
 * The marker and the repository are on two volumes, and either may have been lost: a repository without a marker is
 * found by `kodama.base`, which is set on checkout, and an empty workspace is checked out again.
 */
const checkoutScript = `set -eu
url=$1 base=$2 own=$3
cd ${workspaceFolder}
# Of starts at the same moment one makes the checkout, and the others find it made. The lock ends when its holder exits.
if command -v flock >/dev/null; then
  exec 9>>${kodamaFolder}/checkout.lock
  flock 9
fi
is_empty() {
  for one in * .[!.]* ..?*; do
    case $one in lost+found | .kodama-*) continue ;; esac
    if [ -e "$one" ] || [ -L "$one" ]; then return 1; fi
  done
}
require_url() {
  [ "$1" = "$url" ] && return
  echo "the workspace holds $1" >&2
  exit ${checkoutRefusals.otherRepository}
}
mark() {
  printf '%s' "$url" > ${marker}.new
  mv ${marker}.new ${marker}
}
made=
if [ -f ${marker} ]; then
  require_url "$(cat ${marker})"
  if is_empty; then rm ${marker}; fi
elif [ -e .git ] && git config --get kodama.base >/dev/null; then
  require_url "$(git config --get remote.origin.url || true)"
  mark
fi
if ! [ -f ${marker} ]; then
  made=1
  git init -q
  git remote add origin "$url" 2>/dev/null || git remote set-url origin "$url"
  if [ -z "$base" ]; then
    heads=$(git ls-remote --symref origin HEAD)
    base=$(printf '%s\\n' "$heads" | sed -n 's|^ref: refs/heads/\\(.*\\)[[:space:]]HEAD$|\\1|p')
  fi
  # What fetch leaves in the background (git maintenance) doesn't hold the lock.
  git fetch --progress origin 9>&-
  branch=\${own:-\${base:-main}} from=$base
  # Of a workspace that was lost, what was pushed of the session's own branch.
  if [ -n "$own" ] && git rev-parse -q --verify "refs/remotes/origin/$own" >/dev/null; then from=$own; fi
  if [ -n "$from" ] && git rev-parse -q --verify "refs/remotes/origin/$from" >/dev/null; then
    if [ "$branch" = "$from" ]; then track=--track; else track=--no-track; fi
    if [ "$6" = sync ]; then
      : > ${pending}
      git update-ref "refs/heads/$branch" "refs/remotes/origin/$from"
      git symbolic-ref HEAD "refs/heads/$branch"
      git read-tree HEAD
      if [ $track = --track ]; then git branch -q --set-upstream-to="origin/$from"; fi
    else
      git checkout -q $track -B "$branch" "refs/remotes/origin/$from"
    fi
  elif [ -z "$(git for-each-ref refs/remotes/origin)" ]; then
    git symbolic-ref HEAD "refs/heads/$branch"
  else
    git for-each-ref --format='%(refname:lstrip=3)' refs/remotes/origin | head -20 | tr '\\n' ' '
    exit ${checkoutRefusals.noSuchBranch}
  fi
  git config push.autoSetupRemote true
  git config kodama.base "$base"
  if [ -n "$4" ]; then git config user.name "$4"; git config user.email "$5"; fi
  mark
fi
# A sync's own files, and the copies that its conflicts keep: not to be committed by accident.
if [ -d .git ]; then
  mkdir -p .git/info
  for one in '/.kodama-sync-*' '*.conflict-local-*Z' '*.conflict-remote-*Z' '*.conflict-*Z-[0-9]*'; do
    grep -qsxF "$one" .git/info/exclude || printf '%s\\n' "$one" >> .git/info/exclude
  done
fi
if [ "$made" ] && git cat-file -e HEAD:.gitmodules 2>/dev/null; then echo lacks=submodules; fi
if [ "$made" ] && ! git config --get filter.lfs.clean >/dev/null &&
  git grep -q -e filter=lfs HEAD -- .gitattributes '**/.gitattributes' 2>/dev/null; then echo lacks=lfs; fi
printf 'made=%s\\n' "$made"
printf 'branch=%s\\n' "$(git symbolic-ref -q --short HEAD || echo HEAD)"
printf 'base=%s\\n' "$(git config kodama.base || true)"
printf 'commit=%s\\n' "$(git rev-parse -q --verify HEAD || true)"
`;

/** Returns the args that create the checkout, or find the existing one. */
export function checkoutWords(
  { url, baseBranch, ownBranch, author, filesBySync }: Checkout,
): string[] {
  const { name = "", email = "" } = author ?? {};
  return [
    ...["sh", "-c", checkoutScript, "kodama"],
    ...[url, baseBranch ?? "", ownBranch ?? "", name, email, filesBySync ? "sync" : ""],
  ];
}

/** Adds the branch's files that the sync omitted; existing files stay unchanged. Does nothing once that is done. */
export const missingFilesWords: readonly string[] = [
  "sh",
  "-c",
  `cd ${workspaceFolder} && test -f ${pending} || exit 0
git checkout-index -q -a
git update-index -q --refresh
rm ${pending}
`,
];

/** Reports about the SSH key what ssh itself doesn't, which treats a locked one as missing; prints none of it. */
export const keyCheckWords: readonly string[] = [
  ...["sh", "-c", `exec ssh-keygen -y -P "" -f ${sshKeyFile} >/dev/null`],
];

/** Prints the fingerprint of a host key that was trusted on first use. */
export function hostKeyWords(host: string): string[] {
  return ["ssh-keygen", "-l", "-F", host, "-f", sshKnownHosts];
}

/** Returns the script's answer; undefined if it isn't one. */
export function checkoutAnswer(stdout: string): CheckoutState | undefined {
  const lines = stdout.split("\n");
  const fields = new Map(
    lines.map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), plainText(line.slice(at + 1), 300)];
    }),
  );
  const lacks = (["submodules", "lfs"] as const).filter((one) => lines.includes(`lacks=${one}`));
  const [branch, commitHash] = [fields.get("branch"), fields.get("commit")];
  if (branch === undefined || commitHash === undefined) return undefined;
  if (!/^(?:[0-9a-f]{40,64})?$/.test(commitHash)) return undefined;
  return {
    branch,
    baseBranch: fields.get("base") ?? "",
    commitHash,
    made: fields.get("made") === "1",
    lacks,
  };
}

/** The work in the workspace since the checkout. */
export interface WorkState {
  branch: string;
  commitHash: string;
  /** Commits that the base lacks. */
  commits: number;
  /** The latest commits, at most five: abbreviated hash and subject. */
  latest: readonly { hash: string; subject: string }[];
  /** Files that are changed and not committed. */
  uncommitted: number;
}

const workScript = `set -eu
cd ${workspaceFolder}
base=$(git config kodama.base || true)
since=HEAD
if [ -n "$base" ]; then since="refs/remotes/origin/$base..HEAD"; fi
printf 'branch %s\\n' "$(git symbolic-ref -q --short HEAD || echo HEAD)"
printf 'commit %s\\n' "$(git rev-parse -q --verify HEAD || true)"
printf 'commits %s\\n' "$(git rev-list --count "$since" -- 2>/dev/null || echo 0)"
printf 'uncommitted %s\\n' "$(git status --porcelain | wc -l)"
git log -5 --format='log %h %s' "$since" -- 2>/dev/null || true
`;

/** The args that request it. */
export const workWords: readonly string[] = ["sh", "-c", workScript];

/** Returns their answer; undefined if it isn't one. */
export function workAnswer(stdout: string): WorkState | undefined {
  const lines = stdout.split("\n").map((line) => {
    const at = line.indexOf(" ");
    return [line.slice(0, at), plainText(line.slice(at + 1), 200)] as const;
  });
  const field = (name: string) => lines.find(([word]) => word === name)?.[1];
  const branch = field("branch");
  if (branch === undefined) return undefined;
  return {
    branch,
    commitHash: field("commit") ?? "",
    commits: Number(field("commits")) || 0,
    uncommitted: Number(field("uncommitted")) || 0,
    latest: lines.filter(([word]) => word === "log").slice(0, 5).map(([, text]) => {
      const [hash = "", ...subject] = text.split(" ");
      return { hash, subject: subject.join(" ") };
    }),
  };
}
