# The server as an image; `dev` is the same from its sources, for `skaffold dev`.
#   docker build -t seqline:dev .
# With SOURCE_DATE_EPOCH set and the builder told to rewrite times, two builds of one commit are equal: see `make image`.
ARG NODE_IMAGE=node:26-bookworm-slim

FROM ${NODE_IMAGE} AS tools
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund && npm cache clean --force

FROM tools AS build
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN npm run build

# What runs needs no types and no source maps of others: they are half of it.
FROM ${NODE_IMAGE} AS production
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force \
  && find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' \) -delete

# The page is built once; a change of `src/` that is synchronized restarts the server.
FROM tools AS dev
COPY --chown=1000:1000 scripts scripts
COPY --chown=1000:1000 src src
RUN npm run build:web && chown -R 1000:1000 dist
ENV HOST=0.0.0.0
USER 1000:1000
ENTRYPOINT ["node", "--max-semi-space-size=64", "--no-allocation-site-pretenuring", "--no-memory-reducer", "--watch-path=src", "--watch-preserve-output", "src/main.ts"]
CMD ["help"]

FROM ${NODE_IMAGE}
ARG VERSION=0.0.0-dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="seqline" \
  org.opencontainers.image.description="Instant-messaging backend: one-to-one and group chat with gapless order and no lost message" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.base.name="docker.io/library/node:26-bookworm-slim"
WORKDIR /app
COPY LICENSE package.json ./
COPY --from=production /app/node_modules node_modules
COPY --from=build /app/dist dist
ENV NODE_ENV=production HOST=0.0.0.0
# By number: a cluster that asks for `runAsNonRoot` cannot look a name up.
USER 1000:1000
EXPOSE 8080 9100
ENTRYPOINT ["node", "--max-semi-space-size=64", "--no-allocation-site-pretenuring", "--no-memory-reducer", "/app/dist/main.js"]
CMD ["help"]
