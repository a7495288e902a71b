// Plugins for the panes of kodama and KubeTile, in AssemblyScript. A plugin's own file exports what the host calls:
//
//     import { Command, onCommand, render } from "./kubetile";
//     export { plugin_alloc, plugin_init, plugin_on_command } from "./kubetile";
//
//     onCommand((command: Command): void => {
//       render(["the last command is " + command.type]);
//     });
//
// Each function that requests something of the host needs a permission; one that isn't called isn't imported.

// AssemblyScript imports these from the module `env`.
declare function host_send_render(ptr: usize, length: i32): void;
declare function host_last_error(out: usize, capacity: i32): i32;
declare function list_pods(ptr: usize, length: i32, out: usize, capacity: i32): i32;
declare function get_secrets(ptr: usize, length: i32, out: usize, capacity: i32): i32;
declare function clipboard_write(ptr: usize, length: i32): i32;

/** A command of the pane: a key, or a change of its focus or size. */
export class Command {
  /** `scroll_down`, `select`, `filter` and so on; docs/plugins.md has all. */
  type: string = "";
  /** Of `send_input`. */
  text: string = "";
  /** Of `filter`. */
  query: string = "";
  /** Of `focus`. */
  focused: bool = false;
  /** Of `resize`, in columns and rows. */
  width: i32 = 0;
  height: i32 = 0;
}

/** A pod. */
export class Pod {
  namespace: string = "";
  name: string = "";
  /** Empty if it isn't scheduled. */
  node: string = "";
  /** `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`. */
  phase: string = "";
  ip: string = "";
  /** Containers that are ready, of so many. */
  ready: i32 = 0;
  containers: i32 = 0;
  restarts: i32 = 0;
  labels: Map<string, string> = new Map();
}

/** Pods, or the reason why there are none. */
export class Pods {
  /** Empty if they could be listed. */
  error: string = "";
  items: Pod[] = [];
}

/** A text, or the reason why there is none. */
export class Result {
  /** Empty if there is none. */
  error: string = "";
  value: Json = new Json();
}

/** All namespaces, for {@link listPods}. */
export const allNamespaces = "";
/** The context's namespace. */
export const contextNamespace = "\0";

/** Shows lines. They replace those before; the host cuts them to the pane's size. */
export function render(lines: string[]): void {
  const texts: string[] = [];
  for (let at = 0; at < lines.length; at++) texts.push(quoted(lines[at]));
  const json = String.UTF8.encode("[" + texts.join(",") + "]");
  host_send_render(changetype<usize>(json), json.byteLength);
}

/** Returns pods. Needs the permission `k8s:list:pods`. */
export function listPods(namespace: string = allNamespaces, labelSelector: string = ""): Pods {
  const fields: string[] = [];
  if (namespace != contextNamespace) fields.push('"namespace":' + quoted(namespace));
  if (labelSelector != "") fields.push('"labelSelector":' + quoted(labelSelector));
  const request = String.UTF8.encode("{" + fields.join(",") + "}");
  const pods = new Pods();
  let answer = new ArrayBuffer(65536);
  const at = changetype<usize>(request);
  let length = list_pods(at, request.byteLength, changetype<usize>(answer), answer.byteLength);
  if (length > answer.byteLength) {
    answer = new ArrayBuffer(length);
    length = list_pods(at, request.byteLength, changetype<usize>(answer), answer.byteLength);
  }
  if (length < 0) {
    pods.error = lastError();
    return pods;
  }
  const items = Json.parse(String.UTF8.decode(answer.slice(0, length))).items;
  for (let at = 0; at < items.length; at++) pods.items.push(podOf(items[at]));
  return pods;
}

/** Returns a Secret: its field `data` has the values in base64. Needs the permission `k8s:get:secrets`. */
export function getSecret(namespace: string, name: string): Result {
  const request = String.UTF8.encode(
    '{"namespace":' + quoted(namespace) + ',"name":' + quoted(name) + "}",
  );
  const result = new Result();
  let answer = new ArrayBuffer(65536);
  const at = changetype<usize>(request);
  let length = get_secrets(at, request.byteLength, changetype<usize>(answer), answer.byteLength);
  if (length > answer.byteLength) {
    answer = new ArrayBuffer(length);
    length = get_secrets(at, request.byteLength, changetype<usize>(answer), answer.byteLength);
  }
  if (length < 0) result.error = lastError();
  else result.value = Json.parse(String.UTF8.decode(answer.slice(0, length)));
  return result;
}

/** Writes a text to the clipboard; returns the reason why it couldn't. Needs the permission `clipboard:write`. */
export function writeClipboard(text: string): string {
  const bytes = String.UTF8.encode(text);
  return clipboard_write(changetype<usize>(bytes), bytes.byteLength) == 0 ? "" : lastError();
}

/** Sets the function that gets each command. */
export function onCommand(handler: (command: Command) => void): void {
  handle = handler;
}

/** The `config` of the plugin's entry. Empty until the first command. */
export function config(): Json {
  return configuration;
}

