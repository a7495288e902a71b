/**
 * kodama as an image: its files, busybox as the shell of launchers and workflows, and the libraries that Deno is linked
 * with. busybox and the libraries are those of the Debian that builds it; `/usr/share/doc` has their licences and
 * names their versions.
 *
 * https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 */
import { fileSha256, gzipFile, writeTar } from "./archive.ts";
import { fillSystem } from "./debian.ts";
import { sha256 } from "../content_hash.ts";
import { denoExecutable } from "./deno_runtime.ts";
import type { ReleaseInput } from "./release_input.ts";
import { runProgram } from "./run_program.ts";

/** A Debian package whose files are in the image. */
export interface DebianPart {
  name: string;
  version: string;
}

/** Writes `kodama-VERSION-linux-x64.oci.tar` into `folder`. Returns its name, and what of Debian is in it. */
export async function makeImage(
  folder: string,
  input: ReleaseInput,
): Promise<{ name: string; debian: DebianPart[] }> {
  const root = `${input.work}/image-root`;
  await fillSystem(root, input, "x64");
  const debian = await addSystem(root);
  const layout = `${input.work}/image`;
  await writeLayout(layout, root, input);
  const name = `kodama-${input.version}-linux-x64.oci.tar`;
  const names = ["oci-layout", "index.json", "blobs"];
  await writeTar(`${folder}/${name}`, layout, { seconds: input.seconds, names });
  return { name, debian };
}

/** Adds what Deno and the launchers need of a system. Returns the Debian packages that it is from. */
async function addSystem(root: string): Promise<DebianPart[]> {
  for (const path of ["bin", "etc", "tmp", "home/kodama"]) {
    await Deno.mkdir(`${root}/${path}`, { recursive: true });
  }
  // Pods often run as a user of any number.
  for (const path of ["tmp", "home/kodama"]) await Deno.chmod(`${root}/${path}`, 0o1777);
  await Deno.writeTextFile(`${root}/etc/passwd`, "root:x:0:0:root:/root:/bin/sh\n" + user);
  await Deno.writeTextFile(`${root}/etc/group`, "root:x:0:\nkodama:x:65532:\n");
  const busybox = "/bin/busybox";
  await Deno.copyFile(busybox, root + busybox).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error("there is no /bin/busybox; on Debian: apt-get install busybox-static");
  });
  for (const name of (await runProgram([busybox, "--list"])).trim().split("\n")) {
    if (name !== "busybox") await Deno.symlink("busybox", `${root}/bin/${name}`);
  }
  const libraries = await librariesOf(await denoExecutable("x64"));
  for (const path of libraries) {
    await Deno.mkdir(root + path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.copyFile(path, root + path);
  }
  return await debianParts(root, [busybox, ...libraries]);
}

const user = "kodama:x:65532:65532:kodama:/home/kodama:/bin/sh\n";

/** Returns the paths of the libraries that an executable is linked with, and of the loader. */
async function librariesOf(path: string): Promise<string[]> {
  const lines = (await runProgram(["ldd", path])).split("\n");
  const paths = lines.map((line) => /(\/\S+) \(0x/.exec(line)?.[1]);
  return paths.filter((found) => found !== undefined).toSorted();
}

/** Copies the licences of the Debian packages that `paths` are from. */
async function debianParts(root: string, paths: readonly string[]): Promise<DebianPart[]> {
  const names = new Set<string>();
  for (const path of paths) {
    const name = await debianPackageOf(path) ?? await debianPackageOf(await Deno.realPath(path));
    if (name === undefined) throw new Error(`${path} belongs to no Debian package`);
    names.add(name);
  }
  const parts: DebianPart[] = [];
  for (const name of [...names].toSorted()) {
    const format = "-f=${Version}\n";
    const version = (await runProgram(["dpkg-query", "-W", format, name])).split("\n")[0] ?? "";
    const documents = `/usr/share/doc/${name}`;
    await Deno.mkdir(root + documents, { recursive: true });
    await Deno.copyFile(`${documents}/copyright`, `${root}${documents}/copyright`);
    await Deno.writeTextFile(`${root}${documents}/version`, `${name} ${version} of Debian\n`);
    parts.push({ name, version });
  }
  return parts;
}

/** Returns the package that a file is from; undefined if its path isn't recorded: /bin may be a link to /usr/bin. */
async function debianPackageOf(path: string): Promise<string | undefined> {
  const owner = await runProgram(["dpkg-query", "--search", path]).catch(() => "");
  return /^([^:\s]+)/.exec(owner)?.[1];
}

async function writeLayout(layout: string, root: string, input: ReleaseInput): Promise<void> {
  const blobs = `${layout}/blobs/sha256`;
  await Deno.mkdir(blobs, { recursive: true });
  const tar = `${input.work}/layer.tar`;
  await writeTar(tar, root, { seconds: input.seconds });
  await gzipFile(tar, `${input.work}/layer.tar.gz`);
  const layer = {
    mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
    digest: `sha256:${await fileSha256(`${input.work}/layer.tar.gz`)}`,
    size: (await Deno.stat(`${input.work}/layer.tar.gz`)).size,
  };
  await Deno.rename(`${input.work}/layer.tar.gz`, `${blobs}/${layer.digest.slice(7)}`);
  const created = new Date(input.seconds * 1000).toISOString();
  const config = await writeBlob(blobs, "application/vnd.oci.image.config.v1+json", {
    created,
    architecture: "amd64",
    os: "linux",
    config: {
      User: "65532:65532",
      Env: ["PATH=/usr/bin:/bin", "HOME=/home/kodama"],
      Entrypoint: ["/usr/bin/kodama"],
      WorkingDir: "/home/kodama",
      Labels: {
        "org.opencontainers.image.title": "kodama",
        "org.opencontainers.image.version": input.version,
        "org.opencontainers.image.licenses": "MIT",
      },
    },
    rootfs: { type: "layers", diff_ids: [`sha256:${await fileSha256(tar)}`] },
    history: [{ created, created_by: "deno task release" }],
  });
  await Deno.remove(tar);
  const type = "application/vnd.oci.image.manifest.v1+json";
  const manifest = { schemaVersion: 2, mediaType: type, config, layers: [layer] };
  const entry = {
    ...await writeBlob(blobs, type, manifest),
    platform: { architecture: "amd64", os: "linux" },
    // containerd names the image by the first, other tools by the second.
    annotations: {
      "io.containerd.image.name": `docker.io/library/kodama:${input.version}`,
      "org.opencontainers.image.ref.name": input.version,
    },
  };
  const index = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [entry],
  };
  await Deno.writeTextFile(`${layout}/index.json`, JSON.stringify(index));
  await Deno.writeTextFile(
    `${layout}/oci-layout`,
    JSON.stringify({ imageLayoutVersion: "1.0.0" }),
  );
}

/** Writes JSON as a blob. Returns its descriptor. */
async function writeBlob(
  blobs: string,
  mediaType: string,
  content: unknown,
): Promise<{ mediaType: string; digest: string; size: number }> {
  const bytes = new TextEncoder().encode(JSON.stringify(content));
  const digest = await sha256(bytes);
  await Deno.writeFile(`${blobs}/${digest}`, bytes);
  return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
}
