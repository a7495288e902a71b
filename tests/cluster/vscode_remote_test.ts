/**
 * VS Code's own server for remote editing, in a session of a real cluster, as its extension for SSH uses it: copied and
 * started by real ssh, found again by a second connection, and used by VS Code's workbench through forwards of ssh. The
 * server is that of code-server; the workbench runs in Chromium instead of a window of the desktop.
 */
import assert from "node:assert/strict";
import { chromiumMissing } from "../harness/chromium.ts";
import { SshHost } from "../harness/ssh_host.ts";
import { missingClients } from "../harness/ssh_flows.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { Editor, provideCodeServer } from "../vscode/editor.ts";
import { run } from "./host_commands.ts";
import { machine, sessionNamespace } from "./session_machine.ts";
import { RealCluster, rigVariable } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
// Its image has sshd, and the C library of this machine's node.
const onRig = cluster !== undefined && Deno.env.get(rigVariable) !== undefined;
const missing = await chromiumMissing();

/** The folder of the server in the pod's home. */
const serverFolder = ".vscode-server";

/** Packs what a release of the server has, and `node` beside it, where its launcher expects it. */
async function packServer(file: string): Promise<{ commit: string }> {
  const server = `${await provideCodeServer()}/lib/vscode`;
  const node = (await run(["sh", "-c", 'readlink -f "$(command -v node)"'])).trim();
  const parts = ["bin", "out", "node_modules", "extensions", "package.json", "product.json"];
  const own = `s,^${node.slice(1)}$,node,`;
  const what = ["-C", server, ...parts, "-C", "/", node.slice(1)];
  await run(["tar", "--exclude=*.map", "--transform", own, "-cf", file, ...what]);
  return JSON.parse(await Deno.readTextFile(`${server}/product.json`));
}

/** What the extension's script does: finds the platform, finds or starts the server, and reports how to reach it. */
function startScript(mark: string): string {
  return `cd ~/${serverFolder}
if ! kill -0 "$(cat pid 2>/dev/null)" 2>/dev/null; then
  (umask 077 && echo ${crypto.randomUUID()} >token)
  ./server/bin/code-server-oss --start-server --host=127.0.0.1 --port=0 --accept-server-license-terms \
    --connection-token-file "$PWD/token" --server-data-dir "$PWD" --telemetry-level off \
    --enable-remote-auto-shutdown >log 2>&1 </dev/null &
  echo $! >pid
fi
listening() { sed -n 's/^Extension host agent listening on //p' log; }
while kill -0 "$(cat pid)" && [ -z "$(listening)" ]; do sleep 0.1; done
echo "${mark}: start"; uname -sm; cat pid; listening; cat token; echo "${mark}: end"
`;
}

/** Types a line into a new terminal of the workbench. */
async function typeInTerminal(editor: Editor, line: string): Promise<void> {
  await editor.command("Terminal: Create New Terminal");
  await editor.terminal(/\$\s/).waitFor();
  await editor.page.keyboard.type(`${line}\n`);
}

Deno.test({
  name: missing === undefined
    ? "VS Code's server in a session of a real cluster, through ssh"
    : `VS Code's server in a session of a real cluster (not run: ${missing})`,
  ignore: !onRig || missing !== undefined,
  fn: async () => {
    assert.ok(cluster);
    assert.deepEqual(await missingClients(), []);
    await using namespace = await sessionNamespace(cluster, "vscode");
    await using own = await TestFolder.open("kodama-vscode-remote-");
    const kodama = await machine(namespace, own.path);
    await kodama.succeed(["start", "remote", "--image", "debian:12", "--no-sync"]);
    const host = await SshHost.of(kodama, "remote", namespace.name);
    const archive = `${own.path}/server.tar`;
    const { commit } = await packServer(archive);
    const unpack = `mkdir -p ~/${serverFolder}/server && tar -xf - -C ~/${serverFolder}/server`;
    const copy = `${host.shell} ${host.name} '${unpack}' <'${archive}'`;
    await run([
      "env",
      "-i",
      ...Object.entries(host.env).map((pair) => pair.join("=")),
      "sh",
      "-c",
      copy,
    ]);
    // Text in the page, for it can be read there.
    const settings = JSON.stringify({ "terminal.integrated.gpuAcceleration": "off" });
    await host.succeed("mkdir .vscode && cat >.vscode/settings.json", settings);

    const mark = crypto.randomUUID();
    let server: readonly string[];
    {
      await using connection = await host.connect(startScript(mark), mark, (at) => ["-D", `${at}`]);
      server = connection.reported;
      const [platform, , port, token] = server;
      assert.match(platform ?? "", /^Linux (x86_64|aarch64)$/);
      const socks = `socks5://127.0.0.1:${connection.localPort}`;
      using client = Deno.createHttpClient({ proxy: { url: socks } });
      const version = await fetch(`http://127.0.0.1:${port}/version`, { client });
      assert.equal(await version.text(), commit);
      const refused = await fetch(`http://127.0.0.1:${port}/?tkn=another`, { client });
      assert.deepEqual([refused.status, await refused.text()], [403, "Forbidden."]);
      const url = `http://127.0.0.1:${port}/?tkn=${token}&folder=/workspace`;
      await using editor = await Editor.at(url, socks);
      await editor.page.getByRole("button", { name: "Yes, I trust the authors" }).click();
      await typeInTerminal(editor, "hostname && echo 'made there' >made.txt");
      await editor.terminal(/kodama-remote/).waitFor();
      // The server watches the folder.
      await editor.line("made.txt").waitFor();
    }

    const again = crypto.randomUUID();
    await using connection = await host.connect(startScript(again), again, (at) => {
      return ["-L", `127.0.0.1:${at}:127.0.0.1:${server[2]}`];
    });
    assert.deepEqual(connection.reported, server, "the server outlived its first connection");
    const url = `http://127.0.0.1:${connection.localPort}/?tkn=${server[3]}&folder=/workspace`;
    await using editor = await Editor.at(url);
    await editor.page.getByRole("button", { name: "Yes, I trust the authors" }).click();
    // Its search for files needs a program that the package has no copy of.
    await editor.line("made.txt").click();
    await editor.page.locator(".view-line", { hasText: "made there" }).click();
    await editor.page.keyboard.type("edited here: ");
    await editor.page.keyboard.press("Control+S");
    await editor.page.locator(".tab.dirty").waitFor({ state: "detached" });
    assert.match(await host.succeed("cat made.txt"), /edited here: /);
  },
});
