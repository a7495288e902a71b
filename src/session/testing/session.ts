/** A session for tests. */
import type { Session } from "../model.ts";

/** Returns a session with every field set; a test overrides the fields it is about. */
export function sampleSession(changes: Partial<Session> = {}): Session {
  return {
    name: "my-work",
    namespace: "dev",
    owner: "jane",
    repository: {
      url: "https://github.com/myorg/myrepo",
      branch: "kodama/my-work-20250115143000",
      baseBranch: "main",
      autoBranch: true,
      commitHash: "abc1230000000000000000000000000000000000",
    },
    spec: {
      image: "example.com/session:1",
      resources: { cpu: "2", memory: "4Gi" },
      storage: { workspace: "10Gi", claudeHome: "1Gi" },
      requests: { cpu: "500m" },
      extendedResources: { "nvidia.com/gpu": "1" },
      imagePullSecrets: ["registry"],
      labels: { "cost-centre": "42" },
      annotations: { "sidecar.istio.io/inject": "false" },
      runAsUser: 1000680000,
      priorityClass: "low",
      runtimeClass: "gvisor",
      serviceAccount: "builder",
      volumes: [{
        mountPath: "/cache",
        readOnly: true,
        volume: { name: "cache", persistentVolumeClaim: { claimName: "cache" } },
      }],
      nodeSelector: { pool: "dev" },
      tolerations: [{ key: "dev", operator: "Exists" }],
      containers: [{ name: "db", image: "postgres:17" }],
      egress: [{ cidr: "10.0.0.0/8", ports: [443] }],
      limits: { ttlSeconds: 28_800, idleSeconds: 1800 },
      gitSecret: "git-ssh-key",
      gitMirrors: { "https://github.com/": "https://git.example.com/github/" },
      setup: {
        path: ".devcontainer/devcontainer.json",
        user: "node",
        variables: { MODE: "$(HOME) dev" },
        steps: [{
          property: "postCreateCommand",
          mayFail: false,
          commands: [{ name: "all", argv: ["npm", "ci"] }],
        }],
        ports: [3000],
        customizations: { vscode: { extensions: ["a.b"] } },
      },
    },
    environment: { variables: ["DATABASE_URL"], gitToken: true },
    sync: { enabled: true, localPath: "/home/jane/myrepo" },
    agent: { adapter: "claude", task: 1 },
    template: "big",
    status: "Running",
    createdAt: "2025-01-15T14:30:00.000Z",
    updatedAt: "2025-01-15T14:35:00.000Z",
    ...changes,
  };
}
