/**
 * Whether a command is known only to look. A short list of programs that can't change anything whatever their
 * arguments are, so that a harmless question isn't asked about; everything else counts as a change.
 */

/** Not `ss`, which closes sockets (`-K`), nor `tree`, `file` and `lsof`, which write files (`-o`, `-C`, `-D`). */
const readers: ReadonlySet<string> = new Set([
  ..."arch basename cat cksum cmp comm cut df diff dirname du echo false fgrep egrep".split(" "),
  ..."free getconf getent grep groups head hexdump hostid id iostat last ls lsblk".split(" "),
  ..."lscpu lsmod md5sum mpstat netstat nproc od pgrep pidof printenv printf ps".split(" "),
  ..."pwd readlink realpath sha1sum sha256sum sha512sum stat sum tac tail tr".split(" "),
  ..."true tty uname uptime vmstat w wc which who whoami".split(" "),
]);

/** As the only argument these ask any program about itself. */
const questions: ReadonlySet<string> = new Set(["--version", "--help"]);

/** And these a program that takes its commands as words; to another one, `rm status`, they are the name of a file. */
const wordQuestions: ReadonlySet<string> = new Set(["version", "status"]);
const takersOfWords: ReadonlySet<string> = new Set([
  ..."argocd calicoctl ceph cilium consul containerd crictl ctr docker etcdctl flux git".split(" "),
  ..."helm istioctl k3s kubeadm kubectl mc minio nats nerdctl nomad patronictl podman".split(" "),
  ..."rabbitmqctl rclone restic supervisorctl systemctl vault velero weka".split(" "),
]);

/** True for `cat /etc/os-release`, `hostname`, `weka version`; false for what isn't known. */
export function isKnownReadOnly(command: readonly string[]): boolean {
  const program = command[0]?.split("/").at(-1) ?? "";
  if (readers.has(program)) return true;
  // With an argument these set something.
  if (program === "hostname" || program === "date") return command.length === 1;
  if (command.length !== 2) return false;
  const [, question = ""] = command;
  return questions.has(question) || takersOfWords.has(program) && wordQuestions.has(question);
}
