/** An sshd in a pod, with one repository: git over SSH as a forge has it. */
import { hangTimeout } from "../harness/hang_limit.ts";
import type { TestNamespace } from "./test_namespace.ts";

/** The options of the server. */
export interface SshServerOptions {
  image: string;
  /** A private key's file; its public half is beside it. */
  hostKey: string;
  /** The public keys that may log in as the user `dev`. */
  authorized: readonly string[];
}

/** sshd reads no key that others may read, and files of a Secret are the group's. */
const script =
  `umask 077 && mkdir -p ~/.ssh && cp /keys/host ~/.ssh/host && cp /keys/authorized ~/.ssh/authorized_keys
git init -q --bare -b main ~/repo.git && cd ~/repo.git &&
git update-ref refs/heads/main "$(git commit-tree "$(git mktree </dev/null)" -m first)" &&
exec /usr/sbin/sshd -D -e -h ~/.ssh/host -o UsePAM=no -o PidFile=none -o PasswordAuthentication=no`;

/**
 * Starts it in a pod of its own, on port 22, under the restricted standard.
 *
 * @returns Its address. The repository is `dev@ADDRESS:repo.git`, with a commit on `main`.
 */
export async function startSshServer(
  namespace: TestNamespace,
  { image, hostKey, authorized }: SshServerOptions,
): Promise<string> {
  const name = "git-ssh-server";
  const stringData = { host: await Deno.readTextFile(hostKey), authorized: authorized.join("") };
  await namespace.create(
    { apiVersion: "v1", kind: "Secret", metadata: { name }, stringData },
    pod(name, image),
  );
  await namespace.kubectl("wait", "--for=condition=Ready", `pod/${name}`, hangTimeout);
  const address = "jsonpath={.status.podIP}";
  return await namespace.kubectl("get", "pod", name, "-o", address);
}

function pod(name: string, image: string): Record<string, unknown> {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 0,
      securityContext: {
        ...{ runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
        seccompProfile: { type: "RuntimeDefault" },
        // A port below 1024, without a capability: the restricted standard allows this setting.
        sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }],
      },
      containers: [{
        name: "main",
        image,
        env: [
          { name: "HOME", value: "/home/dev" },
          ...["AUTHOR", "COMMITTER"].flatMap((who) => [
            { name: `GIT_${who}_NAME`, value: "A" },
            { name: `GIT_${who}_EMAIL`, value: "a@example.com" },
          ]),
        ],
        command: ["sh", "-c", script],
        readinessProbe: { periodSeconds: 1, tcpSocket: { port: 22 } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        volumeMounts: [{ name: "keys", mountPath: "/keys" }],
      }],
      volumes: [{ name: "keys", secret: { secretName: name, defaultMode: 0o440 } }],
    },
  };
}
