# SUM PATH (NAME SIZE)...: prints for each file a line with the checksum of its first SIZE bytes.
sum=$1
rooted "$2"
cd "$path" || exit 1
shift 2
while [ "$#" -gt 0 ]; do
  head -c "$2" "./$1" | "$sum" || exit 1
  shift 2
done
