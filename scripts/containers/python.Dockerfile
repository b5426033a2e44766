# LocalStack and moto from PyPI, on a Debian that debootstrap made. The day fixes their dependencies: later ones break
# LocalStack 4.14.0, the last release that needs no token.
FROM lambda-run/debian:local AS uv
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --quiet --no-cache-dir uv==0.11.31 && python3 -m venv /opt/server
ENV UV="/opt/uv/bin/uv pip install --quiet --no-cache --python /opt/server/bin/python --exclude-newer 2026-02-27"

FROM uv AS localstack
RUN $UV 'localstack-core[runtime]==4.14.0'
# Its DynamoDB is Amazon's Java program, which LocalStack fetches from hosts that are no registry.
LABEL lambda-run.without=dynamodb
ENV GATEWAY_LISTEN=0.0.0.0:4566
EXPOSE 4566
ENTRYPOINT ["/opt/server/bin/python", "-m", "localstack.runtime.main"]

FROM uv AS moto
RUN $UV 'moto[server,dynamodb]==5.1.21'
EXPOSE 5000
ENTRYPOINT ["/opt/server/bin/moto_server", "-H", "0.0.0.0"]
