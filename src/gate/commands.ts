/**
 * Whether a command in a pod is known to read only: a property of the program, its arguments and its variables. A short
 * list of programs that cannot change anything whatever their arguments are; every other command counts as a change,
 * and the gate asks before it reaches many pods.
 */

/** Excludes `tree`, `file` and `lsof`, which write files (`-o`, `-C`, `-D`), and `sort` (`-o`). */
const readers: ReadonlySet<string> = new Set([
  ..."arch basename cat cksum cmp comm cut df diff dirname du echo false fgrep egrep".split(" "),
  ..."free getconf grep groups head hexdump hostid id iostat last ls lsblk".split(" "),
  ..."lscpu lsmod md5sum mpstat netstat nproc od pgrep pidof printenv printf ps".split(" "),
  ..."pwd readlink realpath sha1sum sha256sum sha512sum stat sum tac tail tr".split(" "),
  ..."true tty uname uptime vmstat w wc which who whoami".split(" "),
]);

/** Programs that read only with some arguments: whether the arguments after the program only read. */
const readersByArguments: Readonly<Record<string, (args: readonly string[]) => boolean>> = {
  date: (args) => args.every((arg) => arg === "-u" || arg.startsWith("+")),
  dmesg: (args) => args.every((arg) => ["-T", "-H", "-k", "-x"].includes(arg)),
  env: (args) => args.length === 0,
  // Other databases, as `hosts`, send the requested names to a server of names.
  getent: ([database = ""]) => /^(?:group|passwd|protocols|rpc|services)$/.test(database),
  find: (args) => !args.some((arg) => /^-(delete|exec(dir)?|ok(dir)?|fprint(f|0)?|fls)$/.test(arg)),
  hostname: (args) => args.every((arg) => /^-[AdfiIsy]$/.test(arg)),
  ip: (args) => {
    // Excludes `-b`, which runs the commands of a file, and `-n`, which has an argument.
    const [object = "", verb = "show", ...more] = args.filter((arg) =>
      !/^-(?:[046acdhjoprst]|br|iec|rc)$/.test(arg)
    );
    return /^(a|addr|address|l|link|n|neigh|r|route|ru|rule)$/.test(object) &&
      /^(show|list|ls)$/.test(verb) && more.length === 0;
  },
  mount: (args) => args.length === 0,
  ss: (args) => args.every((arg) => /^-[0-9aeHilmnoprstuwx]+$/.test(arg)),
};

/** As the only argument these query a listed program about itself; other programs may ignore their arguments. */
const questions: ReadonlySet<string> = new Set(["--version", "--help"]);

/** Further programs that answer these. */
const answerers: ReadonlySet<string> = new Set([
  ..."awk bash busybox chmod chown cp curl dash deno gcc go gzip java kill ln make mkdir mv nginx"
    .split(" "),
  ..."node npm openssl perl php pip pip3 postgres psql python python3 redis-cli rm rmdir ruby"
    .split(" "),
  ..."sed sh sleep sort ssh tar touch tree wget xargs".split(" "),
]);

/**
 * Subcommands that query a program; for a program without subcommands, as in `rm status`, they are the name of a file.
 * `git status` runs the programs that a repository configures.
 */
const subcommandQuestions: ReadonlySet<string> = new Set(["version", "status"]);
const takersOfSubcommands: ReadonlySet<string> = new Set([
  ..."argocd calicoctl ceph cilium consul containerd crictl ctr docker etcdctl flux git".split(" "),
  ..."helm istioctl k3s kubeadm kubectl mc minio nats nerdctl nomad patronictl podman".split(" "),
  ..."rabbitmqctl rclone restic supervisorctl systemctl vault velero weka".split(" "),
]);

/** Variables that change only a program's language, time zone and layout; of others any may name a file or a program. */
const layoutVariable = /^(?:LANG|LC_[A-Z]+|TZ|TERM|COLUMNS|LINES|NO_COLOR)$/;

/** A program's name alone: not a path, whose file could be anything, and not a line of shell. */
const bareWord = /^[A-Za-z0-9][A-Za-z0-9_.+-]*$/;

/** How a command is run, as far as that decides whether it reads only. */
interface CommandForm {
  /** The command is a line of shell, which may contain anything: it never counts as reading. */
  shell?: boolean;
  /** Names of the variables that the command gets from its caller. */
  variables?: readonly string[];
  /** Further arguments aren't known yet: only a program counts that reads whatever they are. */
  open?: boolean;
  /** Further commands that read only (`exec.readOnly`): a program, or a program and its first arguments. */
  readOnly?: readonly string[];
}

/**
 * Returns true for `cat /etc/os-release`, `hostname`, `weka version`; false for an unknown command, for a program given
 * as a path, for every line of shell, and with variables that a program could act upon.
 */
export function isKnownReadOnly(command: readonly string[], form: CommandForm = {}): boolean {
  const [program = "", ...args] = command;
  if (form.shell || !bareWord.test(program)) return false;
  if (form.variables?.some((name) => !layoutVariable.test(name))) return false;
  if (readers.has(program)) return true;
  if (form.open) return false;
  if (Object.hasOwn(readersByArguments, program) && readersByArguments[program]?.(args)) {
    return true;
  }
  if (form.readOnly?.some((entry) => startsWith(command, entry))) return true;
  const [question = ""] = args;
  if (args.length !== 1) return false;
  const takes = takersOfSubcommands.has(program);
  if (takes && subcommandQuestions.has(question)) return `${program} ${question}` !== "git status";
  return questions.has(question) &&
    (takes || answerers.has(program) || Object.hasOwn(readersByArguments, program));
}

function startsWith(command: readonly string[], entry: string): boolean {
  const words = entry.trim().split(/\s+/);
  return words[0] !== "" && words.every((word, index) => command[index] === word);
}
