/**
 * Command lines with mistakes that people make: habits of other tools, slips and wrong quotes. None runs in another place
 * than its reader thinks, and each says what is wrong and the way out.
 */
import assert from "node:assert/strict";
import { commandArgs } from "../src/base/shell_quote.ts";
import { filePath } from "../src/files/file_path.ts";
import { startTestCluster, type TestCluster } from "./harness/embedded_cluster.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";

/** Command lines, their exit codes and all messages, line by line. */
const mistakes: Readonly<Record<string, readonly [code: number, ...messages: string[]]>> = {
  "exec -n defualt db-0 -- hostname": [
    2,
    'error: no namespace "defualt" (context kodama)',
    'hint: did you mean "default"?',
  ],
  "exec -n default -n sotre -m db -- hostname": [
    2,
    'error: no namespace "sotre" (context kodama)',
    'hint: did you mean "store"?',
  ],
  "exec -n default,store db-0 -- hostname": [
    2,
    'error: no namespace "default,store" (context kodama)',
    "hint: -n may be given several times, each with one name",
  ],
  "exec -l app=wbe -- hostname": [
    2,
    'error: no pod matches label app=wbe in namespace "default" (context kodama)',
    "hint: did you mean label app=web (WEB)?",
  ],
  "exec -l ap=web -- hostname": [
    2,
    'error: no pod matches label ap=web in namespace "default" (context kodama)',
    "hint: did you mean label app=web (WEB)?",
  ],
  "exec -l app=web -l app=db -- hostname": [
    2,
    'error: no pod matches label app=web,app=db in namespace "default" (context kodama)',
    "hint: `kodama pods` lists the pods; -n or -A looks elsewhere",
  ],
  "exec -l 'app=(web' -- hostname": [
    2,
    'error: "app=(web" isn\'t a label selector',
    "hint: as in app=web,tier!=test or tier in (a,b)",
  ],
  "exec db-O -- hostname": [
    2,
    'error: pods "db-O" not found in namespace "default" (context kodama)',
    'hint: did you mean "db-0" or "db-1"?',
  ],
  "exec db-0 db-9 -- hostname": [
    4,
    'db-9: unreachable: the pod does not exist (pods "db-9" not found (context kodama, SERVER))',
    "1 ok, 1 unreachable",
    "Rerun the failed pods: kodama runs rerun RUN --failed",
  ],
  "exec --context kodma db-0 -- hostname": [
    1,
    'error: no context "kodma" in FOLDER/kubeconfig',
    'hint: did you mean "kodama"? the contexts are: kodama',
  ],
  "exec --context kodama,prod db-0 -- hostname": [
    1,
    'error: no context "kodama,prod" in FOLDER/kubeconfig',
    "hint: --context may be given several times, each with one name",
  ],
  "exec --namespcae store db-0 -- hostname": [
    2,
    "error: unknown flag: --namespcae",
    "hint: did you mean --namespace?",
  ],
  "exec -namespace store db-0 -- hostname": [
    2,
    "error: unknown flag: -namespace",
    "hint: did you mean --namespace?",
  ],
  "exec --pod db-0 -- hostname": [
    2,
    "error: unknown flag: --pod",
    "hint: pods are args: web-0, 'web-[1-3]', deploy/web; -m TEXT searches",
  ],
  "exec -w 'db-[0-1]' -- hostname": [
    2,
    "error: unknown flag: -w",
    "hint: pods are args: web-0, 'web-[1-3]', deploy/web; -m TEXT searches",
  ],
  "exec -f 8 db-0 -- hostname": [
    2,
    "error: unknown flag: -f",
    "hint: pods and workloads are args: web-0 deploy/web; --from FILE reads a list",
  ],
  "exec -b db-0 -- hostname": [
    2,
    "error: unknown flag: -b",
    "hint: --fold prints equal outputs once",
  ],
  "exec --timeout 30 db-0 -- hostname": [
    2,
    'error: invalid value "30" for --timeout: it is not a duration',
    "hint: durations look like 15s, 2m or 1h30m",
  ],
  "exec db-0 hostname": [
    2,
    "error: no command to run",
    "hint: put the command after --: kodama exec db-0 -- hostname",
  ],
  "exec db-0 -it sh": [
    2,
    "error: no command to run",
    "hint: put the command after --: kodama exec db-0 -it -- sh",
  ],
  "exec -- db-0 hostname": [
    2,
    "error: no pods are chosen",
    "hint: name them before any --, choose with -m, -l, --node or --from, or pass --all for every pod",
  ],
  "exec db-0 -- -n store hostname": [
    2,
    "error: the command begins with -n",
    "hint: flags of kodama come before --, the program right after it",
  ],
  "exec -- hostname": [
    2,
    "error: no pods are chosen",
    "hint: name them before any --, choose with -m, -l, --node or --from, or pass --all for every pod",
  ],
  "exec -l '' -- hostname": [
    2,
    'error: invalid value "" for --selector: it is empty',
  ],
  "exec -m '' -- hostname": [
    2,
    'error: invalid value "" for --match: it is empty, and would match everything',
  ],
  "exec '' -- hostname": [
    2,
    'error: invalid value "" for POD|KIND/NAME: it is empty',
  ],
  "exec --namespace= db-0 -- hostname": [
    2,
    'error: invalid value "" for --namespace: it is empty',
  ],
  "exec deploy/wbe -- hostname": [
    2,
    'error: deployments "wbe" not found in namespace "default" (context kodama)',
    'hint: did you mean "web"?',
  ],
  "exec deploy web -- hostname": [
    2,
    'error: invalid value "deploy" for POD|KIND/NAME: a kind, without the name of an object',
    "hint: deploy/web; pod/deploy is a pod of that name",
  ],
  "exec pod db-0 -- hostname": [
    2,
    'error: invalid value "pod" for POD|KIND/NAME: a kind, without the name of an object',
    "hint: pod/db-0; pod/pod is a pod of that name",
  ],
  "exec db-0 -c mian -- hostname": [
    2,
    'error: pod "db-0" has no container "mian"',
    "hint: the containers are: main",
  ],
  "exec -c main -c sidecar two -- hostname": [
    2,
    'error: invalid value "sidecar" for --container: "main" is named already, and a command runs in one container',
  ],
  "exec 'db-*' -- hostname": [
    2,
    'error: invalid value "db-*" for POD|KIND/NAME: shell patterns do not match pods',
    "hint: as a regular expression: -m '/^db-.*$/'",
  ],
  "exec 'db-[0-' -- hostname": [
    2,
    'error: invalid value "db-[0-" for POD|KIND/NAME: shell patterns do not match pods',
    "hint: ranges of numbers are written as in web-[0-3,7]",
  ],
  "exec 'db-{0..1}' -- hostname": [
    2,
    'error: invalid value "db-{0..1}" for POD|KIND/NAME: shell patterns do not match pods',
    "hint: ranges of numbers are written as in web-[0-3,7]",
  ],
  "exec 'weka-drive-[0-3]' -- hostname": [
    2,
    'error: pods "weka-drive-0" not found in namespace "default" (context kodama)',
    "hint: `kodama pods` lists the pods; -n or -A looks elsewhere",
  ],
  "exec -m 'db-[0-12]' -- hostname": [
    2,
    'error: invalid value "db-[0-12]" for --match: shell patterns do not match pods',
    "hint: as names, without a flag: 'db-[0-12]'",
  ],
  "exec -m 948 -- hostname": [
    2,
    'error: no pod matches "948" in namespace "default" (context kodama)',
    "hint: `kodama pods` lists the pods; -n or -A looks elsewhere",
  ],
  "exec 'db-0 db-1' -- hostname": [
    2,
    'error: invalid value "db-0 db-1" for POD|KIND/NAME: names have no blanks',
    "hint: each name is a value of its own",
  ],
  "exec db-0:main -- hostname": [
    2,
    'error: invalid value "db-0:main" for POD|KIND/NAME: must be POD, KIND/NAME or NAMESPACE/POD',
    "hint: -c NAME chooses a container",
  ],
  "exec node/kodama -- hostname": [
    2,
    'error: invalid value "node/kodama" for POD|KIND/NAME: unsupported kind node',
    "hint: --node kodama chooses the pods of a node",
  ],
  "exec bare -- sh -c id": [
    127,
    'command not started: exec: "sh": executable file not found in $PATH (exit code 127)',
  ],
  "exec pending -- id": [
    4,
    "unreachable: the pod is Pending: 0/1 containers ready, Unschedulable (pod pending does not have a host assigned (context kodama, SERVER))",
  ],
  "exec db-0 pending -- hostname": [
    4,
    "pending: unreachable: the pod is Pending: 0/1 containers ready, Unschedulable (pod pending does not have a host assigned (context kodama, SERVER))",
    "1 ok, 1 unreachable",
    "Rerun the failed pods: kodama runs rerun RUN --failed",
  ],
  "exec two -- hostname": [
    0,
    'defaulted container "main" out of: main, sidecar',
  ],
  "exec db-0 -- 'ls -l /etc'": [
    127,
    'exec: "ls -l /etc": no such file or directory',
    "command terminated with exit code 127",
    "hint: 'ls -l /etc' is the name of one program: without the quotes it is a program and its args, and sh -c 'ls -l /etc' is a line of shell",
  ],
  "exec db-0 -- cd /tmp": [
    127,
    'exec: "cd": executable file not found in $PATH',
    "command terminated with exit code 127",
    "hint: cd is a part of a shell: sh -c 'cd /tmp'",
  ],
  "exec db-0 -- A=1 env": [
    127,
    'exec: "A=1": executable file not found in $PATH',
    "command terminated with exit code 127",
    "hint: --env A=1 sets a variable, and the program comes next",
  ],
  "exec -it db-0 db-1 -- sh": [
    2,
    "Unable to use a TTY: standard input is not a terminal",
    "error: a terminal is for one pod, and 2 match: db-0, db-1",
    "hint: narrow the selection, or leave out -t",
  ],
  "exec -it db-0 -- hostname": [
    0,
    "Unable to use a TTY: standard input is not a terminal",
  ],
  "cp 'C:\\temp\\x' db-0:/tmp": [
    2,
    "error: C:\\temp\\x looks like a path of Windows",
    "hint: ./C:\\temp\\x is a file of this machine; a path in a pod begins with the pod's name",
  ],
  "cp a b": [
    2,
    "error: neither side of the copy is in a pod",
    "hint: POD:PATH is a path in that pod, and :PATH one in every pod of the selection",
  ],
  "cp db-0 /tmp/x": [
    2,
    "error: neither side of the copy is in a pod",
    "hint: POD:PATH is a path in that pod, and :PATH one in every pod of the selection",
  ],
  "cp -m db /tmp/x": [
    2,
    "error: missing DEST",
    "hint: see kodama cp --help, as in: kodama cp -l app=web ./app.conf :/etc/app/",
  ],
  "cp db-0:/nosuch .": [
    1,
    "db-0: not copied: /nosuch: no such file or directory in the pod",
  ],
  "cp 'db-0:/tmp/*' .": [
    1,
    "db-0: not copied: /tmp/*: no such file or directory in the pod, where patterns aren't expanded",
  ],
  "cp nosuch db-0:/tmp": [
    1,
    "error: no such file or folder here: FOLDER/nosuch",
  ],
  "cp -r . db-0:/tmp": [
    2,
    "error: unknown flag: -r",
    "hint: folders are copied with all that they contain",
  ],
  "get pods": [
    1,
    'error: there is no session "pods" in namespace "default" (context kodama)',
    "hint: `kodama pods` lists pods; the names of sessions are in `kodama list`",
  ],
  "get pod db-0": [
    2,
    'error: "pod db-0" isn\'t the name of a session',
    "hint: kodama k get pod db-0 runs kubectl",
  ],
  "get deploy/web": [
    2,
    'error: "deploy/web" isn\'t the name of a session',
    "hint: kodama k get deploy/web runs kubectl",
  ],
  "get nodes": [
    1,
    'error: there is no session "nodes" in namespace "default" (context kodama)',
    "hint: `kubectl get nodes` lists those objects; the names of sessions are in `kodama list`",
  ],
  "describe pod db-0": [
    2,
    'error: unknown command "describe" for "kodama"',
    "hint: kodama k describe runs kubectl; kodama pick shows the events and the log of each pod",
  ],
  "delete pod db-0": [
    2,
    'error: "pod db-0" isn\'t the name of a session',
    "hint: kodama k delete pod db-0 runs kubectl",
  ],
  "delete deployment/web": [
    2,
    'error: "deployment/web" isn\'t the name of a session',
    "hint: kodama k delete deployment/web runs kubectl",
  ],
  "delete -f web.yaml": [
    2,
    'error: "web.yaml" isn\'t the name of a session',
    "hint: kodama k delete -f web.yaml runs kubectl",
  ],
  "set image deploy/web main=x": [
    2,
    'error: "image deploy/web main=x" isn\'t the name of a session',
    "hint: kodama k set image deploy/web main=x runs kubectl",
  ],
  "list pods": [
    2,
    'error: "pods" isn\'t the name of a session',
    "hint: kodama k get pods runs kubectl; kodama pods lists pods",
  ],
  "attach db-0": [
    1,
    'error: there is no session "db-0" in namespace "default" (context kodama)',
    "hint: it is the name of a pod: `kodama shell db-0` opens a shell in it",
  ],
  "stop deploy/web": [
    2,
    'error: "deploy/web" isn\'t the name of a session',
    "hint: kodama k VERB runs kubectl, which scales and restarts workloads",
  ],
  "apply -f web.yaml": [
    2,
    'error: unknown command "apply" for "kodama"',
    "hint: kodama k apply runs kubectl, and confirms what it changes",
  ],
  "scale deploy/web --replicas 3": [
    2,
    'error: unknown command "scale" for "kodama"',
    "hint: kodama k scale runs kubectl, and confirms what it changes",
  ],
  "run --image busybox x": [
    2,
    "error: --image needs --in-cluster",
    "hint: a run in the cluster has an image; kodama k run NAME --image IMAGE creates a pod",
  ],
  "config use-context x": [
    2,
    'error: unknown command "use-context" for "kodama config"',
    "hint: kubectl config use-context is about the kubeconfig; --context NAME chooses for one command",
  ],
  "logs web": [
    2,
    'error: pods "web" not found in namespace "default" (context kodama)',
    "hint: did you mean deploy/web (1 pod) or -m web (1 pod)?",
  ],
  "logs '^web'": [
    2,
    'error: invalid value "^web" for POD|KIND/NAME: shell patterns do not match pods',
    "hint: as a regular expression: -m /^web/",
  ],
  "logs 'web.*'": [
    2,
    'error: invalid value "web.*" for POD|KIND/NAME: shell patterns do not match pods',
    "hint: as a regular expression: -m '/web.*/'",
  ],
  "logs .": [
    2,
    'error: invalid value "." for POD|KIND/NAME: shell patterns do not match pods',
    "hint: as a regular expression: -m /./",
  ],
  "logs --all": [
    2,
    "error: unknown flag: --all",
    "hint: without a choice the logs of all pods of the namespace are read",
  ],
  "logs -e error db-0": [
    2,
    "error: unknown flag: -e",
    "hint: --exclude-lines RE excludes lines, -x TEXT pods",
  ],
  "logs deployment/web -c mian": [
    2,
    'error: pod "WEB" has no container "mian"',
    "hint: the containers are: main",
  ],
  "logs --since 1hour db-0": [
    2,
    'error: invalid value "1hour" for --since: it is not a duration',
    "hint: durations look like 15s, 2m or 1h30m",
  ],
  "pods --show-labels": [
    2,
    "error: unknown flag: --show-labels",
    "hint: kubectl get pods --show-labels; -l QUERY chooses by labels",
  ],
  "pods --sort-by .metadata.name": [
    2,
    "error: unknown flag: --sort-by",
    "hint: --sort name|age|node",
  ],
  "forward deploy/web:8080": [
    2,
    'error: invalid value "deploy/web:8080" for PORT: deploy/web is not a port',
    "hint: the ports come behind the pod: deploy/web 8080",
  ],
  "wait db-0": [
    2,
    "error: no objects of kind db-0 are chosen",
    "hint: name one as KIND/NAME, choose with -l, or pass --all",
  ],
  "shell": [
    2,
    "error: a shell is for one pod, and 5 match: bare, db-0, db-1, two, WEB",
    "hint: name one, or narrow the selection; `kodama tmux` opens a shell in each of them",
  ],
  "tmux": [
    2,
    "error: no pods are chosen",
    "hint: name them before any --, choose with -m, -l, --node or --from, or pass --all for every pod",
  ],
  "run kwekas": [
    1,
    'error: workflow "kwekas" not found',
    "hint: did you mean kwekash?",
  ],
  "exec @db -- hostname": [
    2,
    'error: pods "@db" not found in namespace "default" (context kodama)',
    "hint: `kodama pods` lists the pods; -n or -A looks elsewhere",
  ],
};

