import assert from "node:assert/strict";
import type { StepChange } from "./environment.ts";
import { kubectlStep } from "../steps/kubectl.ts";
import { endsOf, type Play, play } from "../testing/step_fixture.ts";

const remove = "steps:\n  - kubectl: [delete, pod, p]\n";

Deno.test("kubectl gets the context of the workflow's pods, and so does the confirmation", async () => {
  const text = `select: { context: west }\n${remove}`;
  const changes: StepChange[] = [];
  const environment = {
    confirmChange: (change: StepChange) => {
      changes.push(change);
      return Promise.resolve(true);
    },
  };
  const { ran } = await play({ files: { "w.yaml": text }, environment });
  assert.deepEqual(ran, [["kubectl", "--context", "west", "delete", "pod", "p"]]);
  const command = ["kubectl", "--context", "west", "delete", "pod", "p"];
  const action = { kind: "command", command, shell: false, variables: [] } as const;
  assert.deepEqual(changes, [{ step: "kubectl-1", action, targets: [] }]);
});

Deno.test("kubectl uses the namespace of the workflow's pods, unless it names another", async () => {
  const ranWith = async (select: string, args = "delete, pod, p", input: Play["input"] = {}) => {
    const text = `select: ${select}\nsteps:\n  - kubectl: [${args}]\n`;
    const { ran, events } = await play({ files: { "w.yaml": text }, input });
    return ran[0]?.join(" ") ?? endsOf(events)[0];
  };
  assert.equal(
    await ranWith("{ namespace: storage }"),
    "kubectl --namespace storage delete pod p",
  );
  assert.equal(
    await ranWith("{ namespace: a }", "get, pods, -n, b"),
    "kubectl --namespace b get pods -n b",
  );
  // Which of several is meant isn't known, unless the objects are of the cluster or of a file.
  for (const select of ["{ namespace: [a, b] }", "{ allNamespaces: true }"]) {
    assert.match(await ranWith(select) ?? "", /failed: .*the pods are in several namespaces/);
    for (const args of ["get, nodes", "get, pods, -A", "get, things.example.com", "version"]) {
      assert.equal(await ranWith(select, args), `kubectl ${args.replaceAll(",", "")}`);
    }
    assert.equal(await ranWith(select, "get, pods, -n, b"), "kubectl --namespace b get pods -n b");
  }
  const input = {
    overrides: { selection: { namespaces: { kind: "named", names: ["lab"] } } },
  } as const;
  assert.match(
    await ranWith("{}", "get, pods, -A", input) ?? "",
    /names all namespaces, and the command line lab/,
  );
  assert.equal(
    await ranWith("{}", "get, pods, -A=false", input),
    "kubectl --namespace lab get pods -A=false",
  );
});

Deno.test("the command line's context overrides the file's, and a step's own that differs is an error", async () => {
  const input = { yes: true, overrides: { contexts: ["east"] } };
  const select = "select: { context: west }\n";
  const said = await play({ files: { "w.yaml": select + remove }, input });
  assert.deepEqual(said.ran[0]?.slice(0, 3), ["kubectl", "--context", "east"]);
  const own = `${select}${remove}    context: north\n`;
  const unsaid = await play({ files: { "w.yaml": own }, input: { yes: true } });
  assert.deepEqual(unsaid.ran[0]?.slice(0, 3), ["kubectl", "--context", "north"]);
  const inArgs = `${select}steps:\n  - kubectl: [delete, pod, p, --context=north]\n`;
  for (const text of [own, inArgs]) {
    const { ran, events } = await play({ files: { "w.yaml": text }, input });
    assert.deepEqual(ran, []);
    assert.match(endsOf(events)[0] ?? "", /names the context "north", and the command line east/);
  }
});

Deno.test("kubectl fails if the pods are in several contexts and none is named", async () => {
  const files = { "w.yaml": `select: { context: [west, east] }\n${remove}` };
  const { ran, events } = await play({ files, input: { yes: true } });
  assert.deepEqual(ran, []);
  assert.match(endsOf(events)[0] ?? "", /failed: .*the pods are in several contexts/);
});

Deno.test("kubectl needs permissions for local files and programs, also if a value names them", async () => {
  const get = (words: string, permissions = "") =>
    `${permissions}params: { p: "" }\nsteps: [{ kubectl: [get, pods, ${words}] }]\n`;
  const refused = (words: string, message: RegExp) =>
    assert.rejects(play({ files: { "w.yaml": get(words) } }), message);
  await refused(
    "--kubeconfig=evil",
    /--kubeconfig can send credentials to another server.*run: \[kubectl\]/,
  );
  await refused('"--server=${{ params.p }}"', /--server can send credentials/);
  await refused("-f, cm.yaml", /-f reads cm.yaml.*read: \[cm.yaml\]/);
  await refused('"-${{ params.p }}"', /a value can't be the name of a flag/);
  const value = async (words: string, p: string, permissions = "") => {
    const { events, ran } = await play({
      files: { "w.yaml": get(words, permissions) },
      params: { p },
    });
    assert.equal(ran.length, endsOf(events)[0]?.endsWith(" ok") ? 1 : 0);
    return endsOf(events)[0];
  };
  assert.match(
    await value('"${{ params.p }}"', "--kubeconfig=x") ?? "",
    /failed: .*would be a flag/,
  );
  assert.match(await value('"${{ params.p }}"', "-A") ?? "", /failed: .*would be a flag/);
  assert.match(
    await value('"-o${{ params.p }}"', "jsonpath-file=/etc/x") ?? "",
    /denied: .*\/etc\/x/,
  );
  assert.match(await value('-o, "${{ params.p }}"', "jsonpath-file=${{") ?? "", /denied: /);
  assert.equal(await value('"-l${{ params.p }}"', "a=b"), "kubectl-1 ok");
  assert.equal(await value('--, "${{ params.p }}"', "--all"), "kubectl-1 ok");
  const run = "permissions: { run: [kubectl] }\n";
  assert.equal(await value('"--token=${{ params.p }}"', "t", run), "kubectl-1 ok");
  const read = "permissions: { read: [manifests] }\n";
  assert.equal(await value('-f, "manifests/${{ params.p }}"', "a", read), "kubectl-1 ok");
  assert.match(await value('-f, "manifests/${{ params.p }}"', "../a", read) ?? "", /denied/);
});

Deno.test("the plan of kubectl names all that a kind without a name reaches", () => {
  const does = (...kubectl: string[]) => kubectlStep.plan({ kubectl }).does;
  assert.equal(
    does("rollout", "restart", "deploy,sts"),
    "kubectl rollout restart deploy,sts  (all deployments, all statefulsets)",
  );
  assert.equal(does("rollout", "restart", "deploy/web"), "kubectl rollout restart deploy/web");
  assert.equal(does("get", "pods"), "kubectl get pods");
  const written = ["rollout", "restart", "${{ params.x }}"];
  assert.equal(does(...written), "kubectl rollout restart '${{ params.x }}'");
});
