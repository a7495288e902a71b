import assert from "node:assert/strict";
import { kubectlUse } from "./kubectl.ts";

/** Returns the effect of a command line: `reads`, `changes`, or the reason why it needs a permission. */
function judged(line: string): string {
  const use = kubectlUse(line.split(" "));
  if (use.kind !== "needsPermission") return use.kind;
  const reasons = use.reasons.map(({ reach, word, path }) =>
    path === undefined ? `${reach} ${word}` : `${reach} ${word} ${path}`
  );
  return `${use.effect}; ${reasons.join(", ")}`;
}

/** Command lines by their effects. */
const table: Readonly<Record<string, readonly string[]>> = {
  "reads": [
    "get pods",
    "get pods -A -o wide",
    "get pods -Aowide",
    "get pods -n web --context east -l app=web --field-selector=status.phase=Running",
    "-n web get pods",
    "--namespace=web --context east get pods",
    "get pods --sort-by .metadata.name --show-labels --no-headers -L app --chunk-size=0",
    "get pods -o jsonpath={.items[*].metadata.name}",
    "get pods -o custom-columns=FILE:.metadata.name",
    "get pods --template {{.kind}} -o go-template",
    "get pods -- --kubeconfig",
    "get pods -w --request-timeout 5s --watch=false",
    "get -f - -o yaml",
    "logs web-0 -f -p -c app --tail -1 --since=1h --timestamps",
    "logs -fp web-0",
    "logs -l app=web --all-containers --prefix --max-log-requests 20",
    "describe node n1",
    "top pod --containers --sum",
    "wait --for=condition=Ready pod -l app=web --timeout=60s",
    "rollout status sts/web --timeout=60s",
    "rollout history sts/web --revision 2",
    "auth can-i create pods --list -q",
    "auth whoami -o json",
    "config view --minify",
    "config current-context",
    "config get-contexts -o name",
    "cluster-info",
    "cluster-info dump --namespaces web",
    "version --client -o json",
    "explain pods.spec --recursive",
    "events --for pod/web-0 --types=Warning",
    "api-resources --namespaced=false --verbs=list",
    "apply view-last-applied cm/x",
    "options",
    "help delete",
    "rollout -n x status",
    "auth -n x can-i get pods",
    "-nx get pods",
    "-A=true get pods",
    "port-forward web-0 8080",
    "get --raw=/version",
  ],
  "changes": [
    "delete pod web-0 --wait=false --grace-period 0 --force",
    "scale sts/web --replicas=3",
    "rollout restart sts/web",
    "drain n1 --ignore-daemonsets --delete-emptydir-data --timeout=60s --pod-selector=app=web",
    "patch cm x -p {} --type merge",
    "label pod web-0 a=b --overwrite",
    "exec web-0 -c app -it -- sh -c id --kubeconfig=x",
    "create configmap x --from-literal=a=b",
    "create token sa --duration 1h",
    "apply -f -",
    "run x --image=busybox --restart Never --rm -i -- sh",
    "debug web-0 --image=busybox --profile general",
    // A path of the API can lead to any program that a service or a node serves.
    "get --raw /api/v1/namespaces/n/services/s/proxy/shutdown",
    "get --raw=/api/v1/nodes/n/%70roxy/run",
    // cobra takes `get` for the value of a flag that only some verbs have, and runs `delete`.
    "-A get delete pods",
    "--all get delete pods",
  ],
  "reads; otherServer --kubeconfig": [
    "--kubeconfig=evil get pods",
    "--kubeconfig evil get pods",
    "get pods --kubeconfig=evil",
    "get pods --kubeconfig evil",
    "get --kubeconfig evil pods",
    "logs web-0 -f --kubeconfig evil",
  ],
  "changes; otherServer --kubeconfig": [
    "delete pod x --kubeconfig=y",
  ],
  "reads; otherServer --server, otherServer --insecure-skip-tls-verify": [
    "get pods --server=https://127.0.0.1:1 --insecure-skip-tls-verify",
    "get pods --server https://127.0.0.1:1 --insecure-skip-tls-verify=true",
  ],
  "reads; otherServer -s": [
    "get pods -s https://x",
    "get pods -shttps://x",
    "get pods -As=https://x",
  ],
  "reads; otherServer --cluster": ["get pods --cluster other"],
  "reads; otherServer --tls-server-name": ["get pods --tls-server-name x"],
  "reads; otherServer --certificate-authority": ["get pods --certificate-authority=ca.pem"],
  "reads; otherServer --insecure-skip-tls-verify-backend": [
    "logs web-0 --insecure-skip-tls-verify-backend",
  ],
  "reads; otherIdentity --token": ["get pods --token x", "get pods --token=x"],
  "reads; otherIdentity --user": ["get pods --user admin"],
  "reads; otherIdentity --as, otherIdentity --as-group": [
    "get pods --as root --as-group=system:masters",
  ],
  "reads; otherIdentity --client-certificate, otherIdentity --client-key": [
    "get pods --client-certificate=c --client-key=k",
  ],
  "reads; otherIdentity --username, otherIdentity --password": [
    "get pods --username me --password p",
  ],
  "reads; writesFiles --cache-dir": ["get pods --cache-dir=/tmp/x", "get pods --cache_dir=/tmp/x"],
  "reads; writesFiles --profile, writesFiles --profile-output": [
    "get pods --profile cpu --profile-output=/tmp/x",
  ],
  "reads; writesFiles --output-directory": [
    "cluster-info dump --output-directory=/tmp/x",
    "cluster-info --output-directory /tmp/x dump",
  ],
  "reads; readsFiles -f pod.yaml": ["get -f pod.yaml", "get -fpod.yaml", "get -Rf=pod.yaml"],
  "reads; readsFiles --filename a, readsFiles --filename b": ["get --filename a,b"],
  "reads; readsFiles -f": ["get -f *.yaml", "get -f"],
  "reads; fetches -f": ["get -f https://example.com/x.yaml", "get -f HTTP://example.com/x"],
  "reads; runsPrograms -k": ["get -k dir", "get -kdir"],
  "reads; readsFiles -o go-template-file x": ["get pods -o go-template-file=x"],
  "reads; readsFiles -o jsonpath-file x": [
    "get pods -o=jsonpath-file=x",
    "get pods -ojsonpath-file=x",
    "get pods -Ao jsonpath-file=x",
  ],
  "reads; readsFiles --output custom-columns-file x": ["get pods --output=custom-columns-file=x"],
  "reads; readsFiles -o go-template-file": ["get pods -o go-template-file --template x"],
  "reads; readsFiles -o GO-TEMPLATE-FILE x": ["get pods -o GO-TEMPLATE-FILE=x"],
  "reads; showsCredentials --raw": ["config view --raw"],
  "reads; writesFiles config": [
    "config set-context x",
    "config use-context x",
  ],
  "reads; runsPrograms diff, readsFiles -f x.yaml": ["diff -f x.yaml"],
  "changes; runsPrograms edit": ["edit cm x"],
  "changes; runsPrograms --edit": ["create --edit"],
  "changes; runsPrograms apply edit-last-applied": ["apply edit-last-applied cm/x"],
  "changes; readsFiles -f x.yaml": ["apply -f x.yaml", "replace -f x.yaml", "delete -f x.yaml"],
  "changes; readsFiles --from-file x.conf": [
    "create cm c --from-file=app=x.conf",
    "create secret generic s --from-file x.conf",
  ],
  "changes; readsFiles --from-env-file .env": ["create cm c --from-env-file=.env"],
  "changes; readsFiles --patch-file p.yaml": ["patch cm x --patch-file p.yaml"],
  "changes; writesFiles cp": ["cp web-0:/etc/passwd x"],
  "changes; opensPort proxy": ["proxy"],
  "reads; opensPort --address": ["port-forward web-0 80 --address=0.0.0.0"],
  "changes; runsPrograms myplugin": ["myplugin"],
  "changes; runsPrograms create networkpolicy": ["create networkpolicy x"],
  "reads; runsPrograms plugin": ["plugin list"],
  "reads; runsPrograms kustomize": ["kustomize ."],
  // kubectl has no abbreviations, and accepts _ for -.
  "reads; unknown --kubeconf": ["get pods --kubeconf=x"],
  "reads; showsCredentials -v": ["get pods -v=9", "-v 9 get pods"],
  "changes; unknown --": ["-- get pods"],
};

Deno.test("kubectlUse() judges a command line by its verb and all of its flags", () => {
  for (const [expected, lines] of Object.entries(table)) {
    for (const line of lines) assert.equal(judged(line), expected, line);
  }
});

Deno.test("kubectlUse() finds no verb after a flag that it doesn't know", () => {
  // A newer kubectl may take `delete` for its value, or `get`.
  for (const line of ["--new delete get pods", "--new get delete pods", "-Z get pods"]) {
    assert.match(judged(line), /^changes; unknown -/, line);
  }
});

Deno.test("names of `Object.prototype` aren't verbs, resources or flags", () => {
  for (
    const line of ["constructor", "create toString", "rollout constructor", "get --constructor"]
  ) {
    assert.notEqual(judged(line), "reads", line);
  }
});
