/** What proxies answer to upgrades, and which commands work behind them: those of kubectl, at least. */
import assert from "node:assert/strict";
import { unless } from "../../src/base/testing/unless.ts";
import { PortError } from "../../src/kube/failures.ts";
import { systemHost } from "../../src/kube/host.ts";
import { openKubeClient } from "../../src/kube/open_client.ts";
import { startTestCluster } from "../harness/embedded_cluster.ts";
import { KodamaInProcess } from "../harness/kodama_in_process.ts";
import { Kubectl, kubectlMissing } from "../harness/kubectl.ts";
import {
  startUpgradeGateway,
  type UpgradeAnswer,
  type UpgradeGateway,
} from "../harness/upgrade_gateway.ts";

const status = (line: string, body = "", headers = ""): UpgradeAnswer => ({
  bytes: `HTTP/1.1 ${line}\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`,
});

/** The answers. */
const answers: Readonly<Record<string, UpgradeAnswer>> = {
  "101 for something else": {
    bytes: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
  },
  "200": status("200 OK", "ok"),
  "a redirect": status("302 Found", "", "Location: http://127.0.0.1:9/\r\n"),
  "400": status("400 Bad Request", "Upgrade request required"),
  "403 with a page": status("403 Forbidden", "<html>403</html>", "Content-Type: text/html\r\n"),
  "404": status("404 Not Found", "not found"),
  "405": status("405 Method Not Allowed"),
  "426": status("426 Upgrade Required", "", "Upgrade: h2c\r\n"),
  "500": status("500 Internal Server Error", "no"),
  "501": status("501 Not Implemented"),
  "502 with a page": status("502 Bad Gateway", "<html>502</html>"),
  "503": status("503 Service Unavailable"),
  "the end of the connection": "closed",
  "a reset": "reset",
};

const pod = "weka-compute-0";
const namespace = "weka-operator-system";

/** Commands, each with its result as text. */
function commandsOn(kodama: KodamaInProcess, kubeconfig: string, folder: string) {
  const host = systemHost((warning) => assert.fail(warning), undefined, () => undefined);
  const line = async (args: readonly string[], stdin?: string) => {
    const { code, stdout } = await kodama.run(args, stdin === undefined ? {} : { stdin });
    return `${code} ${stdout.trim()}`;
  };
  let copies = 0;
  return {
    exec: () => line(["exec", pod, "--", "hostname"]),
    input: () => line(["exec", "-i", pod, "--", "cat"], "input"),
    shell: () => line(["shell", pod], "echo in the shell; exit 0\n"),
    upload: async () => {
      const to = `/tmp/copy-${++copies}`;
      const copied = await line(["cp", `${folder}/file`, `${pod}:${to}`]);
      return copied === "0 " ? await line(["exec", pod, "--", "cat", to]) : copied;
    },
    download: async () => {
      const to = `${folder}/copy-${++copies}`;
      const copied = await line(["cp", `${pod}:/etc/hostname`, to]);
      return copied === "0 " ? `0 ${(await Deno.readTextFile(to)).trim()}` : copied;
    },
    logs: async () => {
      await using client = await openKubeClient({ kubeconfig }, host);
      const stop = new AbortController();
      const request = { namespace, pod, container: "weka-container", previous: false };
      const { signal } = stop;
      for await (const bytes of await client.logs({ ...request, follow: true }, { signal })) {
        stop.abort();
        return bytes.length > 0 ? "followed" : "nothing";
      }
      return "ended";
    },
    forward: async () => {
      await using client = await openKubeClient({ kubeconfig }, host);
      try {
        using link = await client.portLink({ namespace, pod });
        using stream = await link.open(9);
        await stream.read();
      } catch (error) {
        // The pod's own answer: nothing listens there.
        return error instanceof PortError ? error.reason : "failed";
      }
      return "opened";
    },
  };
}

const expected = {
  exec: `0 ${pod}`,
  input: "0 input",
  shell: "0 in the shell",
  upload: "0 content",
  download: `0 ${pod}`,
  logs: "followed",
  forward: "refused",
};

/** The upgrades of each command where SPDY, which is a POST, isn't passed on. */
const upgrades: Partial<Record<keyof typeof expected, readonly string[]>> = {
  exec: ["GET"],
  input: ["GET"],
  shell: ["GET"],
  download: ["POST", "GET"],
  logs: [],
  forward: ["POST", "GET"],
};

async function behindGateway(
  test: (
    scene: { gateway: UpgradeGateway; commands: ReturnType<typeof commandsOn>; kubectl: Kubectl },
  ) => Promise<void>,
): Promise<void> {
  await using cluster = await startTestCluster("weka:computes=1,clients=0");
  await using gateway = await startUpgradeGateway(cluster);
  const { folder, env } = cluster;
  await Deno.writeTextFile(`${folder}/file`, "content\n");
  const { kubeconfig } = gateway;
  const own = { ...env, KUBECONFIG: kubeconfig, KODAMA_CONNECT_TIMEOUT: "2s" };
  const commands = commandsOn(new KodamaInProcess(own), kubeconfig, folder);
  await test({ gateway, commands, kubectl: new Kubectl(own) });
}

Deno.test("behind a proxy that passes WebSockets alone on, every command works", async () => {
  await behindGateway(async ({ gateway, commands }) => {
    for (const [number, [name, answer]] of Object.entries(answers).entries()) {
      gateway.answer = (method) => method === "POST" ? answer : undefined;
      for (const [command, run] of Object.entries(commands)) {
        const key = command as keyof typeof expected;
        // No answer differs for what requests no SPDY.
        if (number > 0 && upgrades[key]?.includes("POST") === false) continue;
        gateway.takeUpgrades();
        assert.equal(await run(), expected[key], `${command}, ${name}`);
        const asked = gateway.takeUpgrades();
        if (upgrades[key] !== undefined) {
          assert.deepEqual(asked, upgrades[key], `${command}, ${name}`);
        }
      }
    }
  });
});

const missing = await kubectlMissing();

Deno.test({
  ...unless(missing, "behind a proxy that passes no upgrade on, kodama and kubectl fail alike"),
  async fn() {
    await behindGateway(async ({ gateway, commands, kubectl }) => {
      for (const [name, answer] of Object.entries(answers)) {
        gateway.answer = () => answer;
        gateway.takeUpgrades();
        const { code } = await kubectl.run(["exec", pod, "--", "hostname"]);
        assert.notEqual(code, 0, name);
        const theirs = gateway.takeUpgrades();
        for (const command of ["exec", "shell"] as const) {
          assert.doesNotMatch(await commands[command](), /^0/, `${command}, ${name}`);
          // An upgrade without an answer may have started the command, which isn't started twice.
          assert.deepEqual(gateway.takeUpgrades(), theirs, `${command}, ${name}`);
        }
        assert.equal(await commands.forward(), "failed", name);
      }
      assert.equal(await commands.logs(), "followed");
    });
  },
});

Deno.test("a proxy that doesn't answer an upgrade at all ends a command at its limit", async () => {
  await behindGateway(async ({ gateway, commands }) => {
    gateway.answer = () => "silence";
    assert.match(await commands.exec(), /^3 /);
    assert.deepEqual(gateway.takeUpgrades(), ["GET"]);
  });
});
