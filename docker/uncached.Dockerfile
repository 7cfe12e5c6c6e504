# The daemon. Build it from the top of the tree:
#
#   docker build -f docker/uncached.Dockerfile -t uncached .
FROM debian:bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev libhiredis-dev libmicrohttpd-dev libpq-dev libssl-dev make pkg-config \
 && rm -rf /var/lib/apt/lists/*
COPY VERSION /src/
COPY listener /src/listener
# whatever the tree already contains was built elsewhere
RUN make -C /src/listener clean \
 && make -C /src/listener install DESTDIR=/out

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libhiredis0.14 libmicrohttpd12 libpq5 libssl3 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin uncached
COPY --from=build /out /
USER uncached
# /dev/shm is the container's own tmpfs, writable even if the root is read-only
ENV UNCACHED_HEALTH_SOCKET=/dev/shm/uncached.health
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s CMD ["uncached", "--check-health"]
ENTRYPOINT ["uncached"]
