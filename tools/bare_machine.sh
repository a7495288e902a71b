#!/bin/bash
# Runs commands on a bare machine: a minimal Debian (git, Node.js, npm; no ps, tmux, kubectl, busybox) as a container
# with the capabilities that Docker gives by default, so without CAP_SYS_ADMIN. Most people's first machine is like this.
#
#     tools/bare_machine.sh [--user] COMMAND…      # in a clone of this checkout's HEAD
#
# --user runs them as an ordinary user. It needs root, and Debian's debootstrap and runc. The root file system is made
# once, in $KODAMA_BARE_ROOT (600 MB).
set -euo pipefail
cd "$(dirname "$0")/.."
user=0 home=/root
if [[ ${1-} == --user ]]; then
  user=1000 home=/home/someone
  shift
fi
readonly root=${KODAMA_BARE_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/kodama-bare}
readonly checkout=checkout-$user

# The package sources, certificates and names of this machine are those of the bare one.
make_root() {
  local mirror file folder
  rm -rf "$root"
  mirror=$(awk '/^URIs:/ { print $2; exit }' /etc/apt/sources.list.d/debian.sources)
  debootstrap --variant=minbase --include=ca-certificates bookworm "$root" "$mirror"
  cp /etc/apt/sources.list.d/debian.sources "$root/etc/apt/sources.list.d/"
  rm -f "$root/etc/apt/sources.list"
  cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
  rm -rf "$root/etc/ssl/certs"
  cp -rL /etc/ssl/certs "$root/etc/ssl/certs"
  for file in /etc/resolv.conf /etc/hosts ${SSL_CERT_FILE-} ${NODE_EXTRA_CA_CERTS-}; do
    mkdir -p "$root$(dirname "$file")"
    cp -L "$file" "$root$file"
  done
  chroot "$root" sh -c 'apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends git npm
    useradd -m -u 1000 someone'
  for folder in root home/someone; do
    [[ ! -e ~/.npmrc ]] || cp ~/.npmrc "$root/$folder/"
  done
  chroot "$root" chown -R 1000:1000 /home/someone
  touch "$root/.made"
}
[[ -e $root/.made ]] || make_root >&2

rm -rf "$root${home:?}/$checkout"
git clone -q . "$root$home/$checkout"
chroot "$root" chown -R "$user:$user" "$home/$checkout"
bundle=$(mktemp -d)
trap 'rm -rf "$bundle"' EXIT

environment=(PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin "HOME=$home" NO_COLOR=1)
for name in SSL_CERT_FILE NODE_EXTRA_CA_CERTS; do
  [[ -z ${!name-} ]] || environment+=("$name=${!name}")
done
quoted() { printf '%s\0' "$@" | sed -z 's/["\\]/\\&/g; s/.*/"&"/' | tr '\0' ',' | sed 's/,$//'; }
granted=$(quoted CAP_{CHOWN,DAC_OVERRIDE,FSETID,FOWNER,MKNOD,NET_RAW,SETGID,SETUID,SETFCAP,SETPCAP} \
  CAP_{NET_BIND_SERVICE,SYS_CHROOT,KILL,AUDIT_WRITE})
own=$granted
((user == 0)) || own=
cat >"$bundle/config.json" <<JSON
{
  "ociVersion": "1.0.2",
  "root": { "path": $(quoted "$root"), "readonly": false },
  "hostname": "bare",
  "process": {
    "terminal": false,
    "user": { "uid": $user, "gid": $user },
    "cwd": "$home/$checkout",
    "args": [$(quoted "$@")],
    "env": [$(quoted "${environment[@]}")],
    "capabilities": { "bounding": [$granted], "effective": [$own], "permitted": [$own] }
  },
  "mounts": [
    { "destination": "/proc", "type": "proc", "source": "proc" },
    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=65536k"] },
    { "destination": "/dev/pts", "type": "devpts", "source": "devpts",
      "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"] },
    { "destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "mode=1777"] },
    { "destination": "/sys", "type": "none", "source": "/sys", "options": ["rbind", "nosuid", "noexec", "nodev", "ro"] }
  ],
  "linux": {
    "namespaces": [{ "type": "pid" }, { "type": "ipc" }, { "type": "uts" }, { "type": "mount" }],
    "maskedPaths": ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
      "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi"],
    "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
  }
}
JSON
runc run --bundle "$bundle" "kodama-bare-$$" </dev/null
