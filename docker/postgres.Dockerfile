# PostgreSQL 15 with the extension in it. Build it from the top of the tree:
#
#   docker build -f docker/postgres.Dockerfile -t uncache-postgres .
FROM debian:bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev make postgresql-server-dev-15 \
 && rm -rf /var/lib/apt/lists/*
COPY VERSION /src/
COPY extension /src/extension
COPY sql /src/sql
# whatever the tree already contains was built elsewhere
RUN make -C /src/extension clean \
 && make -C /src/extension install DESTDIR=/out

FROM debian:bookworm-slim
# otherwise the package creates a database cluster in the image
RUN apt-get update \
 && apt-get install -y --no-install-recommends postgresql-common \
 && sed -i 's/^#* *create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf \
 && apt-get install -y --no-install-recommends postgresql-15 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /out /
COPY sql/examples/isp_billing /usr/local/share/uncache/isp_billing
COPY docker/postgres-entry.sh docker/postgres-init.sql /usr/local/share/uncache/

ENV PATH=/usr/lib/postgresql/15/bin:$PATH
USER postgres
VOLUME /var/lib/postgresql
EXPOSE 5432
# a fast shutdown
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s \
	CMD ["pg_isready", "--quiet", "--host=127.0.0.1"]
ENTRYPOINT ["/usr/local/share/uncache/postgres-entry.sh"]
