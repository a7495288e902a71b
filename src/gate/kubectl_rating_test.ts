import assert from "node:assert/strict";
import {
  judgeKubectl,
  type KubectlDanger,
  type KubectlObject,
  type KubectlRating,
  mayShowSecrets,
  resourceOf,
} from "./kubectl_rating.ts";

/** Splits a command line; text between single quotes is a single argument. */
function split(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ""));
}

const surroundings = {
  namespace: "shop",
  above: 10,
  verbs: { neat: "read", "argo rollouts get": "read", "argo rollouts": "change" },
  readOnly: ["redis-cli info"],
} as const;

function rated(line: string, objects?: readonly KubectlObject[]): string {
  const { rating, dangers } = judgeKubectl(split(line), {
    ...surroundings,
    ...(objects === undefined ? {} : { objects }),
  });
  return [rating, ...dangers.map(textOf)].join(" ");
}

function textOf({ kind, ...details }: KubectlDanger): string {
  return [kind, ...Object.values(details)].join(":");
}

/** Command lines by their rating: without a reason, and for the dangerous lines with all of them. */
const table: Readonly<Record<string, readonly string[]>> = {
  "read": [
    "get pods",
    "get po,svc -n web -o wide",
    "get deploy/web sts/db",
    "-n web get pods",
    "-nweb get pods",
    "--namespace=web get pods -A",
    "--context prod -n web get pods",
    "--kubeconfig /tmp/other get pods",
    "get pods --kubeconfig=/tmp/other",
    "--as root get secrets",
    "get secrets --as=root --as-group system:masters",
    "get pods --server https://other",
    "get pods --new-flag value",
    "get pods -- --force",
    "get -f web.yaml",
    "get --raw /metrics",
    "get --raw /api/v1/namespaces/shop/pods",
    "describe node n1",
    "logs web-0 -f -p",
    "logs deploy/web --all-containers --prefix",
    "top pod --containers",
    "top no",
    "wait --for=condition=Ready pod -l app=web",
    "events --for pod/web-0",
    "explain pods.spec --recursive",
    "api-resources --verbs=list -o name",
    "api-versions",
    "cluster-info dump",
    "version --client",
    "options",
    "help delete",
    "completion bash",
    "plugin list",
    "kustomize overlays/prod",
    "diff -f web.yaml",
    "diff -k overlays/prod",
    "rollout status deploy/web",
    "rollout -n web history deploy/web",
    "auth can-i '*' '*'",
    "auth whoami",
    "config view",
    "config current-context",
    "config get-contexts -o name",
    "apply view-last-applied deploy/web",
    "port-forward svc/web 8080:80",
    "attach web-0",
    "exec web-0 -- cat /etc/hosts",
    "exec deploy/web -c app -- ls -l /data",
    "exec web-0 -- redis-cli info memory",
    "cp web-0:/etc/hosts ./hosts",
    "cp web/web-0:/var/log ./log -c app --retries 3",
    // Nothing is stored by a dry run, and help only prints.
    "apply -f web.yaml --dry-run=server",
    "delete pod --all --dry-run=client",
    "delete ns shop --dry_run=server",
    "create deployment web --image=nginx --dry-run=client -o yaml",
    "delete --help",
    "drain n1 -h",
    "rollout restart deploy/web --help=true",
    // They print, and change nothing.
    "label pods web-0 --list",
    "annotate deploy --all --list=true",
    "set env deploy/web --list --resolve",
    "set image deploy/web app=nginx:2 --local -o yaml",
    "patch -f web.yaml --local -p '{}'",
    // By the settings.
    "neat get pods",
    "argo rollouts get rollout web",
  ],
  "change": [
    "delete pod web-0",
    "delete po/web-0",
    "delete pods web-0 web-1 --wait=false",
    "delete deploy web",
    "delete Deployments.v1.apps web",
    "delete pod web-0 --grace-period=30",
    "delete pod web-0 --dry-run=none",
    "delete pod web-0 --dry-run=server --dry-run=none",
    "delete pod web-0 --help=false",
    "delete pod web-0 -- --dry-run=server",
    "delete pod web-0 --force=false",
    // cobra takes `get` for the value of a flag that only some verbs have.
    "-L get delete pods web-0",
    "scale deploy/web --replicas=3",
    "scale --replicas 3 sts db",
    "autoscale deploy web --max 5",
    "label pod web-0 tier=front",
    "label pods web-0 web-1 tier- --overwrite",
    "label pods web-0 tier=front --list",
    "label pods web-0 tier- --list",
    "set env deploy/web --list --from=configmap/x",
    "set env deploy/web --list -e A=b",
    "set image deploy/web app=nginx:2 --list",
    "patch pod web-0 --list -p '{}'",
    "annotate deploy/web owner=me",
    "patch deploy web -p '{}'",
    "patch cm settings --type merge --patch '{}'",
    "set image deploy/web app=nginx:2",
    "set env deploy/web DEBUG=1 -c app",
    "set resources deploy web --limits cpu=1",
    "rollout restart deploy/web",
    "rollout undo deploy/web --to-revision 2",
    "rollout pause deploy web",
    "edit cm settings",
    "expose deploy web --port 80",
    "run debug --image=busybox --rm -it -- sh",
    "create cm settings --from-literal=a=b",
    "create deploy web --image=nginx -r 3",
    "create ns shop",
    "create -n web secret generic s --from-file x",
    "create token default",
    "create job now --from=cronjob/nightly",
    "cordon n1",
    "uncordon n1",
    "exec web-0 -- rm -r /data",
    "exec web-0 -- sh -c ls",
    "exec -it web-0 -- bash",
    "exec -i web-0 -- cat",
    "exec web-0",
    "attach -it web-0",
    "cp ./hosts web-0:/etc/hosts",
    "cp a:b c:d",
    "debug web-0 --image=busybox -it",
    "debug web-0 --image=busybox --profile restricted",
    "port-forward web-0 80 --address 0.0.0.0",
    "config use-context prod",
    "config set-context --current --namespace=web",
    "config set-context x --cluster=y --user=z",
    "--kubeconfig /tmp/other delete pod web-0",
    "apply edit-last-applied deploy/web",
    "argo rollouts promote web",
  ],
  "dangerous resource:namespaces": ["delete ns shop", "delete Namespace/shop", "label ns shop a=b"],
  "dangerous resource:nodes": ["label node n1 a=b", "patch no/n1 -p '{}'", "debug node/n1 -it"],
  "dangerous resource:persistentvolumeclaims": [
    "delete persistentvolumeclaims data-db-0",
    "delete pvc data-db-0",
  ],
  "dangerous resource:secrets": ["delete secrets tls"],
  "dangerous resource:statefulsets": ["delete sts db"],
  "dangerous resource:customresourcedefinitions": ["delete crd widgets.example.com"],
  "dangerous resource:cluster": ["delete cluster.postgresql.cnpg.io db"],
  "dangerous resource:clusterrolebindings": [
    "create clusterrolebinding x --clusterrole=cluster-admin --user me",
    "delete clusterrolebindings x",
  ],
  "dangerous resource:roles": ["create role x --verb=get --resource=pods", "edit role x"],
  "dangerous resource:rolebindings": ["set subject rolebinding x --user=me"],
  "dangerous resource:validatingwebhookconfigurations": [
    "patch validatingwebhookconfiguration x -p '{}'",
  ],
  "dangerous many:--all": ["delete pods --all", "label pods --all a=b", "delete po --all=true"],
  "dangerous many:-l app=web": ["delete pods -l app=web", "delete -lapp=web pods"],
  "dangerous many:--selector app=web": ["scale deploy --selector=app=web --replicas 2"],
  "dangerous many:--field-selector status.phase=Failed": [
    "delete pods --field-selector status.phase=Failed",
  ],
  "dangerous many:-A": ["annotate pods web -A a=b"],
  // Without a name some verbs take all objects of the kind, and the others are refused by kubectl.
  "dangerous allOfKind:deployments": [
    ...["restart", "undo", "pause", "resume"].map((verb) => `rollout ${verb} deploy`),
    "rollout undo Deployments.v1.apps --to-revision 2",
    "edit deploy",
    "apply edit-last-applied deploy",
    "set image deploy app=nginx:2",
    "autoscale deploy --max 5",
    "delete deploy",
    "set serviceaccount deploy robot",
    "label deploy a=b c-",
  ],
  "dangerous allOfKind:deployments allOfKind:daemonsets": ["rollout restart deploy,ds"],
  "dangerous stopsWorkload allOfKind:deployments": ["scale deploy --replicas=0"],
  "dangerous many:11": ["delete pod 1 2 3 4 5 6 7 8 9 10 11"],
  "dangerous flag:--force": ["delete pod web-0 --force", "delete --force=true pod web-0"],
  "dangerous flag:--grace-period=0": ["delete pod web-0 --grace-period 0"],
  "dangerous flag:--now": ["delete pod web-0 --now"],
  "dangerous flag:--cascade=orphan": ["delete deploy web --cascade=orphan"],
  "dangerous stopsWorkload": ["scale deploy/web --replicas=0"],
  "dangerous verb:drain": ["drain n1 --ignore-daemonsets"],
  "dangerous verb:taint": ["taint nodes n1 dedicated=db:NoExecute"],
  "dangerous verb:proxy": ["proxy --port=8001", "proxy"],
  "dangerous verb:certificate approve": ["certificate approve csr-1"],
  "dangerous systemNamespace:kube-system": [
    "-n kube-system delete pod coredns-1",
    "rollout restart deploy/coredns --namespace kube-system",
    "exec -n kube-system coredns-1 -- sh",
  ],
  "dangerous flag:--raw": [
    "delete --raw /api/v1/namespaces/shop/pods/web-0",
    "get --raw /api/v1/namespaces/n/services/s/proxy/shutdown",
  ],
  "dangerous flag:--raw unknownObjects:x.json": ["create --raw /apis/x -f x.json"],
  "dangerous otherConnection:--as": ["--as root delete pod web-0", "delete pod web-0 --as=root"],
  "dangerous otherConnection:--server": ["delete pod web-0 --server=https://other"],
  "dangerous otherConnection:-s": ["-s https://other delete pod web-0"],
  "dangerous otherConnection:--token": ["delete pod web-0 --token x"],
  "dangerous otherConnection:--cluster otherConnection:--user": [
    "scale deploy/web --replicas 2 --cluster other --user admin",
  ],
  "dangerous flag:--profile=sysadmin": ["debug web-0 --image=busybox --profile=sysadmin"],
  "dangerous flag:--privileged": ["run x --image=busybox --privileged"],
  "dangerous unknownObjects:web.yaml": ["apply -f web.yaml", "replace -fweb.yaml"],
  "dangerous unknownObjects:https://example.com/x.yaml": ["apply -f https://example.com/x.yaml"],
  "dangerous unknownObjects:overlays/prod": ["apply -k overlays/prod"],
  "dangerous unknownObjects:-": ["create -f -"],
  "dangerous flag:--prune unknownObjects:web.yaml many:-l app=web": [
    "apply --prune -l app=web -f web.yaml",
  ],
  "dangerous flag:--force-conflicts unknownObjects:web.yaml": [
    "apply --server-side --force-conflicts -f web.yaml",
  ],
  // Plugins, aliases of kuberc, abbreviations (kubectl has none), and possible verbs of a newer kubectl.
  "dangerous unknownVerb:cnpg": ["cnpg --help"],
  "dangerous unknownVerb:cnpg destroy": ["cnpg destroy db 1"],
  "dangerous unknownVerb:node-shell n1": ["node-shell n1"],
  "dangerous unknownVerb:del pod": ["del pod web-0"],
  "dangerous unknownVerb:ge pods": ["ge pods"],
  "dangerous unknownVerb:pods": ["-L get pods"],
  "dangerous unknownVerb:constructor": ["constructor"],
  "dangerous unknownVerb:create networkpolicy": ["create networkpolicy x"],
  "dangerous unknownVerb:--new": ["--new get delete pods", "--new delete get pods"],
  "dangerous unknownVerb:--": ["-- get pods"],
  "dangerous unknownFlag:--new": [
    "delete pod web-0 --new --dry-run=server",
    "delete pod web-0 --new --help",
  ],
};