function podOf(value: Json): Pod {
  const pod = new Pod();
  pod.namespace = value.field("namespace").text;
  pod.name = value.field("name").text;
  pod.node = value.field("node").text;
  pod.phase = value.field("phase").text;
  pod.ip = value.field("ip").text;
  pod.ready = <i32> value.field("ready").number;
  pod.containers = <i32> value.field("containers").number;
  pod.restarts = <i32> value.field("restarts").number;
  const labels = value.field("labels");
  for (let at = 0; at < labels.names.length; at++) {
    pod.labels.set(labels.names[at], labels.items[at].text);
  }
  return pod;
}

function lastError(): string {
  const out = new ArrayBuffer(16384);
  const length = host_last_error(changetype<usize>(out), out.byteLength);
  return String.UTF8.decode(out.slice(0, length < out.byteLength ? length : out.byteLength));
}

let handle: (command: Command) => void = (_command: Command): void => {};
let configuration: Json = new Json();
let payload: ArrayBuffer = new ArrayBuffer(0);

/** The host writes the next payload here. */
export function plugin_alloc(length: i32): usize {
  payload = new ArrayBuffer(length);
  return changetype<usize>(payload);
}

export function plugin_init(ptr: usize, length: i32): i32 {
  configuration = Json.parse(String.UTF8.decodeUnsafe(ptr, length));
  return 0;
}

export function plugin_on_command(ptr: usize, length: i32): i32 {
  const json = Json.parse(String.UTF8.decodeUnsafe(ptr, length));
  const command = new Command();
  command.type = json.field("type").text;
  command.text = json.field("text").text;
  command.query = json.field("query").text;
  command.focused = json.field("focused").truth;
  command.width = <i32> json.field("width").number;
  command.height = <i32> json.field("height").number;
  handle(command);
  return 0;
}

/** Returns a text as JSON, with its quotes. */
export function quoted(text: string): string {
  const parts: string[] = ['"'];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 32 && code != 34 && code != 92) continue;
    parts.push(text.substring(start, at));
    parts.push("\\u" + code.toString(16).padStart(4, "0"));
    start = at + 1;
  }
  parts.push(text.substring(start));
  parts.push('"');
  return parts.join("");
}

/** A JSON value. A field of another type, or that is missing, is empty. */
export class Json {
  text: string = "";
  number: f64 = 0;
  truth: bool = false;
  /** The elements of an array, or the values of an object's fields. */
  items: Json[] = [];
  /** The names of an object's fields. */
  names: string[] = [];

  /** Returns the value of a text, which the host has made. */
  static parse(text: string): Json {
    return new Reader(text).value();
  }

  field(name: string): Json {
    const at = this.names.indexOf(name);
    return at < 0 ? new Json() : this.items[at];
  }
}

class Reader {
  private at: i32 = 0;

  constructor(private text: string) {}

  value(): Json {
    const json = new Json();
    const code = this.peek();
    if (code == 0x7b) {
      this.at++;
      while (this.peek() != 0x7d) {
        json.names.push(this.string());
        this.expect(0x3a);
        json.items.push(this.value());
        if (this.peek() == 0x2c) this.at++;
      }
      this.at++;
    } else if (code == 0x5b) {
      this.at++;
      while (this.peek() != 0x5d) {
        json.items.push(this.value());
        if (this.peek() == 0x2c) this.at++;
      }
      this.at++;
    } else if (code == 0x22) {
      json.text = this.string();
    } else {
      const start = this.at;
      while (this.at < this.text.length && !this.ends(this.text.charCodeAt(this.at))) this.at++;
      assert(this.at > start, "not JSON");
      const word = this.text.substring(start, this.at);
      if (word == "true") json.truth = true;
      else if (word != "false" && word != "null") json.number = parseFloat(word);
    }
    return json;
  }

  private string(): string {
    this.expect(0x22);
    const parts: string[] = [];
    let start = this.at;
    for (;; this.at++) {
      assert(this.at < this.text.length, "not JSON");
      const code = this.text.charCodeAt(this.at);
      if (code == 0x22) break;
      if (code != 0x5c) continue;
      parts.push(this.text.substring(start, this.at++));
      parts.push(this.escaped());
      start = this.at + 1;
    }
    parts.push(this.text.substring(start, this.at++));
    return parts.join("");
  }

  private escaped(): string {
    const char = this.text.charAt(this.at);
    if (char == "n") return "\n";
    if (char == "t") return "\t";
    if (char == "r") return "\r";
    if (char == "b") return "\b";
    if (char == "f") return "\f";
    if (char != "u") return char;
    const code = <i32> parseInt(this.text.substr(this.at + 1, 4), 16);
    this.at += 4;
    return String.fromCharCode(code);
  }

  private expect(code: i32): void {
    assert(this.peek() == code, "not JSON");
    this.at++;
  }

  /** Returns the next character that isn't a space. */
  private peek(): i32 {
    while (this.at < this.text.length && this.text.charCodeAt(this.at) <= 32) this.at++;
    assert(this.at < this.text.length, "not JSON");
    return this.text.charCodeAt(this.at);
  }

  private ends(code: i32): bool {
    return code <= 32 || code == 0x2c || code == 0x5d || code == 0x7d;
  }
}