/** A user's kubeconfig with a mistake, and the messages of `kodama pods` with it. */
const kubeconfigs: Readonly<
  Record<string, readonly [write: (text: string) => string | undefined, ...messages: string[]]>
> = {
  "no file": [
    () => undefined,
    "error: no kubeconfig: FOLDER/wrong does not exist",
    "hint: $KUBECONFIG names this: correct it, or unset it to use ~/.kube/config",
  ],
  "broken YAML": [
    () => "clusters: [\n",
    "error: kubeconfig FOLDER/wrong: line 2: not YAML: flow sequence in block collection must be sufficiently indented and end with a ]",
  ],
  "no current context": [
    (text) => text.replace(/.*current-context.*\n/, ""),
    "error: no current context in FOLDER/wrong",
    "hint: kubectl config use-context kodama, or --context with one of: kodama",
  ],
  "http in place of https": [
    (text) => text.replaceAll("https://", "http://"),
    "warning: context kodama: SERVER has no TLS, so no credentials are sent",
    "error: cannot reach context kodama, SERVER: it does not speak HTTP",
    "hint: if it is a TLS port, the server in the kubeconfig must start with https://",
  ],
  "another port": [
    (text) => text.replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:65535"),
    "error: cannot reach context kodama, SERVER: connection refused",
    "hint: is the API server running, and the address in the kubeconfig right?",
  ],
  "a proxy that isn't there": [
    (text) => text.replace('"server"', '"proxy-url": "http://127.0.0.1:1", "server"'),
    "error: cannot reach context kodama, SERVER: its proxy http://127.0.0.1:1: connection refused",
    "hint: is the proxy running? proxy-url in the kubeconfig, or HTTPS_PROXY, names it",
  ],
};

