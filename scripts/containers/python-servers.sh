#!/usr/bin/env bash
# Images of LocalStack 4.14.0 and moto on the engine that runs. LocalStack comes from Docker Hub where that answers; else
# both are made from PyPI on a Debian of debootstrap, as root, in about a minute. Idempotent. Leaves with 3 where it cannot.
set -euo pipefail
LOCALSTACK=${LAMBDA_RUN_LOCALSTACK_IMAGE:-lambda-run/localstack:local}
MOTO=${LAMBDA_RUN_MOTO_IMAGE:-lambda-run/moto:local}
WORK=${LAMBDA_RUN_CONTAINERS_WORK:-${XDG_CACHE_HOME:-$HOME/.cache}/lambda-run/containers}
HERE=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$WORK"
skip() { echo "containers: SKIPPED: LocalStack and moto: $*" >&2; exit 3; }
have() { docker image inspect "$1" >/dev/null 2>&1; }

if ! have "$LOCALSTACK" && timeout 300 docker pull -q localstack/localstack:4.14.0 >"$WORK/pull.log" 2>&1; then
  docker tag localstack/localstack:4.14.0 "$LOCALSTACK"
fi
# Moto stands in for the DynamoDB that the image from PyPI lacks; the published one has it.
if have "$LOCALSTACK"; then
  lacks=$(docker image inspect -f '{{index .Config.Labels "lambda-run.without"}}' "$LOCALSTACK")
  if [ "$lacks" != dynamodb ] || have "$MOTO"; then exit 0; fi
fi

if ! have lambda-run/debian:local; then
  if [ ! -s "$WORK/debian.tar" ]; then
    [ "$(id -u)" = 0 ] || skip "debootstrap needs root"
    if ! command -v debootstrap >/dev/null; then
      command -v apt-get >/dev/null || skip "no debootstrap, and no apt-get to install it"
      export DEBIAN_FRONTEND=noninteractive
      { apt-get update -qq && apt-get install -y -qq --no-install-recommends debootstrap; } \
        >"$WORK/apt.log" 2>&1 || skip "debootstrap cannot be installed ($WORK/apt.log)"
    fi
    echo "containers: making a Debian with Python 3.13, half a minute" >&2
    root=$(mktemp -d)
    trap 'rm -rf "$root"' EXIT
    # LocalStack 4.14.0 is written for Python 3.13, which is trixie's.
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates trixie "$root/debian" \
      "${LAMBDA_RUN_DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$WORK/debootstrap.log" 2>&1 \
      || skip "debootstrap fails ($WORK/debootstrap.log)"
    rm -rf "$root"/debian/var/cache/apt/archives/*.deb "$root"/debian/var/lib/apt/lists/*
    tar -C "$root/debian" -cf "$WORK/debian.tar.part" .
    mv "$WORK/debian.tar.part" "$WORK/debian.tar"
  fi
  docker import --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    "$WORK/debian.tar" lambda-run/debian:local >/dev/null
fi

make() {
  have "$1" && return
  echo "containers: installing $2 from PyPI" >&2
  context=$(mktemp -d)
  # The authorities that this machine trusts: there may be a proxy of its own before PyPI.
  cp "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$context/ca-certificates.crt"
  docker build -q --network host -t "$1" --target "$2" -f "$HERE/python.Dockerfile" "$context" >"$WORK/$2.log" 2>&1 \
    || { rm -rf "$context"; skip "$2 cannot be installed ($WORK/$2.log)"; }
  rm -rf "$context"
}
make "$LOCALSTACK" localstack
make "$MOTO" moto
