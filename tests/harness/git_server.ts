/** A git server over HTTP in this process: git's own `http-backend` behind a password. */
import assert from "node:assert/strict";
import { runCommand } from "./command.ts";

/** A server with one repository, removed when it is disposed of. */
export interface GitServer extends AsyncDisposable {
  /** `http://HOST:PORT/` */
  readonly url: string;
  /** A bare repository below `url`, with a commit on `main` and one on `feature/x`. */
  readonly repository: string;
  /** Runs git in the bare repository; returns its standard output. */
  git(...words: string[]): Promise<string>;
}

const author = {
  GIT_AUTHOR_NAME: "Test",
  GIT_AUTHOR_EMAIL: "test@example.com",
  GIT_COMMITTER_NAME: "Test",
  GIT_COMMITTER_EMAIL: "test@example.com",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
};

/**
 * Starts it.
 *
 * @param folder of the test, empty.
 * @param token what a client must show as its password; any client may read if it is absent.
 * @param place `hostname`: of this machine, at which it is reached; `asked`: called for each request while its client
 *   waits.
 */
export async function startGitServer(
  folder: string,
  token?: string,
  place: { hostname?: string; port?: number; asked?: () => Promise<void> } = {},
): Promise<GitServer> {
  const { hostname = "127.0.0.1", port = 0, asked } = place;
  const path = `${folder}/repo.git`;
  const env = { PATH: Deno.env.get("PATH") ?? "", HOME: folder, ...author };
  const git = async (...words: string[]) => {
    const { code, stdout, stderr } = await runCommand(["git", "-C", path, ...words], { env });
    assert.equal(code, 0, `git ${words.join(" ")}: ${stderr}`);
    return stdout.trim();
  };
  await Deno.mkdir(path, { recursive: true });
  await git("init", "-q", "--bare", "-b", "main");
  await git("config", "http.receivepack", "true");
  const tree = await treeOf(git, path, { "README.md": "# a test\n" });
  const first = await git("commit-tree", tree, "-m", "the first");
  await git("update-ref", "refs/heads/main", first);
  const more = await treeOf(git, path, { "README.md": "# a test\n", "x.txt": "x\n" });
  const second = await git("commit-tree", more, "-p", first, "-m", "a feature");
  await git("update-ref", "refs/heads/feature/x", second);
  const server = Deno.serve(
    { port, hostname, onListen: () => {} },
    async (request) => {
      await asked?.();
      return await answer(request, { folder, token });
    },
  );
  const url = `http://${hostname}:${server.addr.port}/`;
  return {
    url,
    repository: `${url}repo.git`,
    git,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function treeOf(
  git: GitServer["git"],
  path: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const lines: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${path}/blob`, text);
    lines.push(`100644 blob ${await git("hash-object", "-w", "blob")}\t${name}`);
  }
  const env = { PATH: Deno.env.get("PATH") ?? "" };
  const { stdout } = await runCommand(["git", "-C", path, "mktree"], {
    env,
    stdin: `${lines.join("\n")}\n`,
  });
  return stdout.trim();
}

/** Runs the program for one request, per RFC 3875. */
async function answer(
  request: Request,
  { folder, token }: { folder: string; token: string | undefined },
): Promise<Response> {
  const shown = request.headers.get("authorization")?.replace(/^Basic /, "");
  const body = new Uint8Array(await request.arrayBuffer());
  if (token !== undefined && (shown === undefined || atob(shown).split(":")[1] !== token)) {
    return new Response("no", { status: 401, headers: { "www-authenticate": "Basic" } });
  }
  const { pathname, search } = new URL(request.url);
  const child = new Deno.Command("git", {
    args: ["http-backend"],
    clearEnv: true,
    env: {
      PATH: Deno.env.get("PATH") ?? "",
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      REMOTE_USER: "test",
      CONTENT_TYPE: request.headers.get("content-type") ?? "",
      CONTENT_LENGTH: String(body.length),
      HTTP_CONTENT_ENCODING: request.headers.get("content-encoding") ?? "",
      GIT_PROTOCOL: request.headers.get("git-protocol") ?? "",
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  const writing = writer.write(body).then(() => writer.close()).catch(() => {});
  const { stdout } = await child.output();
  await writing;
  const end = headEnd(stdout);
  const head = new TextDecoder().decode(stdout.subarray(0, end));
  const fields = head.split("\r\n").filter(Boolean).map((line): [string, string] => {
    const at = line.indexOf(": ");
    return [line.slice(0, at), line.slice(at + 2)];
  });
  const status = Number(fields.find(([name]) => name === "Status")?.[1].slice(0, 3) ?? 200);
  const headers = fields.filter(([name]) => name !== "Status");
  return new Response(stdout.slice(end + 4), { status, headers });
}

function headEnd(bytes: Uint8Array): number {
  for (let at = 0; at + 3 < bytes.length; at++) {
    if (bytes[at] === 13 && bytes[at + 1] === 10 && bytes[at + 2] === 13) return at;
  }
  return bytes.length;
}
