import assert from "node:assert/strict";
import { parse } from "jsonc-parser";
import { type DevContainer, readDevContainer } from "./dev_container.ts";

const folder = new URL("testing/devcontainers/", import.meta.url);

function read(text: string, localVariables = new Map<string, string>()): DevContainer {
  const path = ".devcontainer/devcontainer.json";
  return readDevContainer({ path, text, folderName: "app", localVariables });
}

/**
 * The parts of each project's file that a session honours: its properties, image, and the reports of unsupported parts.
 */
const projects: Record<string, {
  honoured: string[];
  image?: string;
  builds?: string;
  unsupported: string[];
}> = {
  "azure-sdk-for-python": {
    honoured: ["remoteUser", "postCreateCommand", "customizations"],
    unsupported: [
      "overrideCommand: unknown",
      "workspaceMount: usersMachine",
      "workspaceFolder: workspaceFolder",
      "mounts: volumes",
      "runArgs: privileges",
    ],
  },
  "dotnet-runtime": {
    honoured: [
      "settings",
      "extensions",
      "onCreateCommand",
      "postCreateCommand",
      "remoteEnv",
      "remoteUser",
    ],
    builds: "build",
    unsupported: ["remoteEnv.PATH: imageVariables"],
  },
  "home-assistant": {
    honoured: ["postCreateCommand", "appPort", "extensions", "settings"],
    builds: "dockerFile",
    unsupported: ["runArgs: privileges"],
  },
  "langchain": {
    honoured: ["image", "postCreateCommand"],
    image: "mcr.microsoft.com/devcontainers/python:1-3.11-bullseye",
    unsupported: ["features.ghcr.io/devcontainers-contrib/features/poetry:2: feature"],
  },
  "next.js": {
    honoured: ["image", "customizations", "remoteUser", "features", "remoteEnv"],
    image: "mcr.microsoft.com/devcontainers/javascript-node:1-20-bookworm",
    unsupported: [
      "features.ghcr.io/devcontainers/features/git:1: feature",
      "features.ghcr.io/devcontainers/features/github-cli:1: feature",
    ],
  },
  "rails": {
    honoured: ["containerEnv", "postCreateCommand", "customizations"],
    builds: "dockerComposeFile",
    unsupported: [
      "features.ghcr.io/devcontainers/features/github-cli:1: feature",
      "workspaceFolder: workspaceFolder",
    ],
  },
  "superset": {
    honoured: [
      "image",
      "forwardPorts",
      "customizations",
      "remoteEnv",
      "postCreateCommand",
      "postStartCommand",
      "hostRequirements",
    ],
    image: "mcr.microsoft.com/devcontainers/universal:2",
    unsupported: [
      "features.ghcr.io/devcontainers/features/sshd:1: feature",
      "workspaceFolder: workspaceFolder",
      "portsAttributes: ports",
    ],
  },
  "typescript": {
    honoured: ["image", "postCreateCommand", "customizations", "remoteUser"],
    image: "mcr.microsoft.com/devcontainers/javascript-node:1-22-bookworm",
    unsupported: ["features.ghcr.io/devcontainers/features/go:1: feature"],
  },
  "vscode-remote-try-node": {
    honoured: ["image", "customizations", "postCreateCommand"],
    image: "mcr.microsoft.com/devcontainers/javascript-node:1-18-bullseye",
    unsupported: ["portsAttributes: ports"],
  },
  "vscode-remote-try-python": {
    honoured: ["settings", "extensions", "forwardPorts", "postCreateCommand", "remoteUser"],
    builds: "build",
    unsupported: [],
  },
  "vscode-remote-try-rust": {
    honoured: ["image", "customizations"],
    image: "mcr.microsoft.com/devcontainers/rust:1-1-bullseye",
    unsupported: [],
  },
};

Deno.test("each public project's file is read: what has an effect, and what is reported", async () => {
  const files = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".json"));
  assert.deepEqual(files.sort(), Object.keys(projects).map((name) => `${name}.json`).sort());
  for (const [name, expected] of Object.entries(projects)) {
    const { honoured, image, builds, unsupported } = read(
      await Deno.readTextFile(new URL(`${name}.json`, folder)),
    );
    assert.deepEqual(
      {
        honoured,
        ...(image === undefined ? {} : { image }),
        ...(builds === undefined ? {} : { builds }),
        unsupported: unsupported.map(({ property, reason }) => `${property}: ${reason}`),
      },
      expected,
      name,
    );
  }
});

