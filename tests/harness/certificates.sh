# Makes certificates in the current folder, as people make them: NAME.crt and NAME.key.
set -e

new_key() { openssl ecparam -name "${2:-prime256v1}" -genkey -noout -out "$1.key"; }

# NAME [OPTION…]: signed by its own key
own() {
  name=$1
  shift
  test -e "$name.key" || new_key "$name"
  openssl req -x509 -key "$name.key" -out "$name.crt" -days 9 -subj "/CN=$name" "$@"
}

# NAME AUTHORITY EXTENSIONS [OPTION…]
signed() {
  name=$1 authority=$2
  printf '%b' "$3" > "$name.ext"
  shift 3
  request "$name"
  openssl x509 -req -in "$name.csr" -CA "$authority.crt" -CAkey "$authority.key" -CAcreateserial \
    -days 9 -extfile "$name.ext" -out "$name.crt" "$@"
}

# NAME AUTHORITY: of version 1, which has no extensions
signed_v1() {
  request "$1"
  openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial -days 9 -out "$1.crt"
}

request() {
  test -e "$1.key" || new_key "$1"
  openssl req -new -key "$1.key" -out "$1.csr" -subj "/O=team/CN=$1"
}

here='subjectAltName=IP:127.0.0.1,IP:::1,IP:0.0.0.0,DNS:localhost'

own ca
own stranger
own self -addext "$here"
own self-leaf -addext "$here" -addext basicConstraints=critical,CA:FALSE
own other -addext subjectAltName=DNS:other.test
own wild -addext 'subjectAltName=DNS:*.wild.test'
own named

# Keys of all kinds, in all forms.
openssl genrsa -traditional -out rsa.key 2048
openssl ecparam -name prime256v1 -genkey -out ec.key
new_key ec384 secp384r1
new_key ec521 secp521r1
openssl genpkey -algorithm ed25519 -out ed.key
for name in rsa ec ec384 ec521 ed; do
  cp "$name.key" "server-$name.key"
  cp "$name.key" "v1-$name.key"
  signed "$name" ca extendedKeyUsage=clientAuth
  signed_v1 "v1-$name" ca
  signed "server-$name" ca "$here"
done
signed expired ca extendedKeyUsage=clientAuth -days -1

signed server ca "$here"
signed server-expired ca "$here" -days -1
signed server-client ca "$here\nextendedKeyUsage=clientAuth"
signed server-named ca basicConstraints=CA:FALSE
signed_v1 server-v1 ca

signed between ca basicConstraints=critical,CA:TRUE
signed leaf between "$here"
cat leaf.crt between.crt > chain.crt
cp leaf.key chain.key
signed joe between extendedKeyUsage=clientAuth
cat joe.crt between.crt > chained.crt
cp joe.key chained.key

# An authority of version 1.
request old
openssl x509 -req -in old.csr -signkey old.key -days 9 -out old.crt
signed of-old old "$here"

# Authorities that may sign nothing: over, without the right, or for another use.
# NAME EXTENSIONS [OPTION…]
odd() {
  name=$1
  printf '%b' "$2" > "$name.ext"
  shift 2
  request "$name"
  openssl x509 -req -in "$name.csr" -signkey "$name.key" -days 9 -extfile "$name.ext" -out "$name.crt" "$@"
  signed "of-$name" "$name" "$here"
}
odd over 'basicConstraints=critical,CA:TRUE' -days -1
odd plain 'subjectKeyIdentifier=hash'
odd unfit 'basicConstraints=critical,CA:TRUE\nkeyUsage=digitalSignature'
signed server-dns ca 'subjectAltName=DNS:127.0.0.1'

# Files as people have them: several things in one, texts around, other line ends.
cat stranger.crt ca.crt > bundle.crt
{ printf -- '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'; cat ca.crt; } > broken-bundle.crt
{ openssl x509 -in ca.crt -noout -text; echo '# Zürich'; cat ca.crt; } > annotated.crt
sed 's/$/\r/' ca.crt > crlf.crt
tr -d '\n' < ca.crt | sed 's/-----BEGIN CERTIFICATE-----/&\n/; s/-----END/\n&/' > one-line.crt
cat ec.key ec.crt > both.pem
{ openssl x509 -in ec.crt -noout -text; cat ec.crt; } > annotated-ec.crt
sed 's/$/\r/' ec.key > crlf-ec.key
openssl ec -in ec.key -aes256 -passout pass:x -out locked-ec.key
openssl pkcs8 -topk8 -nocrypt -in rsa.key -out pkcs8-rsa.key
