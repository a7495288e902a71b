/** The allow-list of a session: the policy as the API server takes it, and its effect if it is enforced. */
import assert from "node:assert/strict";
import { hangTimeout } from "../harness/hang_limit.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { waitingPod } from "../harness/waiting_pod.ts";
import { enforce } from "./policy_engine.ts";
import { machine, sessionNamespace } from "./session_machine.ts";
import { RealCluster, rigVariable, type TestNamespace } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
// Its image is the rig's, and its pods' networks are accessible.
const onRig = cluster !== undefined && Deno.env.get(rigVariable) !== undefined;

/** Answers every client on TCP 53, 80, 81 and 82, and on UDP 53 and 82. */
const answers = `serve() { perl -MIO::Socket::INET -e "$1" "$2" & }
for port in 53 80 81 82; do
  serve '$s = IO::Socket::INET->new(LocalPort => shift, Listen => 5, ReuseAddr => 1) or die $!;
    while ($c = $s->accept) { print $c "it answers\\n"; close $c }' $port
done
for port in 53 82; do
  serve '$s = IO::Socket::INET->new(LocalPort => shift, Proto => "udp") or die $!;
    while (defined $s->recv($_, 99)) { $s->send("it answers\\n") }' $port
done
wait`;

/** Exits with 0 if a port answers: for UDP, if a line is answered. */
const reached = (protocol: "tcp" | "udp", place: string, port: number) =>
  `timeout 5 bash -c 'exec 3<>/dev/${protocol}/${place}/${port} && echo >&3 && head -1 <&3' 2>/dev/null`;

async function startServer(namespace: TestNamespace, name: string): Promise<string> {
  await namespace.startPod(name, {
    image: "debian:12",
    command: ["sh", "-c", answers],
    readinessProbe: { periodSeconds: 1, tcpSocket: { port: 82 } },
  });
  return await namespace.kubectl("get", "pod", name, "-o", "jsonpath={.status.podIP}");
}

Deno.test({
  name: "an allow-list on a real cluster: ignored and said so, then bound",
  ignore: !onRig,
  fn: async () => {
    assert.ok(cluster);
    await using namespace = await sessionNamespace(cluster, "egress", { standard: "privileged" });
    await using own = await TestFolder.open("kodama-egress-");
    const [listed, other] = await Promise.all([
      startServer(namespace, "listed"),
      startServer(namespace, "other"),
    ]);
    const list = [`${listed}:80,82/udp`, "[2001:db8::/32]:443"];
    await Deno.writeTextFile(
      `${own.path}/.kodama.yaml`,
      JSON.stringify({ defaults: { egress: list } }),
    );
    const kodama = await machine(namespace, `${own.path}/machine`);
    const run = (...words: string[]) => kodama.run(words, { cwd: own.path });
    const start = async () => {
      const { code, stderr } = await run("start", "work", "--image", "debian:12", "--no-sync");
      assert.equal(code, 0, stderr);
      return stderr;
    };
    assert.match(await start(), /the allow-list isn't enforced: the API server, 10\.96\.0\.1:443/);

    const looks: [what: string, line: string, bound: boolean][] = [
      ["what is listed", reached("tcp", listed, 80), true],
      ["what is listed, by UDP", reached("udp", listed, 82), true],
      ["another port of it", reached("tcp", listed, 81), false],
      ["the port of the other protocol", reached("tcp", listed, 82), false],
      ["another address", reached("tcp", other, 80), false],
      ["another address, by UDP", reached("udp", other, 82), false],
      ["names, over TCP", reached("tcp", other, 53), true],
      ["names, over UDP", reached("udp", other, 53), true],
    ];
    const look = async (line: string) => {
      const { code, stdout } = await run("attach", "work", "--command", `${line} && echo reached`);
      return code === 0 && stdout.endsWith("reached\n");
    };
    for (const [what, line] of looks) assert.ok(await look(line), `${what}, before the list binds`);
    assert.equal(await enforce(namespace, "kodama-work"), 1);
    for (const [what, line, bound] of looks) assert.equal(await look(line), bound, what);
    // The rig has no name server: the control is the address of the list, while it answers.
    assert.doesNotMatch(await start(), /allow-list/);
    await namespace.kubectl("delete", "pod", "listed", "--grace-period=0", "--force");
    assert.match(await start(), /the allow-list isn't verified: .* neither does the name server/);
    const policy = JSON.parse(
      await namespace.kubectl("get", "networkpolicy", "kodama-egress-work", "-o", "json"),
    );
    assert.deepEqual(policy.spec.egress[2], {
      to: [{ ipBlock: { cidr: "2001:db8::/32" } }],
      ports: [{ protocol: "TCP", port: 443 }],
    });
    await namespace.create(waitingPod("stranger", { image: "debian:12" }));
    await namespace.kubectl("wait", "--for=condition=Ready", "pod/stranger", hangTimeout);
    assert.equal(await enforce(namespace, "stranger"), 0);
    assert.equal((await run("delete", "work", "--force", "--purge", "--discard")).code, 0);
  },
});
