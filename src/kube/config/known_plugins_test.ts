import assert from "node:assert/strict";
import { decisionName, isUnknownUse, knownForms } from "./known_plugins.ts";
import type { ExecPlugin } from "./kubeconfig.ts";

/** Returns a plugin of a command line, whose first words may be variables. */
function plugin(line: string): ExecPlugin {
  const words = line.split(" ");
  const begin = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
  const env = words.slice(0, begin).map((word) => {
    const [name = "", value = ""] = word.split("=");
    return { name, value };
  });
  const [command = "", ...args] = words.slice(begin);
  return {
    apiVersion: "client.authentication.k8s.io/v1",
    command,
    args,
    env,
    installHint: undefined,
    provideClusterInfo: false,
    interactiveMode: "Never",
  };
}

Deno.test("plugins as clouds write them start without a question", () => {
  const lines = [
    "aws --region us-west-2 eks get-token --cluster-name x --output json",
    "AWS_PROFILE=work aws eks get-token --cluster-name x",
    "AWS_STS_REGIONAL_ENDPOINTS=regional aws --region=x eks get-token --role-arn y",
    "aws-iam-authenticator token -i x",
    "gke-gcloud-auth-plugin --use_application_default_credentials",
    "gcloud config config-helper --format=json",
    "kubelogin get-token --login azurecli --server-id x",
    "kubectl oidc-login get-token --oidc-issuer-url=https://x --oidc-client-id=y",
    "doctl kubernetes cluster kubeconfig exec-credential --version=v1beta1 --context=x y",
    "oci ce cluster generate-token --cluster-id x --region y",
    "tsh kube credentials --kube-cluster=x",
    "az account get-access-token --resource x",
    // No program of kodama's permissions: they decide about it.
    "my-login sh -c id",
  ];
  assert.deepEqual(lines.filter((line) => isUnknownUse(plugin(line))), []);
});

Deno.test("other args and variables of the same programs need a decision, and so do kodama's own programs", () => {
  const lines = [
    ...["sh -c id", "git -c alias.x=!id x", "tmux new-session id", "sh", "git", "tmux"],
    ...["kubectl delete ns prod", "kubectl oidc-login get-token --browser-command=/tmp/evil"],
    ...["kubectl --kubeconfig=x oidc-login get-token", "kubectl", "kubectl oidc-login"],
    ...["kubelogin get-token --browser-command x", "kubelogin convert-kubeconfig"],
    ...["aws s3 rm s3://x --recursive", "aws s3 cp x eks get-token", "aws"],
    "AWS_CONFIG_FILE=evil aws eks get-token --cluster-name x",
    "LD_PRELOAD=/x.so gke-gcloud-auth-plugin",
    "PATH=/tmp aws eks get-token",
    "CLOUDSDK_PYTHON=/tmp/evil gcloud config config-helper",
    "gcloud compute instances delete x",
    "az vm delete --ids x",
    "tsh ssh host id",
    "oci os object delete",
    "doctl compute droplet delete x",
  ];
  assert.deepEqual(lines.filter((line) => !isUnknownUse(plugin(line))), []);
});

Deno.test("each program that kodama's permissions let it start has a decision here", async () => {
  const text = await Deno.readTextFile(new URL("../../../deno.json", import.meta.url));
  const { permissions } = JSON.parse(text) as { permissions: { kodama: { run: string[] } } };
  assert.deepEqual(Object.keys(knownForms).toSorted(), permissions.kodama.run.toSorted());
});

Deno.test("a decision about a relative path is about the program that it names here", async () => {
  assert.equal(await decisionName(plugin("./bin/login x")), `${Deno.cwd()}/bin/login`);
  assert.equal(await decisionName(plugin("bin/login x")), `${Deno.cwd()}/bin/login`);
  assert.equal(await decisionName(plugin("/opt/login x")), "/opt/login");
  assert.equal(await decisionName(plugin("login x")), "login");
});
