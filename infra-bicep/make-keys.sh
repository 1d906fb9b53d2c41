#!/usr/bin/env bash
# Makes the secrets that are not in the vault yet, and leaves those that are: running it again changes nothing, so it is never what rotates a key.
#   make-keys.sh VAULT KEY_ID…       signing-…: a signing key of the log; any other id: a MAC key
# Run by the deployment (modules/keys.bicep), or by hand with the Azure CLI and openssl by someone who is Key Vault Secrets Officer on the vault.
# If it dies half way, the next run makes the rest.
set -euo pipefail
umask 077

if [ $# -lt 2 ]; then
  echo "usage: make-keys.sh VAULT KEY_ID..." >&2
  exit 2
fi
vault=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The image that deployments run in need not have it.
command -v openssl > /dev/null || tdnf install -qy openssl >&2

# 0: it is there. 1: it is not. Anything else ends the script: a vault that does not answer must not look like an empty one.
there() {
  local tries=0
  while ! az keyvault secret show --vault-name "$vault" --name "$1" --query id --output tsv > /dev/null 2> "$work/error"; do
    grep -q 'SecretNotFound' "$work/error" && return 1
    # A role that was just given takes minutes to be known everywhere.
    if grep -qi 'forbidden' "$work/error" && [ "$tries" -lt 40 ]; then
      tries=$((tries + 1))
      sleep "${MAKE_KEYS_PAUSE:-15}"
      continue
    fi
    cat "$work/error" >&2
    exit 1
  done
}

# Values go through a file that only we can read: a command line is seen by everyone on the machine. A secret that was deleted and can be recovered makes
# this fail, as it should: recover it, since history was written under it.
put() {
  az keyvault secret set --vault-name "$vault" --name "$1" --file "$work/value" --encoding utf-8 --output none
  rm -f "$work/value"
  echo "$1: made" >&2
}

random() { openssl rand -hex 32 | tr -d '\n' > "$work/value"; }

make() { # name, then what writes its value
  if there "$1"; then
    echo "$1: there" >&2
  else
    "$2"
    put "$1"
  fi
}

# PKCS#8 in so many words: on its own, genpkey writes DER in the older form of EC keys.
signing_key() {
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl pkcs8 -topk8 -nocrypt -outform DER | base64 | tr -d '\n' > "$work/value"
}
api_key() { printf 'cfn_%s' "$(openssl rand -hex 32)" > "$work/value"; }
api_key_hash() {
  az keyvault secret show --vault-name "$vault" --name api-key --query value --output tsv | tr -d '\r\n' | openssl dgst -sha256 -r | cut -d ' ' -f 1 | tr -d '\n' > "$work/value"
}

for id in "$@"; do
  case $id in
    signing-*) make "$id" signing_key ;;
    *) make "$id" random ;;
  esac
done
make cursor-key random
make api-key api_key
make api-key-hash api_key_hash
