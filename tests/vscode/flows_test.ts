/**
 * The extension in a real VS Code, on the embedded cluster: what a person does, and what is on the screen then.
 *
 * The steps share one window, as a person's do. `$KODAMA_SCREENSHOTS` is a folder for a picture of each.
 */
import assert from "node:assert/strict";
import { hangLimitMs } from "../harness/hang_limit.ts";
import { buildExtension } from "../../tools/vscode_extension.ts";
import { Editor, installKodama, run } from "./editor.ts";

const steps = `version: 2
description: Which host it is
select: { namespace: weka-operator-system, match: drive }
steps:
  - id: first
    exec: [hostname]
  - id: second
    exce: [hostname]
`;

const manifests = `apiVersion: v1
kind: Service
metadata: { name: weka, namespace: weka-operator-system }
spec: { selector: { app: weka } }
---
apiVersion: v1
kind: Pod
metadata: { name: weka-drive-1, namespace: weka-operator-system }
---
apiVersion: v1
kind: Pod
metadata: { name: {{ .Values.name }} }
`;

/** The title of the box for a command. */
const line = "Command line for sh in ";

const tasks = {
  version: "2.0.0",
  tasks: [
    {
      ...{ label: "Run kwekash", type: "shell", command: "kwekash", problemMatcher: [] },
      group: { kind: "build", isDefault: true },
    },
  ],
};

