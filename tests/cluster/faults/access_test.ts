/** Clients without permission, or whose permission was removed. */
import assert from "node:assert/strict";
import { run } from "../host_commands.ts";
import { findLayout } from "../layout.ts";
import { onFault, only } from "./fixture.ts";

/** Returns a copy of the kubeconfig whose users have been changed. */
async function kubeconfigWith(kubeconfig: string, copy: string, change: Record<string, string>) {
  const config = JSON.parse(await Deno.readTextFile(kubeconfig));
  for (const { user } of config.users) Object.assign(user, change);
  await Deno.writeTextFile(copy, JSON.stringify(config), { mode: 0o600 });
}

onFault(
  "a user who may list and not exec gets that reason for each pod",
  async ({ namespace, startWith }) => {
    await namespace.startPod("one", {});
    const [role, account] = ["watcher", `system:serviceaccount:${namespace.name}:default`];
    await namespace.kubectl("create", "role", role, "--verb=get,list", "--resource=pods");
    await namespace.kubectl("create", "rolebinding", role, "--role", role, "--user", account);
    const copy = await Deno.makeTempFile();
    await kubeconfigWith(namespace.cluster.kubeconfig, copy, { as: account });
    const ended = await startWith(copy, "one", "--", "true").ended();
    await Deno.remove(copy);
    assert.equal(only(ended).outcome, "forbidden");
    assert.match(only(ended).error ?? "", /User .* cannot create resource "pods\/exec"/);
    assert.equal(ended.code, 1);
  },
);

onFault(
  "an expired client certificate is named as the reason",
  async ({ namespace, startWith }) => {
    const folder = await Deno.makeTempDir();
    const keys = `${(await findLayout()).state}/keys`;
    const script = `
    openssl req -new -key "$1/admin.key" -subj "/O=system:masters/CN=admin" -out "$2/csr"
    openssl x509 -req -in "$2/csr" -CA "$1/ca.crt" -CAkey "$1/ca.key" -days -1 -out "$2/crt"`;
    await run(["sh", "-ec", script, "sh", keys, folder]);
    const certificate = new TextEncoder().encode(await Deno.readTextFile(`${folder}/crt`));
    await kubeconfigWith(namespace.cluster.kubeconfig, `${folder}/kubeconfig`, {
      "client-certificate-data": certificate.toBase64(),
    });
    const ended = await startWith(`${folder}/kubeconfig`, "one", "--", "true").ended();
    await Deno.remove(folder, { recursive: true });
    assert.deepEqual(ended.reports, []);
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /"kind":"unauthorized","message":"Unauthorized .*expired/);
  },
);
