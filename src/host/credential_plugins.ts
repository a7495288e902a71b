/** Credential plugins that kodama doesn't know: the user is asked once, and the settings store the decision. */
import { commandLine } from "../base/shell_quote.ts";
import type { Host } from "../actions/host.ts";
import { KodamaError } from "../base/errors.ts";
import { plainText } from "../base/plain_text.ts";
import { redact } from "../exec/redact.ts";
import { decisionName } from "../kube/config/known_plugins.ts";
import type { ExecPlugin } from "../kube/config/kubeconfig.ts";

/** How the user is asked; absent if no one can be asked. */
type AskUser = (question: string) => Promise<boolean>;

/**
 * Returns a function that decides whether a plugin may be started. Questions about several plugins are asked in order,
 * and each once in a process.
 */
export function pluginGate(
  host: Host,
  { ask, warn }: { ask: () => AskUser | undefined; warn: (message: string) => void },
): (plugin: ExecPlugin) => Promise<boolean> {
  const decisions = new Map<string, Promise<boolean>>();
  let last: Promise<unknown> = Promise.resolve();
  return async (plugin) => {
    const name = await decisionName(plugin);
    const decision = decisions.get(name) ?? last.then(() => decide(name, plugin));
    decisions.set(name, decision);
    last = decision.catch(() => {});
    return await decision;
  };

  async function decide(name: string, plugin: ExecPlugin): Promise<boolean> {
    const { settingsOf } = await import("../actions/config/setting_sources.ts");
    const allowed = (await settingsOf(host)).credentials?.plugins ?? [];
    if (allowed.includes(name)) return true;
    const yes = await ask()?.(questionOf(name, plugin));
    if (yes !== true) return false;
    try {
      const { setConfig } = await import("../actions/config/config.ts");
      const value = JSON.stringify([...allowed, name]);
      await setConfig(host, "credentials.plugins", value);
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      warn(`the decision isn't stored: ${error.message}`);
    }
    return true;
  }
}

/** A program that follows its args is shown with them, without possible secrets. */
function questionOf(name: string, { command, args, env }: ExecPlugin): string {
  if (!name.includes("#")) {
    return `The kubeconfig gets its credentials from the program ${
      plainText(name, 200)
    }, which kodama doesn't know. Start it, now and from now on?`;
  }
  const line = [...env.map((one) => `${one.name}=${one.value}`), command, ...args];
  return `The kubeconfig gets its credentials from this command, which kodama doesn't know:\n  ${
    plainText(commandLine(redact(line).args), 2000)
  }\nStart it, now and from now on?`;
}
