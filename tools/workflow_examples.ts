/** Examples of what isn't specific to one kind of step: shown in the reference, and each run by a test. */

/** One section of the reference: its subject, and a workflow that shows each of its fields. */
export interface WorkflowExample {
  title: string;
  text: string;
}

/** By the section of a file. */
export const examples = {
  file: {
    title: "A whole file",
    text: `
version: 2
description: Check the drives, report their versions, and clean up
params: { limit: 3 }
select: { namespace: weka-operator-system, match: drive }
defaults: { timeout: 1m }
permissions: { run: [echo] }
concurrency: wait
limits: { time: 10m }
steps:
  - id: version
    exec: [weka, version]
  - check: \${{ size(steps.version.distinct) <= params.limit }}
finally:
  - shell: [echo, "it was \${{ outcome }}"]
outputs:
  versions: \${{ steps.version.distinct }}
`,
  },
  step: {
    title: "Fields of every step",
    text: `
params: { look: true }
select: { namespace: weka-operator-system, match: drive }
steps:
  - id: version
    name: the version of \${{ size(["all"]) }} kind of pods
    when: \${{ params.look }}
    exec: [weka, version]
    timeout: 1m
    attempts: { most: 3, delay: 1s, factor: 2, maxDelay: 10s }
  - exec: ["false"]
    allowFailure: true
    quiet: true
  - name: until every pod answers
    exec: [weka, version]
    until: \${{ size(result.failed) == 0 }}
    every: 2s
    timeout: 1m
`,
  },
  param: {
    title: "Parameters",
    text: `
params:
  limit: 3
  level: { type: text, default: info, enum: [info, debug], description: How detailed the output is }
  waitTime: { type: duration, default: 10s }
  hosts: { type: list, default: [a, b] }
  token: { secret: true, required: false, env: EXAMPLE_TOKEN }
permissions: { run: [echo], env: [EXAMPLE_TOKEN] }
steps:
  - shell: [echo, "\${{ params.level }}", "\${{ params.limit }}", "\${{ size(params.hosts) }}"]
    timeout: \${{ params.waitTime }}
    env: { TOKEN: "\${{ default(params.token, 'none') }}" }
`,
  },
  select: {
    title: "Selection of pods",
    text: `
select:
  context: kodama
  namespace: weka-operator-system
  match: [drive, "/^weka-compute-[0-9]+$/"]
  exclude: held
  container: weka-container
  sort: random
  allPhases: false
steps:
  - exec: [hostname]
  - exec: [hostname]
    select:
      allNamespaces: true
      selector: weka.io/mode=drive
      fieldSelector: status.phase=Running
      sample: 1
  - exec: [hostname]
    select:
      namespace: weka-operator-system
      pods: [weka-drive-0, sts/weka-compute]
  - wait: gone
    select: { namespace: weka-operator-system, node: a-node-that-is-gone }
  - name: in every pod of the namespace
    exec: [hostname]
    select: { namespace: weka-operator-system, all: true }
`,
  },
  defaults: {
    title: "Defaults",
    text: `
select: { namespace: weka-operator-system, match: drive }
defaults:
  fanout: 8
  serial: [1, 50%]
  maxFail: 1
  commandTimeout: 30s
  connectTimeout: 15s
  outputMode: group
  timeout: 2m
  attempts: 2
  allowFailure: false
  every: 10s
  quiet: false
  env: { LC_ALL: C }
steps:
  - exec: [weka, version]
`,
  },
  permissions: {
    title: "Permissions",
    text: `
permissions:
  net: [example.com]
  read: [./data]
  write: [./saved]
  env: [HOME]
  run: [echo]
  sys: [hostname]
  cluster:
    - verbs: [get, exec]
      namespaces: [weka-operator-system]
steps:
  - shell: [echo, "\${{ env.HOME }}"]
`,
  },
  concurrency: {
    title: "Concurrency",
    text: `
concurrency: { group: storage, mode: wait }
steps:
  - wait: 1ms
`,
  },
} as const satisfies Record<string, WorkflowExample>;