Deno.test("no property of a file is ignored: each has an effect, is reported, or is a name", () => {
  const silent = new Set([
    "name",
    "service",
    "context",
    "build",
    "dockerFile",
    "dockerComposeFile",
  ]);
  for (const name of Object.keys(projects)) {
    const text = Deno.readTextFileSync(new URL(`${name}.json`, folder));
    const { honoured, unsupported } = read(text);
    const properties = Object.keys(parse(text) as object);
    assert.ok(properties.length > 1, name);
    for (const property of properties) {
      const isReported = unsupported.some((one) => one.property.split(".")[0] === property);
      assert.ok(
        silent.has(property) || honoured.includes(property) || isReported,
        `${name}: ${property}`,
      );
    }
  }
});

Deno.test("a command is a text for a shell, a list of args, or several at the same time", () => {
  const { setup, unsupported } = read(`{
    "onCreateCommand": ["npm", "ci"],
    "postCreateCommand": { "api": "make api", "web": ["make", "web"], "bad": 3 },
    "postStartCommand": "cd \${containerWorkspaceFolder} && ./up \${localWorkspaceFolderBasename}",
  }`);
  assert.deepEqual(setup.steps, [
    { property: "onCreateCommand", mayFail: false, commands: [{ argv: ["npm", "ci"] }] },
    {
      property: "postCreateCommand",
      mayFail: false,
      commands: [
        { argv: ["/bin/sh", "-c", "make api"], name: "api" },
        { argv: ["make", "web"], name: "web" },
      ],
    },
    {
      property: "postStartCommand",
      mayFail: true,
      commands: [{ argv: ["/bin/sh", "-c", "cd /workspace && ./up app"] }],
    },
  ]);
  assert.deepEqual(unsupported, [{ property: "postCreateCommand", reason: "form" }]);
});

Deno.test("only variables that the user sends are values of a file, and never leave the Secret", () => {
  const text = `{
    "containerEnv": {
      "MODE": "dev", "TOKEN": "\${localEnv:MY_TOKEN}", "KEY": "\${localEnv:AWS_SECRET:none}",
      "GONE": "x\${localEnv:GONE}", "PATH": "/x:\${containerEnv:PATH}", "LD_PRELOAD": "/evil.so"
    },
    "remoteEnv": { "BOTH": "\${containerEnv:MODE}-remote", "UNSET": null },
    "postCreateCommand": "echo \${localEnv:MY_TOKEN}"
  }`;
  const file = read(text, new Map([["MY_TOKEN", "planted-1"]]));
  assert.deepEqual(file.setup.variables, {
    MODE: "dev",
    KEY: "none",
    GONE: "x",
    BOTH: "dev-remote",
  });
  assert.deepEqual([...file.secretVariables], [["TOKEN", "planted-1"]]);
  assert.ok(!JSON.stringify(file.setup).includes("planted-1"));
  assert.deepEqual(file.unsupported, [
    { property: "postCreateCommand", reason: "localVariable" },
    { property: "containerEnv.GONE", reason: "localVariable" },
    { property: "containerEnv.PATH", reason: "imageVariables" },
    { property: "containerEnv.LD_PRELOAD", reason: "protectedVariable" },
  ]);
});

Deno.test("ports are numbers of the session's own, and requirements are quantities", () => {
  const { setup, resources, unsupported } = read(`{
    "forwardPorts": [3000, "8080", "db:5432", 3000, 70000],
    "hostRequirements": { "cpus": 4, "memory": "8gb", "storage": "32GB", "gpu": true }
  }`);
  assert.deepEqual(setup.ports, [3000, 8080]);
  assert.deepEqual(resources, { cpu: "4", memory: "8G", workspace: "32G" });
  assert.deepEqual(unsupported.map(({ property }) => property), [
    "forwardPorts.db:5432",
    "forwardPorts.70000",
    "hostRequirements.gpu",
  ]);
});

Deno.test("a feature of the project itself is a script, with its options", () => {
  const { setup: { steps } } = read(
    `{"features": {"./tools/go": {"version": "1.25", "PATH": "/x"}}}`,
  );
  assert.deepEqual(steps, [{
    property: "features../tools/go",
    mayFail: true,
    commands: [{
      argv: [
        "env",
        "VERSION=1.25",
        "sh",
        "-c",
        'cd "${1%/*}" && sh "$1"',
        "sh",
        "/workspace/.devcontainer/tools/go/install.sh",
      ],
    }],
  }]);
  const outside = read(`{"features": {"./../../etc": {}, "./a/../b": {}}}`);
  assert.deepEqual(outside.setup.steps, []);
  assert.equal(outside.unsupported.length, 2);
});

Deno.test("an error has the position in the file", () => {
  assert.throws(
    () => read('{\n  "image": "a",\n  "x": tru\n}'),
    /devcontainer\.json:3:8: .*invalid symbol/,
  );
  assert.throws(() => read("[]"), /devcontainer\.json:1:1: expected a mapping/);
});
