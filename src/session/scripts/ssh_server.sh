# STATE RUN KEY WORKSPACE: prints the user's name and the server's key on one line, and then is an SSH server for one
# connection, on standard input and output; without a KEY only the line. STATE persists, RUN ends with the pod. KEY is
# the public key that may log in: only who may run commands in the pod reaches the server.
#
# sshd starts programs with an environment of its own: `session` restores the container's.
set -eu
state=$1 run=$2 key=$3 workspace=$4
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
sshd=$(command -v sshd) || exit 66
user=$(id -un 2>/dev/null) || exit 67
(
  umask 077
  mkdir -p "$state" "$run"
  if ! [ -s "$state/host_key" ]; then
    rm -f "$state/new_key" "$state/new_key.pub"
    ssh-keygen -q -t ed25519 -N '' -C kodama -f "$state/new_key"
    mv "$state/new_key.pub" "$state/host_key.pub"
    mv "$state/new_key" "$state/host_key"
  fi
  export -p >"$run/environment.$$"
  mv "$run/environment.$$" "$run/environment"
  printf '%s\n' "$key" >"$run/authorized.$$"
)
cat >"$run/session.$$" <<'END'
term=${TERM-}
. "${0%/*}/environment"
TERM=$term
export TERM
cd "$1" || exit
SHELL=$(command -v bash || echo /bin/sh)
export SHELL
if [ -n "${SSH_ORIGINAL_COMMAND-}" ]; then exec "$SHELL" -c "$SSH_ORIGINAL_COMMAND"; fi
exec "$SHELL" -l
END
mv "$run/session.$$" "$run/session"
printf 'kodama-ssh %s %s\n' "$user" "$(cut -d' ' -f1,2 "$state/host_key.pub")"
if [ -z "$key" ]; then
  rm -f "$run/authorized.$$"
  exit
fi
# Only of root it requires a folder for the part without privileges.
if [ "$(id -u)" = 0 ]; then mkdir -p /run/sshd; fi
sftp=internal-sftp
for one in /usr/lib/openssh/sftp-server /usr/lib/ssh/sftp-server /usr/libexec/openssh/sftp-server; do
  if [ -x "$one" ]; then sftp=$one; fi
done
exec "$sshd" -i -e -f /dev/null -h "$state/host_key" -o UsePAM=no -o PidFile=none -o StrictModes=no \
  -o PasswordAuthentication=no -o KbdInteractiveAuthentication=no -o "AuthorizedKeysFile=$run/authorized.$$" \
  -o "AllowUsers=$user" -o "Subsystem=sftp $sftp" -o LogLevel=ERROR -o PrintMotd=no \
  -o "ForceCommand=exec sh $run/session $workspace"
