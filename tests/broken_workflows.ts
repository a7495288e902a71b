/** Workflow files that are wrong, each in its own way, by the name of its golden file in `tests/golden/workflows/`. */

/** `w.yaml` is checked; other files lie beside it. */
export type BrokenWorkflow = string | Readonly<Record<string, string>>;

const deep = (count: number) => `command: ${"[".repeat(count)}x${"]".repeat(count)}\n`;
const bomb = [
  "a: &a [x, x, x, x, x, x, x, x]",
  ..."bcdefgh".split("").map((name, at) => {
    const before = "abcdefg"[at];
    return `${name}: &${name} [${Array(8).fill(`*${before}`).join(", ")}]`;
  }),
  "command: *h",
].join("\n");

/** All of them. */
export const brokenWorkflows: Readonly<Record<string, BrokenWorkflow>> = {
  // What isn't YAML, or too much of it.
  "tab-indent": "select:\n\tmatch: drive\nsteps:\n  - exec: [id]\n",
  "unclosed-list": "steps:\n  - exec: [weka, version\n  - wait: 1s\n",
  "unclosed-quote": "description: 'a workflow\nsteps:\n  - exec: [id]\n",
  "compact-mapping": "steps: exec: [id]\n",
  "bad-indent": "steps:\n  - exec: [id]\n   timeout: 1s\n",
  "duplicate-field": "steps:\n  - exec: [id]\nsteps:\n  - exec: [date]\n",
  "two-documents": "command: [id]\n---\ncommand: [date]\n",
  "anchor-bomb": bomb,
  "unknown-anchor": "command: *nothing\n",
  "deep-lists": deep(5000),
  "deep-lists-unclosed": `command: ${"[".repeat(5000)}`,
  "deep-dashes": `steps: \n${"- ".repeat(50_000)}\n`,
  "deep-mapping": Array.from({ length: 600 }, (_, at) => `${" ".repeat(at)}a:`).join("\n"),
  "ten-megabytes": `description: ${"x".repeat(10 * 1024 * 1024)}\ncommand: [id]\n`,
  "list-as-key": "? [a, b]\n: c\ncommand: [id]\n",
  "control-characters": "command: [id]\n\u001b]0;title\u0007: x\n",
  "empty": "",
  "only-a-list": "- exec: [id]\n",
  "only-a-text": "weka version\n",
  // The short form.
  "short-unknown-field": "namespace: a\nmatc: drive\ncommand: [id]\n",
  "short-wrong-types": "namespace: 3\nmatch: {a: b}\ncommand: true\nfanout: many\n",
  "short-bad-pattern": "match: /dri(ve/\ncommand: [id]\n",
  "short-bad-duration": "command: [id]\ncommandTimeout: 5 minutes\n",
  "short-bad-mode": "command: [id]\noutputMode: folded\n",
  "short-with-steps": "command: [id]\nsteps:\n  - exec: [id]\n",
  "no-command": "namespace: a\n",
  // The full form.
  "no-steps": "description: nothing happens\nparams: {}\n",
  "empty-steps": "steps: []\n",
  "steps-mapping": "steps:\n  exec: [id]\n",
  "step-text": "steps:\n  - weka version\n",
  "step-unknown-kind": "steps:\n  - exce: [id]\n",
  "step-without-kind": "steps:\n  - id: a\n    timeout: 1s\n",
  "step-two-kinds": "steps:\n  - exec: [id]\n    wait: 1s\n",
  "step-unknown-field": "steps:\n  - exec: [id]\n    time-out: 1s\n",
  "step-foreign-field": "steps:\n  - wait: 1s\n    serial: [1]\n",
  "step-empty-command": "steps:\n  - exec: []\n",
  "step-bad-duration": "steps:\n  - exec: [id]\n    timeout: soon\n",
  "step-bad-attempts": "steps:\n  - exec: [id]\n    attempts: { most: 0, delai: 1s }\n",
  "step-bad-batches": "steps:\n  - exec: [id]\n    serial: [0, 120%]\n    maxFail: lots\n",
  "step-bad-id": "steps:\n  - id: my-step\n    exec: [id]\n",
  "step-bad-wait": "steps:\n  - wait: redy\n",
  "step-bad-when": "steps:\n  - exec: [id]\n    when: always\n",
  "duplicate-ids":
    "steps:\n  - id: a\n    exec: [id]\n  - parallel:\n      - id: a\n        exec: [date]\n",
  "inner-steps":
    "steps:\n  - foreach: [1, 2]\n    steps:\n      - exec: id\n      - exce: [id]\n      - wait: [1s]\n",
  "select-unknown-field": "select: { namepsace: a }\nsteps:\n  - exec: [id]\n",
  "select-bad-operand": "select: { pods: [deplyo/web] }\nsteps:\n  - exec: [id]\n",
  "select-nothing": "select: { match: drive-1, exclude: drive }\nsteps:\n  - exec: [id]\n",
  "select-bad-sample": "select: { sample: 0, sort: size }\nsteps:\n  - exec: [id]\n",
  "permissions-wrong":
    "permissions: { nett: [a], run: git, cluster: [{ verbs: [] }] }\nsteps:\n  - wait: 1s\n",
  "permissions-unknown-names":
    "permissions: { env: ['A B'], cluster: [{ verbs: [get, delete] }, { verbs: watch }] }\nsteps:\n  - wait: 1s\n",
  "select-bad-selectors":
    "select: { selector: 'app=web,', fieldSelector: status.phase }\nsteps:\n  - exec: [id]\n    select: { selector: 'tier in (a' }\n  - exec: [id]\n    select: { selector: 'app=${{ run.id }}' }\n",
  "number-not-exact": "params: { n: 9007199254740993 }\nsteps:\n  - check: ${{ params.n > 1 }}\n",
  "permission-missing":
    "steps:\n  - shell: [git, status]\n  - http: https://example.com/\n  - exec: [id]\n    save: out\n",
  "concurrency-wrong": "concurrency: sometimes\nsteps:\n  - wait: 1s\n",
  "http-no-address":
    "permissions: { net: true }\nsteps:\n  - http: example.com/health\n    method: FETCH\n",
  "prompt-default": "steps:\n  - prompt: Which?\n    choices: [a, b]\n    default: c\n",
  // Parameters.
  "param-default-type":
    "params:\n  n: { type: number, default: many }\nsteps:\n  - check: ${{ params.n > 1 }}\n",
  "param-enum":
    "params:\n  level: { enum: [info, 3], default: warn }\nsteps:\n  - exec: [log, '${{ params.level }}']\n",
  "param-contradiction":
    "params:\n  a: { default: x, required: true }\nsteps:\n  - exec: [log, '${{ params.a }}']\n",
  "param-unknown-field":
    "params:\n  a: { typ: text }\n  b-c: 1\nsteps:\n  - exec: [log, '${{ params.a }}']\n",
  "param-unused": "params: { grace: 30s }\nsteps:\n  - exec: [id]\n",
  // Expressions.
  "expression-unknown-param":
    "params: { grace: 30s }\nsteps:\n  - exec: [sleep, '${{ params.grase }}']\n    timeout: ${{ params.grace }}\n",
  "expression-unclosed": "steps:\n  - exec: [echo, '${{ params']\n",
  "expression-syntax": "steps:\n  - check: ${{ 1 + }}\n",
  "expression-function": "params: { a: x }\nsteps:\n  - check: ${{ lenght(params.a) > 1 }}\n",
  "expression-later-step":
    "steps:\n  - check: ${{ size(steps.b.failed) == 0 }}\n  - id: b\n    exec: [id]\n",
  "expression-output-field":
    "steps:\n  - id: a\n    exec: [id]\n  - check: ${{ steps.a.disctinct == [] }}\n",
  "expression-inner-step":
    "steps:\n  - foreach: [1]\n    steps:\n      - id: a\n        exec: [id]\n  - check: ${{ steps.a.ok == [] }}\n",
  "expression-environment": "steps:\n  - check: ${{ env.HOME == '/' }}\n",
  "environment-as-a-whole":
    "permissions: { env: true }\nparams: { n: HOME }\nsteps:\n  - check: ${{ env[params.n] == '/' }}\n",
  "param-environment":
    "params:\n  a: { env: TOKEN }\n  b: { env: 'not a name' }\nsteps:\n  - check: ${{ params.a == params.b }}\n",
  "expression-type": "params: { n: 1 }\nsteps:\n  - check: ${{ params.n + 'a' == 2 }}\n",
  "expression-argument-type":
    "steps:\n  - check: ${{ size(1) > 0 && number([1]) > 0 && sum(['a']) > 0 }}\n",
  "expression-in-outputs": "steps:\n  - exec: [id]\noutputs: { a: '${{ steps.a.ok }}' }\n",
  "expression-in-block": "steps:\n  - exec: |\n      set -eu\n      echo '${{ params.name }}'\n",
  "shell-injection":
    "params: { name: x }\nsteps:\n  - exec: [sh, -c, 'echo ${{ params.name }}']\n  - exec: echo $(id ${{ params.name }})\n",
  "never-true": "steps:\n  - exec: [id]\n    when: ${{ 1 > 2 }}\n",
  "copy-without-pods": "permissions: { read: [a] }\nsteps:\n  - copy: { from: a, to: /tmp/a }\n",
  "copy-between-pods": "steps:\n  - copy: { from: ':/etc/a', to: ':/tmp/a' }\n  - copy: a b\n",
  "copy-not-granted":
    "permissions: { read: [conf] }\nsteps:\n  - copy: { from: confidential, to: ':/tmp/' }\n  - copy: { from: ':/etc/a', to: 'conf/{pod}' }\n  - copy: { from: ':', to: conf }\n",
  "script-syntax": {
    "w.yaml":
      "steps:\n  - script: |\n      const a: number = ;\n  - script: ./b.ts\n  - script: enum A { b }\n  - script: 'const c: string = await kodama.get(1);'\n",
    "b.ts": "kodama.output(;\n",
  },
  "script-that-is-gone": {
    "w.yaml":
      "steps:\n  - script: there.ts\n  - foreach: [1]\n    steps:\n      - script: ./lib/gone.ts\n",
    "there.ts": "kodama.output(1);\n",
  },
  // Groups, batches and rounds.
  "group-a-list": "steps:\n  - group: [{ exec: [id] }]\n",
  "group-without-steps": "steps:\n  - group: { rescue: [{ exec: [id] }] }\n",
  "group-empty-rescue": "steps:\n  - group: { steps: [{ exec: [id] }], rescue: [] }\n",
  "group-unknown-list":
    "steps:\n  - group: { steps: [{ exec: [id] }], resuce: [{ exec: [id] }] }\n",
  "group-reserved-id":
    "steps:\n  - group: { steps: [{ id: rescue, exec: [id] }, { id: always, exec: [id] }] }\n",
  "group-inner-step":
    "steps:\n  - group:\n      steps: [{ exec: [id] }]\n      rescue: [{ exce: [id] }]\n      always: [{ wait: soon }]\n",
  "failure-outside": "steps:\n  - exec: [echo, '${{ failure.step }}']\n",
  "failure-field":
    "steps:\n  - group:\n      steps: [{ exec: [id] }]\n      rescue: [{ exec: [echo, '${{ failure.reson }}'] }]\n",
  "outcome-in-rescue":
    "steps:\n  - group:\n      steps: [{ exec: [id] }]\n      rescue: [{ exec: [echo, '${{ outcome }}'] }]\n",
  "batches-without-serial": "steps:\n  - batches: { steps: [{ exec: [id] }] }\n",
  "batches-without-steps": "steps:\n  - batches: { serial: [1, 25%] }\n",
  "batches-bad-sizes":
    "steps:\n  - batches: { serial: [0, 120%], maxFail: few, steps: [{ exec: [id] }] }\n",
  "batches-misplaced-field":
    "steps:\n  - batches: { serial: 1, steps: [{ exec: [id] }] }\n    maxFail: 1\n",
  "batch-outside": "steps:\n  - exec: [echo, '${{ batch.size() }}']\n",
  "batch-field":
    "steps:\n  - batches: { serial: 1, steps: [{ exec: [echo, '${{ batch.map(one, one.nam) }}'] }] }\n",
  "rounds-unknown-output":
    "steps:\n  - id: each\n    foreach: [a]\n    steps: [{ id: s, exec: [id] }]\n    outputs: { o: '${{ steps.s.stdout }}' }\n  - exec: [echo, '${{ steps.each.byItem.a.p }}']\n",
  "rounds-bad-output":
    "steps:\n  - foreach: [a]\n    steps: [{ id: s, exec: [id] }]\n    outputs: { o: '${{ steps.t.stdout }}', 'a b': x }\n",
  "records-field":
    "steps:\n  - id: a\n    exec: [id]\n  - check: ${{ steps.a.records[0].nod == '' }}\n",
  // Other files.
  "uses-nothing": "steps:\n  - workflow: kwekahs\n  - workflow: ./gone.yaml\n",
  "uses-itself": "steps:\n  - workflow: ./w.yaml\n",
  "uses-cycle": {
    "w.yaml": "steps:\n  - workflow: ./a.yaml\n",
    "a.yaml": "steps:\n  - exec: [id]\n  - workflow: ./b.yaml\n",
    "b.yaml": "steps:\n  - parallel:\n      - workflow: ./w.yaml\n",
  },
  "uses-broken": {
    "w.yaml": "steps:\n  - workflow: ./a.yaml\n",
    "a.yaml": "steps:\n  - exec: [id]\n    fanout: 0\n",
  },
  "uses-params": {
    "w.yaml": "steps:\n  - workflow: ./a.yaml\n    with: { pth: /etc }\n",
    "a.yaml":
      "params: { path: { required: true } }\nsteps:\n  - exec: [ls, '${{ params.path }}']\n",
  },
};
