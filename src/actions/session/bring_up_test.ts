import assert from "node:assert/strict";
import { egressProbe, egressProbeCommand } from "./bring_up.ts";
import { egressRule } from "../../session/egress_rule.ts";

const rules = [egressRule("192.0.2.0/24")];

Deno.test("`egressProbe()`: a list is enforced if what it doesn't have is shut, and the control is open", () => {
  assert.deepEqual(egressProbe("10.96.0.1 443 shut open\n", rules), { kind: "enforced" });
  for (const control of ["open", "shut", "untried"]) {
    assert.deepEqual(egressProbe(`10.96.0.1 443 open ${control}\n`, rules), {
      kind: "ignored",
      reached: "the API server, 10.96.0.1:443",
    });
  }
  assert.equal(egressProbe("fd00::1 443 open open\n", rules).kind, "ignored");
});

Deno.test("`egressProbe()`: nothing is verified without a control that answers, or of what the list allows", () => {
  const lost = egressProbe("10.96.0.1 443 shut shut\n", rules);
  assert.match(lost.kind === "unverified" ? lost.why : "", /neither does the name server/);
  const wide = [egressRule("10.0.0.0/8:443")];
  for (const answer of ["open", "shut"]) {
    assert.equal(egressProbe(`10.96.0.1 443 ${answer} open\n`, wide).kind, "unverified");
  }
  for (
    const stdout of [
      "",
      "  shut open\n",
      "10.96.0.1 443 shut\n",
      "10.96.0.1 443 untried untried\n",
      "x.example 443 open open\n",
      "10.0.0.1 443 open open\nx",
    ]
  ) {
    assert.equal(egressProbe(stdout, rules).kind, "unverified", stdout);
  }
});

Deno.test("`egressProbeCommand()` tries an address of the list if the name server doesn't answer", async () => {
  const lists: [list: string[], control: string[]][] = [
    [["10.0.0.0/8:443", "192.0.2.1:8443"], ["192.0.2.1", "8443"]],
    [["[2001:db8::1]:443"], ["2001:db8::1", "443"]],
    [["192.0.2.1", "192.0.2.1:53/udp", "192.0.2.0/24:443"], []],
  ];
  for (const [list, control] of lists) {
    assert.deepEqual(egressProbeCommand(list.map(egressRule)).slice(5), control, list.join());
  }
  // The script on this machine: nothing listens at the first port, something at the second.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const serving = (async () => {
    for await (const connection of listener) connection.close();
  })();
  const [program = "", flag = "", script = "", ...rest] = egressProbeCommand([
    egressRule(`127.0.0.1:${port}`),
  ]);
  const args = [flag, script.replaceAll("/etc/resolv.conf", "/dev/null"), ...rest];
  const env = { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: "1" };
  const { stdout } = await new Deno.Command(program, { args, env, stderr: "null" }).output();
  assert.equal(new TextDecoder().decode(stdout), "127.0.0.1 1 shut open\n");
  listener.close();
  await serving;
});
