# SECONDS [ADDRESS PORT]: tries the API server, and a control: the name server, whose port is open to any address, or
# else the given address.
seconds=$1
shift
try() {
  if command -v bash >/dev/null && command -v timeout >/dev/null; then
    # shellcheck disable=SC2016 # of the inner shell
    if timeout "$seconds" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2"; then echo open; else echo shut; fi
  elif command -v nc >/dev/null; then
    if nc -z -w "$seconds" "$1" "$2"; then echo open; else echo shut; fi
  else
    echo untried
  fi
}
host=$KUBERNETES_SERVICE_HOST port=$KUBERNETES_SERVICE_PORT
dns=
[ -r /etc/resolv.conf ] && while read -r keyword address _; do
  if [ "$keyword" = nameserver ] && ! [ "$dns" ]; then dns=$address; fi
done </etc/resolv.conf
control=shut
if [ "$dns" ]; then control=$(try "$dns" 53); fi
if [ "$control" = shut ] && [ $# = 2 ]; then control=$(try "$1" "$2"); fi
printf '%s %s %s %s\n' "$host" "$port" "$(try "$host" "$port")" "$control"
