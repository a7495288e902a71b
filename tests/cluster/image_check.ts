/**
 * `deno task image:check`: builds the image of sessions by `kodama image build`, and works in a session of it on a rig.
 *
 * It uses neither a registry of images nor GitHub: the base is a Debian with the Node.js of npm, Helix is Debian's, and
 * Zellij, which no package has, is the executable that `KODAMA_ZELLIJ` names, else one that only prints its name.
 */
import assert from "node:assert/strict";
import { testEnvironment } from "../harness/embedded_cluster.ts";
import { SourceKodama } from "../harness/source_kodama.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { importImage } from "./container_runtime.ts";
import { isInstalled, run } from "./host_commands.ts";
import { ensureImage } from "./images.ts";
import { findLayout, type Layout } from "./layout.ts";
import { bringUp } from "./main.ts";
import { machine, sessionNamespace } from "./session_machine.ts";
import { readState } from "./state.ts";
import { RealCluster } from "./test_namespace.ts";
import { writeProgram } from "../../src/base/testing/program_file.ts";

const base = "localhost/kodama-node:24";
const image = "kodama.test/session:check";

/** A line of sh in the session, and its expected output. */
const looks: [line: string, said: RegExp][] = [
  ["id -un; id -u; getent passwd 1000", /^kodama\n1000\nkodama:.*:\/home\/kodama:/],
  ["claude --version", /^\d+\.\d+\.\d+ \(Claude Code\)\n$/],
  ["hx --version", /^helix \d/],
  ['readlink -f "$(command -v hx)"', /^\/usr\/local\/lib\/helix\/hx\n$/],
  ["hx --health 2>&1", /Runtime directories: .*\/usr\/local\/lib\/helix\/runtime/],
  ["zellij --version", /^zellij \d/],
  ["vim --version", /^VIM - Vi IMproved/],
  ["nano --version", /GNU nano/],
  ["tmux -V && git --version && rg --version && jq --version", /^tmux [^]*git [^]*ripgrep [^]*jq/],
  ["ssh -V 2>&1", /^OpenSSH/],
  ["touch ~/.claude/a ~/.kodama/a a && cat ~/.config/helix/config.toml", /theme = /],
  // A file in the image that the session's user may write could be run by another user.
  [
    `find /usr /etc /opt -path /etc/kodama -prune -o \\( -user 1000 -o -perm -o+w ! -type l \\) \\
    -print 2>/dev/null | head -5`,
    /^$/,
  ],
];

async function main(): Promise<void> {
  for (const program of ["buildah", "debootstrap", "npm", "tar", "xz"]) {
    if (!await isInstalled(program)) {
      throw new Error(`${program} is missing: apt-get install ${program}`);
    }
  }
  const layout = await findLayout();
  await using work = await TestFolder.open("kodama-image-");
  const archive = `${work.path}/image.tar`;
  await build(layout, { work: work.path, archive });
  const { kubectl } = await bringUp(layout, { install: false });
  const state = await readState(layout);
  assert.ok(state);
  say("handing it to the rig");
  await importImage(state.holder, archive);
  await workIn(new RealCluster(layout.kubeconfig, kubectl), work.path);
  say(`${looks.length} passed, 0 failed`);
}

function say(line: string): void {
  // deno-lint-ignore no-console -- this file is a front end
  console.log(line);
}

