# Signals a session from a separate exec: arguments SIGNAL SESSION SPARED. Prints how many processes were alive in it.
# It comes after round.sh.
session=$2 spared=$3
round "$1"
echo "$alive"