Deno.test("the extension, as a person uses it", async (test) => {
  const temporary = await Deno.makeTempDir({ prefix: "kodama-vscode-" });
  const [folder, home] = [`${temporary}/project`, `${temporary}/home`];
  await Deno.mkdir(`${folder}/workflows`, { recursive: true });
  await Deno.mkdir(`${folder}/.vscode`);
  await Deno.mkdir(home);
  await Deno.writeTextFile(`${folder}/workflows/hosts.yaml`, steps);
  await Deno.writeTextFile(`${folder}/objects.yaml`, manifests);
  await Deno.writeTextFile(`${folder}/.vscode/tasks.json`, JSON.stringify(tasks));

  const prefix = `${temporary}/prefix`;
  const env = {
    PATH: `${prefix}/bin:${Deno.env.get("PATH")}`,
    KODAMA_CONFIG_DIR: `${temporary}/config`,
    KUBECONFIG: `${temporary}/config/cluster/kubeconfig`,
    HOME: home,
    KODAMA_IMAGE: "kodama-session",
  };
  const kodama = (...args: string[]) => run(`${prefix}/bin/kodama`, args, env);
  const vsix = await buildExtension(temporary);
  try {
    await using editor = await Editor.open({ folder, home, vsix, env });
    const { page } = editor;
    const step = async (name: string, body: () => Promise<void>) => {
      const isOk = await test.step(name, async () => {
        try {
          await body();
        } catch (error) {
          throw new Error(`on the screen is:\n${await editor.text()}`, { cause: error });
        } finally {
          const pictures = Deno.env.get("KODAMA_SCREENSHOTS");
          if (pictures !== undefined) {
            await page.screenshot({ path: `${pictures}/${name.replaceAll(/\W+/g, "-")}.png` });
          }
        }
      });
      // The next ones begin where this one ended.
      if (!isOk) throw new Error(`${name} failed; what follows it wasn't tried`);
    };

    await step("without kodama it explains how to install it", async () => {
      await editor.command("kodama: Run kwekash");
      const message = page.locator(".notification-toast", { hasText: "kodama isn't installed" });
      await message.waitFor();
      await message.getByText("How to Install").click();
      await page.getByText("Run in many pods with kodama").first().waitFor();
      await installKodama(prefix);
      await kodama("cluster", "up");
    });

    await step("kwekash: each pod's output, and its outcome in the view", async () => {
      await editor.command("kodama: Run kwekash");
      await editor.terminal("weka-drive-0: * 4.4.2").waitFor();
      await editor.terminal("4 ok").waitFor();
      await page.locator('.activitybar [aria-label^="kodama"]').first().click();
      await editor.expand(editor.line("4 ok").first());
      await editor.line(/^\s*weka-drive-held-0/).waitFor();
    });

    await step("the pod that differs from the others, by two clicks after the run", async () => {
      await editor.line("differs (1)").click();
      const shown = page.locator(".editor-group-container", { hasText: "---- weka-drive-held-0" });
      await shown.first().waitFor();
      assert.match(
        await shown.first().innerText(),
        /3\s+of\s+4\s+equal;\s+weka-drive-held-0\s+differs/,
      );
      await editor.closeEditors();
    });

    await step("two pods' outputs in the diff editor", async () => {
      await editor.line(/^\s*weka-drive-0/).click();
      await page.locator(".editor-group-container", { hasText: "4.4.2" }).first().waitFor();
      await editor.line(/^\s*weka-drive-held-0/).click({ modifiers: ["Control"] });
      await editor.line(/^\s*weka-drive-held-0/).click({ button: "right" });
      // A menu takes no click in its first moment.
      await page.getByText("Compare Outputs of Two Pods").last().hover();
      await page.keyboard.press("Enter");
      await page.locator(".monaco-diff-editor", { hasText: "4.4.1" }).waitFor();
      await editor.closeEditors();
    });

    await step("a command in chosen pods of a chosen namespace", async () => {
      await editor.command("kodama: Exec in Pods…");
      await page.locator(".quick-input-titlebar [aria-label='Choose Namespaces…']").click();
      await editor.row("weka-operator-system").locator("input, .monaco-checkbox").first().click();
      await editor.acceptChoices();
      await editor.row("weka-drive-0").waitFor();
      await page.locator(".quick-input-widget input.input").fill("drive");
      await page.getByLabel("Toggle all checkboxes").click();
      await editor.acceptChoices();
      await editor.answer(line, "hostname; exit 3");
      await editor.terminal("4 failed").waitFor();
      await editor.line("4 failed").waitFor();
    });

    await step("the last choice is offered first", async () => {
      await editor.command("kodama: Exec in Pods…");
      const rows = page.locator(".quick-input-list .monaco-list-row");
      await rows.locator("[aria-checked=true]").nth(3).waitFor();
      assert.match(await rows.first().innerText(), /weka-drive-0/);
      await page.keyboard.press("Escape");
    });

    await step("the failed pods again", async () => {
      const failed = editor.line("4 failed").first();
      await failed.hover();
      await failed.locator("[aria-label='Rerun the Failed Pods']").click();
      const dialog = page.locator(".monaco-dialog-box");
      await dialog.or(editor.terminal("runs rerun")).first().waitFor();
      if (await dialog.isVisible()) await dialog.getByText("Run", { exact: true }).click();
      await editor.line("4 failed").nth(1).waitFor();
    });

    await step("Cancel ends the command in the pods too", async () => {
      const file = `${temporary}/all.jsonl`;
      await Deno.writeTextFile(
        file,
        await kodama("pods", "-n", "weka-operator-system", "-o", "jsonl"),
      );
      await editor.command("kodama: Exec in Pods…");
      await editor.row("weka-drive-0").waitFor();
      await page.keyboard.press("Enter");
      await editor.answer(line, "sleep 4321");
      const running = async () =>
        await kodama(
          ...["exec", "-n", "weka-operator-system", "-m", "drive", "--shell", "-q", "--yes", "--"],
          "ps -ef | grep '[s]leep 4321' || true",
        );
      await page.locator(".notification-toast", { hasText: "sleep 4321" }).waitFor();
      await until(async () => (await running()).includes("sleep 4321"));
      await page.locator(".notification-toast", { hasText: "sleep 4321" }).getByText("Cancel")
        .click();
      await until(async () => !(await running()).includes("sleep 4321"));
    });

    await step("a change of many pods is confirmed, with what the program says", async () => {
      await kodama("config", "set", "exec.confirmAbove", "1");
      await editor.command("kodama: Exec in Pods…");
      await editor.row("weka-drive-0").waitFor();
      await page.keyboard.press("Enter");
      await editor.answer(line, "touch /tmp/by-vscode");
      const dialog = page.locator(".monaco-dialog-box", { hasText: "Run in 4 pods" });
      await dialog.getByText("touch /tmp/by-vscode").waitFor();
      await dialog.getByText(/context +kodama[^]*namespace +weka-operator-system/).waitFor();
      await dialog.getByText("weka-drive-[0-2],weka-drive-held-0").waitFor();
      await dialog.getByText("Run", { exact: true }).click();
      await editor.terminal("4 ok").waitFor();
      const listed = await kodama(
        "exec",
        "-n",
        "weka-operator-system",
        "weka-drive-2",
        "--",
        "ls",
        "/tmp",
      );
      assert.match(listed, /by-vscode/);
    });

    await step("a workflow file: problems, completion, lenses", async () => {
      await editor.openFile("hosts.yaml");
      await page.locator(".squiggly-error").first().waitFor();
      await page.locator(".codelens-decoration", { hasText: "Run from here" }).first().waitFor();
      await Deno.writeTextFile(`${folder}/workflows/hosts.yaml`, steps.replace("exce", "exec"));
      await page.locator(".squiggly-error").first().waitFor({ state: "detached" });
      await page.locator(".codelens-decoration a", { hasText: "Plan" }).first().click();
      await page.locator(".editor-instance", { hasText: "weka-drive-held-0" }).first().waitFor();
      await editor.openFile("hosts.yaml");
      await page.locator(".codelens-decoration a", { hasText: "Run only this step" }).first()
        .click();
      await editor.terminal("== first").waitFor();
      await editor.terminal("4 ok").waitFor();
    });

    await step("the object under the cursor selects the pods", async () => {
      await editor.openFile("objects.yaml");
      await editor.goToLine(7);
      await editor.command("kodama: Exec in Pods of this Object…");
      // Nothing of another command is proposed for an object.
      const box = page.locator(".quick-input-widget input.input");
      await page.locator(".quick-input-title", { hasText: /the pods of \w+ / }).waitFor();
      assert.equal(await box.inputValue(), "");
      await editor.answer(line, "hostname");
      await editor.terminal("weka-drive-1: weka-drive-1").waitFor();
      await editor.goToLine(11);
      await editor.command("kodama: Exec in Pods of this Object…");
      await page.locator(".notification-toast", { hasText: "it is a template, not YAML" })
        .waitFor();
    });

    await step("a shell in a pod, in a terminal of the editor", async () => {
      await editor.command("kodama: Open Shell…");
      await editor.row("weka-drive-0").first().click();
      await editor.terminal("kodama exec").waitFor({ state: "hidden" });
      await editor.terminal(/[#$]\s*$/).waitFor();
      await page.keyboard.type("echo $((6 * 7)) in $(hostname)\n");
      await editor.terminal("42 in weka-drive-0").waitFor();
      await page.keyboard.type("exit\n");
    });

    await step("a session is started, attached to and stopped", async () => {
      await editor.command("kodama: Start Session…");
      await editor.answer("1 of 3", "demo");
      await editor.answer("2 of 3", "");
      await editor.answer("3 of 3", "");
      await editor.terminal("Executing task").waitFor();
      await editor.line(/demo\s*Running/).waitFor();
      await editor.command("kodama: Attach to Session…");
      await editor.row("demo").click();
      await editor.terminal("/workspace").waitFor();
      await page.keyboard.type("echo $((6 * 7)) in $(hostname); exit\n");
      await editor.command("kodama: Stop Session…");
      await editor.row("demo").click();
      await editor.line(/demo\s*Stopped/).waitFor();
    });

    await step("the build task of tasks.json, and workflows as tasks beside it", async () => {
      await editor.command("Tasks: Run Build Task");
      await editor.terminal("Executing task: kwekash").waitFor();
      await editor.terminal("4 ok, 1 not ready").waitFor();
      await editor.command("Tasks: Run Task");
      await page.locator(".quick-input-list").getByText("kodama", { exact: true }).click();
      await editor.row("disk-usage").first().waitFor();
      await page.keyboard.press("Escape");
    });
  } finally {
    await kodama("cluster", "down").catch(() => undefined);
    await Deno.remove(temporary, { recursive: true });
  }
});

/** Waits until something outside of the editor is so. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + hangLimitMs;
  while (!await isSo()) {
    if (performance.now() > deadline) throw new Error("it didn't come to be");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