/** Creates the base as buildah takes it, with Debian's Helix in it, packed as its own release is. */
async function build(
  layout: Layout,
  { work, archive }: { work: string; archive: string },
): Promise<void> {
  const certificates = Deno.env.get("NODE_EXTRA_CA_CERTS");
  const baseArchive = await ensureImage(layout.cache, {
    names: [base],
    command: ["node"],
    version: certificates === undefined ? "1" : "1-certificates",
    notice: "making a Debian with Node.js: some minutes, once",
    ...(certificates === undefined
      ? {}
      : { environment: { NODE_EXTRA_CA_CERTS: ownCertificates } }),
    fill: fillBase,
  }, say);
  await run(["tar", "-C", work, "-xf", baseArchive, "layer.tar"]);
  await run(["tar", "-C", work, "-xf", `${work}/layer.tar`, "./usr/lib/hx"]);
  const zellij = Deno.env.get("KODAMA_ZELLIJ");
  if (zellij === undefined) {
    say("Zellij is a stub that only prints its name: KODAMA_ZELLIJ=FILE names a real one");
    await writeProgram(`${work}/zellij`, "#!/bin/sh\necho zellij 0\n");
  } else await Deno.copyFile(zellij, `${work}/zellij`);
  const checksums = {
    helix: await release("helix", work, [
      ...["-c", "--use-compress-program=xz -0", "-C", `${work}/usr/lib`],
      ...[`--transform=s,^hx,${await helixFolder()},`, "hx"],
    ]),
    zellij: await release("zellij", work, ["-cz", "-C", work, "zellij"]),
  };
  await using releases = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const name = request.url.includes("/zellij-org/") ? "zellij" : "helix";
      return new Response((await Deno.open(`${work}/${name}.release`)).readable);
    },
  );
  const storage = `[storage]
driver = "vfs"
graphroot = "${work}/storage"
runroot = "${work}/run"
`;
  await Deno.writeTextFile(`${work}/storage.conf`, storage);
  const buildah = { CONTAINERS_STORAGE_CONF: `${work}/storage.conf`, BUILDAH_ISOLATION: "chroot" };
  say("building the image");
  await run(["buildah", "pull", "--quiet", `docker-archive:${baseArchive}`], { env: buildah });
  const kodama = await SourceKodama.on({
    env: { ...Deno.env.toObject(), ...testEnvironment(work, "/nonexistent"), ...buildah },
    folder: work,
  });
  const values = {
    BASE: base,
    RELEASES: `http://127.0.0.1:${releases.addr.port}`,
    [`HELIX_SHA256_${architecture.toUpperCase()}`]: checksums.helix,
    [`ZELLIJ_SHA256_${architecture.toUpperCase()}`]: checksums.zellij,
  };
  const built = await kodama.run([
    ...["image", "build", image, "--builder", "buildah"],
    ...Object.entries(values).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
  ]);
  if (built.code !== 0) throw new Error(built.stderr);
  await run(["buildah", "push", "--quiet", image, `docker-archive:${archive}:${image}`], {
    env: buildah,
  });
}

/** Debian's name of this machine's architecture. */
const architecture = Deno.build.arch === "aarch64" ? "arm64" : "amd64";

/** Returns the name of the folder in Helix' own archive. */
async function helixFolder(): Promise<string> {
  const dockerfile = new URL("../../src/session/image/Dockerfile", import.meta.url);
  const [, version] = /^ARG HELIX_VERSION=(.*)$/m.exec(await Deno.readTextFile(dockerfile)) ?? [];
  assert.ok(version);
  return `helix-${version}-${Deno.build.arch}-linux`;
}

const ownCertificates = "/usr/local/share/ca-certificates/this-machine.crt";

async function fillBase(folder: string): Promise<void> {
  await run([
    ...["unshare", "--mount", "--pid", "--fork", "--kill-child", "--"],
    ...["debootstrap", "--variant=minbase", "--include=ca-certificates,hx", "trixie", folder],
  ]);
  const architecture = Deno.build.arch === "aarch64" ? "arm64" : "x64";
  const script = `set -e; cd "$1/tmp"; modules=../usr/local/lib/node_modules
npm pack --silent node-linux-${architecture}@24 npm@11
mkdir -p node $modules/npm
tar -xzf node-linux-*.tgz -C node --strip-components=1
tar -xzf npm-*.tgz -C $modules/npm --strip-components=1
mv node/bin/node ../usr/local/bin/node
rm -rf node *.tgz
for name in npm npx; do
  chmod 755 $modules/npm/bin/$name-cli.js
  ln -s ../lib/node_modules/npm/bin/$name-cli.js ../usr/local/bin/$name
done
chroot "$1" useradd --uid 1000 --user-group --create-home --shell /bin/bash node`;
  await run(["sh", "-c", script, "sh", folder]);
  const certificates = Deno.env.get("NODE_EXTRA_CA_CERTS");
  if (certificates !== undefined) await Deno.copyFile(certificates, `${folder}${ownCertificates}`);
}

/** Creates an archive as a foreign machine would, and returns its checksum. */
async function release(name: string, work: string, words: readonly string[]): Promise<string> {
  const file = `${work}/${name}.release`;
  await run(["tar", "--owner=1000", "--group=1000", "-f", file, ...words]);
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(file));
  return new Uint8Array(digest).toHex();
}

async function workIn(cluster: RealCluster, folder: string): Promise<void> {
  await using namespace = await sessionNamespace(cluster, "image");
  const kodama = await machine(namespace, `${folder}/machine`);
  const on = (...words: string[]) => kodama.succeed(words, { cwd: folder });
  say("working in a session of it");
  await on("start", "work", "--image", image, "--no-sync");
  for (const [line, said] of looks) {
    assert.match(await on("attach", "work", "--command", line), said, line);
  }
  await on("delete", "work", "--force", "--purge", "--discard");
}

await main();