Deno.test("judgeKubectl() rates command lines by verb, kind, number, namespace, flags and credentials", () => {
  for (const [expected, lines] of Object.entries(table)) {
    for (const line of lines) assert.equal(rated(line), expected, line);
  }
  const count = Object.values(table).flat().length;
  assert.ok(count >= 150, `${count} command lines`);
});

Deno.test("judgeKubectl() rates a file by the objects of all of its documents", () => {
  const config = { kind: "ConfigMap", name: "a" };
  const table: [line: string, objects: KubectlObject[], expected: string][] = [
    ["apply -f x", [config], "change"],
    ["apply -f x -f y", [config, { kind: "Deployment", name: "web" }], "change"],
    ["apply -f -", [config, { kind: "Namespace", name: "n" }], "dangerous resource:namespaces"],
    ["create -f x", [{ kind: "ClusterRole", name: "n" }], "dangerous resource:clusterroles"],
    [
      "apply -f x",
      [{ ...config, namespace: "kube-system" }],
      "dangerous systemNamespace:kube-system",
    ],
    ["delete -f x", [config], "change"],
    ["delete -f x", [config, { kind: "Secret", name: "s" }], "dangerous resource:secrets"],
    ["apply -f x", Array.from({ length: 11 }, () => config), "dangerous many:11"],
    ["annotate -f x a=b", [config], "change"],
    ["apply -f x", [], "change"],
  ];
  for (const [line, objects, expected] of table) {
    assert.equal(rated(line, objects), expected, line);
  }
});

