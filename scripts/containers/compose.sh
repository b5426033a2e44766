#!/usr/bin/env bash
# Both generations of Compose, for the test of docker-compose.yml: those that are installed; else, as root on a Debian that has
# it, docker-compose 1.29, and docker compose 2 built by Go. Idempotent. Prints the commands, one a line; nothing where there
# is none.
set -euo pipefail
WORK=${LAMBDA_RUN_CONTAINERS_WORK:-${XDG_CACHE_HOME:-$HOME/.cache}/lambda-run/containers}
V2=v2.40.3
mkdir -p "$WORK/bin"
skip() { echo "containers: SKIPPED: $*" >&2; }

if ! docker-compose version --short 2>/dev/null | grep -q '^1\.'; then
  if [ "$(id -u)" = 0 ] && apt-cache policy docker-compose 2>/dev/null | grep -q 'Candidate: 1\.'; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker-compose >"$WORK/compose.log" 2>&1 || true
  fi
fi
if docker-compose version --short 2>/dev/null | grep -q '^1\.'; then echo "docker-compose"; else skip "no Compose of the first generation"; fi

if docker compose version >/dev/null 2>&1; then
  echo "docker compose"
else
  if [ ! -x "$WORK/bin/docker-compose-$V2" ] && command -v go >/dev/null; then
    echo "containers: building docker compose $V2, some minutes" >&2
    # Built in its own folder, since its go.mod is one that `go install` refuses.
    source=$(go mod download -json "github.com/docker/compose/v2@$V2" 2>/dev/null | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
    go build -C "${source:-/nonexistent}" -trimpath -ldflags "-s -w -X github.com/docker/compose/v2/internal.Version=$V2" \
      -o "$WORK/bin/docker-compose-$V2" ./cmd >"$WORK/compose-v2.log" 2>&1 || true
  fi
  if [ -x "$WORK/bin/docker-compose-$V2" ]; then echo "$WORK/bin/docker-compose-$V2"; else skip "no Compose of the second generation"; fi
fi
