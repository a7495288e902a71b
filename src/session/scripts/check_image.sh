# Reports what a session's image has. $1 is the number of the user; the names of programs follow.
grep -q "^[^:]*:[^:]*:$1:" /etc/passwd 2>/dev/null && echo user
shift
for program; do
  command -v "$program" >/dev/null 2>&1 && echo "program $program"
done
exit 0
