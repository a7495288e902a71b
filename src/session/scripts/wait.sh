# Reaps orphans until it is signalled to end.
trap 'exit 0' TERM INT
while :; do
  sleep 3600 &
  wait $!
done