/** Returns the messages without addresses, paths, ids and times of this run. */
function normalised(text: string, { folder }: TestCluster): string[] {
  return text.replaceAll(folder, "FOLDER").replaceAll(
    /(?<!proxy )https?:\/\/127\.0\.0\.1:\d+/g,
    "SERVER",
  )
    .replaceAll(/\b\d{8}-\d{6}-[0-9a-f]{7}\b/g, "RUN").replaceAll(/ in [\d.]+m?s$/gm, "")
    .replaceAll(/\bweb-[0-9a-f]+-[a-z0-9]{5}\b/g, "WEB").split("\n")
    .filter((line) => line !== "");
}

Deno.test("each mistake on a command line says what is wrong, and the way out", async (t) => {
  await using cluster = await startTestCluster(
    filePath(new URL("fixtures/mistakes.yaml", import.meta.url)),
  );
  const kodama = new KodamaInProcess({ ...cluster.env, KODAMA_PROGRESS: "none" });
  for (const [line, expected] of Object.entries(mistakes)) {
    await t.step(`kodama ${line}`, async () => {
      const { code, stderr } = await kodama.run(commandArgs(line), { cwd: cluster.folder });
      assert.deepEqual([code, ...normalised(stderr, cluster)], expected);
    });
  }
  for (const [name, [write, ...messages]] of Object.entries(kubeconfigs)) {
    await t.step(`a kubeconfig with ${name}`, async () => {
      const path = `${cluster.folder}/wrong`;
      const text = write(await Deno.readTextFile(cluster.kubeconfig));
      if (text !== undefined) await Deno.writeTextFile(path, text, { mode: 0o600 });
      const { code, stderr } = await kodama.run(["pods"], { env: { KUBECONFIG: path } });
      assert.notEqual(code, 0);
      assert.deepEqual(normalised(stderr, cluster), messages);
    });
  }
});
