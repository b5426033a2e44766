#!/usr/bin/env bash
# A Docker engine and a real MinIO on a Linux machine that reaches no image registry. Idempotent; says what it cannot do.
#   engine : the one that runs; else, as root on Debian, docker.io with dockerd started by hand
#   image  : lambda-run/minio:local: the one of docker-compose.yml where its registry answers, else MinIO built from its
#            source by Go (proxy.golang.org), with the libraries it needs
# LocalStack, moto and Compose: python-servers.sh and compose.sh beside this.
set -euo pipefail
IMAGE=${LAMBDA_RUN_MINIO_IMAGE:-lambda-run/minio:local}
WORK=${LAMBDA_RUN_CONTAINERS_WORK:-${XDG_CACHE_HOME:-$HOME/.cache}/lambda-run/containers}
mkdir -p "$WORK"
skip() { echo "containers: SKIPPED: $*" >&2; exit 3; }

if ! docker info >/dev/null 2>&1; then
  [ "$(id -u)" = 0 ] || skip "no Docker engine answers, and starting one needs root"
  if ! command -v dockerd >/dev/null; then
    command -v apt-get >/dev/null || skip "no dockerd, and no apt-get to install it"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends docker.io iptables ca-certificates; } \
      >"$WORK/apt.log" 2>&1 || skip "docker.io cannot be installed ($WORK/apt.log)"
  fi
  rm -f /var/run/docker.pid
  setsid nohup dockerd >"$WORK/dockerd.log" 2>&1 </dev/null &
  for _ in $(seq 1 150); do docker info >/dev/null 2>&1 && break; sleep 0.2; done
  docker info >/dev/null 2>&1 || skip "dockerd does not come up ($WORK/dockerd.log)"
fi

published=$(sed -n 's/.*MINIO_IMAGE:-\([^}]*\)}.*/\1/p' "$(dirname "$0")/../../docker-compose.yml")
if ! docker image inspect "$IMAGE" >/dev/null 2>&1 && timeout 300 docker pull -q "$published" >"$WORK/pull.log" 2>&1; then
  docker tag "$published" "$IMAGE"
fi
if ! docker image inspect "$IMAGE" >/dev/null 2>&1; then
  if [ ! -x "$WORK/bin/minio" ]; then
    command -v go >/dev/null || skip "$IMAGE is not there, and no Go to build MinIO"
    echo "containers: building MinIO from source, some minutes" >&2
    CGO_ENABLED=0 GOBIN="$WORK/bin" go install github.com/minio/minio@latest >"$WORK/go.log" 2>&1 \
      || skip "MinIO does not build ($WORK/go.log)"
  fi
  root=$(mktemp -d)
  trap 'rm -rf "$root"' EXIT
  install -D -m755 "$WORK/bin/minio" "$root/usr/bin/minio"
  mkdir -p "$root/tmp" "$root/data"
  # A binary that is not static brings its libraries.
  { ldd "$WORK/bin/minio" 2>/dev/null | grep -o '/[^ ]*' || true; } | while read -r library; do
    install -D -m755 "$(readlink -f "$library")" "$root$library"
  done
  tar -C "$root" -c . | docker import --change 'ENTRYPOINT ["/usr/bin/minio"]' --change 'ENV HOME=/tmp' \
    --change 'EXPOSE 9000' - "$IMAGE" >/dev/null
fi
echo "containers: $(docker version --format '{{.Server.Version}}') with $(docker run --rm "$IMAGE" --version | head -1)" >&2