Deno.test("judgeKubectl() takes the rating of the settings' longest entry for a plugin, and for nothing else", () => {
  const verbs: Record<string, KubectlRating> = {
    " ": "read",
    delete: "read",
    "a b": "read",
    a: "change",
  };
  const rating = (line: string) => judgeKubectl(split(line), { above: 10, verbs }).rating;
  assert.equal(rating("a b c"), "read");
  assert.equal(rating("a c"), "change");
  assert.equal(rating("b"), "dangerous");
  assert.equal(rating("delete ns x"), "dangerous");
});

Deno.test("resourceOf() resolves kubectl's names of a kind", () => {
  assert.equal(resourceOf("Deploy"), "deployments");
  assert.equal(resourceOf("deployments.v1.apps"), "deployments");
  assert.equal(resourceOf("Widget"), "widget");
});

Deno.test("`mayShowSecrets()` is false only for kinds that are known, and aren't Secrets", () => {
  const lines: Readonly<Record<string, boolean>> = {
    "get pods -A -o yaml": false,
    "get po,svc": false,
    "get deploy/web configmap/a": false,
    "get certificates.cert-manager.io": false,
    "describe node n1": false,
    "logs web-0": false,
    "top pods": false,
    "rollout status deploy/web": false,
    "wait pod/a --for=condition=Ready": false,
    "version": false,
    "get secrets": true,
    "get Secret a -o yaml": true,
    "get secrets.v1. -A": true,
    "get pods,secrets": true,
    "get pod/a secret/b": true,
    "-n web get --ignore-not-found secret/a": true,
    "wait secret/a --for=jsonpath={.data.a}=x": true,
    "describe secret": true,
    "get --raw /api/v1/secrets": true,
    "get --raw=/api/v1/namespaces/a/secrets/b": true,
    "get ${{params.kind}}": true,
    "get ${{params.kind}}/a": true,
    "get -f objects.yaml": true,
    "unknown secrets": true,
  };
  const shown = Object.fromEntries(
    Object.keys(lines).map((line) => [line, mayShowSecrets(split(line))]),
  );
  assert.deepEqual(shown, lines);
});
