# The arguments of a shell in a pod: MARK REQUESTED OWNER ID SECONDS COLUMNS ROWS IDENTITY, then a command, or none for
# the first shell that the image has. `sh` reads this, so it exists. Without single quotes, because it is embedded.
mark=$1 requested=$2 root=${TMPDIR:-/tmp}/kodama-shell-$3 id=$4 keep=$5 columns=$6 rows=$7 identity=$8
shift 8
say() { echo "$mark$1 $2 $id"; }
if [ $# = 0 ]; then
  for shell in bash zsh ash dash ksh sh; do command -v "$shell" >/dev/null 2>&1 && break; done
  set -- "$shell"
fi
