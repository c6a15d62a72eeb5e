#!/bin/sh
# Makes the certificates beside it anew. They are for tests on loopback only; keys are public.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
touch "$work/index.txt"

cat > "$work/openssl.cnf" <<CONF
[req]
distinguished_name = name
[name]
[ca]
default_ca = authority
[authority]
dir = $work
database = $work/index.txt
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[loopback]
subjectAltName = DNS:localhost, IP:127.0.0.1
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[elsewhere]
subjectAltName = DNS:sas.example.test
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[alone]
subjectAltName = DNS:localhost, IP:127.0.0.1
subjectKeyIdentifier = hash
CONF

key() {
    openssl ecparam -name prime256v1 -genkey -noout -out "$work/$1.key"
}

signed() { # name, extensions, first day, last day
    key "$1"
    openssl req -new -config "$work/openssl.cnf" -key "$work/$1.key" -subj "/CN=$1" -out "$work/$1.csr"
    openssl ca -batch -notext -config "$work/openssl.cnf" -extensions "$2" \
        -cert ca.pem -keyfile "$work/ca.key" -startdate "$3" -enddate "$4" \
        -in "$work/$1.csr" -out "$work/$1.crt"
    cat "$work/$1.crt" "$work/$1.key" > "$1.pem"
}

itself() { # name, extensions, file of the certificate
    key "$1"
    openssl req -new -config "$work/openssl.cnf" -key "$work/$1.key" -subj "/CN=$1" -out "$work/$1.csr"
    openssl ca -batch -notext -selfsign -config "$work/openssl.cnf" -extensions "$2" \
        -keyfile "$work/$1.key" -startdate 20240101000000Z -enddate 21240101000000Z \
        -in "$work/$1.csr" -out "$3"
}

itself ca root ca.pem
signed valid loopback 20240101000000Z 21240101000000Z
signed expired loopback 20240101000000Z 20240201000000Z
signed elsewhere elsewhere 20240101000000Z 21240101000000Z
itself self-signed alone "$work/self-signed.crt"
cat "$work/self-signed.crt" "$work/self-signed.key" > self-signed.pem
