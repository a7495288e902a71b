# Watches the terminal of a command from outside: arguments LEADER GRACE [ID BIRTH], the latter of an earlier watch
# whose stream broke. It prints its own id and birth, and hangs the session up when its input ends without `end`, after
# the stream had 5 seconds to be opened again. Without single quotes, because it is embedded in some.
session=$1 exempt=
if [ "$3" ]; then
  born "$3"
  [ "$birth" = "$4" ] && kill "$3"
fi
born $$
echo "$$ $birth"
born "$session"
first=$birth
while read -r word; do [ "$word" = end ] && exit 0; done
exec >/dev/null 2>&1 </dev/null
sleep 5
born "$session"
[ "$first" ] && [ "$birth" = "$first" ] && hang_up "$2"
