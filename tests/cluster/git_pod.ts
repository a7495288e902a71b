/** A pod that serves a repository to the pods of its namespace. It passes the restricted standard. */
import { debianImage } from "./images.ts";
import type { TestNamespace } from "./test_namespace.ts";

const identity = ["AUTHOR", "COMMITTER"].flatMap((who) => [
  { name: `GIT_${who}_NAME`, value: "A" },
  { name: `GIT_${who}_EMAIL`, value: "a@example.com" },
]);

/** One commit on `main`, with a `README.md`. */
const script = `git init -q --bare -b main /tmp/repo.git && cd /tmp/repo.git &&
readme=$(echo '# a test' | git hash-object -w --stdin) &&
tree=$(printf '100644 blob %s\\tREADME.md\\n' "$readme" | git mktree) &&
git update-ref refs/heads/main "$(git commit-tree "$tree" -m first)" &&
exec git daemon --export-all --base-path=/tmp /tmp`;

/** Starts it; returns the repository's address. */
export async function startGitPod(namespace: TestNamespace): Promise<string> {
  await namespace.startPod("git-server", {
    image: debianImage.names[0],
    env: identity,
    command: ["sh", "-c", script],
    readinessProbe: {
      periodSeconds: 1,
      exec: { command: ["git", "ls-remote", "git://127.0.0.1/repo.git"] },
    },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  }, {
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: "RuntimeDefault" },
    },
  });
  const address = "jsonpath={.status.podIP}";
  return `git://${await namespace.kubectl("get", "pod", "git-server", "-o", address)}/repo.git`;
}
